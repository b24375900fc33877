use domain::aggregate::Aggregator;
use domain::candle::Candle;
use domain::time::{HOUR_MS, MINUTE_MS, UtcMs};
use domain::timeframe::Timeframe;
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::support::{Folder, START, minute, told};

fn opens(rows: &Value) -> Vec<i64> {
    let rows = rows.as_array().unwrap();
    rows.iter().map(|row| (row[0].as_i64().unwrap() - START) / MINUTE_MS).collect()
}

/// A row without its close time, to compare with a candle.
fn numbers(row: &Value) -> (i64, Vec<f64>) {
    let number = |n: usize| row[n].as_str().unwrap().parse().unwrap();
    (row[0].as_i64().unwrap(), (1..=5).map(number).collect())
}

fn numbers_of(candle: &Candle) -> (i64, Vec<f64>) {
    let prices = [candle.open, candle.high, candle.low, candle.close].map(|p| p.to_f64());
    (candle.open_time.ms(), prices.into_iter().chain([candle.volume_base]).collect())
}

#[tokio::test]
async fn what_is_wrong_is_said_in_binances_words() {
    let venue = Folder::of("BTCUSDT", 0..10).serve().await;
    for (path, code) in [
        ("/api/v3/klines?interval=1m", -1102),
        ("/api/v3/klines?symbol=BTCUSDT", -1102),
        ("/api/v3/klines?symbol=BTCUSDT&interval=7m", -1120),
        ("/api/v3/klines?symbol=NOPE&interval=1m", -1121),
        ("/api/v3/klines?symbol=btcusdt&interval=1m", -1100),
        ("/api/v3/klines?symbol=BTCUSDT&interval=1m&limit=x", -1100),
        ("/api/v3/klines?symbol=BTCUSDT&interval=1m&foo=1", -1104),
        ("/api/v3/klines?symbol=BTCUSDT&interval=1m&timeZone=8", -1130),
        ("/api/v3/exchangeInfo?symbol=NOPE", -1121),
        ("/api/v3/exchangeInfo?symbols=%5B%22BTCUSDT%22,%22NOPE%22%5D", -1121),
        ("/api/v3/exchangeInfo?symbol=BTCUSDT&symbols=%5B%22BTCUSDT%22%5D", -1128),
        ("/api/v3/ticker/price?symbol=NOPE", -1121),
        ("/api/v3/ping?x=1", -1104),
    ] {
        let reply = venue.ask(path).await;
        assert_eq!(reply.status, StatusCode::BAD_REQUEST, "{path}");
        assert_eq!(reply.body["code"], code, "{path}");
        assert!(reply.body["msg"].is_string(), "{path}");
        assert_eq!(reply.body.as_object().unwrap().len(), 2, "{path}");
    }
    let unknown = venue.ask("/api/v3/exchangeInfo?symbol=NOPE").await.body;
    assert_eq!(unknown, json!({ "code": -1121, "msg": "Invalid symbol." }));
    assert_eq!(venue.ask("/api/v3/avgPrice").await.status, StatusCode::NOT_FOUND);
    venue.stop().await;
}

#[tokio::test]
async fn history_is_served_up_to_the_present_moment() {
    let folder = Folder::of("BTCUSDT", (0..300).filter(|n| *n != 60));
    folder.add("ETHUSDT", 0..300);
    let mut options = folder.options();
    options.start_at = Some(UtcMs::new(START + 2 * HOUR_MS + 3 * MINUTE_MS));
    let venue = crate::support::Venue::of(options).await;
    let klines = async |query: &str| {
        opens(&venue.get(&format!("/api/v3/klines?symbol=BTCUSDT&{query}")).await)
    };
    assert_eq!(venue.now().await, START + 123 * MINUTE_MS);
    // The minute 60 is missing in the file; 123 has not closed.
    assert_eq!(klines("interval=1m&limit=3").await, [120, 121, 122]);
    let gap = format!("interval=1m&startTime={}&limit=3", START + 59 * MINUTE_MS);
    assert_eq!(klines(&gap).await, [59, 61, 62]);
    let past = format!("interval=1m&endTime={}&limit=2", START + 60 * MINUTE_MS + 5);
    assert_eq!(klines(&past).await, [58, 59]);
    let future = format!("interval=1m&startTime={}", START + 123 * MINUTE_MS);
    assert!(klines(&future).await.is_empty());
    let backwards = format!("interval=1m&startTime={}&endTime={START}", START + MINUTE_MS);
    assert!(klines(&backwards).await.is_empty());
    assert_eq!(klines("interval=1m").await.len(), 122);
    assert_eq!(klines("interval=1h").await, [0, 60, 120]);
    assert_eq!(klines("interval=1d").await, [0], "the open day is told so far");
    let three = venue.get("/api/v3/klines?symbol=BTCUSDT&interval=1h&limit=1").await;
    let mut hour = Aggregator::new(Timeframe::M1, Timeframe::H1).unwrap();
    for n in 120..123 {
        hour.push(&minute("BTCUSDT", n), &mut Vec::new()).unwrap();
    }
    assert_eq!(numbers(&three[0]), numbers_of(&hour.so_far().unwrap()));
    assert_eq!(three[0][6], START + 3 * HOUR_MS - 1);
    let price =
        |pair: &str| format!("{}.00000000", minute(pair, 122).close).replace(".00000000", "");
    let one = venue.get("/api/v3/ticker/price?symbol=BTCUSDT").await;
    assert!(one["price"].as_str().unwrap().starts_with(&price("BTCUSDT")), "{one}");
    let all = venue.get("/api/v3/ticker/price").await;
    let symbols: Vec<_> = all.as_array().unwrap().iter().map(|p| p["symbol"].clone()).collect();
    assert_eq!(symbols, ["BTCUSDT", "ETHUSDT"]);
    let named = venue.get("/api/v3/ticker/price?symbols=%5B%22ETHUSDT%22%5D").await;
    assert_eq!(named, json!([all[1]]));
    let info = venue.get("/api/v3/exchangeInfo?symbols=%5B%22ETHUSDT%22%5D").await;
    assert_eq!(info["symbols"].as_array().unwrap().len(), 1);
    assert_eq!(venue.get("/api/v3/exchangeInfo").await["symbols"].as_array().unwrap().len(), 2);
    venue.stop().await;
}

/// However often the market is stopped, REST tells exactly what has closed by then.
#[tokio::test]
async fn rest_and_stream_share_one_moment() {
    const MINUTES: i64 = 60 * 1440;
    let venue = Folder::of("BTCUSDT", 0..MINUTES).serve().await;
    let mut stops = vec![START];
    while stops.last().is_some_and(|now| now + 200 * MINUTE_MS <= START + MINUTES * MINUTE_MS) {
        let mut socket = venue.connect("/stream?streams=btcusdt@kline_1m/btcusdt@kline_5m").await;
        let Some(last) = socket.read_some(200).await.pop() else { panic!("messages come") };
        drop(socket);
        let status = venue.until(|status| status["listeners"] == 0).await;
        let now = status["now_ms"].as_i64().unwrap();
        assert_eq!(venue.now().await, now, "the market stands while nobody listens");
        let (_, open) = told(&last);
        assert!(open + MINUTE_MS <= now, "REST knows at least what the stream has told");
        let closed = ((now - START) / MINUTE_MS).min(MINUTES);
        let rows = venue.get("/api/v3/klines?symbol=BTCUSDT&interval=1m&limit=10").await;
        let expected: Vec<_> =
            ((closed - 10).max(0)..closed).map(|n| numbers_of(&minute("BTCUSDT", n))).collect();
        assert_eq!(rows.as_array().unwrap().iter().map(numbers).collect::<Vec<_>>(), expected);
        let five = venue.get("/api/v3/klines?symbol=BTCUSDT&interval=5m&limit=1").await;
        let mut bucket = Aggregator::new(Timeframe::M1, Timeframe::M5).unwrap();
        let (from, mut told) = ((closed - 1) / 5 * 5, Vec::new());
        for n in from..closed {
            bucket.push(&minute("BTCUSDT", n), &mut told).unwrap();
        }
        let expected = bucket.so_far().or(told.pop()).unwrap();
        assert_eq!(numbers(&five[0]), numbers_of(&expected));
        stops.push(now);
    }
    assert!(stops.len() > 3, "the market stopped at {stops:?}");
    assert!(stops.is_sorted());
    venue.stop().await;
}
