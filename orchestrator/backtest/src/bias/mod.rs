//! Whether a strategy knows what it can't know yet, or can't have forgotten yet.
//!
//! Both analyses run the strategy itself, on histories that are cut, and compare what it says; so
//! they hold for any agent and any strategy, whatever it computes.

pub mod lookahead;
pub mod opinion;
pub mod recursive;
