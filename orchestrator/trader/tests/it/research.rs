//! Searches from the command line: the same whatever the threads, taken up again, and honest.

use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;

use serde_json::Value;

use crate::harness::{Ended, Folder, Launch};

/// 2021-04-01 00:00 UTC.
const APRIL_MS: i64 = 1_617_235_200_000;
const HOUR_MS: i64 = 3_600_000;

const SPACE: &str = "
    min_confidence = { type = 'float', from = 0.55, to = 0.75, step = 0.05 }
    stop_atr_multiple = { type = 'float', from = 1, to = 4 }
";

/// A folder with hourly candles from April until August 2021, and a space.
fn site(name: &str) -> Folder {
    let folder = Folder::new(name);
    let mut state = 12_345_u64;
    let mut draw = || {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as i64 % 2001 - 1000
    };
    let (mut text, mut cents, mut drift) =
        ("open_time_ms,open,high,low,close,volume\n".to_owned(), 300_000_i64, 0);
    for hour in 0..(30 + 31 + 30 + 31) * 24 {
        if hour % 70 == 0 {
            drift = draw() / 2;
        }
        let open = cents;
        cents = (cents + drift + 2 * draw()).clamp(100_000, 900_000);
        let (high, low) = (open.max(cents) + 200, open.min(cents) - 200);
        let [open, high, low, close] =
            [open, high, low, cents].map(|c| format!("{}.{:02}", c / 100, c % 100));
        let at = APRIL_MS + hour * HOUR_MS;
        writeln!(text, "{at},{open},{high},{low},{close},12.5").unwrap();
    }
    folder.write("candles/BTCUSDT-1h.csv", &text);
    folder.write("space.toml", SPACE);
    folder
}

fn launch(folder: &Folder, arguments: &[&str]) -> Ended {
    let candles = folder.path().join("candles");
    let candles = ["--candles", candles.to_str().unwrap()];
    Launch::sextant(folder, &[arguments, &candles].concat()).end()
}

fn search(folder: &Folder, arguments: &[&str]) -> Ended {
    let space = folder.path().join("space.toml");
    let asked = ["hyperopt", "--json", "--space", space.to_str().unwrap()];
    launch(folder, &[&asked, arguments].concat())
}

fn record(found: &Value) -> PathBuf {
    found["record"].as_str().unwrap().into()
}

fn sorted_lines(found: &Value) -> Vec<String> {
    let text = fs::read_to_string(record(found)).unwrap();
    let mut lines: Vec<_> = text.lines().map(str::to_owned).collect();
    lines.sort();
    lines
}

#[test]
fn a_search_is_the_same_by_any_number_of_threads_and_after_an_interruption() {
    let folder = site("hyperopt");
    let one = search(&folder, &["--trials", "30", "--threads", "1"]).json();
    let alone = sorted_lines(&one);
    assert_eq!((alone.len(), one["made"].as_u64()), (31, Some(30)));
    let three = search(&folder, &["--trials", "30", "--threads", "3"]).json();
    assert_eq!(record(&three), record(&one));
    assert_eq!(sorted_lines(&three), alone);
    assert_eq!((&three["verdict"], &three["best"]), (&one["verdict"], &one["best"]));
    let verdict = &one["verdict"];
    assert_eq!(verdict["trials"], 30);
    assert!((0.0..=1.0).contains(&verdict["deflated_sharpe"].as_f64().unwrap()));
    assert!((0.0..=1.0).contains(&verdict["overfitting"]["probability"].as_f64().unwrap()));

    let text = fs::read_to_string(record(&one)).unwrap();
    fs::write(record(&one), &text[..text.len() / 2]).unwrap();
    let resumed = search(&folder, &["--trials", "30", "--resume"]).json();
    let made = resumed["made"].as_u64().unwrap();
    assert!((10..25).contains(&made), "{made}");
    assert_eq!(resumed["verdict"], one["verdict"]);
    assert_eq!(sorted_lines(&resumed), alone);

    // Another search does not take the record for its own, and does not write over it.
    let kept = record(&one);
    let other = ["--trials", "5", "--seed", "9", "--record", kept.to_str().unwrap()];
    search(&folder, &other).assert_refused(2, &["another seed", "begin a new one"]);
    search(&folder, &[&other[..], &["--resume"]].concat()).assert_refused(2, &["another seed"]);
    assert_eq!(sorted_lines(&one), alone);

    let text = launch(&folder, &["hyperopt", "--trials", "4"]);
    assert_eq!(text.code, Some(0));
    for said in ["best of 4 trials over 122 days", "deflated Sharpe ratio", "overfitting"] {
        assert!(text.out.contains(said), "{}", text.out);
    }
}

#[test]
fn a_search_that_cannot_be_made_leaves_nothing_behind() {
    let folder = site("refused");
    let grid = ["--search", "grid"];
    search(&folder, &grid).assert_refused(2, &["stop_atr_multiple", "a grid needs a step"]);
    let narrow = "min_confidence = { type = 'float', from = 0.5, to = 1, step = 0.01 }";
    folder.write("space.toml", narrow);
    let few = ["--search", "grid", "--trials", "50"];
    search(&folder, &few).assert_refused(2, &["51 points", "more than the 50 trials"]);
    folder.write("space.toml", "stop_multiple = { type = 'float', from = 1, to = 2 }");
    search(&folder, &[]).assert_refused(2, &["no parameter 'stop_multiple'", "stop_atr_multiple"]);
    let weight = "'timeframe_weights.3d' = { type = 'float', from = 0, to = 1 }";
    folder.write("space.toml", weight);
    search(&folder, &[]).assert_refused(2, &["nothing that it could change"]);
    launch(&folder, &["hyperopt", "--space", "none.toml"]).assert_refused(2, &["none.toml"]);
    assert!(!folder.path().join("data").exists());
}

#[test]
fn a_walk_forward_tells_each_window_and_the_tests_as_one_account() {
    let folder = site("walk");
    let asked = ["walk-forward", "--train", "2", "--trials", "6"];
    let walked = launch(&folder, &[&asked[..], &["--json"]].concat()).json();
    let windows = walked["windows"].as_array().unwrap();
    let tested: Vec<_> = windows.iter().map(|w| w["test_from"].as_str().unwrap()).collect();
    assert_eq!(tested, ["2021-06-01T00:00:00Z", "2021-07-01T00:00:00Z"]);
    assert_eq!(
        (walked["trials"].as_u64(), windows[0]["verdict"]["trials"].as_u64()),
        (Some(12), Some(6))
    );
    let grown: f64 =
        windows.iter().map(|w| 1.0 + w["test"]["profit_ratio"].as_f64().unwrap()).product();
    let whole = walked["out_of_sample"]["profit_ratio"].as_f64().unwrap();
    assert!((grown - 1.0 - whole).abs() < 1e-9, "{walked:#}");
    let two = launch(&folder, &[&asked[..], &["--threads", "2", "--json"]].concat()).json();
    assert_eq!(two, walked);
    let text = launch(&folder, &asked);
    assert!(text.out.contains("out of sample, 2021-06-01 00:00"), "{}", text.out);
    let long = launch(&folder, &["walk-forward"]);
    long.assert_refused(2, &["6 months of training and 1 of testing do not fit"]);
}

#[test]
fn a_backtest_tells_what_else_it_could_have_brought() {
    let folder = site("alternatives");
    let asked = ["backtest", "--json", "--monte-carlo", "200"];
    let drawn = launch(&folder, &asked).json();
    let days = &drawn["monte_carlo"]["days"];
    assert_eq!((days["runs"].as_u64(), days["observations"].as_u64()), (Some(200), Some(122)));
    let trades = &drawn["monte_carlo"]["trades"]["return_ratio"];
    assert_eq!(trades["p05"], trades["p95"]);
    assert_eq!(launch(&folder, &asked).json()["monte_carlo"], drawn["monte_carlo"]);
    let text = launch(&folder, &["backtest", "--monte-carlo", "200"]);
    assert!(text.out.contains("days in blocks of 5: 200 runs"), "{}", text.out);
}
