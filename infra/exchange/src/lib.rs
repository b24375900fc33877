//! Venues: the Binance client, files of candles and quotes, the archive of candles, and the
//! simulated venue that fills orders on paper.

pub mod archive;
pub mod binance;
pub mod candle_file;
pub mod funding_file;
pub mod observed;
pub mod quote_file;
pub mod sim;
