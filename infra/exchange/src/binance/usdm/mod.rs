//! An account on USD-M futures.

pub mod account;
pub mod algo;
pub mod client;
pub mod listen;
pub mod order;
pub mod query;
pub mod setting;
