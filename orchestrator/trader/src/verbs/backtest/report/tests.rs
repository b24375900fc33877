use serde_json::Value;

use super::export::{Target, export};
use super::*;
use crate::ending::Code;
use crate::verbs::backtest::saved::tests::{facts, run, saved};

const ALL: [Period; 3] = [Period::Day, Period::Week, Period::Month];

fn line<'t>(text: &'t str, words: &[&str]) -> &'t str {
    let found = text.lines().find(|line| words.iter().all(|word| line.contains(word)));
    found.unwrap_or_else(|| panic!("no line with {words:?} in\n{text}"))
}

fn cells(line: &str) -> Vec<&str> {
    line.split('│').map(str::trim).filter(|cell| !cell.is_empty()).collect()
}

#[test]
fn tables_are_freqtrade_s() {
    let text = text(&saved(), &ALL, false);
    let tables: Vec<_> = text
        .lines()
        .filter(|line| line.starts_with(' ') && !line.contains('│'))
        .map(str::trim)
        .collect();
    assert_eq!(
        tables,
        [
            "BACKTESTING REPORT",
            "LEFT OPEN TRADES REPORT",
            "EXIT REASON STATS",
            "DAY BREAKDOWN",
            "WEEK BREAKDOWN",
            "MONTH BREAKDOWN",
            "CANDLES",
            "SUMMARY METRICS"
        ]
    );
    let of = |words: &[&str]| cells(line(&text, words)).join(" | ");
    assert_eq!(
        of(&["Pair", "Trades"]),
        "Pair | Trades | Avg Profit % | Tot Profit USDT | Tot Profit % | Avg Duration \
         | Win  Draw  Loss   Win%"
    );
    assert_eq!(
        of(&["BTC/USDT", "28.00"]),
        "BTC/USDT | 2 | 2.80 | 28.00 | 2.80 | 3 h 30 min | 2     0     0  100.0"
    );
    assert_eq!(
        of(&["SOL/USDT", "│      0 │"]),
        "SOL/USDT | 0 | – | 0.00 | 0.00 | – | 0     0     0      –"
    );
    assert_eq!(
        of(&["TOTAL", "17.00"]),
        "TOTAL | 3 | 1.13 | 17.00 | 1.70 | 5 h 00 min | 2     0     1   66.7"
    );
    assert_eq!(
        of(&["stop_loss"]),
        "stop_loss | 1 | -2.20 | -11.00 | -1.10 | 8 h 00 min | 0     0     1    0.0"
    );
    assert_eq!(
        of(&["ETH/USDT", "2.90"]),
        "ETH/USDT | 1 | 0.58 | 2.90 | 0.29 | 6 h 00 min | 1     0     0  100.0"
    );
    assert_eq!(of(&["2024-02 "]), "2024-02 | 1 | 9.00 | ∞ | 1     0     0  100.0 | 1019.90 | 2.00");
    assert_eq!(
        of(&["2024-01-29"]),
        "2024-01-29 | 3 | 17.00 | 2.55 | 2     0     1   66.7 | 1019.90 | 1.99"
    );
    assert_eq!(
        of(&["SOL/USDT", "600"]),
        "SOL/USDT | 2024-01-30 | 2024-02-03 | 1152 | 600 | 1 | 600 | 2024-01-30 01:00 | 1"
    );
    let widest = text.lines().map(|line| line.chars().count()).max().unwrap_or(0);
    assert!(widest <= 116, "{widest} columns");
}

#[test]
fn the_summary_says_every_metric() {
    let text = text(&saved(), &[], false);
    let (_, text) = text.split_once("SUMMARY METRICS").unwrap();
    let value = |name: &str| cells(line(text, &[&format!("│ {name} ")]))[1].to_owned();
    for (name, expected) in [
        ("Backtesting from (UTC)", "2024-01-30 00:00"),
        ("Timeframe", "1h over 5m candles"),
        ("Fee", "0.0400 %"),
        ("Stake per trade", "500.00 USDT"),
        ("Total/Daily avg trades", "3 / 0.75"),
        ("Final balance", "1019.90 USDT"),
        ("Absolute profit", "19.90 USDT"),
        ("Left open", "1, 2.90 USDT at mark"),
        ("Market change %", "-2.00"),
        ("Total fees", "0.20 USDT"),
        ("Total trade volume", "500.00 USDT"),
        // 1 to 10, 50 to 51 and 90 to 96 of 96 hours.
        ("Time in the market %", "16.67"),
        // Days of 1 %, −1 %, 0 %, 2 %: √54.75 and √365.
        ("Sharpe", "7.40"),
        ("Sortino", "19.10"),
        ("Profit factor", "2.55"),
        ("Best pair", "BTC/USDT 28.00 USDT"),
        ("Worst trade", "ETH/USDT -2.20 %"),
        ("Best day", "2024-02-02 20.00 USDT"),
        ("Days win/draw/lose", "2 / 1 / 1"),
        ("Max consecutive wins / losses", "1 / 1"),
        // 1010 to 990 within the first day.
        ("Max drawdown", "1.98 % (20.00 USDT)"),
        ("Drawdown start (UTC)", "2024-01-30 06:00"),
        ("Candles per second", "11520000"),
    ] {
        assert_eq!(value(name), expected, "{name}");
    }
}

#[test]
fn json_says_what_the_tables_say() {
    let json = json(&saved(), &ALL);
    assert_eq!(json["trades"], 3);
    assert_eq!(json["final_equity"], 1_019.898);
    assert_eq!(json["candles_per_second"], 11_520_000.0);
    assert_eq!(json["strategy"], "ema-cross");
    assert_eq!(json["from_utc"], "2024-01-30T00:00:00Z");
    assert_eq!(json["per_pair"][0]["pair"], "BTC/USDT");
    assert_eq!(json["per_pair"][0]["profit_factor"], "inf");
    assert_eq!(json["per_pair"][0]["closed_profit_ratio"], 0.028);
    assert_eq!(json["per_pair"][1]["pair"], "SOL/USDT");
    assert!(json["per_pair"][1]["profit_factor"].is_null());
    assert_eq!(json["exit_reasons"][0]["exit_reason"], "roi");
    assert_eq!(json["left_open"][0]["mark"], "50.3");
    assert_eq!(json["breakdown"]["month"][1]["begin_utc"], "2024-02-01T00:00:00Z");
    assert_eq!(json["breakdown"]["day"].as_array().map(Vec::len), Some(4));
    assert_eq!((&json["missing"][0]["missing"], &json["candles"]), (&0.into(), &1_152.into()));
    let sol = &json["missing"][2];
    assert_eq!((&sol["missing"], &sol["sessions_ended"]), (&600.into(), &1.into()));
    assert_eq!(sol["holes"][0]["from_utc"], "2024-01-30T01:00:00Z");
    let metrics = &json["metrics"];
    assert!((metrics["sharpe"].as_f64().unwrap() - 54.75f64.sqrt()).abs() < 1e-9);
    assert_eq!(metrics["drawdown_to_utc"], "2024-01-30T12:00:00Z");
    assert!(!metrics.to_string().contains("null"), "{metrics:#}");
}

#[test]
fn colours_are_for_terminals() {
    assert!(!text(&saved(), &ALL, false).contains('\x1b'));
    assert!(text(&saved(), &ALL, true).contains("\x1b[31m"));
}

#[test]
fn a_run_without_a_trade_is_a_report_too() {
    let mut empty = run();
    (empty.trades, empty.left_open, empty.holes) = (vec![], vec![], vec![]);
    let saved =
        crate::verbs::backtest::saved::Saved::of(&empty, facts(), domain::time::UtcMs::new(0));
    let text = text(&saved, &[], false);
    assert!(!text.contains("EXIT REASON") && !text.contains("NaN") && !text.contains("inf"));
    assert!(line(&text, &["Profit factor"]).contains('–'));
    let json = json(&saved, &[]);
    assert_eq!((&json["trades"], &json["missing"][2]["missing"]), (&0.into(), &0.into()));
}

#[test]
fn exports_are_read_by_other_tools() {
    let place = tempfile::tempdir().unwrap();
    let (saved, run) = (saved(), run());
    let read = |name: &str| std::fs::read_to_string(place.path().join(name)).unwrap();
    let to =
        |name: &str| export(&Target::of(&place.path().join(name)).unwrap(), &saved, &run).unwrap();
    to("all");
    assert_eq!(read("all/trades.csv").lines().count(), 4);
    let orders = read("all/orders.csv");
    let order = orders.lines().nth(1).unwrap();
    assert!(order.starts_with("2024-01-30T00:00:00Z,BTC/USDT,sx"), "{order}");
    assert!(order.ends_with(",entry,buy,market,,10,filled,intended,0,50,0.2"), "{order}");
    let equity = read("all/equity.csv");
    assert_eq!(equity.lines().nth(2), Some("2024-01-30T12:00:00Z,990"));
    assert_eq!(equity.lines().count(), 6);
    let report: Value = serde_json::from_str(&read("all/report.json")).unwrap();
    assert_eq!(report["trades"], 3);
    to("one.csv");
    assert_eq!(read("one.csv"), read("all/trades.csv"));
    to("one.json");
    to("one.json");
    let one: Value = serde_json::from_str(&read("one.json")).unwrap();
    assert_eq!(one["report"], report);
    assert_eq!(one["trades"][1]["exit_reason"], "stop_loss");
    assert_eq!(one["orders"][0]["order"]["state"], "intended");
    assert_eq!(one["equity"][4][1], 1_019.898);
    let names = std::fs::read_dir(place.path()).unwrap().count();
    assert_eq!(names, 3, "something half-written was left");
}

#[test]
fn what_can_t_be_exported_to_is_refused_before_the_run() {
    let place = tempfile::tempdir().unwrap();
    std::fs::write(place.path().join("file"), "mine").unwrap();
    for (name, words) in [
        ("trades.xlsx", "name a .json file, a .csv file or a folder"),
        ("file", "this is a file"),
        ("no/such/place.json", "create it first"),
    ] {
        let failure = Target::of(&place.path().join(name)).unwrap_err();
        assert_eq!(failure.code, Code::Usage);
        assert!(failure.to_string().contains(words), "{failure}");
    }
    assert_eq!(std::fs::read_to_string(place.path().join("file")).unwrap(), "mine");
}
