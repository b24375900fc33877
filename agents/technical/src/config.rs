//! The agent's numbers, as data.

use std::collections::BTreeMap;

use domain::timeframe::Timeframe;
use serde::{Deserialize, Serialize};

/// Points that each observation adds or takes: the published ones of the autonomous multi-agent
/// reference system, where all together make ±100.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Points {
    /// EMA 9 above or below EMA 21.
    pub ema_cross: f64,
    /// Close above or below EMA 50.
    pub ema_50: f64,
    /// RSI below 30 or above 70: against the move.
    pub rsi_extreme: f64,
    /// RSI below 40 or above 60: against the move.
    pub rsi_mild: f64,
    /// MACD above or below its signal line.
    pub macd: f64,
    /// Close in the lowest or highest fifth of the Bollinger bands: against the move.
    pub bollinger: f64,
    /// Stochastic %K below 20 or above 80: against the move.
    pub stochastic: f64,
}

/// How the agent forms its opinion.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// It speaks when a candle of this timeframe closes.
    pub decision_timeframe: Timeframe,
    /// Points of each observation.
    pub points: Points,
    /// How much each timeframe's score counts; one that is still warming does not.
    pub timeframe_weights: BTreeMap<Timeframe, f64>,
    /// How far ahead it looks, in candles of the decision timeframe.
    pub horizon_candles: u32,
    /// After how many candles of the decision timeframe its word expires.
    pub expiry_candles: u32,
}

impl Default for Points {
    fn default() -> Self {
        Self {
            ema_cross: 15.0,
            ema_50: 15.0,
            rsi_extreme: 25.0,
            rsi_mild: 15.0,
            macd: 20.0,
            bollinger: 15.0,
            stochastic: 10.0,
        }
    }
}

impl Config {
    /// The published points on `decision_timeframe`, confirmed by two coarser timeframes.
    pub fn for_timeframe(decision_timeframe: Timeframe) -> Self {
        let coarser =
            [Timeframe::H4, Timeframe::D1].into_iter().filter(|t| *t > decision_timeframe);
        let mut timeframe_weights: BTreeMap<_, _> = coarser.zip([0.2, 0.1]).collect();
        timeframe_weights.insert(decision_timeframe, 0.7);
        Self {
            decision_timeframe,
            points: Points::default(),
            timeframe_weights,
            horizon_candles: 24,
            expiry_candles: 2,
        }
    }
}
