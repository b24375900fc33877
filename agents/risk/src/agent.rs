//! The risk agent. It can only tighten; the hard limits are the kernel's.

use std::borrow::Cow;

use domain::agent::{Agent, Effect, Effects};
use domain::by_instrument::ByInstrument;
use domain::candle::Candle;
use domain::event::{Event, Sequenced};
use domain::instrument::InstrumentId;
use domain::signal::{AgentId, Feature, RiskWord};
use indicators::atr::Atr;
use indicators::sma::Sma;
use serde::{Deserialize, Serialize};

use crate::config::Config;

/// Volatility of one instrument: its range relative to price, now and as usual.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
struct Volatility {
    atr_14: Atr<14>,
    usual: Sma<50>,
}

impl Volatility {
    /// Range now over the mean range of the last fifty candles; none while warming.
    fn push(&mut self, candle: &Candle) -> Option<f64> {
        let (high, low, close) = (candle.high.to_f64(), candle.low.to_f64(), candle.close.to_f64());
        let now = self.atr_14.push(high, low, close)? / close;
        let usual = self.usual.push(now)?;
        Some(if usual > 0.0 { now / usual } else { 1.0 })
    }
}

/// Watches volatility and drawdown.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Risk {
    config: Config,
    drawdown_ratio: f64,
    instruments: ByInstrument<Volatility>,
}

impl Risk {
    /// An agent that has heard nothing.
    pub const fn new(config: Config) -> Self {
        Self { config, drawdown_ratio: 0.0, instruments: ByInstrument::new() }
    }

    /// Says how cautious to be after a candle; none where it stays silent.
    fn answer(
        &mut self,
        input_seq: u64,
        instrument: InstrumentId,
        candle: &Candle,
        out: &mut Effects,
    ) -> Option<()> {
        if candle.timeframe != self.config.decision_timeframe {
            return None;
        }
        let volatility_ratio =
            self.instruments.get_or_insert_with(instrument, Volatility::default).push(candle)?;
        // Sizes shrink as volatility grows, so that a position risks about the same as usual.
        let calm = if volatility_ratio > 1.0 { 1.0 / volatility_ratio } else { 1.0 };
        let spent = self.drawdown_ratio / self.config.halt_drawdown_ratio;
        let reserve = (1.0 - spent).clamp(self.config.least_size_ratio, 1.0);
        let issued_at = candle.close_time();
        let lasts_ms =
            self.config.decision_timeframe.span_ms() * i64::from(self.config.expiry_candles);
        let feature = |name, value| Feature { name: Cow::Borrowed(name), value };
        let basis = out.basis(|| {
            vec![
                feature("volatility_ratio", volatility_ratio),
                feature("drawdown_ratio", self.drawdown_ratio),
            ]
        });
        out.say(|| {
            Effect::RiskWord(RiskWord {
                instrument,
                input_seq,
                issued_at,
                expires_at: issued_at.plus_ms(lasts_ms),
                entries_allowed: volatility_ratio < self.config.shock_volatility_ratio,
                size_ratio: calm * reserve,
                basis,
            })
        });
        Some(())
    }
}

impl Agent for Risk {
    fn id(&self) -> AgentId {
        AgentId::Risk
    }

    fn on_event(&mut self, event: &Sequenced, out: &mut Effects) {
        match &event.event {
            Event::CandleClosed { instrument, candle } => {
                self.answer(event.input_seq, *instrument, candle, out);
            }
            Event::AccountMarked { drawdown_ratio, .. } => self.drawdown_ratio = *drawdown_ratio,
            Event::SessionStarted { instrument } => {
                self.instruments.remove(instrument.id);
            }
            Event::SessionEnded { instrument, .. } => {
                self.instruments.remove(*instrument);
            }
            Event::DeadlineMissed { .. }
            | Event::MarkClosed { .. }
            | Event::FundingSettled { .. } => {}
        }
    }
}
