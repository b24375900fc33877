//! Hears: closed candles of the decision timeframe, and what the account is worth.
//! Says: one word per instrument at each close, once it is warm: how much of a size is prudent.
//! Forgets: an instrument's volatility when its session ends.

pub mod agent;
pub mod config;
