//! The technical agent.

use std::borrow::Cow;
use std::collections::BTreeMap;

use domain::agent::{Agent, Effect, Effects};
use domain::candle::Candle;
use domain::event::{Event, Sequenced};
use domain::instrument::InstrumentId;
use domain::signal::{AgentId, Direction, Feature, Signal};
use domain::timeframe::Timeframe;
use serde::{Deserialize, Serialize};

use crate::config::Config;
use crate::gauges::{Gauges, Reading};
use crate::score::score;

/// What it knows of one instrument on one timeframe.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
struct View {
    gauges: Gauges,
    score: Option<f64>,
}

/// Scores every instrument on several timeframes and speaks at each close of the decision's.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Technical {
    config: Config,
    views: BTreeMap<InstrumentId, BTreeMap<Timeframe, View>>,
}

impl Technical {
    /// An agent that has heard nothing.
    pub const fn new(config: Config) -> Self {
        Self { config, views: BTreeMap::new() }
    }

    fn hear(
        &mut self,
        input_seq: u64,
        instrument: InstrumentId,
        candle: &Candle,
    ) -> Option<Signal> {
        let weights = &self.config.timeframe_weights;
        if !weights.contains_key(&candle.timeframe) {
            return None;
        }
        let views = self.views.entry(instrument).or_default();
        let view = views.entry(candle.timeframe).or_default();
        let reading = view.gauges.push(candle)?;
        view.score = Some(score(&reading, &self.config.points));
        if candle.timeframe != self.config.decision_timeframe {
            return None;
        }
        let warm = views.iter().filter_map(|(timeframe, view)| Some((timeframe, view.score?)));
        let (mut sum, mut weight) = (0.0, 0.0);
        for (timeframe, score) in warm {
            sum += weights[timeframe] * score;
            weight += weights[timeframe];
        }
        if weight <= 0.0 {
            return None;
        }
        Some(self.signal(input_seq, instrument, candle, &reading, sum / weight))
    }

    fn signal(
        &self,
        input_seq: u64,
        instrument: InstrumentId,
        candle: &Candle,
        reading: &Reading,
        score: f64,
    ) -> Signal {
        let span_ms = self.config.decision_timeframe.span_ms();
        let issued_at = candle.close_time();
        let horizon = f64::from(self.config.horizon_candles);
        // The edge, −1…+1, times how far a random walk of this range gets within the horizon.
        let expected_return_ratio = score / 100.0 * reading.atr_14 / reading.close * horizon.sqrt();
        Signal {
            agent: AgentId::Technical,
            instrument,
            input_seq,
            issued_at,
            direction: match score {
                up if up > 0.0 => Direction::Long,
                down if down < 0.0 => Direction::Short,
                _ => Direction::Flat,
            },
            score,
            confidence: 0.5 + score.abs() / 200.0,
            expected_return_ratio,
            horizon_ms: span_ms * i64::from(self.config.horizon_candles),
            expires_at: issued_at.plus_ms(span_ms * i64::from(self.config.expiry_candles)),
            atr_quote: Some(reading.atr_14),
            basis: self.basis(instrument, reading),
        }
    }

    fn basis(&self, instrument: InstrumentId, reading: &Reading) -> Vec<Feature> {
        let gauges = [
            ("ema_9", reading.ema_9),
            ("ema_21", reading.ema_21),
            ("ema_50", reading.ema_50),
            ("macd", reading.macd),
            ("macd_signal", reading.macd_signal),
            ("rsi_14", reading.rsi_14),
            ("bb_position", reading.bb_position),
            ("stoch_k", reading.stoch_k),
            ("atr_14", reading.atr_14),
        ];
        let views = self.views.get(&instrument).into_iter().flatten();
        let scores =
            views.filter_map(|(timeframe, view)| Some((score_name(*timeframe), view.score?)));
        gauges
            .into_iter()
            .chain(scores)
            .map(|(name, value)| Feature { name: Cow::Borrowed(name), value })
            .collect()
    }
}

impl Agent for Technical {
    fn id(&self) -> AgentId {
        AgentId::Technical
    }

    fn on_event(&mut self, event: &Sequenced, out: &mut Effects) {
        match &event.event {
            Event::CandleClosed { instrument, candle } => {
                let signal = self.hear(event.input_seq, *instrument, candle);
                out.extend(signal.map(Effect::Signal));
            }
            Event::SessionStarted { instrument } => {
                self.views.remove(&instrument.id);
            }
            Event::SessionEnded { instrument, .. } => {
                self.views.remove(instrument);
            }
            Event::DeadlineMissed { .. }
            | Event::MarkClosed { .. }
            | Event::FundingSettled { .. }
            | Event::AccountMarked { .. } => {}
        }
    }
}

const fn score_name(timeframe: Timeframe) -> &'static str {
    match timeframe {
        Timeframe::M1 => "score_1m",
        Timeframe::M3 => "score_3m",
        Timeframe::M5 => "score_5m",
        Timeframe::M15 => "score_15m",
        Timeframe::M30 => "score_30m",
        Timeframe::H1 => "score_1h",
        Timeframe::H2 => "score_2h",
        Timeframe::H4 => "score_4h",
        Timeframe::H6 => "score_6h",
        Timeframe::H8 => "score_8h",
        Timeframe::H12 => "score_12h",
        Timeframe::D1 => "score_1d",
        Timeframe::D3 => "score_3d",
        Timeframe::W1 => "score_1w",
        Timeframe::Mo1 => "score_1M",
    }
}
