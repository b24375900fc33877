//! Our own client trades on spot: every kind of order, queries, balances, pairs, refusals.

use std::num::NonZeroU64;

use domain::ids::{Id, RunSeed};
use domain::instrument::InstrumentId;
use domain::money::{Price, Quantity};
use domain::order::{ClientOrderId, OrderState, Role, Side};
use domain::time::UtcMs;
use exchange::binance::order::VenueOrder;
use exchange::binance::signed::client::SignedOptions;
use exchange::binance::signed::error::CallError;
use exchange::binance::signed::keys::Keys;
use exchange::binance::signed::paging::Page;
use exchange::binance::signed::verdict::Market;
use exchange::binance::spot::client::SpotClient;
use exchange::binance::spot::list::{Cancelled, Oco, list_name};
use exchange::binance::spot::order::{SpotKind, SpotOrder, Trigger};
use exchange::binance::words::{ListStatus, OrderStatus, TimeInForce};
use rust_decimal::Decimal;
use simulator::options::{AccountOptions, Faults, Options};

use crate::support::{Folder, START, Venue};

pub(crate) const KEY: &str = "simKey1";
pub(crate) const SECRET: &str = "simSecret1";

/// Minutes as open, high, low, close; the market stands at the close of the first.
pub(crate) const MINUTES: [[&str; 4]; 6] = [
    ["100.00", "100.50", "99.50", "100.00"],
    ["100.00", "101.00", "98.00", "99.00"],
    ["99.00", "106.00", "98.50", "105.00"],
    ["105.00", "105.50", "104.00", "104.50"],
    ["104.50", "112.00", "88.00", "100.00"],
    ["100.00", "100.50", "99.50", "100.00"],
];

/// A venue whose market moves by one minute with each [`step`].
pub(crate) async fn venue() -> (Folder, Venue) {
    let folder = Folder::new();
    folder.add_minutes("BTCUSDT", START, &MINUTES);
    let balances = [("USDT", Decimal::from(10_000)), ("BTC", Decimal::from(10))];
    let faults = Faults { disconnect_every: NonZeroU64::new(1), ..Faults::default() };
    let options = Options {
        start_at: Some(UtcMs::new(START + 60_000)),
        accounts: vec![AccountOptions::new(KEY, SECRET, &balances)],
        faults,
        ..folder.options()
    };
    let venue = Venue::of(options).await;
    (folder, venue)
}

/// One minute passes.
pub(crate) async fn step(venue: &Venue) {
    let mut socket = venue.connect("/ws/btcusdt@kline_1m").await;
    assert!(socket.read().await.is_some());
    assert!(socket.read().await.is_none());
}

pub(crate) fn client(venue: &Venue) -> SpotClient {
    client_with(venue, KEY, SECRET)
}

fn client_with(venue: &Venue, key: &str, secret: &str) -> SpotClient {
    let keys = Keys::new(key.into(), &secret.into()).unwrap();
    let url = format!("http://{}", venue.address());
    SpotClient::new(&url, keys, SignedOptions::default()).unwrap()
}

pub(crate) fn btc() -> InstrumentId {
    "BTC/USDT".parse().unwrap()
}

pub(crate) fn q(text: &str) -> Quantity {
    text.parse().unwrap()
}

pub(crate) fn p(text: &str) -> Price {
    text.parse().unwrap()
}

pub(crate) fn id(n: u64, role: Role) -> ClientOrderId {
    ClientOrderId::new(Id::of(RunSeed(1), n, "decision", "BTC/USDT"), role)
}

pub(crate) fn order(n: u64, side: Side, kind: SpotKind) -> SpotOrder {
    SpotOrder { instrument: btc(), side, client_order_id: id(n, Role::Entry).into(), kind }
}

pub(crate) fn limit(quantity: &str, price: &str, time_in_force: TimeInForce) -> SpotKind {
    SpotKind::Limit { quantity: q(quantity), price: p(price), time_in_force }
}

/// Free and locked of base and quote.
pub(crate) async fn balances(client: &SpotClient) -> [String; 4] {
    let account = client.account().await.unwrap();
    let of = |asset: &str| account.balances.iter().find(|b| b.asset == asset).cloned().unwrap();
    let (base, quote) = (of("BTC"), of("USDT"));
    [base.free, base.locked, quote.free, quote.locked].map(|amount| amount.to_string())
}

pub(crate) fn status(order: &VenueOrder) -> OrderStatus {
    order.status.clone().unwrap()
}

pub(crate) fn code<T: std::fmt::Debug>(answer: Result<T, CallError>) -> i64 {
    match answer.unwrap_err() {
        CallError::Rejected { code, .. }
        | CallError::Duplicate { code, .. }
        | CallError::NoSuchOrder { code, .. }
        | CallError::Unauthorised { code, .. } => code,
        other => panic!("{other}"),
    }
}

#[tokio::test]
async fn market_orders_fill_at_the_last_price_and_pay_their_fee() {
    let (_folder, venue) = venue().await;
    let client = client(&venue);
    client.key_rights().await.unwrap().admit(Market::Spot).unwrap();
    let rates = client.commission(btc()).await.unwrap().standard_commission;
    assert_eq!(rates.taker, Decimal::new(1, 3));
    assert_eq!(balances(&client).await, ["10", "0", "10000", "0"]);
    let bought = order(1, Side::Buy, SpotKind::Market { quantity: q("2") });
    client.test(&bought).await.unwrap();
    assert_eq!(balances(&client).await, ["10", "0", "10000", "0"]);
    let told = client.place(&bought).await.unwrap();
    assert_eq!(told.progress().unwrap(), (OrderState::Filled, q("2")));
    assert_eq!(told.filled_quote.unwrap().to_decimal(), Decimal::from(200));
    let [fill] = &told.fills[..] else { panic!("{told:?}") };
    assert_eq!((fill.price, fill.quantity), (p("100"), q("2")));
    assert_eq!(
        (fill.commission.to_decimal(), &*fill.commission_asset),
        (Decimal::new(2, 3), "BTC")
    );
    assert_eq!(balances(&client).await, ["11.998", "0", "9800", "0"]);
    // For its worth, cut at the step.
    let worth = SpotKind::MarketForQuote { quote: "50.05".parse().unwrap() };
    let told = client.place(&order(2, Side::Sell, worth)).await.unwrap();
    assert_eq!(told.filled, Some(q("0.5")));
    assert_eq!(balances(&client).await, ["11.498", "0", "9849.95", "0"]);
    let trades = client.trades(btc(), Page::Latest, None).await.unwrap();
    assert_eq!(trades.len(), 2);
    assert_eq!(trades[0].fill(id(1, Role::Entry), btc()).unwrap().quantity, q("2"));
    let second = client.trades(btc(), Page::From(trades[1].id), Some(10)).await.unwrap();
    assert_eq!(second, trades[1..]);
    assert_eq!(client.trades_of_order(btc(), told.order_id).await.unwrap(), trades[1..]);
    let all = client.all_orders(btc(), Page::Latest, None).await.unwrap();
    assert_eq!(all.iter().map(status).collect::<Vec<_>>(), [const { OrderStatus::Filled }; 2]);
    venue.stop().await;
}

#[tokio::test]
async fn limits_rest_are_cancelled_and_fill_when_a_candle_reaches_them() {
    let (_folder, venue) = venue().await;
    let client = client(&venue);
    let resting = order(1, Side::Buy, limit("1", "99.00", TimeInForce::Gtc));
    let told = client.place(&resting).await.unwrap();
    assert_eq!(status(&told), OrderStatus::New);
    assert_eq!(balances(&client).await, ["10", "0", "9901", "99"]);
    assert_eq!(client.open_orders(Some(btc())).await.unwrap().len(), 1);
    assert_eq!(code(client.place(&resting).await), -2010, "its name is taken");
    let name = resting.client_order_id.to_string();
    let Cancelled::Order(cancelled) = client.cancel(btc(), &name).await.unwrap() else {
        panic!("a list")
    };
    assert_eq!((status(&cancelled), cancelled.name()), (OrderStatus::Canceled, &*name));
    assert_eq!(balances(&client).await, ["10", "0", "10000", "0"]);
    assert_eq!(code(client.cancel(btc(), &name).await), -2011);
    assert_eq!(code(client.order(btc(), "never").await), -2013);
    assert_eq!(client.cancel_all(btc()).await.unwrap(), []);
    // Its name is free again.
    client.place(&resting).await.unwrap();
    client
        .place(&order(2, Side::Sell, SpotKind::PostOnly { quantity: q("1"), price: p("107") }))
        .await
        .unwrap();
    let at_once = client.place(&order(3, Side::Buy, limit("1", "101", TimeInForce::Ioc))).await;
    assert_eq!(at_once.unwrap().fills[0].price, p("100"), "it takes at the last price");
    for (n, time_in_force) in [(4, TimeInForce::Ioc), (5, TimeInForce::Fok)] {
        let late = client.place(&order(n, Side::Buy, limit("1", "99", time_in_force))).await;
        assert_eq!(status(&late.unwrap()), OrderStatus::Expired);
    }
    assert_eq!(balances(&client).await, ["9.999", "1", "9801", "99"]);
    step(&venue).await;
    let filled = client.order(btc(), &name).await.unwrap();
    assert_eq!(filled.progress().unwrap(), (OrderState::Filled, q("1")));
    assert_eq!(balances(&client).await, ["10.998", "1", "9801", "0"]);
    let trades = client.trades_of_order(btc(), filled.order_id).await.unwrap();
    assert!(trades[0].is_maker && trades[0].price == p("99"));
    assert_eq!(trades[0].time, UtcMs::new(START + 2 * 60_000));
    assert_eq!(client.cancel_all(btc()).await.unwrap().len(), 1);
    assert_eq!(balances(&client).await, ["11.998", "0", "9801", "0"]);
    venue.stop().await;
}

#[tokio::test]
async fn stops_and_targets_wait_for_their_trigger() {
    let (_folder, venue) = venue().await;
    let client = client(&venue);
    let at = |price: &str| Trigger::At(p(price));
    let stop = |trigger, limit: Option<&str>| SpotKind::StopLoss {
        quantity: q("1"),
        trigger: at(trigger),
        limit: limit.map(p),
    };
    let target = |trigger, limit: Option<&str>| SpotKind::TakeProfit {
        quantity: q("1"),
        trigger: at(trigger),
        limit: limit.map(p),
    };
    for (n, side, kind) in [
        (1, Side::Sell, stop("98.50", None)),
        (2, Side::Sell, stop("98.00", Some("98.00"))),
        (3, Side::Sell, target("104.00", None)),
        (4, Side::Sell, target("105.00", Some("110.00"))),
        (5, Side::Buy, stop("103.00", None)),
    ] {
        let told = client.place(&order(n, side, kind)).await.unwrap();
        assert_eq!(status(&told), OrderStatus::New, "{n}");
    }
    assert_eq!(balances(&client).await, ["6", "4", "9897", "103"]);
    let sixth = order(6, Side::Sell, stop("90", None));
    assert_eq!(code(client.place(&sixth).await), -1013, "five may wait");
    let state = async |n: u64| {
        let order = client.order(btc(), &id(n, Role::Entry).to_string()).await.unwrap();
        let trades = client.trades_of_order(btc(), order.order_id).await.unwrap();
        (status(&order), trades.first().map(|trade| (trade.price, trade.is_maker)))
    };
    step(&venue).await;
    assert_eq!(state(1).await, (OrderStatus::Filled, Some((p("98.5"), false))));
    assert_eq!(state(2).await, (OrderStatus::Filled, Some((p("98"), false))));
    assert_eq!(state(3).await, (OrderStatus::New, None));
    step(&venue).await;
    assert_eq!(state(3).await, (OrderStatus::Filled, Some((p("104"), false))));
    assert_eq!(state(4).await, (OrderStatus::New, None), "triggered, and its limit rests");
    assert_eq!(state(5).await, (OrderStatus::Filled, Some((p("103"), false))));
    step(&venue).await;
    step(&venue).await;
    assert_eq!(state(4).await, (OrderStatus::Filled, Some((p("110"), true))));
    let account = balances(&client).await;
    assert_eq!((&*account[1], &*account[3]), ("0", "0"), "nothing stays locked");
    // 10 000 + (98.5 + 98 + 104 + 110) × 0.999 − 103
    assert_eq!((&*account[0], &*account[2]), ("6.999", "10307.0895"));
    venue.stop().await;
}

#[tokio::test]
async fn of_a_pair_one_ends_the_other_and_the_stop_comes_first() {
    let (_folder, venue) = venue().await;
    let client = client(&venue);
    let pair = |n, side, stop: &str, target: &str| Oco {
        side,
        stop_id: id(n, Role::Stop).into(),
        stop: p(stop),
        target_id: id(n, Role::Target).into(),
        target: p(target),
    };
    let wrong = pair(9, Side::Sell, "101", "105");
    assert_eq!(code(client.place_oco(btc(), q("1"), &wrong).await), -2010);
    // Both are reached by the fourth minute: the stop is.
    let sale = pair(1, Side::Sell, "90", "111");
    let told = client.place_oco(btc(), q("2"), &sale).await.unwrap();
    assert_eq!(told.list_order_status, ListStatus::Executing);
    assert_eq!((told.orders.len(), told.order_reports.len()), (2, 2));
    // The target is reached by the second.
    let purchase = pair(2, Side::Buy, "107", "98.5");
    client.place_oco(btc(), q("1"), &purchase).await.unwrap();
    assert_eq!(balances(&client).await, ["8", "2", "9893", "107"]);
    assert_eq!(client.open_lists().await.unwrap().len(), 2);
    step(&venue).await;
    let done = client.list(&list_name(purchase.stop_id)).await.unwrap();
    assert_eq!(done.list_order_status, ListStatus::AllDone);
    let stop = client.order(btc(), &purchase.stop_id.to_string()).await.unwrap();
    assert_eq!(status(&stop), OrderStatus::Expired);
    assert_eq!(balances(&client).await, ["8.999", "2", "9901.5", "0"]);
    // One that is cancelled gives all back.
    let third = pair(3, Side::Sell, "90", "120");
    client.place_oco(btc(), q("1"), &third).await.unwrap();
    let cancelled = client.cancel_list(btc(), &list_name(third.stop_id)).await.unwrap();
    assert_eq!(cancelled.order_reports.len(), 2);
    assert_eq!(code(client.cancel_list(btc(), &list_name(third.stop_id)).await), -2011);
    client.place_oco(btc(), q("1"), &third).await.unwrap();
    client.cancel(btc(), &third.target_id.to_string()).await.unwrap();
    assert_eq!(balances(&client).await, ["8.999", "2", "9901.5", "0"]);
    for _ in 0..3 {
        step(&venue).await;
    }
    let target = client.order(btc(), &sale.target_id.to_string()).await.unwrap();
    assert_eq!(status(&target), OrderStatus::Expired);
    assert_eq!(balances(&client).await, ["8.999", "0", "10081.32", "0"]);
    assert_eq!(client.open_lists().await.unwrap(), []);
    venue.stop().await;
}

#[tokio::test]
async fn what_filters_and_funds_refuse_has_the_venues_codes() {
    let (_folder, venue) = venue().await;
    let client = client(&venue);
    let gtc = |quantity, price| order(1, Side::Buy, limit(quantity, price, TimeInForce::Gtc));
    for (refused, expected) in [
        (gtc("0.0000001", "100"), -1013),
        (gtc("1.0001", "100"), -1013),
        (gtc("1", "100.001"), -1013),
        (gtc("1", "10"), -1013),
        (gtc("0.001", "99"), -1013),
        (gtc("1000", "99"), -2010),
        (order(1, Side::Sell, SpotKind::Market { quantity: q("11") }), -2010),
        (order(1, Side::Sell, SpotKind::PostOnly { quantity: q("1"), price: p("99") }), -2010),
        (
            order(
                1,
                Side::Sell,
                SpotKind::StopLoss {
                    quantity: q("1"),
                    trigger: Trigger::At(p("101")),
                    limit: None,
                },
            ),
            -2010,
        ),
    ] {
        assert_eq!(code(client.place(&refused).await), expected, "{refused:?}");
    }
    assert_eq!(balances(&client).await, ["10", "0", "10000", "0"]);
    assert_eq!(client.all_orders(btc(), Page::Latest, None).await.unwrap(), []);
    let mut elsewhere = gtc("1", "99");
    elsewhere.instrument = "DOGE/USDT".parse().unwrap();
    assert_eq!(code(client.place(&elsewhere).await), -1121);
    assert_eq!(code(client_with(&venue, "other", SECRET).account().await), -2015);
    assert_eq!(code(client_with(&venue, KEY, "wrong").account().await), -1022);
    venue.stop().await;
}

#[tokio::test]
async fn unsigned_late_and_misspelt_requests_are_refused_and_orders_counted() {
    let (_folder, venue) = venue().await;
    let http = reqwest::Client::new();
    let keys = Keys::new(KEY.into(), &SECRET.into()).unwrap();
    let now = venue.now().await;
    let send = async |method: reqwest::Method, path: &str, query: &str, sign: bool| {
        let signature =
            if sign { format!("&signature={}", keys.sign(query)) } else { String::new() };
        let url = format!("http://{}{path}?{query}{signature}", venue.address());
        let answer = http.request(method, url).header("X-MBX-APIKEY", KEY).send().await.unwrap();
        let headers = answer.headers().clone();
        let body: serde_json::Value = answer.json().await.unwrap();
        (body["code"].as_i64().unwrap_or_default(), headers)
    };
    let get = reqwest::Method::GET;
    let account = "/api/v3/account";
    let late = format!("timestamp={}", now - 60_000);
    let early = format!("timestamp={}", now + 60_000);
    let fresh = format!("timestamp={now}");
    for (query, sign, expected) in [
        (&*fresh, true, 0),
        (&*fresh, false, -1102),
        ("", true, -1102),
        (&*late, true, -1021),
        (&*early, true, -1021),
        (&*format!("{fresh}&recvWindow=60001"), true, -1131),
        (&*format!("{fresh}&colour=red"), true, -1104),
    ] {
        assert_eq!(send(get.clone(), account, query, sign).await.0, expected, "{query}");
    }
    let keyless = venue.ask(&format!("{account}?{fresh}")).await;
    assert_eq!((keyless.status.as_u16(), keyless.body["code"].as_i64()), (401, Some(-2014)));
    let query = format!("symbol=BTCUSDT&side=BUY&type=MARKET&quantity=0.1&timestamp={now}");
    for n in 1..=2 {
        let (code, headers) = send(reqwest::Method::POST, "/api/v3/order", &query, true).await;
        assert_eq!(code, 0);
        assert_eq!(headers["x-mbx-order-count-10s"], n.to_string());
        assert!(headers.contains_key("x-mbx-order-count-1d"));
        assert!(headers.contains_key("x-mbx-used-weight-1m"));
    }
    venue.stop().await;
}
