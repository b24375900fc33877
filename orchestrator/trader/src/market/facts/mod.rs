//! What futures tell beside candles: marks, funding, books, trades, interest, ratios, liquidations.
//! Collected on a thread of its own and written by whoever owns the store, so that candles never
//! wait for any of it.

pub mod collect;
pub mod keep;
pub mod poll;
#[cfg(test)]
mod tests;
pub mod writer;
