//! Futures suffer the same faults as spot, and some of their own.

use reqwest::Method;
use rust_decimal::Decimal;
use serde_json::{Value, json};

use crate::rig::{Came, Rig};

const BUY: &str = "side=BUY&type=MARKET&quantity=1";
const REST: &str = "side=BUY&type=LIMIT&timeInForce=GTC&quantity=1&price=90";

async fn rig(faults: Value) -> Rig {
    Rig::of(&json!({ "faults": faults }).to_string()).await
}

fn status(rig: &Rig, name: &str) -> String {
    let orders = rig.futures().orders;
    orders.into_iter().rfind(|order| order.client_order_id == name).unwrap().status
}

#[tokio::test]
async fn answers_and_messages_of_futures_are_spoilt_alike() {
    let rig = rig(json!([
        { "name": "accept-then-time-out", "where": { "order": "cut" } },
        { "name": "not-found-for", "where": { "order": "hidden", "market": "usdm" } },
        { "name": "event-lost", "where": { "event": "ACCOUNT_UPDATE" } },
        { "name": "event-doubled", "where": { "order": "twice" } },
        { "name": "event-delayed", "where": { "order": "late" }, "parameters": { "delay_ms": 500 } },
    ]))
    .await;
    let mut heard = rig.futures_stream().await;
    assert_eq!(rig.future("cut", REST).await, Came::Broken);
    for name in ["hidden", "late", "twice"] {
        rig.future(name, REST).await.body();
    }
    assert_eq!(rig.futures().orders.len(), 4);
    let query = "symbol=BTCUSDT&origClientOrderId=hidden";
    assert_eq!(rig.get("/fapi/v1/order", query).await.code(), (400, -2013));
    let open = rig.get("/fapi/v1/openOrders", "symbol=BTCUSDT").await.body();
    assert_eq!(open.as_array().unwrap().len(), 3);
    let mut names = Vec::new();
    for event in heard.read_some(4).await {
        names.push(event["o"]["c"].as_str().unwrap().to_owned());
    }
    assert_eq!(names, ["cut", "hidden", "twice", "twice"]);
    rig.venue.simulator.advance(500);
    assert_eq!(heard.read().await.unwrap()["o"]["c"], "late");
    rig.venue.stop().await;
}

#[tokio::test]
async fn listen_keys_expire_and_are_not_renewed() {
    let rig = rig(json!([
        { "name": "listen-key-expired", "when": { "from_ms": 1_000 } },
        { "name": "renewal-fails", "when": { "from_ms": 5_000, "at_most": 1 } },
    ]))
    .await;
    let mut heard = rig.futures_stream().await;
    rig.venue.simulator.advance(1_000);
    assert_eq!(heard.read().await.unwrap()["e"], "listenKeyExpired");
    let renew = async || rig.send(Method::PUT, "/fapi/v1/listenKey", "").await;
    assert_eq!(renew().await.code(), (400, -1125));
    let mut heard = rig.futures_stream().await;
    assert_eq!(renew().await.code().0, 200);
    rig.venue.simulator.advance(4_000);
    assert_eq!(renew().await.code(), (400, -1125));
    assert_eq!(renew().await.code().0, 200);
    rig.future("a", REST).await.body();
    assert_eq!(heard.read().await.unwrap()["o"]["c"], "a");
    rig.venue.stop().await;
}

#[tokio::test]
async fn conditional_orders_are_rejected_later_and_protection_at_once() {
    let rig = rig(json!([
        { "name": "algo-rejected", "where": { "order": "r" }, "parameters": { "delay_ms": 2_000 } },
        { "name": "stop-would-trigger", "where": { "order": "t" } },
        { "name": "reduce-only-rejected", "where": { "order": "o" } },
    ]))
    .await;
    rig.future("entry", BUY).await.body();
    let mut heard = rig.futures_stream().await;
    let place = async |name: &str| {
        let stop = format!(
            "algoType=CONDITIONAL&symbol=BTCUSDT&side=SELL&type=STOP_MARKET&quantity=1\
             &triggerPrice=80&reduceOnly=true&clientAlgoId={name}"
        );
        rig.send(Method::POST, "/fapi/v1/algoOrder", &stop).await
    };
    assert_eq!(place("r").await.body()["algoStatus"], "NEW");
    assert_eq!(place("t").await.code(), (400, -2021));
    assert_eq!(place("o").await.code(), (400, -2022));
    rig.venue.simulator.advance(2_000);
    let told = heard.read_some(2).await;
    let states: Vec<_> = told.iter().map(|event| event["o"]["X"].clone()).collect();
    assert_eq!(
        (&told[1]["e"], states),
        (&json!("ALGO_UPDATE"), vec![json!("NEW"), json!("REJECTED")])
    );
    let books = rig.futures();
    assert_eq!((books.conditional.len(), &*books.conditional[0].status), (1, "REJECTED"));
    assert_eq!(books.positions[0].quantity, Decimal::ONE);
    rig.venue.stop().await;
}

#[tokio::test]
async fn orders_fill_in_parts_die_later_and_fill_when_cancelled() {
    let rig = rig(json!([
        { "name": "partial-fills", "where": { "order": "parts" },
          "parameters": { "parts": 4, "delay_ms": 1_000 } },
        { "name": "order-rejected-later", "where": { "order": "dies" } },
        { "name": "phantom-cancel" },
    ]))
    .await;
    rig.future("parts", BUY).await.body();
    assert_eq!(status(&rig, "parts"), "PARTIALLY_FILLED");
    rig.venue.simulator.advance(3_000);
    assert_eq!((status(&rig, "parts"), rig.futures().trades.len()), ("FILLED".to_owned(), 4));
    rig.future("dies", BUY).await.body();
    assert_eq!(status(&rig, "dies"), "NEW");
    rig.venue.simulator.advance(1_000);
    assert_eq!(status(&rig, "dies"), "EXPIRED");
    rig.future("gone", REST).await.body();
    let order = "symbol=BTCUSDT&origClientOrderId=gone";
    let told = rig.send(Method::DELETE, "/fapi/v1/order", order).await.body();
    assert_eq!((&told["status"], status(&rig, "gone")), (&json!("CANCELED"), "FILLED".to_owned()));
    assert_eq!(rig.futures().positions[0].quantity, Decimal::TWO);
    rig.venue.stop().await;
}

#[tokio::test]
async fn positions_are_liquidated_and_taken_by_the_venue() {
    for (name, begins) in [("liquidation", "autoclose-"), ("adl", "adl_autoclose")] {
        let rig = rig(json!([{ "name": name, "when": { "from_ms": 30_000 } }])).await;
        let mut heard = rig.futures_stream().await;
        rig.future("entry", BUY).await.body();
        heard.read_some(3).await;
        rig.step();
        let books = rig.futures();
        assert_eq!(books.positions, []);
        let last = books.orders.last().unwrap();
        assert!(last.client_order_id.starts_with(begins), "{last:?}");
        let event = loop {
            let event = heard.read().await.unwrap();
            if event["e"] == "ORDER_TRADE_UPDATE" && event["o"]["X"] == "FILLED" {
                break event;
            }
        };
        assert!(event["o"]["c"].as_str().unwrap().starts_with(begins), "{event}");
        rig.venue.stop().await;
    }
}
