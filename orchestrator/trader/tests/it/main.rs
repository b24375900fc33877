//! The binary from outside: real processes, a simulator of their own, a real PostgreSQL.
//!
//! Candles come from the simulator's generator, so nothing but PostgreSQL's programs is needed.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that can't go on should stop")]

mod account;
mod alerts;
mod backtest;
mod catalogue;
mod chaos;
mod control;
mod data;
mod database;
mod deaths;
mod demo;
mod docs;
mod doctor;
mod faults;
mod gobetween;
mod harness;
mod kills;
mod market;
mod once;
mod outages;
mod parity;
mod perpetuals;
mod plots;
mod refusals;
mod research;
mod secrets;
mod settling;
mod site;
mod tampering;
mod testnet;
mod testnet_usdm;
