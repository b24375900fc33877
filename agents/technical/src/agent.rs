//! The technical agent.

use std::borrow::Cow;

use domain::agent::{Agent, Effect, Effects};
use domain::by_instrument::ByInstrument;
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
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct View {
    timeframe: Timeframe,
    /// How much its score counts.
    weight: f64,
    gauges: Gauges,
    score: Option<f64>,
}

/// Scores every instrument on several timeframes and speaks at each close of the decision's.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Technical {
    config: Config,
    /// Fine to coarse.
    views: ByInstrument<Vec<View>>,
}

impl Technical {
    /// An agent that has heard nothing.
    pub const fn new(config: Config) -> Self {
        Self { config, views: ByInstrument::new() }
    }

    /// Says what it thinks of a candle; none where it stays silent.
    fn answer(
        &mut self,
        input_seq: u64,
        instrument: InstrumentId,
        candle: &Candle,
        out: &mut Effects,
    ) -> Option<()> {
        let Self { config, views } = self;
        let views = views.get_or_insert_with(instrument, || unseen(config));
        let view = views.iter_mut().find(|view| view.timeframe == candle.timeframe)?;
        let reading = view.gauges.push(candle);
        let reading = reading.as_ref()?;
        view.score = Some(score(reading, &config.points));
        if candle.timeframe != config.decision_timeframe {
            return None;
        }
        let (mut sum, mut weight) = (0.0, 0.0);
        for view in views.iter() {
            if let Some(score) = view.score {
                sum += view.weight * score;
                weight += view.weight;
            }
        }
        if weight <= 0.0 {
            return None;
        }
        let score = sum / weight;
        let span_ms = config.decision_timeframe.span_ms();
        let issued_at = candle.close_time();
        let horizon = f64::from(config.horizon_candles);
        // The edge, −1…+1, times how far a random walk of this range gets within the horizon.
        let expected_return_ratio = score / 100.0 * reading.atr_14 / reading.close * horizon.sqrt();
        let basis = out.basis(|| basis(reading, views));
        let direction = match score {
            up if up > 0.0 => Direction::Long,
            down if down < 0.0 => Direction::Short,
            _ => Direction::Flat,
        };
        out.say(|| {
            Effect::Signal(Signal {
                agent: AgentId::Technical,
                instrument,
                input_seq,
                issued_at,
                direction,
                score,
                confidence: 0.5 + score.abs() / 200.0,
                expected_return_ratio,
                horizon_ms: span_ms * i64::from(config.horizon_candles),
                expires_at: issued_at.plus_ms(span_ms * i64::from(config.expiry_candles)),
                atr_quote: Some(reading.atr_14),
                basis,
            })
        });
        Some(())
    }
}

/// The views of an instrument that nothing was heard of yet.
fn unseen(config: &Config) -> Vec<View> {
    let view =
        |(&timeframe, &weight)| View { timeframe, weight, gauges: Gauges::default(), score: None };
    config.timeframe_weights.iter().map(view).collect()
}

fn basis(reading: &Reading, views: &[View]) -> Vec<Feature> {
    let feature = |name, value| Feature { name: Cow::Borrowed(name), value };
    let gauges = [
        feature("ema_9", reading.ema_9),
        feature("ema_21", reading.ema_21),
        feature("ema_50", reading.ema_50),
        feature("macd", reading.macd),
        feature("macd_signal", reading.macd_signal),
        feature("rsi_14", reading.rsi_14),
        feature("bb_position", reading.bb_position),
        feature("stoch_k", reading.stoch_k),
        feature("atr_14", reading.atr_14),
    ];
    let mut basis = Vec::with_capacity(gauges.len() + views.len());
    basis.extend(gauges);
    for view in views {
        basis.extend(view.score.map(|score| feature(score_name(view.timeframe), score)));
    }
    basis
}

impl Agent for Technical {
    fn id(&self) -> AgentId {
        AgentId::Technical
    }

    fn on_event(&mut self, event: &Sequenced, out: &mut Effects) {
        match &event.event {
            Event::CandleClosed { instrument, candle } => {
                self.answer(event.input_seq, *instrument, candle, out);
            }
            Event::SessionStarted { instrument } => {
                self.views.remove(instrument.id);
            }
            Event::SessionEnded { instrument, .. } => {
                self.views.remove(*instrument);
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
