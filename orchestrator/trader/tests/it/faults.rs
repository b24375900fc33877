//! What is lost or doubled on the way to the trader changes nothing that it decides.

use serde_json::Value;

use crate::market::Market;
use crate::site::{Site, Undisturbed, head};

/// A run on a market with these faults, and what the market says of it.
fn run(faults: &[&str]) -> (Site, Value, Value) {
    let site = Site::embedded("faults");
    let market = Market::start(&site.folder, faults);
    let summary = site.run(&market).end().json();
    let status = market.status();
    (site, summary, status)
}

fn number(value: &Value, pointer: &str) -> u64 {
    value.pointer(pointer).and_then(Value::as_u64).unwrap_or_else(|| panic!("no {pointer}"))
}

#[test]
fn lost_and_doubled_messages_change_nothing() {
    // The seed makes the candles too, so each seed needs a run of its own to compare with.
    for seed in ["1", "2"] {
        let (plain_site, plain, _) = run(&["--sim-seed", seed]);
        let (site, spoilt, status) =
            run(&["--sim-seed", seed, "--drop", "0.01", "--duplicate", "0.01"]);
        assert_eq!(head(&spoilt), head(&plain), "seed {seed}");
        let dropped = number(&status, "/dropped");
        let doubled = number(&status, "/duplicated");
        assert!(dropped > 1_000 && doubled > 1_000, "{status}");
        assert_eq!(number(&spoilt, "/candles/repaired"), dropped);
        assert_eq!(number(&spoilt, "/candles/duplicates"), doubled);
        assert_eq!(spoilt["simulator"]["dropped"], status["dropped"]);
        assert_eq!(spoilt["simulator"]["duplicated"], status["duplicated"]);
        assert_eq!(number(&spoilt, "/candles/missing"), 0);
        assert_eq!(site.content("paper"), plain_site.content("paper"), "seed {seed}");
    }
}

#[test]
fn broken_connections_change_nothing() {
    let (site, summary, status) = run(&["--disconnect-every", "5000"]);
    assert!(number(&status, "/disconnects") >= 20, "{status}");
    assert_eq!(head(&summary), Undisturbed::get().head());
    assert_eq!(site.content("paper"), Undisturbed::get().content);
}

#[test]
fn a_second_run_from_the_same_start_ends_the_same() {
    let (site, summary, _) = run(&[]);
    assert_eq!(head(&summary), Undisturbed::get().head());
    assert_eq!(site.content("paper"), Undisturbed::get().content);
}
