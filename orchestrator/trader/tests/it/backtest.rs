//! `backtest` from outside: what it prints, and what it refuses.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::harness::{Ended, Folder, Launch};

const HOUR_MS: i64 = 3_600_000;
/// 2024-01-01 00:00 UTC.
const ORIGIN_MS: i64 = 1_704_067_200_000;

/// Hours from so many after the origin on, in one price that swings.
fn hours(folder: &Folder, name: &str, span: std::ops::Range<i64>, base: f64) -> PathBuf {
    let mut text = "open_time_ms,open,high,low,close,volume\n".to_owned();
    let price = |hour: i64| base * (1.0 + 0.1 * ((hour as f64) / 9.0).sin());
    for hour in span {
        let (open, close) = (price(hour - 1), price(hour));
        let (high, low) = (open.max(close), open.min(close));
        let at = ORIGIN_MS + hour * HOUR_MS;
        writeln!(text, "{at},{open:.2},{high:.2},{low:.2},{close:.2},12.5").unwrap();
    }
    folder.write(name, &text)
}

fn backtest(folder: &Folder, candles: &Path, arguments: &[&str]) -> Ended {
    let candles = candles.to_str().unwrap();
    let all = [&["backtest", "--candles", candles], arguments].concat();
    Launch::sextant(folder, &all).end()
}

#[test]
fn both_strategies_tell_what_came_of_it() {
    let folder = Folder::new("backtest");
    hours(&folder, "candles/BTCUSDT-1h.csv", 0..1500, 40_000.0);
    hours(&folder, "candles/ETHUSDT-1h-a.csv", 0..700, 2_000.0);
    hours(&folder, "candles/ETHUSDT-1h-b.csv", 712..1500, 2_000.0);
    let candles = folder.path().join("candles");
    let technical = backtest(&folder, &candles, &["--json"]).json();
    assert_eq!(technical["strategy"], "technical");
    assert_eq!(technical["pairs"], serde_json::json!(["BTC/USDT", "ETH/USDT"]));
    assert_eq!(technical["timeframe"], "1h");
    assert_eq!(technical["candles"], 1500 + 700 + 788);
    assert_eq!(technical["from_utc"], "2024-01-01T00:00:00Z");
    assert_eq!(technical["missing"][1]["missing"], 12);
    assert_eq!(technical["missing"][1]["holes"][0]["session_ended"], false);
    assert!(technical["trades"].as_u64().unwrap() > 0);
    assert!(technical["candles_per_second"].as_f64().unwrap() > 0.0);
    // The same but for when it was and how long it took.
    let timeless = |mut told: Value| {
        for name in ["read_seconds", "engine_seconds", "candles_per_second", "saved_at"] {
            assert!(told[name].take().is_number());
        }
        for name in ["id", "saved_at_utc"] {
            assert!(told[name].take().is_string());
        }
        told
    };
    let again = backtest(&folder, &candles, &["--json"]).json();
    assert_eq!(timeless(again), timeless(technical));

    let reference = [
        "--strategy",
        "ema-cross",
        "--pairs",
        "ETH/USDT",
        "--timerange",
        "20240105-20240301",
        "--timeframe",
        "4h",
        "--fill",
        "close",
        "--fee",
        "0.0004",
        "--json",
    ];
    let reference = backtest(&folder, &candles, &reference).json();
    assert_eq!((&reference["timeframe"], &reference["fill"]), (&"4h".into(), &"close".into()));
    assert_eq!(reference["from_utc"], "2024-01-05T00:00:00Z");
    assert!(reference["trades"].as_u64().unwrap() > 10);

    let text = backtest(&folder, &candles, &[]);
    assert_eq!(text.code, Some(0));
    let missing = |line: &&str| line.contains("│      1488 │") || line.contains("│    1488 │");
    let missing = text.out.lines().find(missing).unwrap_or_else(|| panic!("{}", text.out));
    assert!(missing.contains("ETH/USDT") && missing.contains(" 12 "), "{missing}");
    let data: Vec<_> = std::fs::read_dir(folder.path().join("data")).unwrap().collect();
    assert_eq!(data.len(), 2, "a store was begun");

    let fills = [
        &["--fill", "close"][..],
        &["--fill", "intrabar", "--latency-ms", "250"],
        &["--volume-share", "0.025,0.1"],
        &["--slippage-bps", "0", "--monte-carlo", "200"],
    ];
    let ends = fills.map(|flags| {
        let told = backtest(&folder, &candles, &[&["--json"], flags].concat()).json();
        told["final_equity"].as_f64().unwrap()
    });
    // The pessimist's bound is one, and no slippage costs least.
    assert!(ends[1] < ends[3], "{ends:?}");
}

#[test]
fn runs_are_kept_shown_again_and_exported() {
    let folder = Folder::new("backtest-show");
    let show = |arguments: &[&str]| {
        Launch::sextant(&folder, &[&["backtest-show"], arguments].concat()).end()
    };
    let none = show(&["--json"]);
    assert_eq!(none.json(), serde_json::json!([]));
    assert!(show(&[]).err.contains("there are no backtests yet"));
    show(&["latest"]).assert_refused(2, &["no backtest has been kept", "sextant backtest"]);

    hours(&folder, "candles/BTCUSDT-1h.csv", 0..1500, 40_000.0);
    let candles = folder.path().join("candles");
    let plain = ["--strategy", "ema-cross"];
    let export = folder.path().join("exported");
    let told = [&plain[..], &["--breakdown", "week,month", "--export", export.to_str().unwrap()]];
    let printed = backtest(&folder, &candles, &told.concat());
    assert_eq!(printed.code, Some(0), "{}", printed.err);
    for table in ["BACKTESTING REPORT", "EXIT REASON STATS", "WEEK BREAKDOWN", "SUMMARY METRICS"] {
        assert!(printed.out.contains(table), "{table}");
    }
    assert_eq!(show(&["latest", "--breakdown", "week,month"]).out, printed.out);
    let lines = |name: &str| std::fs::read_to_string(export.join(name)).unwrap().lines().count();
    // A mark for each candle.
    assert_eq!(lines("equity.csv"), 1 + 1_500);

    let document = backtest(&folder, &candles, &[&plain[..], &["--json"]].concat()).json();
    let trades = usize::try_from(document["trades"].as_u64().unwrap()).unwrap();
    assert_eq!(lines("trades.csv"), 1 + trades);
    let id = document["id"].as_str().unwrap();
    assert_eq!(show(&[id, "--json"]).json(), document);
    let listed = show(&["--json"]).json();
    assert_eq!(listed[1]["id"], id);
    assert_eq!(listed[1]["trades"], document["trades"]);
    assert_eq!(listed[1]["sharpe"], document["metrics"]["sharpe"]);
    assert!(show(&[]).out.contains(id));

    show(&["yesterday"]).assert_refused(2, &["no backtest 'yesterday'", "lists the ids"]);
    show(&[id, "--breakdown", "year"]).assert_refused(2, &["use day, week or month"]);
    let nowhere = [&plain[..], &["--export", "no/such/run.json"]].concat();
    backtest(&folder, &candles, &nowhere).assert_refused(2, &["no/such", "create it first"]);
    assert_eq!(
        show(&["--json"]).json().as_array().map(Vec::len),
        Some(2),
        "a refused run was kept"
    );
}

#[test]
fn perpetuals_pay_funding_and_may_be_liquidated() {
    let folder = Folder::new("backtest-perpetual");
    let candles = hours(&folder, "um/ETHUSDT-1h.csv", 0..1500, 2_000.0);
    let rows = |rate: &str| {
        let row = |n: i64| format!("{},{rate}\n", ORIGIN_MS + n * 8 * HOUR_MS);
        (1..188).map(row).fold("funding_time_ms,funding_rate\n".to_owned(), |text, row| text + &row)
    };
    let run = |more: &[&str]| {
        let perpetual = ["--pairs", "ETH/USDT:USDT", "--json"];
        let told = backtest(&folder, &candles, &[&perpetual[..], more].concat()).json();
        assert_eq!(told["pairs"], serde_json::json!(["ETH/USDT:USDT"]));
        told["final_equity"].as_f64().unwrap()
    };
    let free = run(&[]);
    let funded = |rate: &str| {
        let file = folder.write("ETHUSDT-funding-8h.csv", &rows(rate));
        run(&["--funding", file.to_str().unwrap()])
    };
    let (paid, got, nothing) = (funded("0.001"), funded("-0.001"), funded("0"));
    assert!(paid < free && free < got, "{paid} {free} {got}");
    assert_eq!(nothing, free);
    // Longs pay what they would get at the opposite rate, but for what sizes make of it.
    assert!(((free - paid) / (got - free) - 1.0).abs() < 0.1, "{paid} {free} {got}");
    // At a leverage that the stop lies within, nothing is liquidated; at this one, much is.
    assert_eq!(run(&["--leverage", "2"]), free);
    assert_ne!(run(&["--leverage", "100"]), free);
}

#[test]
fn a_missing_rate_of_funding_is_not_nought() {
    let folder = Folder::new("backtest-funding");
    let candles = hours(&folder, "um/ETHUSDT-1h.csv", 0..200, 2_000.0);
    let run = |settled: &[i64]| {
        let head = "funding_time_ms,funding_rate\n".to_owned();
        let row = |n: &i64| format!("{},0.0001\n", ORIGIN_MS + n * 8 * HOUR_MS + 3);
        let text = settled.iter().map(row).fold(head, |text, row| text + &row);
        let file = folder.write("ETHUSDT-funding-8h.csv", &text);
        let funding = ["--pairs", "ETH/USDT:USDT", "--json", "--funding", file.to_str().unwrap()];
        backtest(&folder, &candles, &funding)
    };
    let all: Vec<i64> = (0..=24).collect();
    run(&all).json();
    let without = |gone: i64| all.iter().copied().filter(|n| *n != gone).collect::<Vec<_>>();
    // At the beginning, within, and at the end.
    for gone in [1, 12, 24] {
        let told = ["no settlement of ETH/USDT:USDT between", "a missing rate is not nought"];
        run(&without(gone)).assert_refused(2, &told);
    }
    let silent = backtest(&folder, &candles, &["--pairs", "ETH/USDT:USDT", "--json"]);
    assert!(silent.err.contains("perpetuals neither pay nor get any"), "{}", silent.err);
}

#[test]
fn what_can_t_be_tested_is_refused_with_what_to_do() {
    let folder = Folder::new("backtest-refused");
    let btc = hours(&folder, "candles/BTCUSDT-1h.csv", 0..200, 40_000.0);
    let candles = folder.path().join("candles");
    let ema = "--strategy=ema-cross";
    let cases: &[(&[&str], &[&str])] = &[
        (
            &["--timerange", "20250101-"],
            &["no candle opens in 2025-01-01", "reach from 2024-01-01"],
        ),
        (&["--timerange", "20240201-20240101"], &["is empty", "later than its beginning"]),
        (&["--timerange", "January"], &["write it as 20240101-20240601"]),
        (&["--pairs", "XRP/USDT"], &["no candles of XRP/USDT", "there are BTC/USDT", "--pairs"]),
        (&["--pairs", "?"], &["is not a pair"]),
        (&["--fee=-0.1"], &["from 0 to below 1"]),
        (&["--fee", "1"], &["from 0 to below 1", "0.001 is 0.1 %"]),
        (&["--fee", "NaN"], &["not a decimal number"]),
        (&["--capital", "4.99"], &["capital of 4.99", "smallest order of BTC/USDT", "use more"]),
        (&["--capital", "4.99", ema], &["capital of 4.99", "smallest order of BTC/USDT"]),
        (&["--capital", "0"], &["above 0"]),
        (&["--stake", "4.99", ema], &["stake of 4.99", "use a larger stake"]),
        (&["--stake", "20000", ema], &["above the capital of 10000"]),
        (&["--stake", "1000"], &["--stake is for ema-cross"]),
        (&["--fill", "tomorrow"], &["is not a fill model", "next-open"]),
        (&["--fill", "intrabar", ema], &["ema-cross fills at next-open or at close"]),
        (&["--fill", "book-ticks"], &["--ticks"]),
        (&["--ticks", "quotes.txt.gz"], &["--ticks is for --fill book-ticks"]),
        (&["--leverage", "5"], &["--leverage is for perpetuals", "BTC/USDT:USDT"]),
        (&["--leverage", "126"], &["126 is not in 1..=125"]),
        (&["--funding", "BTCUSDT-funding.csv"], &["--funding is for perpetuals"]),
        (&["--marks", "BTCUSDT-1h.csv"], &["--leverage"]),
        (&["--leverage", "5", ema], &["knows neither margin nor funding"]),
        (&["--latency-ms", "200", ema], &["neither latency nor slippage"]),
        (&["--slippage-bps=-1"], &["from 0 to below 10000"]),
        (&["--volume-share", "2,0.1"], &["above 0, at most 1"]),
        (&["--volume-share", "0.1"], &["write it as LIMIT,IMPACT"]),
        (&["--slippage-bps", "5", "--volume-share", "0.025,0.1"], &["cannot be used with"]),
        (&["--export", "nowhere/trades.csv"], &["there is no folder nowhere"]),
        (&["--export", "trades.xlsx"], &["name a .json file, a .csv file or a folder"]),
        (&["--breakdown", "year"], &["day, week"]),
        (&["--strategy", "astrology"], &["possible values", "technical", "ema-cross"]),
        (&["--timeframe", "5m"], &["decisions at each 5m", "these are 1h"]),
        (&["--timeframe", "5m", ema], &["decisions at each 5m", "these are 1h"]),
        (&["--timeframe", "7m"], &["is not a timeframe"]),
        (&["--timeframe-detail", "1m"], &["no 1m candles there, only 1h"]),
        (&["--profile", "yolo"], &["no profile 'yolo'", "swing-spot"]),
    ];
    for (arguments, words) in cases {
        let arguments = [&["--json"], *arguments].concat();
        let refused = backtest(&folder, &candles, &arguments);
        refused.assert_refused(2, words);
    }
    hours(&folder, "candles/ETHUSDT-1h.csv", 0..200, 2_000.0);
    backtest(&folder, &candles, &[ema]).assert_refused(2, &["one pair, here are 2", "--pairs"]);

    hours(&folder, "candles/BTCUSDT-1h-other.csv", 150..300, 41_000.0);
    let told = ["BTCUSDT-1h.csv", "BTCUSDT-1h-other.csv", "differently; keep the right one"];
    backtest(&folder, &candles, &[]).assert_refused(2, &told);

    let unsorted = std::fs::read_to_string(&btc).unwrap();
    let mut lines: Vec<_> = unsorted.lines().collect();
    lines.swap(20, 21);
    let unsorted = folder.write("unsorted/BTCUSDT-1h.csv", &lines.join("\n"));
    let told = ["BTCUSDT-1h.csv line 22", "not after the line before", "sort the file"];
    backtest(&folder, &unsorted, &[]).assert_refused(2, &told);
    let missing = folder.path().join("nowhere/BTCUSDT-1h.csv");
    backtest(&folder, &missing, &[]).assert_refused(2, &["can't read", "check that it exists"]);
    assert!(!folder.path().join("data").exists(), "something was written");
}
