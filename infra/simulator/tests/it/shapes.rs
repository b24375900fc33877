//! The simulator's answers have the shapes of recorded and documented ones.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::Value;

use crate::support::{Folder, data};

fn example(folder: &Path, file: &str) -> Value {
    let text = std::fs::read_to_string(folder.join("fixtures").join(file)).unwrap();
    serde_json::from_str(&text).unwrap()
}

/// The documentation's example of a section of a file.
fn documented(folder: &Path, file: &str, section: &str) -> Value {
    let examples = example(folder, "binance_docs/spot_doc_examples.json");
    let found = examples
        .as_array()
        .unwrap()
        .iter()
        .find(|e| e["file"] == file && e["section"].as_str().unwrap().starts_with(section));
    found.unwrap_or_else(|| panic!("{section}"))["json"].clone()
}

fn keys(value: &Value) -> BTreeSet<&str> {
    value.as_object().unwrap().keys().map(String::as_str).collect()
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "bool",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

/// Same keys, values of the same kinds, all the way down; lists are compared by their first.
fn assert_same_shape(ours: &Value, theirs: &Value, place: &str) {
    assert_eq!(kind(ours), kind(theirs), "{place}");
    match (ours, theirs) {
        (Value::Object(_), Value::Object(_)) => {
            assert_eq!(keys(ours), keys(theirs), "{place}");
            for key in keys(ours) {
                assert_same_shape(&ours[key], &theirs[key], &format!("{place}.{key}"));
            }
        }
        (Value::Array(ours), Value::Array(theirs)) => {
            if let (Some(ours), Some(theirs)) = (ours.first(), theirs.first()) {
                assert_same_shape(ours, theirs, &format!("{place}[0]"));
            }
        }
        _ => {}
    }
}

#[tokio::test]
async fn rest_answers_look_like_binances() {
    let Some(data) = data() else { return };
    let venue = Folder::of("ETHUSDT", 0..10).serve().await;
    let mut socket = venue.connect("/ws/ethusdt@kline_1m").await;
    socket.read_some(10).await;
    let recorded = |file| example(&data, &format!("nautilus/py_http_responses/{file}.json"));
    for (path, theirs) in [
        ("/api/v3/ping", recorded("http_spot_market_ping")),
        ("/api/v3/time", recorded("http_spot_market_time")),
        ("/api/v3/ticker/price?symbol=ETHUSDT", recorded("http_spot_market_ticker_price")),
    ] {
        assert_same_shape(&venue.get(path).await, &theirs, path);
    }
    let rows = venue.get("/api/v3/klines?symbol=ETHUSDT&interval=1m&limit=1").await;
    let documented_row = documented(&data, "rest-api.md", "Kline/Candlestick data");
    let (row, theirs) = (rows[0].as_array().unwrap(), documented_row[0].as_array().unwrap());
    assert_eq!(
        row.iter().map(kind).collect::<Vec<_>>(),
        theirs.iter().map(kind).collect::<Vec<_>>()
    );
    for (ours, theirs) in row.iter().zip(theirs).filter(|(ours, _)| ours.is_string()).take(5) {
        let decimals = |text: &Value| text.as_str().unwrap().split_once('.').unwrap().1.len();
        assert_eq!(decimals(ours), decimals(theirs));
    }
    venue.stop().await;
}

#[tokio::test]
async fn exchange_info_looks_like_binances() {
    let Some(data) = data() else { return };
    let venue = Folder::of("ETHUSDT", 0..10).serve().await;
    let ours = venue.get("/api/v3/exchangeInfo?symbol=ETHUSDT").await;
    let recorded = &example(&data, "exchange_info/spot_ws_api_2024-06-02.json")["result"];
    assert_eq!(keys(&ours), keys(recorded));
    let limit = |info: &Value| info["rateLimits"][0].clone();
    assert_eq!(limit(&ours), limit(recorded), "6000 weight per minute");
    let (symbol, theirs) = (&ours["symbols"][0], &recorded["symbols"][0]);
    // Newer fields than the recorded ones are the documentation's.
    let newest = &documented(&data, "rest-api.md", "Exchange information")["symbols"][0];
    assert_eq!(keys(symbol), keys(newest));
    assert!(keys(symbol).is_superset(&keys(theirs)));
    for key in keys(theirs) {
        assert_eq!(kind(&symbol[key]), kind(&theirs[key]), "{key}");
    }
    let by_type = |symbol: &Value, wanted: &Value| {
        let filters = symbol["filters"].as_array().unwrap();
        filters.iter().find(|f| f["filterType"] == *wanted).cloned().unwrap()
    };
    for filter in theirs["filters"].as_array().unwrap() {
        let ours = by_type(symbol, &filter["filterType"]);
        assert_same_shape(&ours, filter, filter["filterType"].as_str().unwrap());
    }
    assert_eq!(by_type(symbol, &"PRICE_FILTER".into())["tickSize"], "0.01000000");
    assert_eq!(by_type(symbol, &"LOT_SIZE".into())["stepSize"], "0.00100000");
    assert_eq!(by_type(symbol, &"NOTIONAL".into())["minNotional"], "5.00000000");
    venue.stop().await;
}

#[tokio::test]
async fn stream_messages_look_like_binances() {
    let Some(data) = data() else { return };
    let theirs = documented(&data, "web-socket-streams.md", "Kline/Candlestick Streams for UTC");
    let venue = Folder::of("ETHUSDT", 0..10).serve().await;
    let plain = venue.connect("/ws/ethusdt@kline_1m").await.read().await.unwrap();
    assert_same_shape(&plain, &theirs, "kline");
    venue.stop().await;
    let venue = Folder::of("ETHUSDT", 0..10).serve().await;
    let wrapped = venue.connect("/stream?streams=ethusdt@kline_1m").await.read().await.unwrap();
    assert_eq!(keys(&wrapped), BTreeSet::from(["stream", "data"]));
    assert_eq!(wrapped["stream"], "ethusdt@kline_1m");
    assert_eq!(wrapped["data"], plain);
    let answer = documented(&data, "web-socket-streams.md", "Unsubscribe to a stream");
    assert!(answer.get("method").is_some(), "the request comes first");
    venue.stop().await;
}
