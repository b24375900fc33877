//! A server that speaks Binance's protocols of spot and USD-M futures over recorded or generated
//! candles, at any speed, and spoils its streams on request.
//!
//! Market time comes from the candles. At full speed the market waits for its listeners: it
//! stands while none is subscribed and runs as fast as the slowest of them reads. At a factor
//! of real time it waits for nobody. REST answers from the same moment as the streams: never
//! less than they have told, and nothing that closes later. Accounts trade against the same candles.
//! A test may move the market itself, and have answers and streams spoilt by name.

pub mod accounts;
mod clock;
pub mod error;
mod exchange_info;
pub mod faults;
mod generator;
mod history;
mod limits;
mod line;
mod listener;
pub mod options;
mod pace;
mod params;
mod queue;
mod quotes;
mod render;
mod replay;
mod rest;
mod rows;
pub mod server;
mod shared;
mod signed;
pub mod snapshot;
mod spot;
mod stream;
mod usdm;
