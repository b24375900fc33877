//! Binance's spot market data, without a key. This folder alone says kline, as Binance does; what
//! leaves it are candles.

mod backoff;
pub mod clock;
pub mod error;
#[cfg(test)]
mod fixtures;
mod frame;
pub mod listing;
pub mod message;
pub mod page;
pub mod rest;
mod socket;
pub mod stream;
mod tls;
pub mod transport;
mod url;
pub mod weight;
mod wire;
