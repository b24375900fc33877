//! Candles on disk, to be read at the speed of memory: an archive by venue, instrument and
//! timeframe, and a cache of candle files that took long to decode.
//!
//! ```text
//! <folder>/binance/BTCUSDT-1h.candles       spot
//! <folder>/binance/BTCUSDT-1h.asked.json    what the venue was asked for, so that its outages
//!                                           are not asked for again
//! <folder>/binance-um/BTCUSDT-1h.candles    USD-M perpetuals
//! ```

pub(crate) mod atomic;
pub mod cache;
pub mod error;
pub mod folder;
mod format;
pub mod ranges;
pub mod series;
#[cfg(test)]
mod tests;
