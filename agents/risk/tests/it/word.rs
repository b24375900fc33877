//! It only tightens, it expires, and it says nothing before it knows.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use domain::agent::{Agent, Effect, Effects};
use domain::candle::Candle;
use domain::event::{Event, Sequenced};
use domain::instrument::{Filters, Instrument, InstrumentId};
use domain::money::Price;
use domain::signal::RiskWord;
use domain::time::{HOUR_MS, UtcMs};
use domain::timeframe::Timeframe;
use proptest::prelude::*;
use risk::agent::Risk;
use risk::config::Config;

/// ATR 14 takes fifteen candles, the mean of fifty of it forty-nine more.
const WARM_UP: usize = 64;

fn coin() -> InstrumentId {
    "BTC/USDT".parse().unwrap()
}

fn agent() -> Risk {
    Risk::new(Config::new(Timeframe::H1, 0.25))
}

/// The `n`th candle, `range` wide around 100.
fn candle(n: usize, range: f64) -> Candle {
    let open_time = UtcMs::new(i64::try_from(n).unwrap() * HOUR_MS);
    let [low, mid, high] =
        [100.0 - range / 2.0, 100.0, 100.0 + range / 2.0].map(|p| Price::nearest(p).unwrap());
    Candle::new(Timeframe::H1, open_time, [mid, high, low, mid], 1.0).unwrap()
}

fn say(agent: &mut Risk, event: Event) -> Option<RiskWord> {
    let mut out = Effects::new();
    agent.on_event(&Sequenced { input_seq: 7, event }, &mut out);
    assert!(out.answers.len() <= 1);
    out.answers.pop().map(|effect| match effect {
        Effect::RiskWord(word) => word,
        Effect::Signal(signal) => panic!("{signal:?}"),
    })
}

fn hear(agent: &mut Risk, candle: Candle) -> Option<RiskWord> {
    say(agent, Event::CandleClosed { instrument: coin(), candle })
}

fn warm() -> Risk {
    let mut agent = agent();
    for n in 0..WARM_UP {
        hear(&mut agent, candle(n, 2.0));
    }
    agent
}

fn marked(agent: &mut Risk, drawdown_ratio: f64) {
    let equity_quote = "1000".parse().unwrap();
    assert_eq!(say(agent, Event::AccountMarked { equity_quote, drawdown_ratio }), None);
}

#[test]
fn it_is_silent_while_warming() {
    let mut agent = agent();
    for n in 0..WARM_UP - 1 {
        assert_eq!(hear(&mut agent, candle(n, 2.0)), None, "after {} candles", n + 1);
    }
    let word = hear(&mut agent, candle(WARM_UP - 1, 2.0)).unwrap();
    assert!(word.entries_allowed && (word.size_ratio - 1.0).abs() < 1e-9);
}

#[test]
fn it_hears_the_decision_timeframe_alone() {
    let mut agent = warm();
    let fine = Candle { timeframe: Timeframe::M1, ..candle(99, 50.0) };
    assert_eq!(hear(&mut agent, fine), None);
    assert_eq!(agent, warm());
}

#[test]
fn its_word_expires_after_two_candles() {
    let word = hear(&mut warm(), candle(99, 2.0)).unwrap();
    assert_eq!(word.issued_at, UtcMs::new(100 * HOUR_MS));
    assert_eq!(word.expires_at, UtcMs::new(102 * HOUR_MS));
    assert_eq!((word.instrument, word.input_seq), (coin(), 7));
}

#[test]
fn three_times_the_usual_range_forbids_entries() {
    let mut agent = warm();
    let mut seen = Vec::new();
    for n in 0..14 {
        let word = hear(&mut agent, candle(WARM_UP + n, 60.0)).unwrap();
        let ratio = word.basis.iter().find(|f| f.name == "volatility_ratio").unwrap().value;
        assert_eq!(word.entries_allowed, ratio < 3.0);
        assert!((word.size_ratio - 1.0 / ratio).abs() < 1e-12);
        seen.push(word.entries_allowed);
    }
    assert!(seen.contains(&true) && seen.contains(&false), "{seen:?}");
    // What is calmer than usual gets no larger size than the whole.
    let mut agent = warm();
    assert_eq!(hear(&mut agent, candle(WARM_UP, 0.0)).unwrap().size_ratio, 1.0);
}

#[test]
fn sizes_taper_with_the_drawdown_down_to_half() {
    for (drawdown, size) in
        [(0.0, 1.0), (0.05, 0.8), (0.1, 0.6), (0.125, 0.5), (0.24, 0.5), (1.0, 0.5)]
    {
        let mut agent = warm();
        marked(&mut agent, drawdown);
        let word = hear(&mut agent, candle(WARM_UP, 2.0)).unwrap();
        assert!((word.size_ratio - size).abs() < 1e-9, "{drawdown}: {}", word.size_ratio);
    }
}

#[test]
fn a_session_begins_from_nothing() {
    let filters = Filters {
        tick: Price::ZERO,
        step: Default::default(),
        min_quantity: Default::default(),
        max_quantity: Default::default(),
        min_notional_quote: Default::default(),
    };
    let started = Event::SessionStarted { instrument: Instrument { id: coin(), filters } };
    let ended = Event::SessionEnded { instrument: coin(), last_close: UtcMs::new(0) };
    for event in [started, ended] {
        let mut agent = warm();
        say(&mut agent, event);
        for n in 0..WARM_UP - 1 {
            assert_eq!(hear(&mut agent, candle(n, 2.0)), None);
        }
        assert!(hear(&mut agent, candle(WARM_UP, 2.0)).is_some());
    }
}

proptest! {
    #[test]
    fn it_only_tightens_and_a_longer_history_never_changes_past_words(
        ranges in proptest::collection::vec(prop_oneof![Just(0.0), 0.0..190.0f64], 60..160),
        drawdowns in proptest::collection::vec(-1.0..2.0f64, 160), cut in 1usize..160,
    ) {
        let live = |until: usize| {
            let mut agent = agent();
            let mut words = Vec::new();
            for (n, range) in ranges.iter().enumerate().take(until) {
                marked(&mut agent, drawdowns[n]);
                words.push(hear(&mut agent, candle(n, *range)));
            }
            words
        };
        let words = live(ranges.len());
        for word in words.iter().flatten() {
            prop_assert!((0.0..=1.0).contains(&word.size_ratio), "{}", word.size_ratio);
            prop_assert!(word.expires_at > word.issued_at);
            prop_assert!(word.basis.iter().all(|feature| feature.value.is_finite()));
        }
        let earlier = live(cut);
        prop_assert_eq!(&earlier[..], &words[..earlier.len()]);
    }
}
