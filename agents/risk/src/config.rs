//! The agent's numbers, as data.

use domain::timeframe::Timeframe;
use serde::{Deserialize, Serialize};

/// When to be cautious.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// It speaks when a candle of this timeframe closes.
    pub decision_timeframe: Timeframe,
    /// No entries from this multiple of normal volatility on.
    pub shock_volatility_ratio: f64,
    /// The drawdown at which the kernel halts: sizes shrink on the way there.
    pub halt_drawdown_ratio: f64,
    /// Drawdown alone never makes sizes smaller than this.
    pub least_size_ratio: f64,
    /// After how many candles its word expires.
    pub expiry_candles: u32,
}

impl Config {
    /// Three times normal volatility is a shock; drawdown takes at most half of a size.
    pub const fn new(decision_timeframe: Timeframe, halt_drawdown_ratio: f64) -> Self {
        Self {
            decision_timeframe,
            shock_volatility_ratio: 3.0,
            halt_drawdown_ratio,
            least_size_ratio: 0.5,
            expiry_candles: 2,
        }
    }
}
