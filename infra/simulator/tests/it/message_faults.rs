//! Messages of streams are spoilt by name, and REST and the books are not.

use serde_json::{Value, json};

use crate::rig::Rig;
use crate::support::Socket;

const MINUTE_MS: i64 = 60_000;

async fn rig(faults: Value) -> Rig {
    Rig::of(&json!({ "faults": faults }).to_string()).await
}

/// The events of an account as far as they have come, each as its order and what happened to it.
async fn heard(rig: &Rig, socket: &mut Socket) -> Vec<String> {
    let ping = json!({ "id": "end", "method": "ping" }).to_string();
    socket.send(&ping).await;
    let mut heard = Vec::new();
    loop {
        let message = socket.read().await.expect("the connection is open");
        if message["id"] == "end" {
            assert!(rig.venue.simulator.idle());
            return heard;
        }
        let event = &message["event"];
        heard.push(match event["e"].as_str().unwrap() {
            "executionReport" => {
                format!("{} {}", event["c"].as_str().unwrap(), event["x"].as_str().unwrap())
            }
            other => other.to_owned(),
        });
    }
}

#[tokio::test]
async fn events_are_lost_doubled_and_late() {
    let rig = rig(json!([
        { "name": "event-lost", "where": { "event": "outboundAccountPosition" } },
        { "name": "event-lost", "where": { "order": "lost" } },
        { "name": "event-doubled", "where": { "order": "twice" } },
        { "name": "event-doubled", "where": { "order": "again" },
          "parameters": { "delay_ms": 30_000 } },
        { "name": "event-delayed", "where": { "order": "late" }, "parameters": { "delay_ms": 10_000 } },
    ]))
    .await;
    let mut socket = rig.user_stream().await;
    for name in ["lost", "twice", "again", "late", "plain"] {
        rig.rest(name).await.body();
    }
    let first = ["twice NEW", "twice NEW", "again NEW", "plain NEW"];
    assert_eq!(heard(&rig, &mut socket).await, first);
    rig.venue.simulator.advance(9_999);
    assert_eq!(heard(&rig, &mut socket).await, [] as [&str; 0]);
    rig.venue.simulator.advance(1);
    assert_eq!(heard(&rig, &mut socket).await, ["late NEW"]);
    rig.venue.simulator.advance(20_000);
    assert_eq!(heard(&rig, &mut socket).await, ["again NEW"]);
    assert_eq!(rig.get("/api/v3/openOrders", "").await.body().as_array().unwrap().len(), 5);
    rig.venue.stop().await;
}

#[tokio::test]
async fn a_fill_comes_before_what_preceded_it_and_before_its_minute_is_over() {
    let rig = rig(json!([
        { "name": "event-lost", "where": { "event": "outboundAccountPosition" } },
        { "name": "event-reordered", "when": { "nth": [1] }, "where": { "order": "a" } },
        { "name": "event-reordered", "where": { "order": "alone" } },
    ]))
    .await;
    let mut socket = rig.user_stream().await;
    rig.buy("a").await.body();
    assert_eq!(heard(&rig, &mut socket).await, ["a TRADE", "a NEW"]);
    rig.rest("alone").await.body();
    assert_eq!(heard(&rig, &mut socket).await, [] as [&str; 0]);
    rig.venue.simulator.advance(MINUTE_MS);
    assert_eq!(heard(&rig, &mut socket).await, ["alone NEW"]);
    rig.venue.stop().await;
}

#[tokio::test]
async fn messages_are_novel_or_broken() {
    let rig = rig(json!([
        { "name": "event-lost", "where": { "event": "outboundAccountPosition" } },
        { "name": "unknown-event", "where": { "order": "event", "stream": "user" } },
        { "name": "unknown-field", "where": { "order": "field", "stream": "user" } },
        { "name": "unknown-value", "where": { "order": "value", "stream": "user" } },
        { "name": "truncated-json", "where": { "order": "half", "stream": "user" } },
        { "name": "malformed-json", "where": { "order": "bad", "stream": "user" } },
    ]))
    .await;
    let mut socket = rig.user_stream().await;
    for name in ["event", "field", "value", "half", "bad"] {
        assert_eq!(rig.rest(name).await.body()["status"], "NEW", "answers are left alone");
    }
    let novel = socket.read_some(4).await;
    assert_eq!(novel[0]["event"]["e"], "novelEvent");
    assert_eq!(novel[1]["event"]["c"], "event");
    assert!(novel[2]["event"]["novelField"].is_object());
    assert_eq!(novel[3]["event"]["X"], "NOVEL");
    for _ in 0..2 {
        let text = socket.next().await.unwrap().into_text().unwrap();
        assert!(serde_json::from_str::<Value>(&text).is_err(), "{text}");
    }
    rig.venue.stop().await;
}

#[tokio::test]
async fn two_connections_of_an_account_hear_the_same() {
    let rig = rig(json!([
        { "name": "event-lost", "when": { "nth": [2, 5] } },
        { "name": "event-doubled", "when": { "ratio": 0.5 } },
    ]))
    .await;
    let (mut one, mut other) = (rig.user_stream().await, rig.user_stream().await);
    for n in 0..8 {
        rig.rest(&format!("n{n}")).await.body();
    }
    let told = heard(&rig, &mut one).await;
    assert_eq!(told, heard(&rig, &mut other).await);
    assert_eq!(told.iter().filter(|event| *event == "n1 NEW").count() % 2, 1);
    assert!(told.len() > 14, "{told:?}");
    rig.venue.stop().await;
}

#[tokio::test]
async fn candles_are_lost_doubled_corrected_missing_and_empty() {
    let rig = rig(json!([
        { "name": "candle-lost", "when": { "nth": [1] } },
        { "name": "candle-duplicated", "when": { "from_ms": 2 * MINUTE_MS, "at_most": 1 } },
        { "name": "candle-corrected", "when": { "from_ms": 3 * MINUTE_MS, "at_most": 1 },
          "parameters": { "shift_bps": -100, "delay_ms": 500 } },
        { "name": "candle-zero-volume", "when": { "from_ms": 4 * MINUTE_MS } },
        { "name": "candle-missing", "when": { "from_ms": 0, "nth": [3] } },
    ]))
    .await;
    let mut socket = rig.venue.connect("/ws/btcusdt@kline_1m").await;
    rig.venue.until(|status| status["listeners"] == 1).await;
    for _ in 0..6 {
        rig.step();
    }
    let start = crate::support::START;
    let told = socket.read_some(4).await;
    let told: Vec<_> = told
        .iter()
        .map(|m| {
            let minute = (m["k"]["t"].as_i64().unwrap() - start) / MINUTE_MS;
            (minute, m["k"]["c"].as_str().unwrap().to_owned(), m["k"]["v"] == "0.00000000")
        })
        .collect();
    let candle = |minute, close: &str, is_empty| (minute, format!("{close}.00000000"), is_empty);
    // The second is lost and the fourth is nowhere.
    assert_eq!(told[0], candle(2, "105", false));
    assert_eq!(told[1], candle(2, "105", false));
    assert_eq!(told[2], candle(4, "99", false));
    assert_eq!(told[3], candle(4, "100", false));
    let rows = rig.get("/api/v3/klines", "symbol=BTCUSDT&interval=1m").await;
    drop(rows);
    let rows = rig.venue.get("/api/v3/klines?symbol=BTCUSDT&interval=1m").await;
    let opens: Vec<_> = rows
        .as_array()
        .unwrap()
        .iter()
        .map(|row| (row[0].as_i64().unwrap() - start) / MINUTE_MS)
        .collect();
    assert_eq!(opens, [0, 1, 2, 4, 5]);
    assert_eq!(rows[4][5], "0.00000000");
    assert_eq!((&rows[4][1], &rows[4][2]), (&rows[3][4], &rows[3][4]));
    rig.venue.stop().await;
}
