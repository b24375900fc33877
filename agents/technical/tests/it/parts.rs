//! An agent, candles for it, and what it answers.

use std::collections::BTreeMap;

use domain::agent::{Agent, Effect, Effects};
use domain::candle::Candle;
use domain::event::{Event, Sequenced};
use domain::instrument::InstrumentId;
use domain::money::Price;
use domain::signal::{Direction, Signal};
use domain::time::UtcMs;
use domain::timeframe::Timeframe;
use technical::agent::Technical;
use technical::config::Config;

pub(crate) fn coin() -> InstrumentId {
    "BTC/USDT".parse().unwrap()
}

pub(crate) fn agent() -> Technical {
    Technical::new(Config::for_timeframe(Timeframe::H1))
}

/// An agent that knows one timeframe only.
pub(crate) fn hourly() -> Technical {
    let timeframe_weights = BTreeMap::from([(Timeframe::H1, 1.0)]);
    Technical::new(Config { timeframe_weights, ..Config::for_timeframe(Timeframe::H1) })
}

/// The `n`th candle of a timeframe, from one price to the next.
pub(crate) fn candle(timeframe: Timeframe, n: usize, open: f64, close: f64) -> Candle {
    let open_time = UtcMs::new(i64::try_from(n).unwrap() * timeframe.span_ms());
    let [open, close] = [open, close].map(|price| Price::nearest(price).unwrap());
    Candle::new(timeframe, open_time, [open, open.max(close), open.min(close), close], 1.0).unwrap()
}

pub(crate) fn say(agent: &mut Technical, event: Event) -> Option<Signal> {
    let mut out = Effects::new();
    agent.on_event(&Sequenced { input_seq: 7, event }, &mut out);
    assert!(out.answers.len() <= 1);
    out.answers.pop().map(|effect| match effect {
        Effect::Signal(signal) => signal,
        Effect::RiskWord(word) => panic!("{word:?}"),
    })
}

pub(crate) fn hear(agent: &mut Technical, candle: Candle) -> Option<Signal> {
    say(agent, Event::CandleClosed { instrument: coin(), candle })
}

/// What holds for every signal.
pub(crate) fn check(signal: &Signal, candle: &Candle) {
    assert!(signal.score.abs() <= 100.0, "{signal:?}");
    assert_eq!(signal.confidence, 0.5 + signal.score.abs() / 200.0);
    assert_eq!(signal.issued_at, candle.close_time());
    assert!(signal.expires_at > signal.issued_at && signal.horizon_ms > 0);
    let direction = match signal.score {
        up if up > 0.0 => Direction::Long,
        down if down < 0.0 => Direction::Short,
        _ => Direction::Flat,
    };
    assert_eq!(signal.direction, direction);
    let numbers = [Some(signal.expected_return_ratio), signal.atr_quote];
    let basis = signal.basis.iter().map(|feature| feature.value);
    assert!(numbers.into_iter().flatten().chain(basis).all(f64::is_finite), "{signal:?}");
    assert!(signal.atr_quote.unwrap() >= 0.0);
}
