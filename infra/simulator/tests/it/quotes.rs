//! Books, quotes and public trades over REST and streams.

use domain::time::{DAY_MS, UtcMs};
use exchange::binance::transport::RestOptions;
use exchange::binance::usdm::market::UsdmMarket;
use serde_json::{Value, json};
use simulator::options::{Options, Source};

use crate::rig::Rig;
use crate::support::START;
use crate::usdm::btc;

fn number(value: &Value) -> f64 {
    value.as_str().unwrap().parse().unwrap()
}

#[tokio::test]
async fn books_quotes_and_trades_are_told_by_rest_and_stream_alike() {
    let rig = Rig::of("").await;
    for (rest, streams) in
        [("/api/v3", "/stream?streams="), ("/fapi/v1", "/public/stream?streams=")]
    {
        let is_spot = rest == "/api/v3";
        let names = ["depth@100ms", "depth5", "bookTicker", "trade", "aggTrade"];
        let names: Vec<_> = names.iter().map(|name| format!("btcusdt@{name}")).collect();
        let mut socket = rig.venue.connect(&format!("{streams}{}", names.join("/"))).await;
        rig.venue.until(|status| status["listeners"] == 1).await;
        let before = rig.venue.get(&format!("{rest}/depth?symbol=BTCUSDT&limit=50")).await;
        rig.step();
        let told = socket.read_some(3 + 2 * 4).await;
        let of = |stream: &str| -> Vec<&Value> {
            let told = told.iter().filter(|m| m["stream"] == format!("btcusdt@{stream}"));
            told.map(|message| &message["data"]).collect()
        };
        let after = rig.venue.get(&format!("{rest}/depth?symbol=BTCUSDT&limit=5")).await;
        let change = of("depth@100ms")[0];
        assert_eq!(change["U"], before["lastUpdateId"].as_u64().unwrap() + 1);
        assert_eq!(change["u"], after["lastUpdateId"]);
        assert_eq!(change.get("pu").is_none(), is_spot);
        let top = of("depth5")[0];
        let bids = if is_spot { &top["bids"] } else { &top["b"] };
        assert_eq!(bids, &after["bids"]);
        let quote = of("bookTicker")[0];
        let ticker = rig.venue.get(&format!("{rest}/ticker/bookTicker?symbol=BTCUSDT")).await;
        assert_eq!((&quote["b"], &quote["A"]), (&ticker["bidPrice"], &ticker["askQty"]));
        let price = rig.venue.get(&format!("{rest}/ticker/price?symbol=BTCUSDT")).await;
        assert!(number(&ticker["bidPrice"]) < number(&price["price"]));
        assert!(number(&ticker["askPrice"]) > number(&price["price"]));
        let trades = rig.venue.get(&format!("{rest}/trades?symbol=BTCUSDT&limit=4")).await;
        let rows = trades.as_array().unwrap();
        for (row, event) in rows.iter().zip(of("trade")) {
            assert_eq!((&row["id"], &row["price"]), (&event["t"], &event["p"]));
        }
        let sum: f64 = rows.iter().map(|row| number(&row["qty"])).sum();
        assert!((sum - 1.001).abs() < 1e-9, "{sum}");
        let from = rows[0]["id"].as_u64().unwrap();
        let path = format!("{rest}/aggTrades?symbol=BTCUSDT&fromId={from}");
        let aggregates = rig.venue.get(&path).await;
        assert_eq!(aggregates.as_array().unwrap().len(), 4);
        assert_eq!(aggregates[3]["p"], of("aggTrade")[3]["p"]);
        drop(socket);
        rig.venue.until(|status| status["listeners"] == 0).await;
    }
    let unknown = rig.venue.ask("/api/v3/depth?symbol=NOPE").await;
    assert_eq!(unknown.body["code"], json!(-1121));
    rig.venue.stop().await;
}

#[tokio::test]
async fn a_change_of_a_book_is_missing() {
    let plan = json!({ "faults": [{ "name": "depth-gap", "when": { "nth": [2] } }] });
    let rig = Rig::of(&plan.to_string()).await;
    let mut socket = rig.venue.connect("/ws/btcusdt@depth").await;
    rig.venue.until(|status| status["listeners"] == 1).await;
    for _ in 0..3 {
        rig.step();
    }
    let [first, third] = &socket.read_some(2).await[..] else { panic!("two") };
    assert!(third["U"].as_u64().unwrap() > first["u"].as_u64().unwrap() + 1);
    rig.venue.stop().await;
}

#[tokio::test]
async fn the_books_are_told_to_tests_apart() {
    let rig = Rig::of("").await;
    rig.buy("a").await.body();
    let books = rig.venue.get(&format!("/sim/books?key={}", crate::trading::KEY)).await;
    assert_eq!(books["spot"]["orders"][0]["client_order_id"], "a");
    assert_eq!(books["usdm"]["balances"]["USDT"]["free"], "10000");
    assert_eq!(rig.venue.ask("/sim/books").await.status, 400);
    rig.venue.stop().await;
}

#[tokio::test]
async fn open_interest_and_ratios_go_on_with_the_market_and_repeat() {
    let rig = Rig::with("", |options| Options {
        source: Source::Generated { pairs: vec![btc()], start: UtcMs::new(START), days: 2 },
        start_at: Some(UtcMs::new(START + DAY_MS)),
        ..options
    })
    .await;
    let url = format!("http://{}", rig.venue.address());
    let client = UsdmMarket::new(&url, RestOptions::default()).unwrap();
    let interest = client.open_interest(btc()).await.unwrap();
    assert_eq!((interest.symbol.as_str(), interest.time.ms()), ("BTCUSDT", START + DAY_MS));
    assert!((10_000.0..11_000.0).contains(&interest.open_interest.to_f64()));
    let ratios = client.long_short_ratios(btc(), "5m").await.unwrap();
    // Those of a day, each for itself, and the same whoever asks.
    assert_eq!((ratios.len(), ratios[287].time.ms()), (288, START + DAY_MS));
    assert!(ratios.windows(2).any(|pair| pair[0].long_short_ratio != pair[1].long_short_ratio));
    let ask = async |path: &str| rig.venue.get(&format!("/futures/data/{path}")).await;
    let hours = ask("globalLongShortAccountRatio?symbol=BTCUSDT&period=1h&limit=2").await;
    assert_eq!(hours[1]["timestamp"], START + DAY_MS);
    assert_eq!(hours[1]["longShortRatio"], json!(format!("{:.4}", ratios[287].long_short_ratio)));
    let (long, short) = (number(&hours[1]["longAccount"]), number(&hours[1]["shortAccount"]));
    assert!((long + short - 1.0).abs() < 1e-9);
    for kind in ["topLongShortAccountRatio", "topLongShortPositionRatio"] {
        let top = ask(&format!("{kind}?symbol=BTCUSDT&period=1h&limit=2")).await;
        assert_eq!(top[1]["timestamp"], hours[1]["timestamp"]);
        assert_ne!(top[1]["longShortRatio"], hours[1]["longShortRatio"], "{kind}");
    }
    let from = START + DAY_MS / 2;
    let path = format!("openInterestHist?symbol=BTCUSDT&period=5m&startTime={from}&limit=3");
    let first = ask(&path).await;
    let at: Vec<i64> = (0..3).map(|n| first[n]["timestamp"].as_i64().unwrap()).collect();
    assert_eq!(
        (at, first.as_array().unwrap().len()),
        ((0..3).map(|n| from + n * 300_000).collect(), 3)
    );
    let worth = number(&first[0]["sumOpenInterestValue"]);
    assert!(worth > number(&first[0]["sumOpenInterest"]), "{first}");
    rig.step();
    rig.venue.simulator.advance(300_000);
    assert_ne!(client.open_interest(btc()).await.unwrap(), interest);
    let later = client.long_short_ratios(btc(), "5m").await.unwrap();
    assert_eq!(later[..288], ratios[..]);
    for (query, code) in [
        ("symbol=NOPE&period=5m", -1121),
        ("symbol=BTCUSDT", -1102),
        ("symbol=BTCUSDT&period=7m", -1130),
    ] {
        let path = format!("/futures/data/openInterestHist?{query}");
        assert_eq!(rig.venue.ask(&path).await.body["code"], code, "{query}");
    }
    rig.venue.stop().await;
}
