//! From signals to a decision, without touching the world.
//!
//! `decide` makes an intent of the live signals, the kernel alone approves it, the core keeps the
//! account, the orders and the exits, and every step leaves a record. Orchestrator, backtest and
//! replay all drive this very code.

pub mod account;
pub mod book;
pub mod core;
pub mod decide;
pub mod denial;
pub mod exits;
pub mod kernel;
pub mod outbox;
pub mod policy;
pub mod profile;
pub mod record;
mod session;
pub mod snapshot;
