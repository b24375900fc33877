//! USD-M futures: accounts, and what anyone may know.

pub mod account;
pub mod algo;
pub mod book;
pub mod client;
pub mod fact;
pub mod listen;
pub mod market;
pub mod order;
pub mod query;
pub mod setting;
