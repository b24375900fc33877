//! The store on a real PostgreSQL: one private server for all tests, one database for each.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that can't go on should stop")]

mod alerts;
mod batches;
mod embedded;
mod facts;
mod harness;
mod journal;
mod kill;
mod lookup;
mod migrations;
mod reads;
mod refusals;
mod tampering;
