//! Venues: the Binance client, and the simulated venue that fills orders in paper and backtest.

pub mod candle_file;
pub mod sim;
