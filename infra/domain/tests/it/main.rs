//! Properties of the language: what must hold for any input, proved on many.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod any;
mod book;
mod book_split;
mod canonical;
mod funding;
mod instrument;
mod ledger;
mod money;
mod order;
mod order_delivery;
mod residue;
mod timeframe;
