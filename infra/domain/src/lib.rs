//! The language of Sextant and its ports.
//!
//! Everything else stands on this crate, so it knows nothing of the world: no clock, no random
//! numbers, no environment, no file, no socket. The same events give the same bytes.

// Operators panic on overflow, a decimal's in release builds too; only the checked, saturating and
// exact functions are used.
#![cfg_attr(not(test), deny(clippy::arithmetic_side_effects))]

pub mod agent;
pub mod aggregate;
pub mod alert;
pub mod by_instrument;
pub mod candle;
pub mod canonical;
pub mod event;
mod exact;
pub mod fill;
pub mod funding;
pub mod gateway;
pub mod ids;
pub mod instrument;
pub mod intent;
pub mod intervention;
pub mod ledger;
pub mod money;
pub mod order;
pub mod portfolio;
pub mod position;
pub mod quote;
pub mod signal;
mod text;
pub mod time;
pub mod timeframe;
pub mod trade;
pub mod venue_name;
