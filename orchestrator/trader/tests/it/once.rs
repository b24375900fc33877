//! One cycle, as a scheduler asks for it.

use std::time::Duration;

use serde_json::Value;

use crate::harness::wait_until;
use crate::market::{DAYS, Market, PAIRS};
use crate::site::Site;

const HOUR_MS: i64 = 3_600_000;
/// Sixteen days and five minutes after the first generated candle.
const START: &str = "1705449900000";
/// An hour passes in twelve seconds.
const SPEED: &str = "300";

fn decisions(summary: &Value) -> i64 {
    let counts = summary["decisions"].as_object().unwrap();
    counts.values().map(|count| count.as_i64().unwrap()).sum()
}

#[test]
fn one_cycle_decides_at_the_last_full_hour_and_the_next_goes_on() {
    let site = Site::embedded("once");
    let served = ["--days", DAYS, "--pairs", PAIRS, "--speed", SPEED, "--start-at", START];
    let market = Market::serve(&site.folder, &served);
    let now = || market.status()["now_ms"].as_i64().unwrap();
    let cycle = || site.trade(&market, &["run", "--once", "--json"]).end().json();

    let before = now();
    let first = cycle();
    let after = now();
    assert_eq!(first["finished"], true);
    let decided_at = first["last_watermark"].as_i64().unwrap();
    assert_eq!(decided_at % HOUR_MS, 0, "{first}");
    assert!(decided_at >= before - before % HOUR_MS && decided_at <= after, "{first}");
    assert_eq!(decisions(&first), 3, "{first}");
    let at_hour = site.verb(&["decisions", "--json"]).end().json();
    let moments: Vec<_> = at_hour.as_array().unwrap().iter().map(|row| row["at"].clone()).collect();
    assert_eq!(moments.len(), 3);
    assert!(moments.iter().all(|at| *at == moments[0]), "{moments:?}");
    assert!(first["signals"]["technical"].as_i64() >= Some(1), "history was not heard: {first}");

    let hour = decided_at + HOUR_MS;
    assert!(wait_until(Duration::from_secs(30), || now() > hour + 60_000));
    let second = cycle();
    let hours = (second["last_watermark"].as_i64().unwrap() - decided_at) / HOUR_MS;
    assert!(hours >= 1, "{second}");
    assert_eq!(decisions(&second), 3 * (1 + hours), "{second}");
    assert_eq!(site.verify().json()["head_hash"], second["ledger_head_hash"]);
    site.folder.assert_deserted_but(&[market.id()]);
}
