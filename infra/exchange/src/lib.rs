//! Venues: where candles come from and orders go to.

pub mod binance;
