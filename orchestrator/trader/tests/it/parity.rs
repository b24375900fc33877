//! One code in every mode: what the live actors decided, ordered and filled comes out of the
//! backtest byte for byte, from the stored events and from the files alone.

use std::fmt::Write as _;

use crate::site::Site;

/// 2024-01-01 00:00 UTC.
const ORIGIN_MS: i64 = 1_704_067_200_000;

/// Minutes in one price that swings within hours and days, with an outage.
fn minutes(base: f64, phase: f64) -> String {
    let mut text = "open_time_ms,open,high,low,close,volume\n".to_owned();
    let price = |minute: i64| {
        let x = minute as f64;
        let swing = 0.05 * (x / 700.0 + phase).sin() + 0.02 * (x / 97.0).sin();
        base * (1.0 + swing + 0.000_01 * x)
    };
    for minute in (0..20_000).filter(|minute| !(7_000..7_045).contains(minute)) {
        let (open, close) = (price(minute - 1), price(minute));
        let (high, low) = (open.max(close) * 1.0004, open.min(close) * 0.9996);
        let at = ORIGIN_MS + minute * 60_000;
        writeln!(text, "{at},{open:.2},{high:.2},{low:.2},{close:.2},12.5").unwrap();
    }
    text
}

#[test]
fn the_backtest_gives_the_ledger_of_the_live_actors() {
    let site = Site::embedded("parity");
    site.folder.write("candles/BTCUSDT-1m.csv", &minutes(40_000.0, 0.0));
    site.folder.write("candles/ETHUSDT-1m.csv", &minutes(2_000.0, 2.0));
    let candles = site.folder.path().join("candles");
    let candles = candles.to_str().unwrap();
    let demo = ["demo", "--candles", candles, "--exit-at-end", "--json"];
    let summary = site.verb(&demo).end().json();
    assert!(summary["trades"].as_u64().unwrap() > 0, "{summary}");
    for source in [&["--from-candles"][..], &["--candles", candles]] {
        let told = site.verb(&[&["replay", "--all", "--json"], source].concat()).end().json();
        let made = &told["from_candles"];
        assert_eq!((&told["same"], &made["differ"]), (&true.into(), &0.into()), "{told}");
        assert_eq!(made["entries"], summary["ledger_entries"]);
        assert_eq!(made["head"]["hash"], summary["ledger_head_hash"], "{made}");
    }
    // Other candles give another ledger, and say where it begins to differ.
    site.folder.write("other/BTCUSDT-1m.csv", &minutes(40_000.0, 0.1));
    site.folder.write("other/ETHUSDT-1m.csv", &minutes(2_000.0, 2.0));
    let other = site.folder.path().join("other");
    let other = site.verb(&["replay", "--all", "--candles", other.to_str().unwrap()]).end();
    assert_eq!(other.code, Some(1), "{}", other.out);
    assert!(other.out.contains("ledger entry"), "{}", other.out);
    let half = site.folder.path().join("other/ETHUSDT-1m.csv");
    let half = ["replay", "--all", "--candles", half.to_str().unwrap()];
    site.verb(&half).end().assert_refused(2, &["the run traded BTC/USDT", "no 1m candles"]);
}
