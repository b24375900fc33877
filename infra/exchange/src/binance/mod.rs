//! Binance: market data without a key, and accounts on spot and USD-M futures with one. This folder
//! alone says kline, as Binance does; what leaves it are candles.

mod backoff;
pub mod catch_up;
pub mod clock;
pub mod error;
#[cfg(any(test, fuzzing))]
pub mod every;
#[cfg(test)]
mod fixtures;
mod frame;
pub mod handle;
pub mod listing;
pub mod message;
pub mod number;
pub mod order;
pub mod page;
mod paths;
pub mod rest;
pub mod rules;
#[cfg(any(test, fuzzing))]
mod shapes;
pub mod signed;
mod socket;
pub mod spot;
pub mod stream;
mod tls;
pub mod transport;
mod url;
pub mod usdm;
pub mod user_stream;
pub mod weight;
mod wire;
pub mod words;
