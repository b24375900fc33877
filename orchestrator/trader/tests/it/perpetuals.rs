//! A run on perpetuals from outside: it trades their candles, both ways, and keeps what else they tell.

use serde_json::Value;

use crate::harness::{Folder, Launch};

const ARGUMENTS: [&str; 12] = [
    "demo",
    "--pairs",
    "BTC/USDT:USDT,ETH/USDT:USDT",
    "--profile",
    "intraday-futures",
    "--days",
    "4",
    "--speed",
    "max",
    "--drop",
    "0.01",
    "--json",
];

fn verb(folder: &Folder, arguments: &[&str]) -> Value {
    Launch::sextant(folder, arguments).end().json()
}

#[test]
fn perpetuals_are_traded_and_what_is_collected_beside_them_changes_nothing() {
    let (one, other) = (Folder::new("perpetual-one"), Folder::new("perpetual-other"));
    let summary = verb(&one, &ARGUMENTS);
    // What is told beside comes by the wall's clock; the ledger must not know of it.
    assert_eq!(verb(&other, &ARGUMENTS)["ledger_head_hash"], summary["ledger_head_hash"]);
    assert_eq!(verb(&one, &["verify", "--json"])["holds"], true);
    let trades = verb(&one, &["trades", "--json"]);
    let directions = |of: &str| {
        trades.as_array().unwrap().iter().filter(|trade| trade["direction"] == of).count()
    };
    assert!(directions("long") > 0 && directions("short") > 0, "{trades}");

    let status = verb(&one, &["status", "--json"]);
    let facts = status["facts"].as_array().unwrap();
    let told = |kind: &str| facts.iter().filter(|fact| fact["kind"] == kind).count();
    // Both perpetuals; liquidations come when there are any, marks and books with the wall's clock.
    for kind in ["funding", "interest", "ratio", "trade"] {
        assert_eq!(told(kind), 2, "{kind}: {facts:?}");
    }
}

#[test]
fn one_run_trades_one_market() {
    let folder = Folder::new("mixed-markets");
    let pairs = ["run", "--once", "--pairs", "BTC/USDT,ETH/USDT:USDT"];
    let refused = Launch::sextant(&folder, &pairs).end();
    assert_eq!(refused.code, Some(2), "{}", refused.err);
    assert!(refused.err.contains("one run trades one market"), "{}", refused.err);
}
