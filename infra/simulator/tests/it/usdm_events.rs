//! What happens to an account on futures is told: to our own client, under a listen key.

use domain::order::{OrderEvent, Role, Side};
use domain::time::UtcMs;
use exchange::binance::signed::error::CallError;
use exchange::binance::usdm::order::{UsdmKind, UsdmOrder};
use exchange::binance::usdm::setting::Leverage;
use exchange::binance::user_stream::event::UserEvent;
use exchange::binance::user_stream::message::{Ending, UserMessage};
use exchange::binance::words::{
    AlgoStatus, Execution, MarginType, OrderStatus, PositionSide, TimeInForce,
};
use rust_decimal::Decimal;
use serde_json::Value;
use simulator::faults::plan::FaultPlan;
use simulator::options::{Deleveraging, Faults, Funding, Options, UsdmOptions};

use crate::heard::Heard;
use crate::support::START;
use crate::trading::{KEY, id, p, q};
use crate::usdm::{
    MINUTES, algo, btc, client, d, limit, order, part, perpetuals_with, position, step, stop, sums,
    venue,
};

#[tokio::test]
async fn orders_fills_balances_and_positions_are_told() {
    let (_folder, venue) = venue().await;
    let client = client(&venue);
    let mut heard = Heard::usdm(&client, &venue).await;
    client.set_leverage(btc(), Leverage::new(10).unwrap()).await.unwrap();
    let UserEvent::Config(config) = heard.event().await else { panic!("no leverage") };
    assert_eq!(config.leverage.map(|set| (set.symbol, set.leverage)), Some(("BTCUSDT".into(), 10)));
    client.place(&order(1, Side::Buy, "2", limit("99", TimeInForce::Gtc))).await.unwrap();
    assert_eq!(heard.report().await, OrderEvent::Accepted);
    client.place(&order(2, Side::Buy, "1", limit("97", TimeInForce::Gtc))).await.unwrap();
    assert_eq!(heard.report().await, OrderEvent::Accepted);
    client.cancel(btc(), &id(2, Role::Entry).to_string()).await.unwrap();
    assert_eq!(heard.report().await, OrderEvent::Cancelled);
    step(&venue).await;
    let told = heard.account().await;
    assert_eq!(told.reason, "ORDER");
    assert_eq!(told.balances[0].wallet_balance.to_decimal(), d("999.9604"));
    let [held] = &told.positions[..] else { panic!("{told:?}") };
    assert_eq!((held.amount, held.entry_price), (d("2"), d("99")));
    assert_eq!(held.position_side, PositionSide::Both);
    let OrderEvent::Filled(fill) = heard.report().await else { panic!("no fill") };
    assert_eq!((fill.price, fill.quantity, fill.fee.to_decimal()), (p("99"), q("2"), d("0.0396")));
    let [trade] = &client.trades_of_order(btc(), 1).await.unwrap()[..] else { panic!("one trade") };
    assert_eq!(trade.fill(fill.client_order_id, btc()).unwrap(), fill, "REST tells the same");
    venue.stop().await;
}

#[tokio::test]
async fn a_conditional_order_is_told_from_its_start_to_its_end() {
    let (_folder, venue) = venue().await;
    let client = client(&venue);
    client.place(&order(1, Side::Buy, "1", UsdmKind::Market)).await.unwrap();
    let mut heard = Heard::usdm(&client, &venue).await;
    let cover = algo(1, Side::Sell, stop("98.5"), part("1"));
    client.place_algo(&cover).await.unwrap();
    client.place_algo(&algo(2, Side::Sell, stop("98.2"), part("1"))).await.unwrap();
    assert_eq!(heard.algo().await, (AlgoStatus::New, None));
    assert_eq!(heard.algo().await, (AlgoStatus::New, None));
    step(&venue).await;
    assert_eq!(heard.algo().await, (AlgoStatus::Triggering, None));
    let accepted = heard.order().await;
    assert_eq!(
        (accepted.name, accepted.execution),
        (cover.client_order_id.to_string(), Execution::New)
    );
    assert_eq!(heard.algo().await, (AlgoStatus::Triggered, Some(2)));
    assert_eq!(heard.account().await.positions[0].amount, d("0"));
    let OrderEvent::Filled(fill) = heard.report().await else { panic!("no fill") };
    assert_eq!((fill.client_order_id, fill.price), (id(1, Role::Stop), p("98.5")));
    assert_eq!(heard.algo().await, (AlgoStatus::Finished, Some(2)));
    // The other has nothing left to reduce.
    assert_eq!(heard.algo().await, (AlgoStatus::Triggering, None));
    let UserEvent::Algo { update, .. } = heard.event().await else { panic!("no end") };
    assert_eq!(
        (update.status, update.reason.as_deref()),
        (AlgoStatus::Rejected, Some("Reduce Only reject"))
    );
    venue.stop().await;
}

/// Eight hours pass between the second minute's close and the third's.
const BEFORE_FUNDING: i64 = START + 8 * 3_600_000 - 2 * 60_000;

#[tokio::test]
async fn funding_is_settled_every_eight_hours() {
    let change = |options: Options| Options {
        usdm: UsdmOptions { funding: Funding::Constant(d("0.0003")), ..UsdmOptions::default() },
        ..options
    };
    let (_folder, venue) = perpetuals_with(&MINUTES, BEFORE_FUNDING, change).await;
    let client = client(&venue);
    client.place(&order(1, Side::Buy, "2", UsdmKind::Market)).await.unwrap();
    let mut heard = Heard::usdm(&client, &venue).await;
    step(&venue).await;
    let told = heard.account().await;
    assert_eq!((told.reason.as_str(), told.positions.len()), ("FUNDING_FEE", 0));
    // 2 × 99 × 0.0003
    assert_eq!(told.balances[0].change.unwrap().to_decimal(), d("-0.0594"));
    assert_eq!(sums(&client).await[0], "999.8406");
    let income = client.income(None, UtcMs::new(0), UtcMs::new(i64::MAX), 1).await.unwrap();
    let paid = income.iter().find(|row| row.income_type == "FUNDING_FEE").unwrap();
    assert_eq!(
        (paid.income.to_decimal(), paid.time.ms()),
        (d("-0.0594"), BEFORE_FUNDING + 120_000)
    );
    let rates = venue.get("/fapi/v1/fundingRate?symbol=BTCUSDT").await;
    assert_eq!(rates.as_array().unwrap().len(), 1);
    assert_eq!(
        (&rates[0]["fundingRate"], &rates[0]["markPrice"]),
        (&"0.00030000".into(), &"99.00000000".into())
    );
    step(&venue).await;
    assert_eq!(sums(&client).await[0], "999.8406");
    venue.stop().await;
}

/// The last minute falls far enough for a leverage of 50.
const FALL: [[&str; 4]; 4] = [
    ["100.00", "100.50", "99.50", "100.00"],
    ["100.00", "100.00", "98.30", "98.30"],
    ["98.30", "98.50", "80.00", "90.00"],
    ["90.00", "90.50", "89.50", "90.00"],
];

#[tokio::test]
async fn what_an_isolated_margin_no_longer_backs_is_liquidated() {
    let change = |options: Options| Options { faults: Faults::default(), ..options };
    let (_folder, venue) = perpetuals_with(&FALL, START, change).await;
    let client = client(&venue);
    client.set_margin_type(btc(), &MarginType::Isolated).await.unwrap();
    client.set_leverage(btc(), Leverage::new(50).unwrap()).await.unwrap();
    client.place(&order(1, Side::Buy, "10", UsdmKind::Market)).await.unwrap();
    // 20 of margin: (1000 − 20) / (10 × (1 − 0.004))
    assert_eq!(position(&client).await.liquidation().unwrap().round_dp(4), d("98.3936"));
    let mut heard = Heard::usdm(&client, &venue).await;
    let streams = "btcusdt@kline_1m/btcusdt@forceOrder/!forceOrder@arr";
    let mut news = venue.connect(&format!("/market/stream?streams={streams}")).await;
    let told: Vec<_> = news.read_some(3).await.iter().map(|m| m["stream"].to_string()).collect();
    assert_eq!(told, [r#""btcusdt@kline_1m""#, r#""btcusdt@forceOrder""#, r#""!forceOrder@arr""#]);
    let placed = heard.order().await;
    assert!(placed.name.starts_with("autoclose-"), "{placed:?}");
    assert_eq!((placed.execution, placed.status), (Execution::New, OrderStatus::New));
    assert_eq!(heard.account().await.positions[0].amount, d("0"));
    let closed = heard.order().await;
    assert_eq!((closed.execution, closed.status), (Execution::Calculated, OrderStatus::Filled));
    let cleared = heard.account().await;
    assert_eq!(cleared.reason, "INSURANCE_CLEAR");
    // The margin of 20 is gone, and the fee of 0.5 that opening it cost.
    assert_eq!(sums(&client).await, ["979.5", "0", "979.5"]);
    let [forced] = &client.forced_orders(None).await.unwrap()[..] else { panic!("one") };
    assert_eq!(forced.client_order_id, placed.name);
    venue.stop().await;
}

#[tokio::test]
async fn crossed_positions_are_backed_by_the_whole_wallet_until_it_is_used_up() {
    let (_folder, venue) = perpetuals_with(&FALL, START, |options| options).await;
    let client = client(&venue);
    client.set_leverage(btc(), Leverage::new(50).unwrap()).await.unwrap();
    client.place(&order(1, Side::Buy, "450", UsdmKind::Market)).await.unwrap();
    client.place(&order(2, Side::Buy, "1", limit("97.6", TimeInForce::Gtc))).await.unwrap();
    let mut heard = Heard::usdm(&client, &venue).await;
    step(&venue).await;
    let UserEvent::MarginCall(call) = heard.event().await else { panic!("no warning") };
    assert_eq!((call.positions.len(), call.positions[0].amount), (1, d("450")));
    step(&venue).await;
    assert_eq!(heard.report().await, OrderEvent::Expired);
    assert_eq!(heard.order().await.execution, Execution::New);
    assert_eq!(heard.account().await.reason, "ORDER");
    let closed = heard.order().await;
    assert_eq!((closed.execution, closed.filled), (Execution::Calculated, q("450")));
    assert_eq!(heard.account().await.reason, "INSURANCE_CLEAR");
    let [wallet, shown, free] = sums(&client).await;
    assert_eq!((wallet.as_str(), shown.as_str(), free.as_str()), ("0", "0", "0"));
    let income = client.income(None, UtcMs::new(0), UtcMs::new(i64::MAX), 1).await.unwrap();
    let sum: Decimal = income.iter().map(|row| row.income.to_decimal()).sum();
    assert_eq!(sum, Decimal::ZERO);
    venue.stop().await;
}

#[tokio::test]
async fn the_venue_takes_a_position_when_it_must_end_others() {
    let change = |mut options: Options| {
        let at = UtcMs::new(START + 90_000);
        options.usdm.deleveragings = vec![Deleveraging { at, instrument: btc() }];
        options
    };
    let (_folder, venue) = perpetuals_with(&MINUTES, START, change).await;
    let client = client(&venue);
    let short = UsdmOrder { position_side: None, ..order(1, Side::Sell, "2", UsdmKind::Market) };
    client.place(&short).await.unwrap();
    let mut heard = Heard::usdm(&client, &venue).await;
    step(&venue).await;
    let placed = heard.order().await;
    assert_eq!((placed.name.as_str(), placed.side), ("adl_autoclose", Side::Buy));
    heard.account().await;
    let closed = heard.order().await;
    assert_eq!((closed.execution, closed.time.ms()), (Execution::Calculated, START + 90_000));
    assert_eq!(client.positions(None).await.unwrap(), []);
    assert_eq!(client.forced_orders(None).await.unwrap().len(), 1);
    venue.stop().await;
}

#[tokio::test]
async fn the_markets_streams_have_names_of_their_own() {
    let change = |options: Options| Options { faults: Faults::default(), ..options };
    let (_folder, venue) = perpetuals_with(&MINUTES, START, change).await;
    let streams = "btcusdt@markPrice/btcusdt@markPrice@1s/\
                   btcusdt_perpetual@continuousKline_1m/btcusdt@kline_1m";
    let mut socket = venue.connect(&format!("/market/stream?streams={streams}")).await;
    let told = socket.read_some(4).await;
    let names: Vec<_> = told.iter().map(|message| message["stream"].as_str().unwrap()).collect();
    assert_eq!(names.join("/"), streams);
    let [mark, _, continuous, candle] = &told[..] else { panic!("four") };
    let (mark, candle, continuous) = (&mark["data"], &candle["data"], &continuous["data"]);
    assert_eq!((&mark["e"], &mark["p"]), (&"markPriceUpdate".into(), &"99.00000000".into()));
    assert_eq!((&mark["r"], &mark["T"]), (&"0.00010000".into(), &(START + 8 * 3_600_000).into()));
    assert_eq!(
        (&continuous["e"], &continuous["ct"]),
        (&"continuous_kline".into(), &"PERPETUAL".into())
    );
    assert_eq!((&continuous["k"]["c"], &candle["k"]["c"]), (&mark["p"], &mark["p"]));
    venue.stop().await;
}

#[tokio::test]
async fn faults_strike_futures_as_they_strike_spot() {
    let plan = r#"{ "faults": [
        { "name": "accept-then-time-out", "where": { "market": "usdm", "act": "place" } },
        { "name": "event-doubled", "where": { "market": "usdm", "event": "ORDER_TRADE_UPDATE" } }
    ] }"#;
    let plan = FaultPlan::parse(plan).unwrap();
    let change = move |options: Options| Options { plan, ..options };
    let (_folder, venue) = perpetuals_with(&MINUTES, START, change).await;
    let client = client(&venue);
    let mut heard = Heard::usdm(&client, &venue).await;
    let bought = client.place(&order(1, Side::Buy, "1", UsdmKind::Market)).await;
    assert!(matches!(bought, Err(CallError::Ambiguous { .. })), "{bought:?}");
    assert_eq!(
        (heard.report().await, heard.report().await),
        (OrderEvent::Accepted, OrderEvent::Accepted)
    );
    assert_eq!(heard.account().await.positions[0].amount, d("1"));
    let (first, again) = (heard.order().await, heard.order().await);
    assert_eq!((first.execution.clone(), &first), (Execution::Trade, &again));
    let books = venue.simulator.books(KEY).usdm.unwrap();
    assert_eq!((books.positions[0].quantity, books.trades.len()), (d("1"), 1));
    assert_eq!(books.balances["USDT"].free + books.balances["USDT"].locked, d("999.95"));
    venue.stop().await;
}

#[tokio::test]
async fn listen_keys_live_until_they_are_closed_or_die() {
    let change = |mut options: Options| {
        options.usdm.listen_key_life_ms = 1_500;
        options
    };
    let (_folder, venue) = perpetuals_with(&MINUTES, START, change).await;
    let client = client(&venue);
    let mut heard = Heard::usdm(&client, &venue).await;
    let UserMessage::Disconnected { reason } = heard.next().await else { panic!("it lives") };
    assert_eq!(reason, Ending::Ended { event: "listenKeyExpired".to_owned() });
    drop(heard);
    let http = reqwest::Client::new();
    let ask = async |method: reqwest::Method, key: &str| -> Value {
        let url = format!("http://{}/fapi/v1/listenKey", venue.address());
        let asked = http.request(method, url).header("X-MBX-APIKEY", key);
        asked.send().await.unwrap().json().await.unwrap()
    };
    let (post, put, delete) =
        (reqwest::Method::POST, reqwest::Method::PUT, reqwest::Method::DELETE);
    let first = ask(post.clone(), KEY).await;
    assert_eq!(ask(post.clone(), KEY).await, first);
    assert_eq!(ask(put.clone(), KEY).await, first);
    assert_eq!(first["listenKey"].as_str().unwrap().len(), 64);
    assert_eq!(ask(delete.clone(), KEY).await, serde_json::json!({}));
    assert_eq!(ask(put, KEY).await["code"], -1125);
    assert_eq!(ask(delete, KEY).await["code"], -1125);
    assert_eq!(ask(post.clone(), "nobody").await["code"], -2015);
    let again = ask(post, KEY).await;
    assert_ne!(again, first);
    let key = again["listenKey"].as_str().unwrap();
    for path in [format!("/ws/{key}"), format!("/private/ws?listenKey={key}")] {
        let mut socket = venue.connect(&path).await;
        client.place(&order(1, Side::Buy, "1", UsdmKind::Market)).await.unwrap();
        assert_eq!(socket.read().await.unwrap()["e"], "ORDER_TRADE_UPDATE", "{path}");
    }
    venue.stop().await;
}
