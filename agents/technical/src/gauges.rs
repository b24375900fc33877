//! The indicators of one timeframe that the score is made of.

use domain::candle::Candle;
use indicators::atr::Atr;
use indicators::bollinger::Bollinger;
use indicators::ema::Ema;
use indicators::macd::Macd;
use indicators::rsi::Rsi;
use indicators::stochastic::Stochastic;
use serde::{Deserialize, Serialize};

/// Streaming indicators, O(1) per candle.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Gauges {
    ema_9: Ema<9>,
    ema_21: Ema<21>,
    ema_50: Ema<50>,
    macd: Macd<12, 26, 9>,
    rsi_14: Rsi<14>,
    bollinger: Bollinger<20>,
    stochastic: Stochastic<14, 3, 3>,
    atr_14: Atr<14>,
}

/// What the gauges show, all of them warm.
#[derive(Debug, Clone, Copy, PartialEq)]
#[allow(missing_docs, reason = "the indicators' own names, in price or percent as usual")]
pub struct Reading {
    pub close: f64,
    pub ema_9: f64,
    pub ema_21: f64,
    pub ema_50: f64,
    pub macd: f64,
    pub macd_signal: f64,
    pub rsi_14: f64,
    /// Where the close lies between the bands: 0 at the lower, 1 at the upper one; one half
    /// where they meet.
    pub bb_position: f64,
    pub stoch_k: f64,
    pub atr_14: f64,
}

impl Gauges {
    /// Hears a candle. None until the slowest gauge, EMA 50, is warm.
    pub fn push(&mut self, candle: &Candle) -> Option<Reading> {
        let (high, low, close) = (candle.high.to_f64(), candle.low.to_f64(), candle.close.to_f64());
        let ema_9 = self.ema_9.push(close);
        let ema_21 = self.ema_21.push(close);
        let ema_50 = self.ema_50.push(close);
        let macd = self.macd.push(close);
        let rsi_14 = self.rsi_14.push(close);
        let bands = self.bollinger.push(close);
        let stochastic = self.stochastic.push(high, low, close);
        let atr_14 = self.atr_14.push(high, low, close);
        let (macd, bands) = (macd?, bands?);
        let width = bands.upper - bands.lower;
        Some(Reading {
            close,
            ema_9: ema_9?,
            ema_21: ema_21?,
            ema_50: ema_50?,
            macd: macd.line,
            macd_signal: macd.signal,
            rsi_14: rsi_14?,
            bb_position: if width > 0.0 { (close - bands.lower) / width } else { 0.5 },
            stoch_k: stochastic?.k,
            atr_14: atr_14?,
        })
    }
}
