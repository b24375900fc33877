//! The collector against a model venue.
//!
//! `world` is a venue's whole history, `oracle` says what must be released of it, and `run` lets
//! a collector hear it through streams and pages that do their worst.

mod cases;
mod garbage;
mod oracle;
mod order;
mod rng;
mod run;
mod world;
