use domain::time::MINUTE_MS;
use domain::timeframe::Timeframe;
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;

use crate::support::{Folder, START, told};

#[tokio::test]
async fn candles_come_by_close_then_timeframe_then_instrument() {
    let folder = Folder::of("SOLUSDT", 0..60);
    folder.add("BTCUSDT", 0..60);
    let venue = folder.serve().await;
    let mut streams = Vec::new();
    for timeframe in ["1h", "5m", "1m"] {
        for symbol in ["solusdt", "btcusdt"] {
            streams.push(format!("{symbol}@kline_{timeframe}"));
        }
    }
    let mut socket = venue.connect(&format!("/stream?streams={}", streams.join("/"))).await;
    let messages = socket.read_some(2 * (60 + 12 + 1)).await;
    let mut expected = Vec::new();
    for n in 1..=60 {
        for (every, name) in [(1, "1m"), (5, "5m"), (60, "1h")] {
            for symbol in ["btcusdt", "solusdt"].into_iter().filter(|_| n % every == 0) {
                let open = START + (n - every) * MINUTE_MS;
                expected.push((format!("{symbol}@kline_{name}"), open));
            }
        }
    }
    assert_eq!(messages.iter().map(told).collect::<Vec<_>>(), expected);
    for message in &messages {
        let kline = &message["data"]["k"];
        assert_eq!(kline["x"], true);
        let timeframe: Timeframe = kline["i"].as_str().unwrap().parse().unwrap();
        let open = kline["t"].as_i64().unwrap();
        assert_eq!(kline["T"], open + timeframe.span_ms() - 1);
        assert_eq!(message["data"]["E"], open + timeframe.span_ms());
    }
    let status = venue.until(|status| status["finished"] == true).await;
    let end = START + 60 * MINUTE_MS;
    assert_eq!(status["first_open_ms"], START);
    assert_eq!(status["last_close_ms"], end);
    assert_eq!(status["now_ms"], end + 2 * MINUTE_MS);
    assert_eq!(status["streamed"], 146);
    assert_eq!(status["listeners"], 1, "the connection stays open at the end");
    assert!(socket.request(r#"{"method":"LIST_SUBSCRIPTIONS","id":9}"#).await["result"].is_array());
    venue.stop().await;
}

#[tokio::test]
async fn every_listener_hears_everything_whoever_is_slow() {
    let venue = Folder::of("BTCUSDT", 0..20_000).serve().await;
    let path = "/ws/btcusdt@kline_1m";
    let (mut fast, mut slow) = (venue.connect(path).await, venue.connect(path).await);
    // The first may have heard some before the second came; from then on both hear the same.
    let from = slow.read().await.unwrap()["k"]["t"].as_i64().unwrap();
    let last = START + 19_999 * MINUTE_MS;
    let open = |message: &Value| message["k"]["t"].as_i64().unwrap();
    let until_last = async |socket: &mut crate::support::Socket, pause: bool| {
        let mut opens = Vec::new();
        while opens.last() != Some(&last) {
            opens.push(open(&socket.read().await.unwrap()));
            if pause && opens.len() % 512 == 0 {
                tokio::time::sleep(std::time::Duration::from_millis(1)).await;
            }
        }
        opens
    };
    let (heard, late) = tokio::join!(until_last(&mut fast, false), until_last(&mut slow, true));
    let expected: Vec<_> = (0..20_000).map(|n| START + n * MINUTE_MS).collect();
    assert_eq!(heard, expected);
    assert_eq!(late, expected.into_iter().filter(|open| *open > from).collect::<Vec<_>>());
    venue.stop().await;
}

#[tokio::test]
async fn the_market_stands_until_somebody_listens() {
    let venue = Folder::of("BTCUSDT", 0..10).serve().await;
    let mut socket = venue.connect("/ws").await;
    let nobody = json!({ "result": null, "id": 1 });
    // A stream that doesn't exist moves nothing, nor does one that is left at once.
    let unknown = r#"{"method":"SUBSCRIBE","params":["dogeusdt@kline_1m"],"id":1}"#;
    assert_eq!(socket.request(unknown).await, nobody);
    assert_eq!(venue.status().await["listeners"], 0);
    assert_eq!(venue.now().await, START);
    let known = r#"{"method":"SUBSCRIBE","params":["btcusdt@kline_1m"],"id":"two"}"#;
    socket.send(known).await;
    let mut read = socket.read_some(11).await;
    read.retain(|message| message.get("e").is_none());
    assert_eq!(read, [json!({ "result": null, "id": "two" })]);
    assert_eq!(venue.until(|status| status["finished"] == true).await["streamed"], 10);
    venue.stop().await;
}

#[tokio::test]
async fn subscriptions_are_kept_per_connection() {
    let venue = Folder::of("BTCUSDT", 0..10).serve().await;
    let mut socket = venue.connect("/stream").await;
    let list = r#"{"method":"LIST_SUBSCRIPTIONS","id":3}"#;
    assert_eq!(socket.request(list).await, json!({ "result": [], "id": 3 }));
    let two = r#"{"method":"SUBSCRIBE","params":["a@kline_1m","b@trade","a@kline_1m"],"id":4}"#;
    assert_eq!(socket.request(two).await, json!({ "result": null, "id": 4 }));
    assert_eq!(socket.request(list).await["result"], json!(["a@kline_1m", "b@trade"]));
    let one = r#"{"method":"UNSUBSCRIBE","params":["a@kline_1m","c@trade"],"id":5}"#;
    assert_eq!(socket.request(one).await, json!({ "result": null, "id": 5 }));
    assert_eq!(socket.request(list).await["result"], json!(["b@trade"]));
    for (request, code) in [
        ("{", 3),
        ("[]", 2),
        (r#"{"id":1}"#, 2),
        (r#"{"method":"SHOUT","id":1}"#, 2),
        (r#"{"method":"SUBSCRIBE","id":1}"#, 2),
        (r#"{"method":"SUBSCRIBE","params":[7],"id":1}"#, 2),
        (r#"{"method":"SUBSCRIBE","params":["nonsense"],"id":1}"#, 2),
        (r#"{"method":"SUBSCRIBE","params":[],"id":-1}"#, 2),
    ] {
        let answer = socket.request(request).await;
        assert_eq!(answer["error"]["code"], code, "{request}: {answer}");
        assert!(answer["error"]["msg"].is_string(), "{request}");
    }
    let names: Vec<_> = (0..1024).map(|n| format!("s{n}@trade")).collect();
    let many = json!({ "method": "SUBSCRIBE", "params": names, "id": 6 }).to_string();
    assert_eq!(socket.request(&many).await["error"]["code"], 4);
    socket.close().await;
    venue.until(|status| status["listeners"] == 0).await;
    venue.stop().await;
}

#[tokio::test]
async fn leaving_a_stream_ends_it() {
    let venue = Folder::of("BTCUSDT", 0..100_000).serve().await;
    let mut socket = venue.connect("/ws/btcusdt@kline_1m").await;
    socket.read_some(10).await;
    let leave = r#"{"method":"UNSUBSCRIBE","params":["btcusdt@kline_1m"],"id":1}"#;
    socket.request(leave).await;
    let status = venue.status().await;
    assert_eq!((&status["listeners"], &status["finished"]), (&json!(0), &json!(false)));
    let now = venue.now().await;
    socket.send(r#"{"method":"SUBSCRIBE","params":["btcusdt@kline_1m"],"id":2}"#).await;
    // A message that was on its way when the stream was left may come first.
    let next = loop {
        let message = socket.read().await.unwrap();
        if message["k"]["t"].as_i64().is_some_and(|open| open >= now) {
            break message;
        }
    };
    assert_eq!(next["k"]["t"], now, "nothing was told meanwhile");
    venue.stop().await;
}

#[tokio::test]
async fn pings_are_answered() {
    let venue = Folder::of("BTCUSDT", 0..10).serve().await;
    let mut socket = venue.connect("/ws").await;
    socket.ping(b"hello").await;
    assert_eq!(socket.next().await, Some(Message::Pong(b"hello".to_vec().into())));
    venue.stop().await;
}
