//! The collector against a model venue.
//!
//! `world` is a venue's whole history, `oracle` says what must be released of it, and `run` lets
//! a collector hear it through streams and pages that do their worst. `desk` does as it is told.

#![allow(clippy::unwrap_used, reason = "a test that can't go on should stop")]

mod cases;
mod desk;
mod faults;
mod garbage;
mod oracle;
mod order;
mod rng;
mod run;
mod world;
