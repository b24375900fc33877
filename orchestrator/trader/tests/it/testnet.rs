//! A venue with an account: what it takes to trade there, and what its books are held against.

use serde_json::Value;

use crate::harness::{Launch, PATIENCE, Process};
use crate::market::Market;
use crate::site::Site;

pub(crate) const KEY: &str = "testnetKeyOfNobody";
pub(crate) const SECRET: &str = "hush-this-is-nobodys-secret";
/// Six hours after the generator's first candle: every indicator is warm.
const START_AT: &str = "1704088800000";

/// A market with an account, two hours of it in a minute.
pub(crate) fn market(site: &Site) -> Market {
    let text = format!(
        "[[accounts]]\nkey = \"{KEY}\"\nsecret = \"{SECRET}\"\nbalances = {{ USDT = \"10000\" }}\n"
    );
    let file = site.folder.write("accounts.toml", &text);
    let file = file.to_str().unwrap();
    let pairs = ["--days", "2", "--pairs", "BTC/USDT,ETH/USDT", "--start-at", START_AT];
    Market::serve(&site.folder, &[&pairs[..], &["--speed", "120", "--account", file]].concat())
}

pub(crate) fn trading(site: &Site, market: &Market) -> Launch {
    let profile = concat!(env!("CARGO_MANIFEST_DIR"), "/src/verbs/chaos/restless.toml");
    let arguments = ["run", "--testnet", "--json", "--profile", profile];
    site.trade(market, &[&arguments[..], &["--pairs", "BTC/USDT,ETH/USDT"]].concat())
        .env("BINANCE_API_KEY", KEY)
        .env("BINANCE_API_SECRET", SECRET)
        .env("BINANCE_SPOT_API_URL", &market.rest)
        .env("BINANCE_SPOT_WS_API_URL", format!("{}/ws-api/v3", market.stream))
        .env("SEXTANT_TIMEFRAMES", "1m")
        .env("INITIAL_CAPITAL", "10000")
        .env("LOG_LEVEL", "debug")
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
    let replayed = site.verb(&["replay", "--all", "--from-candles", "--json"]).end();
    assert_eq!(replayed.code, Some(0), "{}{}", replayed.out, replayed.err);
    assert_eq!(site.verify().json()["holds"], true);
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
