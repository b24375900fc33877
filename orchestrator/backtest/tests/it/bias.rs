//! The analyses catch strategies that cheat, name what does, and leave honest ones alone.

use std::convert::Infallible;

use backtest::bias::lookahead::lookahead;
use backtest::bias::opinion::{Opinion, Value};
use backtest::bias::recursive::{Drift, recursive};
use domain::time::{HOUR_MS, UtcMs};
use indicators::ema::Ema;

/// Closes, one an hour.
type Closes = Vec<f64>;

fn closes() -> Closes {
    let wave = |n: i32| 100.0 + f64::from(n % 37) - f64::from(n % 11) * 1.5;
    (0..400).map(wave).collect()
}

fn until(closes: &Closes, at: UtcMs) -> Closes {
    let hours = usize::try_from(at.ms() / HOUR_MS).unwrap();
    closes[..hours].to_vec()
}

fn last(closes: &Closes, startup: u64) -> Closes {
    let startup = usize::try_from(startup).unwrap();
    // What is cut off in front is no number: the moments stay what they are.
    let gone = closes.len() - startup;
    (0..closes.len()).map(|n| if n < gone { f64::NAN } else { closes[n] }).collect()
}

fn close_of(n: usize) -> UtcMs {
    UtcMs::new((i64::try_from(n).unwrap() + 1) * HOUR_MS)
}

/// A strategy that says, at every close, what `value` makes of the history.
fn strategy(
    history: &Closes,
    mut value: impl FnMut(&Closes, usize) -> Option<f64>,
) -> Result<Vec<Opinion>, Infallible> {
    let said = (0..history.len()).filter(|n| history[*n].is_finite()).filter_map(|n| {
        let values = vec![
            ("honest".to_owned(), Value::Number(history[n] * 2.0)),
            ("suspect".to_owned(), Value::Number(value(history, n)?)),
        ];
        Some(Opinion { at: close_of(n), speaker: "analyst".to_owned(), values })
    });
    Ok(said.collect())
}

fn ema(history: &Closes) -> Result<Vec<Opinion>, Infallible> {
    let mut ema = Ema::<21>::default();
    strategy(history, move |history, n| ema.push(history[n]))
}

#[test]
fn an_honest_strategy_passes() {
    let found = lookahead(&closes(), 50, until, ema).unwrap();
    assert_eq!(found.checked.len(), 50);
    assert_eq!(found.checked.last(), Some(&close_of(399)));
    assert_eq!((found.compared, found.biased.len()), (50, 0));
}

#[test]
fn one_that_reads_the_next_candle_is_caught() {
    let cheat = |history: &Closes| {
        strategy(history, |history, n| Some(history.get(n + 1).unwrap_or(&history[n]) - history[n]))
    };
    let found = lookahead(&closes(), 50, until, cheat).unwrap();
    // The very last moment has no future to read.
    assert_eq!(found.biased.len(), 49);
    assert_eq!(found.by_value().into_iter().collect::<Vec<_>>(), [(("analyst", "suspect"), 49)]);
}

#[test]
fn one_that_scales_by_the_whole_history_is_caught() {
    let cheat = |history: &Closes| {
        let mean = history.iter().sum::<f64>() / history.len() as f64;
        strategy(history, |history, n| Some(history[n] / mean))
    };
    let found = lookahead(&closes(), 20, until, cheat).unwrap();
    assert!(found.biased.len() >= 15, "{}", found.biased.len());
    assert!(found.biased.iter().all(|biased| biased.values == ["suspect"]));
}

#[test]
fn one_that_speaks_only_when_the_future_is_kind_is_caught() {
    let cheat = |history: &Closes| {
        strategy(history, |history, n| (history.get(n + 1)? > &history[n]).then_some(1.0))
    };
    let found = lookahead(&closes(), 20, until, cheat).unwrap();
    assert_eq!(found.biased.len(), 20);
    assert!(found.biased.iter().all(|biased| biased.values.is_empty()));
    assert_eq!(found.by_value()[&("analyst", "the whole opinion")], 20);
}

#[test]
fn a_long_memory_shows_and_fades_with_the_start_up() {
    let found = recursive(&closes(), &[10, 30, 100, 399], last, ema).unwrap();
    assert_eq!(found.at, Some(close_of(399)));
    let of = |name: &str| &found.rows.iter().find(|row| row.value == name).unwrap().drifts;
    assert_eq!(of("honest")[1..], [Drift::None, Drift::None, Drift::None]);
    // Twenty-one candles warm an EMA 21 up; ten leave the whole opinion unsaid.
    let [Drift::Silent, Drift::Ratio(a), Drift::Ratio(b), c] = &of("suspect")[..] else {
        panic!("{found:?}");
    };
    assert!(a.abs() > b.abs() && b.abs() < 1e-4, "{a} {b}");
    assert!(matches!(c, Drift::None | Drift::Ratio(_)));
}

#[test]
fn a_silent_strategy_has_nothing_to_compare() {
    let silent = |_: &Closes| Ok::<_, Infallible>(Vec::new());
    let found = recursive(&closes(), &[10], last, silent).unwrap();
    assert_eq!((found.at, found.rows.len()), (None, 0));
    assert_eq!(lookahead(&closes(), 10, until, silent).unwrap().checked, []);
}
