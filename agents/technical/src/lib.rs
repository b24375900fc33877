//! Hears: closed candles of the decision timeframe and of coarser and finer ones that confirm it.
//! Says: one signal per instrument at each close of the decision timeframe, once it is warm.
//! Forgets: everything of an instrument when its session ends.

pub mod agent;
pub mod config;
pub mod gauges;
pub mod score;
