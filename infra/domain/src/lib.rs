//! The language of Sextant and its ports.
//!
//! Everything else stands on this crate, so it knows nothing of the world: no clock, no random
//! numbers, no environment, no file, no socket. The same events give the same bytes.

pub mod agent;
pub mod aggregate;
pub mod candle;
pub mod canonical;
pub mod event;
pub mod fill;
pub mod gateway;
pub mod ids;
pub mod instrument;
pub mod intent;
pub mod ledger;
pub mod money;
pub mod order;
pub mod portfolio;
pub mod position;
pub mod signal;
mod text;
pub mod time;
pub mod timeframe;
pub mod trade;
