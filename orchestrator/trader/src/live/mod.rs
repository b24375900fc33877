//! What real money takes before it is traded, and how much of it at first. Data and pure functions:
//! whoever begins a live run asks them.

pub mod gate;
pub mod real;
pub mod record;
pub mod rollout;
