//! Hears: the venue's closed candles, from its stream and page by page, and its clock.
//! Says: what to fetch, and the watermarks: every candle once, in one order, whatever got lost.
//! Forgets: nothing before it is released, and of what is released all but the last candles.

pub mod collector;
pub mod config;
pub mod counters;
mod desk;
pub mod messages;
mod stream;
