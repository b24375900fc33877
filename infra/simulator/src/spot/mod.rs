//! The signed half of spot: accounts that trade against the replayed market.
//!
//! Pure but for `rest` and `socket`: time, candles and requests are handed in.

mod account;
pub(crate) mod books;
mod check;
mod desk;
mod endpoints;
pub(crate) mod fills;
mod lists;
pub(crate) mod order;
mod queries;
mod render;
mod replace;
mod request;
pub(crate) mod rest;
mod snapshot;
pub(crate) mod socket;
mod trading;
