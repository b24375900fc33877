//! Refusals, outages and broken answers by name, on the wire and in the books.

use reqwest::Method;
use serde_json::{Value, json};

use crate::rig::{Came, Rig};
use crate::support::Socket;
use crate::trading::{KEY, SECRET};

const MINUTE_MS: i64 = 60_000;

async fn rig(faults: Value) -> Rig {
    Rig::of(&json!({ "faults": faults }).to_string()).await
}

#[tokio::test]
async fn http_5xx_was_done_or_was_not() {
    let rig = rig(json!([
        { "name": "http-5xx", "where": { "order": "lost" } },
        { "name": "http-5xx", "where": { "order": "done" }, "parameters": { "executed": true } },
        { "name": "http-5xx", "where": { "act": "account" }, "parameters": { "status": 502 } },
    ]))
    .await;
    let words = |text: &str| format!("<html><body>{text}</body></html>").into();
    assert_eq!(rig.rest("lost").await, Came::Answer(503, words("Service Unavailable.")));
    let unknown = words("Unknown error, please check your request or try again later.");
    assert_eq!(rig.rest("done").await, Came::Answer(503, unknown));
    assert_eq!((rig.order("lost"), rig.order("done").unwrap().status), (None, "NEW".to_owned()));
    assert_eq!(rig.get("/api/v3/account", "").await.code().0, 502);
    rig.venue.stop().await;
}

#[tokio::test]
async fn http_451_says_where_the_venue_is_not() {
    let rig = rig(json!([{ "name": "http-451", "when": { "at_most": 1 } }])).await;
    assert_eq!(rig.rest("a").await.code().0, 451);
    assert_eq!(rig.order("a"), None);
    assert_eq!(rig.rest("a").await.code().0, 200);
    rig.venue.stop().await;
}

#[tokio::test]
async fn rate_limited_then_banned_for_who_goes_on() {
    let rig = rig(json!([{
        "name": "rate-limited", "when": { "at_most": 1 },
        "parameters": { "for_ms": 45_000, "ban_after": 2 },
    }]))
    .await;
    let ask = async || {
        let reply = rig.venue.ask("/api/v3/ping").await;
        let seconds = reply.headers.get("retry-after").map(|s| s.to_str().unwrap().to_owned());
        (reply.status.as_u16(), seconds)
    };
    let told = |status, seconds: &str| (status, Some(seconds.to_owned()));
    assert_eq!(ask().await, told(429, "45"));
    rig.venue.simulator.advance(5_000);
    assert_eq!(ask().await, told(429, "40"));
    assert_eq!(rig.rest("a").await.code(), (429, -1003));
    assert_eq!(ask().await, told(418, "120"));
    rig.venue.simulator.advance(119_000);
    assert_eq!(rig.rest("a").await.code(), (418, -1003));
    rig.venue.simulator.advance(1_000);
    assert_eq!(ask().await, (200, None));
    assert_eq!(rig.order("a"), None);
    rig.venue.stop().await;
}

#[tokio::test]
async fn banned_and_order_count_end_when_they_say() {
    let rig = rig(json!([
        { "name": "banned", "when": { "until_ms": 1_000 } },
        { "name": "order-count", "when": { "from_ms": 2 * MINUTE_MS, "at_most": 1 } },
    ]))
    .await;
    let banned = rig.venue.ask("/api/v3/ping").await;
    assert_eq!((banned.status.as_u16(), &banned.headers["retry-after"] == "120"), (418, true));
    rig.venue.simulator.advance(2 * MINUTE_MS);
    assert_eq!(rig.rest("a").await.code(), (429, -1015));
    assert_eq!(rig.get("/api/v3/openOrders", "").await.body(), json!([]));
    rig.venue.simulator.advance(10_000);
    assert_eq!(rig.rest("a").await.code(), (200, 0));
    rig.venue.stop().await;
}

#[tokio::test]
async fn the_clock_jumps_until_it_is_asked() {
    let rig = rig(json!([{
        "name": "clock-offset", "when": { "at_most": 1 }, "parameters": { "offset_ms": -1_000 },
    }]))
    .await;
    for _ in 0..2 {
        assert_eq!(rig.rest("a").await.code(), (400, -1021));
    }
    assert_eq!(rig.order("a"), None);
    assert_eq!(rig.venue.now().await, rig.venue.simulator.now().ms() - 1_000);
    assert_eq!(rig.rest("a").await.code(), (200, 0));
    rig.venue.simulator.advance(MINUTE_MS);
    assert_eq!(rig.venue.now().await, rig.venue.simulator.now().ms());
    rig.venue.stop().await;
}

#[tokio::test]
async fn an_answer_waits_while_the_stream_tells() {
    let rig = rig(json!([
        { "name": "fill-before-ack", "parameters": { "delay_ms": 2_000 } },
    ]))
    .await;
    let mut heard = rig.user_stream().await;
    let (came, ()) = tokio::join!(rig.patient_buy("a"), async {
        let mut kinds = Vec::new();
        for event in heard.read_some(3).await {
            kinds.push(event["event"]["x"].as_str().unwrap_or("-").to_owned());
        }
        assert_eq!(kinds, ["NEW", "TRADE", "-"]);
        rig.venue.simulator.advance(1_999);
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        rig.venue.simulator.advance(1);
    });
    assert_eq!(came.body()["status"], "FILLED");
    rig.venue.stop().await;
}

#[tokio::test]
async fn cancels_and_protection_are_refused_without_reason() {
    let rig = rig(json!([
        { "name": "cancel-unknown", "when": { "at_most": 1 } },
        { "name": "cancel-unknown", "when": { "nth": [2] }, "parameters": { "code": -2013 } },
        { "name": "stop-would-trigger", "when": { "at_most": 1 } },
        { "name": "reduce-only-rejected" },
    ]))
    .await;
    rig.rest("a").await.body();
    assert_eq!(rig.cancel("a").await.code(), (400, -2011));
    assert_eq!(rig.cancel("a").await.code(), (400, -2013));
    assert_eq!(rig.order("a").unwrap().status, "NEW");
    assert_eq!(rig.cancel("a").await.body()["status"], "CANCELED");
    let stop = "symbol=BTCUSDT&side=SELL&type=STOP_LOSS&quantity=1&stopPrice=95&\
                newClientOrderId=s";
    let place = async || rig.send(Method::POST, "/api/v3/order", stop).await;
    assert_eq!(place().await.code(), (400, -2010));
    assert_eq!(rig.order("s"), None);
    assert_eq!(place().await.code(), (200, 0));
    // Orders that may only reduce are futures'.
    let order = "symbol=BTCUSDT&side=SELL&type=MARKET&quantity=1&reduceOnly=true";
    assert_eq!(rig.send(Method::POST, "/fapi/v1/order", order).await.code(), (400, -2022));
    rig.venue.stop().await;
}

#[tokio::test]
async fn answers_are_broken_or_novel_and_the_books_are_not() {
    let rig = rig(json!([
        { "name": "truncated-json", "where": { "order": "t" } },
        { "name": "malformed-json", "where": { "order": "m" } },
        { "name": "unknown-field", "where": { "order": "f" } },
        { "name": "unknown-value", "where": { "order": "v" } },
        { "name": "unknown-value", "where": { "order": "w" },
          "parameters": { "field": "type", "value": "ICEBERG" } },
    ]))
    .await;
    for name in ["t", "m"] {
        let Came::Answer(200, Value::String(text)) = rig.rest(name).await else { panic!("{name}") };
        assert!(serde_json::from_str::<Value>(&text).is_err(), "{text}");
    }
    assert!(rig.rest("f").await.body()["novelField"].is_object());
    assert_eq!(rig.rest("v").await.body()["status"], "NOVEL");
    assert_eq!(rig.rest("w").await.body()["type"], "ICEBERG");
    assert_eq!(rig.books().orders.len(), 5);
    rig.venue.stop().await;
}

#[tokio::test]
async fn maintenance_closes_the_venue_and_opens_it_again() {
    let rig = rig(json!([{
        "name": "maintenance", "when": { "from_ms": MINUTE_MS },
        "parameters": { "for_ms": 2 * MINUTE_MS },
    }]))
    .await;
    rig.rest("a").await.body();
    let mut heard = rig.user_stream().await;
    let mut candles = rig.venue.connect("/ws/btcusdt@kline_1m").await;
    rig.venue.until(|status| status["listeners"] == 1).await;
    rig.step();
    assert_eq!((heard.read().await, candles.read().await), (None, None));
    assert_eq!(rig.rest("b").await.code(), (503, 0));
    assert_eq!(rig.venue.ask("/api/v3/time").await.status, 503);
    let url = format!("ws://{}/ws-api/v3", rig.venue.address());
    assert!(tokio_tungstenite::connect_async(url).await.is_err());
    rig.venue.simulator.advance(2 * MINUTE_MS);
    rig.rest("b").await.body();
    rig.user_stream().await;
    let names: Vec<_> = rig.books().orders.into_iter().map(|o| o.client_order_id).collect();
    assert_eq!(names, ["a", "b"]);
    rig.venue.stop().await;
}

/// The answer to a request, past the events that come before it.
async fn answer(socket: &mut Socket, request: &str) -> Value {
    socket.send(request).await;
    loop {
        let message = socket.read().await.expect("the connection is open");
        if message.get("event").is_none() {
            return message;
        }
    }
}

#[tokio::test]
async fn streams_are_not_begun_and_the_web_socket_api_is_spoilt_alike() {
    let rig = rig(json!([
        { "name": "renewal-fails", "when": { "at_most": 1 } },
        { "name": "accept-then-time-out", "where": { "order": "cut" } },
        { "name": "accept-then-time-out", "where": { "order": "hang" }, "parameters": { "hang": true } },
        { "name": "status-unknown", "where": { "order": "unknown" } },
        { "name": "truncated-json", "where": { "order": "broken" } },
        { "name": "not-found-for", "where": { "order": "hidden" } },
    ]))
    .await;
    let mut socket = rig.venue.connect("/ws-api/v3").await;
    let refused = socket.request(&rig.subscription().to_string()).await;
    assert_eq!((&refused["status"], &refused["error"]["code"]), (&json!(503), &json!(-1001)));
    let begun = socket.request(&rig.subscription().to_string()).await;
    assert_eq!(begun["status"], 200);
    let keys = exchange::binance::signed::keys::Keys::new(KEY.into(), &SECRET.into()).unwrap();
    let now = rig.venue.simulator.now().ms().to_string();
    let signed = |method: &str, name: &str, fields: &[(&str, &str)]| {
        let fixed = [("apiKey", KEY), ("symbol", "BTCUSDT"), ("timestamp", &now)];
        let mut fields = [fields, &fixed].concat();
        fields.push((
            if method == "order.place" { "newClientOrderId" } else { "origClientOrderId" },
            name,
        ));
        fields.sort_unstable();
        let text: Vec<_> = fields.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let mut params: Value = fields.iter().map(|(n, v)| ((*n).to_owned(), json!(v))).collect();
        params["signature"] = keys.sign(&text.join("&")).into();
        json!({ "id": 7, "method": method, "params": params }).to_string()
    };
    let rest = [
        ("side", "BUY"),
        ("type", "LIMIT"),
        ("timeInForce", "GTC"),
        ("quantity", "1"),
        ("price", "90"),
    ];
    let place = |name: &str| signed("order.place", name, &rest);
    let unknown = answer(&mut socket, &place("unknown")).await;
    assert_eq!((&unknown["status"], &unknown["error"]["code"]), (&json!(408), &json!(-1007)));
    assert_eq!(answer(&mut socket, &place("hidden")).await["status"], 200);
    let missing = answer(&mut socket, &signed("order.status", "hidden", &[])).await;
    assert_eq!(missing["error"]["code"], -2013);
    socket.send(&place("hang")).await;
    let found = answer(&mut socket, &signed("order.status", "hang", &[])).await;
    assert_eq!(found["result"]["clientOrderId"], "hang", "the next answer is another's");
    socket.send(&place("cut")).await;
    while socket.read().await.is_some() {}
    let mut socket = rig.venue.connect("/ws-api/v3").await;
    socket.send(&place("broken")).await;
    let Some(tokio_tungstenite::tungstenite::Message::Text(text)) = socket.next().await else {
        panic!("no text")
    };
    assert!(serde_json::from_str::<Value>(&text).is_err(), "{text}");
    assert_eq!(rig.books().orders.len(), 5, "all were done");
    rig.venue.stop().await;
}
