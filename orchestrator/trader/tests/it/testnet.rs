//! A venue with an account: what it takes to trade there, and what its books are held against.

use serde_json::Value;

use crate::account::{self, KEY, PAIRS, SECRET, START_AT};
use crate::harness::{Launch, PATIENCE, Process};
use crate::market::Market;
use crate::site::Site;

/// A market with an account, two hours of it in a minute.
pub(crate) fn market(site: &Site) -> Market {
    let text = format!(
        "[[accounts]]\nkey = \"{KEY}\"\nsecret = \"{SECRET}\"\nbalances = {{ USDT = \"10000\" }}\n"
    );
    let file = site.folder.write("accounts.toml", &text);
    let (file, start_at) = (file.to_str().unwrap(), START_AT.to_string());
    let pairs = ["--days", "2", "--pairs", PAIRS, "--start-at", &start_at];
    Market::serve(&site.folder, &[&pairs[..], &["--speed", "120", "--account", file]].concat())
}

pub(crate) fn trading(site: &Site, market: &Market) -> Launch {
    account::trading(site, (&market.rest, &market.stream))
}

/// The account as the venue has it.
fn books(market: &Market) -> Value {
    market.tells(&format!("/sim/books?key={KEY}"))["spot"].clone()
}

pub(crate) fn fills(market: &Market) -> usize {
    books(market)["trades"].as_array().map_or(0, Vec::len)
}

/// Ends a run in order and holds what it counted against the venue's books.
pub(crate) fn ends_with_the_same_book(site: &Site, market: &Market, process: Process) {
    // The market goes on meanwhile, and a stop may fill after the end.
    let before = fills(market);
    process.signal("TERM");
    let summary = process.end(PATIENCE).json();
    let (ours, after) = (summary["fills"].as_u64().unwrap() as usize, fills(market));
    assert!((before..=after).contains(&ours), "{before}, {ours}, {after}: {}", books(market));
    account::holds(site);
}

#[test]
fn an_account_is_asked_for_and_real_money_is_not_begun_by_accident() {
    let site = Site::embedded("gates");
    let nothing = site.verb(&["run", "--testnet"]).end();
    nothing.assert_refused(3, &["set BINANCE_API_KEY"]);
    let live = site.verb(&["run", "--live"]);
    let live = live.env("BINANCE_API_KEY", KEY).env("BINANCE_API_SECRET", SECRET);
    let refused = live.env("BINANCE_SPOT_API_URL", "http://127.0.0.1:9").end();
    refused.assert_refused(
        3,
        &["no real money is traded", "LIVE_CONFIRMATION", "embedded store", "14", "backup"],
    );
    assert!(!refused.err.contains(SECRET) && !refused.out.contains(KEY));
}

#[test]
fn the_record_of_paper_trading_is_read_where_it_was_written() {
    let paper = Site::external("paper");
    let market = Market::serve(&paper.folder, &["--days", "16", "--pairs", PAIRS]);
    assert_eq!(paper.run(&market).end().json()["finished"], true);
    let real = Site::external("real");
    let refused = |record: Option<&str>| {
        let launch =
            real.verb(&["run", "--live"]).env("BINANCE_SPOT_API_URL", "http://127.0.0.1:9");
        let launch = launch.env("BINANCE_API_KEY", KEY).env("BINANCE_API_SECRET", SECRET);
        let launch = match record {
            Some(url) => launch.env("SEXTANT_PAPER_DATABASE_URL", url),
            None => launch,
        };
        let ended = launch.end();
        ended.assert_refused(3, &["no real money is traded", "LIVE_CONFIRMATION"]);
        ended.err
    };
    assert!(refused(None).contains("there are 0 days of paper trading"));
    let found = refused(paper.url.as_deref());
    assert!(!found.contains("paper trading"), "{found}");
    let nowhere = refused(Some("postgres://me:hunter2@127.0.0.1:9/none"));
    assert!(nowhere.contains("the record of paper trading can't be read"), "{nowhere}");
    assert!(!nowhere.contains("hunter2"), "{nowhere}");
}
