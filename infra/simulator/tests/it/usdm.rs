//! Our own client trades on futures: every kind of order, settings, queries, refusals.

use std::num::NonZeroU64;

use domain::instrument::InstrumentId;
use domain::money::Price;
use domain::order::{ClientOrderId, Role, Side};
use domain::time::UtcMs;
use exchange::binance::signed::client::SignedOptions;
use exchange::binance::signed::keys::Keys;
use exchange::binance::signed::paging::Page;
use exchange::binance::usdm::account::UsdmPosition;
use exchange::binance::usdm::algo::{AlgoOrder, Condition, Share};
use exchange::binance::usdm::client::UsdmClient;
use exchange::binance::usdm::order::{UsdmKind, UsdmOrder};
use exchange::binance::words::{AlgoStatus, OrderStatus, TimeInForce, WorkingType};
use rust_decimal::Decimal;
use simulator::options::{AccountOptions, Faults, Options};

use crate::support::{Folder, START, Venue};
use crate::trading::{KEY, SECRET, code, id, p, q};

/// A venue of perpetuals whose market moves by one of these minutes with each [`step`].
pub(crate) async fn perpetuals(minutes: &[[&str; 4]], start: i64) -> (Folder, Venue) {
    perpetuals_with(minutes, start, |options| options).await
}

/// The same with other options.
pub(crate) async fn perpetuals_with(
    minutes: &[[&str; 4]],
    start: i64,
    change: impl FnOnce(Options) -> Options,
) -> (Folder, Venue) {
    let folder = Folder::new();
    folder.add_minutes("BTCUSDT:USDT", start, minutes);
    // Spot has the same symbols at other prices.
    folder.add_minutes("BTCUSDT", start, &[["7.0", "7.5", "6.5", "7.2"]]);
    let account = AccountOptions::new(KEY, SECRET, &[("USDT", Decimal::from(5))]);
    let faults = Faults { disconnect_every: NonZeroU64::new(1), ..Faults::default() };
    let options = Options {
        start_at: Some(UtcMs::new(start + 60_000)),
        accounts: vec![account.with_futures(&[("USDT", Decimal::from(1_000))])],
        faults,
        ..folder.options()
    };
    let venue = Venue::of(change(options)).await;
    (folder, venue)
}

/// Minutes as open, high, low, close; the market stands at the close of the first.
pub(crate) const MINUTES: [[&str; 4]; 6] = [
    ["100.00", "100.50", "99.50", "100.00"],
    ["100.00", "101.00", "98.00", "99.00"],
    ["99.00", "106.00", "98.50", "105.00"],
    ["105.00", "105.50", "104.00", "104.50"],
    ["104.50", "112.00", "90.00", "100.00"],
    ["100.00", "100.50", "99.50", "100.00"],
];

pub(crate) async fn venue() -> (Folder, Venue) {
    perpetuals(&MINUTES, START).await
}

/// One minute passes.
pub(crate) async fn step(venue: &Venue) {
    let mut socket = venue.connect("/market/ws/btcusdt@kline_1m").await;
    assert!(socket.read().await.is_some());
    assert!(socket.read().await.is_none());
}

pub(crate) fn client(venue: &Venue) -> UsdmClient {
    let keys = Keys::new(KEY.into(), &SECRET.into()).unwrap();
    UsdmClient::new(&format!("http://{}", venue.address()), keys, SignedOptions::default()).unwrap()
}

pub(crate) fn btc() -> InstrumentId {
    "BTC/USDT:USDT".parse().unwrap()
}

pub(crate) fn d(text: &str) -> Decimal {
    text.parse().unwrap()
}

pub(crate) fn order(n: u64, side: Side, quantity: &str, kind: UsdmKind) -> UsdmOrder {
    UsdmOrder {
        instrument: btc(),
        side,
        client_order_id: id(n, Role::Entry).into(),
        quantity: q(quantity),
        kind,
        position_side: None,
        reduce_only: false,
    }
}

pub(crate) fn limit(price: &str, time_in_force: TimeInForce) -> UsdmKind {
    UsdmKind::Limit { price: p(price), time_in_force }
}

pub(crate) fn algo(n: u64, side: Side, condition: Condition, share: Share) -> AlgoOrder {
    AlgoOrder {
        instrument: btc(),
        side,
        client_order_id: id(n, Role::Stop).into(),
        condition,
        share,
        working_type: Some(WorkingType::MarkPrice),
        position_side: None,
    }
}

pub(crate) fn part(quantity: &str) -> Share {
    Share::Quantity { quantity: q(quantity), reduce_only: true }
}

pub(crate) fn stop(trigger: &str) -> Condition {
    Condition::Stop { trigger: p(trigger), limit: None }
}

pub(crate) fn target(trigger: &str) -> Condition {
    Condition::TakeProfit { trigger: p(trigger), limit: None }
}

/// Wallet, what positions show, and what is free.
pub(crate) async fn sums(client: &UsdmClient) -> [String; 3] {
    let account = client.account().await.unwrap();
    let sums =
        [account.total_wallet_balance, account.total_unrealized_profit, account.available_balance];
    sums.map(|sum| sum.to_decimal().normalize().to_string())
}

pub(crate) async fn position(client: &UsdmClient) -> UsdmPosition {
    let [position] = &client.positions(Some(btc())).await.unwrap()[..] else { panic!("one") };
    position.clone()
}

async fn status(client: &UsdmClient, name: ClientOrderId) -> (OrderStatus, Option<Price>) {
    let order = client.order(btc(), &name.to_string()).await.unwrap();
    let trades = client.trades_of_order(btc(), order.order_id).await.unwrap();
    (order.status.unwrap(), trades.first().map(|trade| trade.price))
}

#[tokio::test]
async fn what_the_venue_says_of_itself_is_that_of_futures() {
    let (_folder, venue) = venue().await;
    let client = client(&venue);
    let listing = client.instruments(&[btc()]).await.unwrap();
    let [instrument] = &listing.instruments[..] else { panic!("{listing:?}") };
    assert_eq!(instrument.filters.tick, p("0.1"));
    assert_eq!(instrument.filters.step, q("0.001"));
    assert_eq!((listing.limits.len(), listing.order_limits.len()), (1, 2));
    let price = venue.get("/fapi/v1/ticker/price?symbol=BTCUSDT").await;
    assert_eq!(price["price"], "100.00000000");
    let spot = venue.get("/api/v3/ticker/price?symbol=BTCUSDT").await;
    assert_eq!(spot["price"], "7.20000000");
    let mark = venue.get("/fapi/v1/premiumIndex?symbol=BTCUSDT").await;
    assert_eq!(
        (&mark["markPrice"], &mark["lastFundingRate"]),
        (&price["price"], &"0.00010000".into())
    );
    assert_eq!(mark["nextFundingTime"], START + 8 * 3_600_000);
    let rows = venue.get("/fapi/v1/klines?symbol=BTCUSDT&interval=1m").await;
    assert_eq!((rows.as_array().unwrap().len(), &rows[0][1]), (1, &"100.00000000".into()));
    let info = venue.get("/fapi/v1/fundingInfo").await;
    assert_eq!(info[0]["fundingIntervalHours"], 8);
    let reply = venue.ask("/fapi/v1/ticker/price?symbol=ETHUSDT").await;
    assert_eq!(reply.body["code"], -1121);
    assert_eq!(venue.get("/fapi/v1/ping").await, serde_json::json!({}));
    venue.stop().await;
}

#[tokio::test]
async fn positions_are_opened_added_to_reduced_and_turned() {
    let (_folder, venue) = venue().await;
    let client = client(&venue);
    assert_eq!(sums(&client).await, ["1000", "0", "1000"]);
    let first = client.place(&order(1, Side::Buy, "2", UsdmKind::Market)).await.unwrap();
    assert_eq!(first.status, Some(OrderStatus::Filled));
    assert_eq!(
        (first.avg_price, first.filled_quote.map(|q| q.to_decimal())),
        (Some(d("100")), Some(d("200")))
    );
    // 0.05 % of 200, and a twentieth of 200 as margin.
    assert_eq!(sums(&client).await, ["999.9", "0", "989.9"]);
    let resting = order(2, Side::Buy, "1", limit("98", TimeInForce::Gtx));
    assert_eq!(client.place(&resting).await.unwrap().status, Some(OrderStatus::New));
    assert_eq!(sums(&client).await, ["999.9", "0", "985"]);
    assert_eq!(client.open_orders(None).await.unwrap().len(), 1);
    step(&venue).await;
    assert_eq!(status(&client, id(2, Role::Entry)).await, (OrderStatus::Filled, Some(p("98"))));
    // A maker's fee of 0.02 % of 98; the mark is 99.
    let held = position(&client).await;
    assert_eq!((held.position_amt, held.mark_price), (d("3"), d("99")));
    assert_eq!(
        (held.entry_price, held.unrealized_profit.to_decimal()),
        (d("99.33333333"), d("-1"))
    );
    assert_eq!(sums(&client).await[0], "999.8804");
    let closing = UsdmOrder { reduce_only: true, ..order(3, Side::Sell, "1", UsdmKind::Market) };
    client.place(&closing).await.unwrap();
    let trades = client.trades(btc(), Page::Latest, None).await.unwrap();
    assert_eq!(trades[2].realized_pnl.unwrap().to_decimal(), d("-0.33333333"));
    // Across nought: two are closed, three are opened.
    client.place(&order(4, Side::Sell, "5", UsdmKind::Market)).await.unwrap();
    let held = position(&client).await;
    assert_eq!((held.position_amt, held.entry_price), (d("-3"), d("99")));
    // 1000 − 0.1 − 0.0196 − 1 − 99 × 0.0005 × 6
    assert_eq!(sums(&client).await[0], "998.5834");
    let income = client.income(None, UtcMs::new(0), UtcMs::new(i64::MAX), 1).await.unwrap();
    let sum: Decimal = income.iter().map(|row| row.income.to_decimal()).sum();
    assert_eq!(sum, d("998.5834"));
    step(&venue).await;
    assert_eq!(position(&client).await.unrealized_profit.to_decimal(), d("-18"));
    let over = UsdmOrder { reduce_only: true, ..order(5, Side::Buy, "9", UsdmKind::Market) };
    let over = client.place(&over).await.unwrap();
    assert_eq!((over.status, over.filled), (Some(OrderStatus::Expired), Some(q("3"))));
    assert_eq!(client.positions(None).await.unwrap(), []);
    assert_eq!(client.all_orders(btc(), Page::Latest, None).await.unwrap().len(), 5);
    venue.stop().await;
}

#[tokio::test]
async fn orders_are_changed_cancelled_and_counted_down() {
    let (_folder, venue) = venue().await;
    let client = client(&venue);
    let name = |n| id(n, Role::Entry).to_string();
    let rest = |n, price| order(n, Side::Buy, "1", limit(price, TimeInForce::Gtc));
    for n in 1..=4 {
        client.place(&rest(n, "97")).await.unwrap();
    }
    let amended = client.amend(btc(), &name(1), Side::Buy, q("2"), p("96")).await.unwrap();
    assert_eq!((amended.price, amended.quantity), (Some(p("96")), Some(q("2"))));
    assert_eq!(code(client.amend(btc(), &name(1), Side::Buy, q("2"), p("96")).await), -5027);
    let cancelled = client.cancel(btc(), &name(2)).await.unwrap();
    assert_eq!(cancelled.status, Some(OrderStatus::Canceled));
    assert_eq!(code(client.cancel(btc(), &name(2)).await), -2011);
    assert_eq!(code(client.order(btc(), &name(9)).await), -2013);
    client.place_algo(&algo(1, Side::Sell, stop("90"), Share::WholePosition)).await.unwrap();
    client.cancel_all(btc()).await.unwrap();
    assert_eq!(client.open_orders(Some(btc())).await.unwrap(), []);
    assert_eq!(client.open_algo_orders(Some(btc())).await.unwrap(), []);
    client.place(&rest(5, "90")).await.unwrap();
    let counts = client.countdown_cancel_all(btc(), 70_000).await.unwrap();
    assert_eq!((counts.symbol.as_str(), counts.countdown_ms), ("BTCUSDT", 70_000));
    step(&venue).await;
    assert_eq!(status(&client, id(5, Role::Entry)).await.0, OrderStatus::New);
    step(&venue).await;
    assert_eq!(status(&client, id(5, Role::Entry)).await.0, OrderStatus::Canceled);
    client.countdown_cancel_all(btc(), 1_000).await.unwrap();
    client.countdown_cancel_all(btc(), 0).await.unwrap();
    venue.stop().await;
}

#[tokio::test]
async fn conditional_orders_wait_start_and_end() {
    let (_folder, venue) = venue().await;
    let client = client(&venue);
    client.place(&order(1, Side::Buy, "4", UsdmKind::Market)).await.unwrap();
    let limits = Condition::Stop { trigger: p("98.5"), limit: Some(p("99.5")) };
    let trail = Condition::Trailing { callback_percent: d("1"), activation: Some(p("104")) };
    for (n, condition, share) in [
        (1, stop("99"), part("1")),
        (2, limits, part("0.5")),
        (3, target("105"), part("1")),
        (4, trail, part("0.5")),
        (5, stop("95"), Share::WholePosition),
        (6, target("120"), Share::WholePosition),
        (7, stop("97"), part("0.5")),
    ] {
        let told = client.place_algo(&algo(n, Side::Sell, condition, share)).await.unwrap();
        assert_eq!((told.algo_status, told.actual_order_id), (AlgoStatus::New, None));
    }
    let name = |n| id(n, Role::Stop).to_string();
    assert_eq!(client.open_algo_orders(None).await.unwrap().len(), 7);
    let doubled = algo(9, Side::Sell, stop("96"), Share::WholePosition);
    assert_eq!(code(client.place_algo(&doubled).await), -4130);
    let at_once = algo(9, Side::Sell, stop("100.1"), part("1"));
    assert_eq!(code(client.place_algo(&at_once).await), -2021);
    assert_eq!(code(client.place_algo(&algo(1, Side::Sell, stop("96"), part("1"))).await), -4116);
    let cancelled = client.cancel_algo(&name(7)).await.unwrap();
    assert_eq!(cancelled.code, Some(200));
    assert_eq!(code(client.cancel_algo(&name(7)).await), -2011);
    let state = async |n| {
        let algo = client.algo_order(&name(n)).await.unwrap();
        let fill = match algo.actual_order_id {
            None => None,
            Some(id) => client.trades_of_order(btc(), id).await.unwrap().first().cloned(),
        };
        (algo.algo_status, fill.map(|fill| (fill.price, fill.quantity, fill.is_maker)))
    };
    step(&venue).await;
    assert_eq!(state(1).await, (AlgoStatus::Finished, Some((p("99"), q("1"), false))));
    // It sells at 99.5 or more, and rests.
    assert_eq!(state(2).await, (AlgoStatus::Triggered, None));
    assert_eq!(state(7).await, (AlgoStatus::Canceled, None));
    step(&venue).await;
    assert_eq!(state(2).await, (AlgoStatus::Finished, Some((p("99.5"), q("0.5"), true))));
    assert_eq!(state(3).await, (AlgoStatus::Finished, Some((p("105"), q("1"), false))));
    assert_eq!(state(4).await, (AlgoStatus::New, None));
    step(&venue).await;
    // Back from 106 by one percent.
    assert_eq!(state(4).await, (AlgoStatus::Finished, Some((p("104.94"), q("0.5"), false))));
    step(&venue).await;
    assert_eq!(state(5).await, (AlgoStatus::Finished, Some((p("95"), q("1"), false))));
    assert_eq!(state(6).await, (AlgoStatus::Expired, None), "the position is gone");
    assert_eq!(client.positions(None).await.unwrap(), []);
    assert_eq!(client.all_algo_orders(btc(), Page::Latest).await.unwrap().len(), 7);
    venue.stop().await;
}
