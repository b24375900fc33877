//! Perpetuals at a venue with an account: what it books, funding too, is what the ledger says.

use std::path::PathBuf;

use domain::time::UtcMs;
use exchange::binance::signed::client::SignedOptions;
use exchange::binance::signed::keys::Keys;
use exchange::binance::usdm::client::UsdmClient;
use rust_decimal::Decimal;
use serde_json::Value;

use crate::database::block_on;
use crate::harness::{Launch, PATIENCE, Process, wait_until};
use crate::market::Market;
use crate::site::Site;

const KEY: &str = "perpetualKeyOfNobody";
const SECRET: &str = "hush-this-trades-perpetuals";
const PAIRS: &str = "BTC/USDT:USDT,ETH/USDT:USDT";
/// Twenty minutes before a settlement of funding, and hours after the generator's first candle.
const START_AT: &str = "1704094800000";
const FUNDING_AT: UtcMs = UtcMs::new(1_704_096_000_000);

/// Decides every minute and asks for hardly any confidence, both ways. What is open is given up by its
/// stop or its target alone, so that something is open when funding is settled.
const PROFILE: &str = r#"
name = "restless-futures"
market = "usdm-futures"
decision_timeframe = "1m"
min_confidence = 0.5
max_positions = 2
risk_per_trade_ratio = "0.01"
max_heat_ratio = "0.1"
daily_loss_ratio = "0.9"
halve_at_drawdown_ratio = "0.9"
halt_at_drawdown_ratio = "0.95"
stop_atr_multiple = 3.0
target_r_multiple = 1.5
trailing = { activation_r_multiple = 0.5, distance_r_multiple = 1.0 }
exits = { confidence = 1.0 }
margin = { leverage = 5, maintenance_ratio = "0.01" }
"#;

fn market(site: &Site, more: &[&str]) -> Market {
    let text = format!(
        "[[accounts]]\nkey = \"{KEY}\"\nsecret = \"{SECRET}\"\nfutures = {{ USDT = \"10000\" }}\n"
    );
    let file = site.folder.write("accounts.toml", &text);
    let file = file.to_str().unwrap();
    let pairs = ["--days", "2", "--pairs", PAIRS, "--start-at", START_AT];
    Market::serve(&site.folder, &[&pairs[..], &["--speed", "90", "--account", file], more].concat())
}

fn verb(site: &Site, market: &Market, profile: &PathBuf, arguments: &[&str]) -> Launch {
    site.verb(arguments)
        .env("SEXTANT_PROFILE", profile)
        .env("CRYPTO_PAIRS", PAIRS)
        .env("BINANCE_API_KEY", KEY)
        .env("BINANCE_API_SECRET", SECRET)
        .env("BINANCE_FUTURES_REST_URL", &market.rest)
        .env("BINANCE_FUTURES_STREAM_URL", &market.stream)
        .env("SEXTANT_TIMEFRAMES", "1m")
        .env("INITIAL_CAPITAL", "10000")
        .env("LOG_LEVEL", "debug")
}

/// The account as the venue has it.
fn books(market: &Market) -> Value {
    market.tells(&format!("/sim/books?key={KEY}"))["usdm"].clone()
}

fn count(books: &Value, of: &str) -> usize {
    books[of].as_array().map_or(0, Vec::len)
}

fn number(value: &Value) -> Decimal {
    value.as_str().unwrap().parse().unwrap()
}

/// What the venue has in the wallet of the account's one asset.
fn wallet(books: &Value) -> Decimal {
    let balance = &books["balances"]["USDT"];
    number(&balance["free"]) + number(&balance["locked"])
}

fn paid(books: &Value) -> Vec<&Value> {
    let rows = books["incomes"].as_array().unwrap();
    rows.iter().filter(|row| row["kind"] == "FUNDING_FEE").collect()
}

/// A run that has opened and closed both ways and paid for funding.
fn has_traded(books: &Value) -> bool {
    let sides = |side: &str| {
        let trades = books["trades"].as_array().map(Vec::as_slice).unwrap_or_default();
        let entry = |name: &Value| name.as_str().is_some_and(|name| name.ends_with('e'));
        let of = |trade: &&Value| trade["side"] == side && entry(&trade["client_order_id"]);
        trades.iter().filter(of).count()
    };
    sides("BUY") > 0 && sides("SELL") > 0 && !paid(books).is_empty()
}

/// Whether every position that is told of has a stop that works, or is being closed.
fn is_protected(books: &Value) -> bool {
    let rows = |of: &str| books[of].as_array().cloned().unwrap_or_default();
    rows("positions").iter().all(|position| {
        rows("conditional")
            .iter()
            .any(|order| order["symbol"] == position["symbol"] && order["status"] == "NEW")
    })
}

/// Keeps long and short positions apart.
fn hedge(market: &Market) {
    let keys = Keys::new(KEY.into(), &SECRET.into()).unwrap();
    let client = UsdmClient::new(&market.rest, keys, SignedOptions::default()).unwrap();
    block_on(async {
        client.compare_clocks().await.unwrap();
        client.set_position_mode(true).await.unwrap();
    });
}

#[test]
fn what_the_venue_books_of_perpetuals_is_in_the_ledger() {
    let site = Site::embedded("testnet-usdm");
    lives_at(&site, &market(&site, &[]), has_traded);
}

#[test]
fn an_account_that_keeps_long_and_short_apart_is_traded_too() {
    let site = Site::embedded("testnet-hedged");
    let market = market(&site, &[]);
    hedge(&market);
    lives_at(&site, &market, has_traded);
    let books = books(&market);
    let orders = books["orders"].as_array().unwrap();
    assert!(orders.iter().any(|order| order["reduces_only"] == true), "{books:#}");
}

#[test]
fn what_the_venue_takes_by_force_is_in_the_ledger_too() {
    let site = Site::embedded("testnet-forced");
    let faults: String = (1..60)
        .map(|n| {
            let name = if n % 2 == 0 { "adl" } else { "liquidation" };
            format!("[[faults]]\nname = \"{name}\"\nwhen = {{ from_ms = {} }}\n", n * 240_000)
        })
        .collect();
    let file = site.folder.write("faults.toml", &faults);
    let market = market(&site, &["--faults", file.to_str().unwrap()]);
    lives_at(&site, &market, |books| {
        let rows = |of: &str| books[of].as_array().map(Vec::as_slice).unwrap_or_default();
        let forced = |name: &str| {
            let begins =
                |order: &Value| order["client_order_id"].as_str().unwrap().starts_with(name);
            rows("orders").iter().any(begins)
        };
        let cleared = rows("incomes").iter().any(|row| row["kind"] == "INSURANCE_CLEAR");
        forced("autoclose") && forced("adl_autoclose") && cleared
    });
    let trades = site.verb(&["trades", "--json"]).env("CRYPTO_PAIRS", PAIRS);
    let trades =
        trades.env("SEXTANT_PROFILE", site.folder.path().join("restless.toml")).end().json();
    let forced = |trade: &&Value| trade["exit_reason"] == "liquidation";
    assert!(trades.as_array().unwrap().iter().filter(forced).count() >= 2, "{trades:#}");
}

/// Trades until something has come to pass, dies, goes on, and is held against the venue.
fn lives_at(site: &Site, market: &Market, passed: impl Fn(&Value) -> bool) {
    let profile = site.folder.write("restless.toml", PROFILE);
    let say = |arguments: &[&str]| verb(site, market, &profile, arguments);
    let mut process = say(&["run", "--testnet", "--json"]).start();
    let traded = wait_until(PATIENCE, || passed(&books(market)) || !process.is_running());
    assert!(traded && process.is_running(), "{:#}\n{}", books(market), process.said());
    // It dies while funding and fills may be on their way, and finds them.
    process.kill();
    let mut process = say(&["run", "--testnet", "--json"]).start();
    let before = count(&books(market), "trades");
    let on = wait_until(PATIENCE, || {
        let books = books(market);
        let traded = count(&books, "trades") >= before + 3 && count(&books, "positions") > 0;
        traded && is_protected(&books) || !process.is_running()
    });
    assert!(on && process.is_running(), "{:#}\n{}", books(market), process.said());
    let status = say(&["status", "--json"]).end().json();
    assert_eq!(status["trading"], "active", "{status:#}\n{}", process.said());

    ends_flat(&say, market, process);
    let replayed = say(&["replay", "--all", "--from-candles", "--json"]).end();
    assert_eq!(replayed.code, Some(0), "{}{}", replayed.out, replayed.err);
    assert_eq!(say(&["verify", "--json"]).end().json()["holds"], true);
}

/// Halts, closes all, ends, and holds the ledger's books against the venue's.
fn ends_flat<'a>(say: &dyn Fn(&[&str]) -> Launch, market: &'a Market, mut process: Process) {
    say(&["halt", "--json"]).end().json();
    say(&["close", "--all", "--json"]).end().json();
    let flat = |books: &Value| {
        let waits = books["conditional"].as_array().unwrap().iter();
        count(books, "positions") == 0 && !waits.clone().any(|order| order["status"] == "NEW")
    };
    let closed = wait_until(PATIENCE, || flat(&books(market)) || !process.is_running());
    assert!(closed && process.is_running(), "{:#}\n{}", books(market), process.said());
    // The account is valued with the next decision.
    let after = UtcMs::new(market.status()["now_ms"].as_i64().unwrap() + 120_000);
    let valued = wait_until(PATIENCE, || {
        let status = say(&["status", "--json"]).end();
        let told = if status.code == Some(0) { status.json() } else { Value::Null };
        told["portfolio"]["at"].as_i64().is_some_and(|at| at >= after.ms()) || !process.is_running()
    });
    assert!(valued && process.is_running(), "{}", process.said());
    let portfolio = say(&["status", "--json"]).end().json()["portfolio"].clone();
    process.signal("TERM");
    let summary = process.end(PATIENCE).json();
    let books = books(market);
    assert_eq!(number(&portfolio["cash_quote"]), wallet(&books), "{portfolio:#} {books:#}");
    assert_eq!(summary["open_positions"], 0, "{summary:#}");
    assert_eq!(summary["fills"].as_u64().unwrap() as usize, count(&books, "trades"));
    assert!(paid(&books).iter().all(|row| row["time_ms"].as_i64() >= Some(FUNDING_AT.ms())));
}
