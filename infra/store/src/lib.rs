//! Sole owner of SQL: candles, signals, decisions and the ledger in PostgreSQL, and a private
//! PostgreSQL where there is no other.
//!
//! [`journal::Journal`] is the single writer: one transaction per batch, after which the batch is
//! on disk. [`store::Store`] reads. [`embedded::Embedded`] is the database where nobody provides
//! one. Files named after a table hold its SQL.

pub mod alerts;
pub mod audit;
pub mod candles;
mod copy;
pub mod decisions;
pub mod embedded;
pub mod error;
pub mod executions;
pub mod facts;
pub mod fills;
pub mod holes;
pub mod inputs;
pub mod journal;
pub mod ledger;
pub mod lookup;
pub mod orders;
pub mod owner;
pub mod portfolio;
mod programs;
pub mod risk_events;
pub mod rows;
pub mod runs;
pub mod seal;
pub mod signals;
pub mod store;
mod system;
mod timescale;
pub mod trades;
pub mod verify;
