//! What the venue does with orders of its own accord, and how well it fills them.

use rust_decimal::Decimal;
use serde_json::{Value, json};
use simulator::faults::names::{FAULTS, FaultName};
use simulator::options::{Options, Trading};

use crate::rig::Rig;

async fn rig(faults: Value) -> Rig {
    Rig::of(&json!({ "faults": faults }).to_string()).await
}

fn filled(rig: &Rig, name: &str) -> (String, Decimal, usize) {
    let order = rig.order(name).unwrap();
    let trades = rig.books().trades.into_iter().filter(|t| t.order_id == order.id).count();
    (order.status, order.filled.normalize(), trades)
}

fn is(status: &str, filled: i64, trades: usize) -> (String, Decimal, usize) {
    (status.to_owned(), Decimal::new(filled, 2).normalize(), trades)
}

#[tokio::test]
async fn an_order_fills_in_parts_one_after_another() {
    let rig = rig(json!([
        { "name": "partial-fills", "where": { "order": "slow" },
          "parameters": { "parts": 4, "delay_ms": 10_000 } },
        { "name": "partial-fills", "where": { "order": "fast" },
          "parameters": { "parts": 3, "delay_ms": 0 } },
        { "name": "partial-fills", "where": { "order": "rests" }, "parameters": { "parts": 2 } },
    ]))
    .await;
    let mut heard = rig.user_stream().await;
    let told = rig.buy("slow").await.body();
    assert_eq!(
        (&told["status"], &told["executedQty"]),
        (&json!("PARTIALLY_FILLED"), &json!("0.25000000"))
    );
    assert_eq!(filled(&rig, "slow"), is("PARTIALLY_FILLED", 25, 1));
    let events = heard.read_some(3).await;
    let event = &events[1]["event"];
    assert_eq!(
        (&event["X"], &event["l"], &event["z"]),
        (&json!("PARTIALLY_FILLED"), &json!("0.25000000"), &json!("0.25000000"))
    );
    let fast = rig.buy("fast").await.body();
    assert_eq!((&fast["status"], fast["fills"].as_array().unwrap().len()), (&json!("FILLED"), 4));
    let order = "symbol=BTCUSDT&side=BUY&type=LIMIT&timeInForce=GTC&quantity=1&price=99\
                 &newClientOrderId=rests";
    rig.send(reqwest::Method::POST, "/api/v3/order", order).await.body();
    rig.venue.simulator.advance(20_000);
    assert_eq!(filled(&rig, "slow"), is("PARTIALLY_FILLED", 75, 3));
    rig.venue.simulator.advance(40_000);
    assert_eq!(filled(&rig, "slow"), is("FILLED", 100, 4));
    assert_eq!(filled(&rig, "rests"), is("PARTIALLY_FILLED", 50, 1));
    // What is left of it can be cancelled, and gives back what it held.
    let cancelled = rig.cancel("rests").await.body();
    assert_eq!(
        (&cancelled["status"], &cancelled["executedQty"]),
        (&json!("CANCELED"), &json!("0.50000000"))
    );
    assert!(rig.books().balances.values().all(|balance| balance.locked.is_zero()));
    rig.venue.stop().await;
}

#[tokio::test]
async fn a_cancel_is_answered_though_the_order_filled() {
    let rig = rig(json!([{ "name": "phantom-cancel" }])).await;
    rig.rest("a").await.body();
    let told = rig.cancel("a").await.body();
    assert_eq!((&told["status"], &told["executedQty"]), (&json!("CANCELED"), &json!("0.00000000")));
    assert_eq!(filled(&rig, "a"), is("FILLED", 100, 1));
    assert_eq!(rig.books().trades[0].price, Decimal::from(90));
    assert_eq!(rig.query("a").await.body()["status"], "FILLED");
    rig.venue.stop().await;
}

#[tokio::test]
async fn an_order_is_taken_and_ends_unfilled_a_little_later() {
    let rig =
        rig(json!([{ "name": "order-rejected-later", "parameters": { "delay_ms": 5_000 } }])).await;
    let mut heard = rig.user_stream().await;
    assert_eq!(rig.buy("a").await.body()["status"], "NEW");
    rig.venue.simulator.advance(4_999);
    assert_eq!(filled(&rig, "a"), is("NEW", 0, 0));
    rig.venue.simulator.advance(1);
    assert_eq!(filled(&rig, "a"), is("EXPIRED", 0, 0));
    let events = heard.read_some(3).await;
    assert_eq!(events[2]["event"]["x"], "EXPIRED");
    let pair = "symbol=BTCUSDT&side=SELL&quantity=1&aboveType=LIMIT_MAKER&abovePrice=120\
                &belowType=STOP_LOSS&belowStopPrice=80";
    rig.send(reqwest::Method::POST, "/api/v3/orderList/oco", pair).await.body();
    rig.venue.simulator.advance(5_000);
    let books = rig.books();
    assert!(books.orders.iter().all(|order| order.status == "EXPIRED"));
    assert!(books.balances.values().all(|balance| balance.locked.is_zero()));
    rig.venue.stop().await;
}

#[tokio::test]
async fn a_name_is_taken_again_once_its_order_is_done() {
    let rig = Rig::of("").await;
    rig.buy("a").await.body();
    rig.buy("a").await.body();
    rig.rest("b").await.body();
    assert_eq!(rig.rest("b").await.code(), (400, -2010));
    assert_eq!(rig.books().orders.len(), 3);
    rig.venue.stop().await;
}

#[tokio::test]
async fn orders_are_on_their_way_for_a_while() {
    let trading = Trading { latency_ms: 90_000, volume_share: None };
    let rig = Rig::with("", |options| Options { trading, ..options }).await;
    assert_eq!(rig.buy("a").await.body()["status"], "NEW");
    rig.step();
    assert_eq!(filled(&rig, "a"), is("NEW", 0, 0));
    rig.venue.simulator.advance(30_000);
    assert_eq!(filled(&rig, "a"), is("FILLED", 100, 1));
    assert_eq!(rig.books().trades[0].price, Decimal::from(99), "at the price of then");
    rig.venue.stop().await;
}

#[tokio::test]
async fn an_order_takes_its_share_of_the_volume_and_no_more() {
    // A candle's volume is 1.001.
    let trading = Trading { latency_ms: 0, volume_share: Some(Decimal::new(5, 1)) };
    let rig = Rig::with("", |options| Options { trading, ..options }).await;
    assert_eq!(rig.buy("a").await.body()["executedQty"], "0.50000000");
    let order = "symbol=BTCUSDT&side=BUY&type=LIMIT&timeInForce=FOK&quantity=1&price=101\
                 &newClientOrderId=fok";
    assert_eq!(
        rig.send(reqwest::Method::POST, "/api/v3/order", order).await.body()["status"],
        "EXPIRED"
    );
    rig.step();
    assert_eq!(filled(&rig, "a"), is("FILLED", 100, 2));
    rig.venue.stop().await;
}

#[test]
fn every_fault_has_its_name_and_a_text() {
    for described in FAULTS {
        let word = serde_json::to_value(described.name).unwrap();
        assert_eq!(word, described.name.word());
        let read: FaultName = serde_json::from_value(word).unwrap();
        assert_eq!(read, described.name);
        assert!(!described.text.is_empty() && !described.row.is_empty());
    }
}
