//! An account on spot.

pub mod account;
pub mod client;
pub mod list;
pub mod order;
pub mod query;
