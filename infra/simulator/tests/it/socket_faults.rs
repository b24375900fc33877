//! Connections end, fall silent and expire by name.

use std::time::Duration;

use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;

use crate::rig::{Came, Rig};

const MINUTE_MS: i64 = 60_000;
/// What would have come on loopback has come by then.
const SILENCE: Duration = Duration::from_millis(100);

async fn rig(name: &str, parameters: Value) -> Rig {
    let fault = json!({
        "name": name, "when": { "from_ms": 30_000 }, "parameters": parameters,
    });
    Rig::of(&json!({ "faults": [fault] }).to_string()).await
}

#[tokio::test]
async fn connections_end_without_a_word_and_what_happened_then_is_lost() {
    for name in ["disconnect", "reset"] {
        let rig = rig(name, json!({})).await;
        let mut heard = rig.user_stream().await;
        let mut candles = rig.venue.connect("/ws/btcusdt@kline_1m").await;
        rig.venue.until(|status| status["listeners"] == 1).await;
        let order = "symbol=BTCUSDT&side=BUY&type=LIMIT&timeInForce=GTC&quantity=1&price=99\
                     &newClientOrderId=a";
        rig.send(reqwest::Method::POST, "/api/v3/order", order).await.body();
        heard.read_some(2).await;
        rig.step();
        assert_eq!((heard.read().await, candles.read().await), (None, None), "{name}");
        assert_eq!(rig.order("a").unwrap().status, "FILLED");
        // The connection that requests go over may have broken too.
        let mut asked = rig.query("a").await;
        while asked == Came::Broken {
            asked = rig.query("a").await;
        }
        assert_eq!(asked.body()["status"], "FILLED");
        let mut heard = rig.user_stream().await;
        rig.rest("b").await.body();
        assert_eq!(heard.read().await.unwrap()["event"]["c"], "b", "{name}: a new one lives");
        rig.venue.stop().await;
    }
}

#[tokio::test]
async fn a_day_old_connection_is_closed_in_form() {
    let plan = json!({ "faults": [
        { "name": "connection-too-old", "parameters": { "for_ms": 2 * MINUTE_MS } },
    ]});
    let rig = Rig::of(&plan.to_string()).await;
    let mut heard = rig.user_stream().await;
    rig.step();
    let mut younger = rig.user_stream().await;
    rig.step();
    assert!(matches!(heard.next().await, Some(Message::Close(Some(_)))));
    rig.rest("a").await.body();
    assert!(younger.read().await.is_some());
    rig.venue.stop().await;
}

#[tokio::test]
async fn half_open_connections_say_nothing_at_all() {
    let rig = rig("half-open", json!({})).await;
    let mut heard = rig.user_stream().await;
    let mut candles = rig.venue.connect("/ws/btcusdt@kline_1m").await;
    rig.venue.until(|status| status["listeners"] == 1).await;
    rig.step();
    rig.rest("a").await.body();
    for socket in [&mut heard, &mut candles] {
        socket.ping(b"there?").await;
        socket.send(r#"{"id":1,"method":"LIST_SUBSCRIPTIONS"}"#).await;
        assert!(tokio::time::timeout(SILENCE, socket.next()).await.is_err(), "nothing comes");
    }
    let mut again = rig.user_stream().await;
    rig.rest("b").await.body();
    assert_eq!(again.read().await.unwrap()["event"]["c"], "b");
    assert_eq!(rig.books().orders.len(), 2);
    rig.venue.stop().await;
}

#[tokio::test]
async fn silent_streams_answer_and_tell_nothing() {
    let rig = rig("silent-stream", json!({ "for_ms": 2 * MINUTE_MS })).await;
    let mut heard = rig.user_stream().await;
    let mut candles = rig.venue.connect("/ws/btcusdt@kline_1m").await;
    rig.venue.until(|status| status["listeners"] == 1).await;
    rig.step();
    rig.rest("a").await.body();
    let answer = heard.request(r#"{"id":"x","method":"ping"}"#).await;
    assert_eq!(answer["id"], "x");
    candles.ping(b"there?").await;
    assert_eq!(candles.next().await, Some(Message::Pong(b"there?".to_vec().into())));
    rig.step();
    rig.step();
    let next = candles.read().await.unwrap();
    assert_eq!(next["k"]["t"], crate::support::START + 3 * MINUTE_MS, "it comes to life again");
    rig.rest("b").await.body();
    assert_eq!(heard.read().await.unwrap()["event"]["c"], "b");
    rig.venue.stop().await;
}

#[tokio::test]
async fn an_accounts_stream_expires_and_can_be_begun_again() {
    let rig = rig("listen-key-expired", json!({})).await;
    let mut heard = rig.user_stream().await;
    rig.step();
    let last = heard.read().await.unwrap();
    assert_eq!(last["event"]["e"], "eventStreamTerminated");
    rig.rest("a").await.body();
    let begun = heard.request(&rig.subscription().to_string()).await;
    assert_eq!(begun["result"]["subscriptionId"], 1, "nothing was told meanwhile");
    rig.rest("b").await.body();
    let event = heard.read().await.unwrap();
    assert_eq!((&event["subscriptionId"], &event["event"]["c"]), (&json!(1), &json!("b")));
    // On futures the key is no more until it is made anew.
    let renewal = rig.send(reqwest::Method::PUT, "/fapi/v1/listenKey", "").await;
    assert_eq!(renewal.code(), (400, -1125));
    rig.venue.stop().await;
}
