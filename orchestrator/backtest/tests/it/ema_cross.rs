//! The reference strategy against an independent calculation and against another tool's figures.

use std::path::{Path, PathBuf};
use std::process::Command;

use backtest::curve::Grain;
use backtest::ema_cross::{self, EmaCross, FillAt};
use backtest::history::History;
use backtest::outcome::Outcome;
use backtest::run::RunError;
use domain::ids::RunSeed;
use domain::instrument::Instrument;
use domain::money::{Money, Price, Quantity};
use domain::timeframe::Timeframe::{H1, M1};
use exchange::{candle_file, observed};
use serde::Deserialize;

use crate::tape::{listed, recorded, traded};

fn terms(fill: FillAt, fee: &str, capital: &str, stake: Option<&str>) -> EmaCross {
    EmaCross {
        seed: RunSeed(1),
        quote: "USDT".parse().unwrap(),
        capital_quote: capital.parse().unwrap(),
        stake_quote: stake.map(|stake| stake.parse().unwrap()),
        step: Quantity::ZERO,
        fee_ratio: fee.parse().unwrap(),
        fill,
    }
}

/// The candles that other tools' figures are of.
fn recorded_file() -> Option<PathBuf> {
    Some(recorded("5m")?.join("BTCUSDT-5m-20240101-20250630.csv.gz"))
}

fn read(path: &Path) -> History {
    let file = candle_file::read(path).unwrap();
    let filters = observed::filters(&file.candles);
    let instrument = Instrument { id: file.instrument, filters };
    History::new(vec![(instrument, file.candles)], &[]).unwrap()
}

/// A Python that has numpy: the project's own, or the machine's.
fn python() -> Option<PathBuf> {
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../.venv/bin/python");
    let named = std::env::var_os("SEXTANT_PYTHON").map(PathBuf::from);
    let has_numpy = |python: &PathBuf| {
        let asked = Command::new(python).args(["-c", "import numpy"]).output();
        asked.is_ok_and(|answer| answer.status.success())
    };
    let found = named.into_iter().chain([own, "python3".into()]).find(has_numpy);
    if found.is_none() {
        eprintln!("skipped: no Python with numpy (SEXTANT_PYTHON, .venv/bin/python, python3)");
    }
    found
}

#[derive(Debug, Deserialize)]
struct Trade {
    entry_ms: i64,
    exit_ms: i64,
    entry: f64,
    exit: f64,
    quantity: f64,
    profit: f64,
}

#[derive(Debug, Deserialize)]
struct Marks {
    at_ms: Vec<i64>,
    equity: Vec<f64>,
}

fn near(found: f64, expected: f64, scale: f64, what: &str) {
    let error = (found - expected).abs() / scale.abs();
    assert!(error < 1e-9, "{what}: {found} instead of {expected}");
}

fn assert_same(found: &Outcome, expected: &str) {
    let (trades, marks) = expected.trim_end().rsplit_once('\n').unwrap();
    assert_eq!(found.trades.len(), trades.lines().count());
    for (trade, line) in found.trades.iter().zip(trades.lines()) {
        let expected: Trade = serde_json::from_str(line).unwrap();
        let times = (trade.entry_time.ms(), trade.exit_time.ms());
        assert_eq!(times, (expected.entry_ms, expected.exit_ms), "{line}");
        let quote = |price| Money::new(price).to_f64();
        near(quote(trade.entry_price), expected.entry, expected.entry, "entry");
        near(quote(trade.exit_price), expected.exit, expected.exit, "exit");
        near(trade.quantity.to_f64(), expected.quantity, expected.quantity, "quantity");
        // A profit is a small difference of what was bought and sold.
        let bought = expected.quantity * expected.entry;
        near(trade.pnl_quote.to_f64(), expected.profit, bought, "profit");
    }
    let marks: Marks = serde_json::from_str(marks).unwrap();
    assert_eq!(
        (found.curve.marks().len(), marks.at_ms.len()),
        (marks.equity.len(), marks.equity.len())
    );
    let expected = marks.at_ms.iter().zip(&marks.equity);
    for (mark, (at_ms, equity)) in found.curve.marks().iter().zip(expected) {
        assert_eq!(mark.at.ms(), *at_ms);
        near(mark.equity_quote, *equity, *equity, "equity");
    }
}

#[test]
fn every_trade_and_the_whole_curve_equal_an_independent_calculation() {
    let (Some(path), Some(python)) = (recorded_file(), python()) else { return };
    let history = read(&path);
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/ema_cross.py");
    let (close, next_open) = ((FillAt::Close, "close"), (FillAt::NextOpen, "next-open"));
    for ((fill, name), stake, step) in [
        (close, None, None),
        (close, Some("1000"), None),
        (next_open, None, None),
        (next_open, Some("1000"), Some("0.00001")),
    ] {
        let mut terms = terms(fill, "0.0004", "10000", stake);
        terms.step = step.map_or(Quantity::ZERO, |step| step.parse().unwrap());
        let found = ema_cross::run(&terms, &history, Grain::Marks).unwrap();
        let mut command = Command::new(&python);
        command.arg(&script).arg(&path).args([name, "0.0004", "10000"]);
        let answer = command.args(stake).args(step).output().unwrap();
        assert!(answer.status.success(), "{}", String::from_utf8_lossy(&answer.stderr));
        assert_same(&found, str::from_utf8(&answer.stdout).unwrap());
    }
}

#[test]
fn it_comes_out_where_freqtrade_does() {
    let Some(path) = recorded_file() else { return };
    let history = read(&path);
    let mut terms = terms(FillAt::NextOpen, "0.0004", "100000", Some("1000"));
    for (step, expected) in [("0", "-2237.72"), ("0.00001", "-2237.05")] {
        terms.step = step.parse().unwrap();
        let outcome = ema_cross::run(&terms, &history, Grain::Days).unwrap();
        let profit: f64 = outcome.trades.iter().map(|trade| trade.pnl_quote.to_f64()).sum();
        assert_eq!((outcome.trades.len(), format!("{profit:.2}").as_str()), (3712, expected));
        assert!(outcome.left_open.is_empty());
        let end = outcome.curve.last().equity_quote;
        assert!((end - 100_000.0 - profit).abs() < 1e-6);
    }
}

/// Prices that turn so often that most candles trade, at odd prices.
fn sawtooth(price: f64) -> History {
    let mut candles = traded(M1, &[(0, 3000)]);
    for (n, candle) in candles.iter_mut().enumerate() {
        let swing = 1.0 + 0.02 * ((n as f64) * 0.7).sin() + 0.1 * ((n as f64) * 0.031).cos();
        let close = Price::nearest(price * swing).unwrap();
        candle.close = close;
        (candle.high, candle.low) = (close.max(candle.open), close.min(candle.open));
    }
    for n in 1..candles.len() {
        let open = candles[n - 1].close;
        let candle = &mut candles[n];
        candle.open = open;
        (candle.high, candle.low) = (candle.close.max(open), candle.close.min(open));
    }
    let open = candles[0].close;
    candles[0].open = open;
    (candles[0].high, candles[0].low) = (open, open);
    History::new(vec![(listed("AAA/USDT"), candles)], &[]).unwrap()
}

#[test]
fn the_book_holds_any_price_and_capital() {
    for price in [0.000_012_3, 0.987_654_32, 61_234.567_89, 4_000_000.1] {
        for capital in ["11.5", "10000", "987654321.12345678"] {
            let history = sawtooth(price);
            let terms = terms(FillAt::Close, "0.00123", capital, None);
            let outcome = ema_cross::run(&terms, &history, Grain::Days);
            match (outcome, price > 1e4 && capital == "11.5") {
                (Ok(outcome), false) => assert!(outcome.trades.len() > 20, "{price} {capital}"),
                (Err(RunError::CapitalTooSmall { .. }), true) => {}
                (other, _) => panic!("{price} {capital}: {other:?}"),
            }
        }
    }
}

#[test]
fn what_it_can_t_trade_is_named() {
    let history = sawtooth(100.0);
    let refused = |terms, history| ema_cross::run(&terms, history, Grain::Days).unwrap_err();
    let next = |capital, stake| terms(FillAt::NextOpen, "0.001", capital, stake);
    assert!(matches!(refused(next("4.99", None), &history), RunError::CapitalTooSmall { .. }));
    let refused_stake = refused(next("100", Some("1")), &history);
    assert!(matches!(refused_stake, RunError::StakeTooSmall { .. }));
    let refused_stake = refused(next("100", Some("101")), &history);
    assert!(matches!(refused_stake, RunError::StakeTooLarge { .. }));
    let hours = || traded(H1, &[(0, 50)]);
    let two = vec![(listed("AAA/USDT"), hours()), (listed("BBB/USDT"), hours())];
    let two = History::new(two, &[]).unwrap();
    assert_eq!(refused(next("100", None), &two), RunError::NotOnePair(2));
    let other = History::new(vec![(listed("AAA/BTC"), hours())], &[]).unwrap();
    assert!(matches!(refused(next("100", None), &other), RunError::OtherQuote { .. }));
}
