//! Requests that need a key: how they are written, signed, sent and judged.

pub mod call;
pub mod client;
pub mod counts;
pub mod error;
pub mod keys;
pub mod paging;
pub mod params;
pub mod verdict;
