//! The live system's agents, decisions and simulated venue, driven over recorded events without
//! actors and without a store: for recovery and replay, and for research on history.

pub mod bias;
pub mod curve;
pub mod ema_cross;
pub mod engine;
pub mod floor;
pub mod history;
pub mod input;
pub mod metrics;
pub mod outcome;
pub mod range;
pub mod research;
pub mod run;
mod session;
pub mod tape;
