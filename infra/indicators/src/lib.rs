//! Streaming technical indicators: constant work and no allocation per candle.
//!
//! Every indicator is a small struct whose parameters are part of its type (`Ema<9>`,
//! `Macd<12, 26, 9>`), with `new()`, `push(…) -> Option<…>` that answers `None` while it warms up,
//! and `WARM_UP`, the number of candles before its first value. [`set::IndicatorSet`] holds them
//! all. The whole state is serialisable and goes on bit for bit where it was left.
//!
//! The values are those of TA-Lib's C library (0.8), its warm-up and its conventions for flat
//! windows included; where its sums run in a certain order, so do these, because a reading near
//! zero (a MACD, a CCI) shows the last bits of the prices that it was made from. VWAP, which TA-Lib
//! lacks, is documented in [`vwap`].
//!
//! The callers guarantee finite, ordered candles ([`ohlcv::Ohlcv::is_valid`]); a NaN would stay in
//! the exponential averages for good, so debug builds assert it and nothing is repaired here.

pub mod adx;
mod array;
pub mod atr;
pub mod bollinger;
pub mod cci;
pub mod ema;
pub mod macd;
pub mod mfi;
pub mod obv;
pub mod ohlcv;
mod range;
pub mod reading;
mod ring;
pub mod roc;
pub mod rsi;
mod scan;
pub mod set;
pub mod sma;
pub mod stochastic;
pub mod vwap;
pub mod williams;
