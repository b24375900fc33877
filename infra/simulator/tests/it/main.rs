//! The simulator as its clients see it: real sockets on loopback.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod aggregation;
mod asymmetric;
mod brackets;
mod ccxt;
mod ccxt_trading;
mod ccxt_usdm;
mod damage;
mod errors;
mod fates;
mod faults;
mod heard;
mod limits;
mod message_faults;
mod order_faults;
mod pace;
mod python;
mod python_binance;
mod python_binance_usdm;
mod quotes;
mod replacing;
mod request_faults;
mod rest;
mod rig;
mod shapes;
mod socket_faults;
mod stream;
mod support;
mod their_streams;
mod thrown;
mod trading;
mod usdm;
mod usdm_events;
mod usdm_faults;
mod usdm_settings;
mod user_stream;
