//! Venues: the Binance client, candle files, and the simulated venue that fills orders on paper.

pub mod binance;
pub mod candle_file;
pub mod observed;
pub mod sim;
