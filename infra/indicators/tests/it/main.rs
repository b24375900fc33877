//! The readings against TA-Lib's, on seeded and on real candles, and the properties that hold for
//! any candles.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod compare;
mod properties;
mod real_candles;
mod vectors;
