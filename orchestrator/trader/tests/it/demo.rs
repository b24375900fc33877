//! `demo` in its scriptable form.

use serde_json::Value;

use crate::market::{DAYS, PAIRS};
use crate::site::{Site, head};

const DEMO: [&str; 9] =
    ["demo", "--days", DAYS, "--pairs", PAIRS, "--speed", "max", "--exit-at-end", "--json"];

fn number(summary: &Value, pointer: &str) -> i64 {
    summary.pointer(pointer).and_then(Value::as_i64).unwrap_or_else(|| panic!("no {pointer}"))
}

fn sum(counts: &Value) -> i64 {
    counts.as_object().unwrap().values().map(|count| count.as_i64().unwrap()).sum()
}

#[test]
fn demo_ends_with_a_summary() {
    let site = Site::embedded("demo");
    let summary = site.verb(&DEMO).end().json();
    site.folder.assert_deserted();
    assert_eq!(summary["finished"], true);
    assert_eq!(head(&summary).len(), 64);
    let equity: f64 = summary["final_equity"].as_str().unwrap().parse().unwrap();
    assert!(equity > 0.0 && equity != 1000.0, "{equity}");
    for name in ["/candles/repaired", "/candles/missing", "/candles/duplicates"] {
        assert_eq!(number(&summary, name), 0, "{name}");
    }
    assert_eq!(number(&summary, "/candles/read"), number(&summary, "/simulator/streamed"));
    assert!(summary["denials"].is_object());
    let exits = summary["exit_reasons"].as_object().unwrap();
    for reason in ["roi", "stop_loss", "trailing_stop_loss"] {
        assert!(exits.contains_key(reason), "no trade ended by {reason}: {exits:?}");
    }
    let by_reason: i64 = exits.values().map(|exit| exit["trades"].as_i64().unwrap()).sum();
    assert_eq!(by_reason, number(&summary, "/trades"));
    assert!(by_reason >= 20, "{by_reason} trades");

    // The store holds exactly those.
    let content = site.content("demo");
    let signals = [&summary["signals"]["technical"], &summary["signals"]["risk"]];
    let [signals, words] = signals.map(|count| count.as_i64().unwrap());
    for (table, count) in [
        ("candles", number(&summary, "/candles/stored")),
        ("signals", signals),
        ("risk_words", words),
        ("decisions", sum(&summary["decisions"])),
        ("orders", number(&summary, "/orders")),
        ("fills", number(&summary, "/fills")),
        ("trades", number(&summary, "/trades")),
        ("ledger", number(&summary, "/ledger_entries")),
    ] {
        assert_eq!(content[table].0, count, "{table}");
    }

    // The reading verbs find it, and the chain holds.
    let verified = site.verify().json();
    assert_eq!(verified["holds"], true);
    assert_eq!(verified["head_hash"], summary["ledger_head_hash"]);
    let trades = site.verb(&["trades", "--json"]).end().json();
    assert_eq!(trades.as_array().unwrap().len() as i64, by_reason);
    site.folder.assert_deserted();

    // Once more from the start, where the first one makes room.
    let again = site.verb(&DEMO).end().json();
    assert_eq!(head(&again), head(&summary));
    assert_eq!(site.content("demo"), content);
}
