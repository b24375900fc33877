//! Warm-up, sessions, timeframes, and any candles at all.

use domain::candle::Candle;
use domain::event::Event;
use domain::instrument::{Filters, Instrument};
use domain::money::Price;
use domain::signal::Signal;
use domain::time::UtcMs;
use domain::timeframe::Timeframe;
use proptest::prelude::*;

use crate::parts::{agent, candle, check, coin, hear, hourly, say};

/// EMA 50 is the slowest of the indicators.
const WARM_UP: usize = 50;

fn hour(n: usize) -> Candle {
    let price = |n: usize| 100.0 + (n as f64 * 0.7).sin() * 3.0;
    candle(Timeframe::H1, n, price(n), price(n + 1))
}

#[test]
fn there_is_no_signal_before_the_warm_up() {
    let mut agent = agent();
    for n in 0..WARM_UP - 1 {
        assert_eq!(hear(&mut agent, hour(n)), None, "after {} candles", n + 1);
    }
    check(&hear(&mut agent, hour(WARM_UP - 1)).unwrap(), &hour(WARM_UP - 1));
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
        let (mut used, mut fresh) = (agent(), agent());
        for n in 0..300 {
            hear(&mut used, hour(n));
            hear(&mut used, candle(Timeframe::H4, n, 50.0, 60.0));
        }
        assert_eq!(say(&mut used, event), None);
        for n in 300..400 {
            assert_eq!(hear(&mut used, hour(n)), hear(&mut fresh, hour(n)));
        }
    }
}

#[test]
fn a_coarser_timeframe_counts_once_it_is_warm_and_speaks_for_itself_never() {
    let (mut both, mut alone) = (agent(), hourly());
    let mut differs = 0;
    for n in 0..400 {
        let (a, b) = (hear(&mut both, hour(n)), hear(&mut alone, hour(n)));
        let coarse = n / 4;
        if n % 4 == 3 {
            let four = candle(
                Timeframe::H4,
                coarse,
                100.0 - coarse as f64 * 0.5,
                99.5 - coarse as f64 * 0.5,
            );
            assert_eq!(hear(&mut both, four), None);
        }
        let scores = |signal: &Option<Signal>| signal.as_ref().map(|s| s.score);
        if n < 4 * WARM_UP {
            // 0.7 × score / 0.7 may be off by the last bit.
            let (Some(a), Some(b)) = (scores(&a), scores(&b)) else { continue };
            assert!((a - b).abs() < 1e-9, "hour {n}: {a} and {b}");
        } else if scores(&a) != scores(&b) {
            differs += 1;
        }
    }
    assert!(differs > 100);
}

proptest! {
    #[test]
    fn any_candles_give_finite_numbers_and_later_ones_change_nothing(
        steps in proptest::collection::vec(
            prop_oneof![Just(1.0), 0.97..1.03f64, 0.2..4.0f64], 40..250),
        cut in 1usize..250,
    ) {
        let live = |until: usize| {
            let (mut agent, mut price, mut signals) = (agent(), 100.0f64, Vec::new());
            for (n, step) in steps.iter().enumerate().take(until) {
                let next = (price * step).clamp(1e-6, 1e9);
                let candle = candle(Timeframe::H1, n, price, next);
                price = next;
                let signal = hear(&mut agent, candle);
                if let Some(signal) = &signal {
                    check(signal, &candle);
                }
                assert_eq!(signal.is_some(), n + 1 >= WARM_UP);
                signals.push(signal);
            }
            signals
        };
        let signals = live(steps.len());
        let earlier = live(cut);
        prop_assert_eq!(&earlier[..], &signals[..earlier.len()]);
    }
}
