//! Real answers of the venue, and the same answers damaged: each is understood or refused by name.

mod damage;
mod events;
mod vectors;
mod walk;

use std::collections::BTreeMap;
use std::path::PathBuf;

use domain::instrument::InstrumentId;
use domain::money::{Money, Price, Quantity};
use domain::time::UtcMs;
use domain::timeframe::Timeframe;
use serde_json::Value;

use super::error::VenueError;
use super::frame::{self, Frame, Subscribed, Topic, stream_name};
use super::listing::Listing;
use super::page::CandlePage;
use super::rest::read_prices;
use super::transport::read_time;

/// The folder of recorded answers, where there is one.
#[expect(clippy::disallowed_methods, reason = "the variable says where recorded data lies")]
fn folder() -> Option<PathBuf> {
    let beside = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data");
    let data = std::env::var("SEXTANT_DATA").unwrap_or_else(|_| beside.to_owned());
    let folder = PathBuf::from(data).join("fixtures");
    if !folder.is_dir() {
        println!("skipped: there are no fixtures in {}", folder.display());
        return None;
    }
    Some(folder)
}

fn load(folder: &std::path::Path, name: &str) -> Value {
    let text = std::fs::read(folder.join(name)).expect("a listed fixture is there");
    serde_json::from_slice(&text).expect("a fixture is JSON")
}

fn bytes(value: &Value) -> Vec<u8> {
    serde_json::to_vec(value).expect("JSON can be written")
}

fn ids(names: &[&str]) -> Vec<InstrumentId> {
    names.iter().map(|n| n.parse().expect("a pair")).collect()
}

const FIVE: [&str; 5] = ["BTC/USDT", "ETH/USDT", "MATIC/USDT", "SOL/USDT", "AVAX/USDT"];

/// Every example in the vendor's documentation that `section` holds, of `file`.
fn examples(folder: &std::path::Path, file: &str, section: &str) -> Vec<Value> {
    let all = load(folder, "binance_docs/spot_doc_examples.json");
    let of_section = |e: &&Value| e["file"] == file && e["section"] == section;
    let found: Vec<_> = all.as_array().expect("a list").iter().filter(of_section).collect();
    assert!(!found.is_empty(), "{section}");
    found.into_iter().map(|e| e["json"].clone()).collect()
}

#[test]
fn listings_of_2021_and_2024_are_understood() {
    let Some(folder) = folder() else { return };
    let info = load(&folder, "exchange_info/spot_mainnet_2021-04-29_five.json");
    let asked = ids(&["BTC/USDT", "MATIC/USDT", "POL/USDT"]);
    let listing = Listing::read(&bytes(&info), &asked).unwrap();
    assert_eq!(listing.unknown, asked[2..]);
    let [btc, _matic] = listing.instruments[..] else { panic!("{listing:?}") };
    assert_eq!(btc.id, asked[0]);
    assert_eq!(btc.filters.tick, "0.01".parse::<Price>().unwrap());
    assert_eq!(btc.filters.step, "0.000001".parse::<Quantity>().unwrap());
    assert_eq!(btc.filters.min_quantity, "0.000001".parse::<Quantity>().unwrap());
    assert_eq!(btc.filters.max_quantity, "9000".parse::<Quantity>().unwrap());
    assert_eq!(btc.filters.min_notional_quote, "10".parse::<Money>().unwrap());
    let [limit] = &listing.limits[..] else { panic!("{:?}", listing.limits) };
    assert_eq!((limit.window.as_str(), limit.span_ms, limit.limit), ("1m", 60_000, 1_200));
    let all = Listing::read(&bytes(&info), &ids(&FIVE)).unwrap();
    assert_eq!(all.instruments.len() + all.not_trading.len(), 5);

    let reply = load(&folder, "exchange_info/spot_ws_api_2024-06-02.json");
    let listing = Listing::read(&bytes(&reply["result"]), &ids(&["ETH/USDT"])).unwrap();
    assert_eq!(listing.instruments[0].filters.min_notional_quote, "5".parse::<Money>().unwrap());
    assert_eq!(listing.instruments[0].filters.step, "0.0001".parse::<Quantity>().unwrap());
    assert_eq!(listing.limits[0].limit, 6_000);

    let recorded = load(&folder, "nautilus/py_http_responses/http_spot_market_exchange_info.json");
    let listing = Listing::read(&bytes(&recorded), &ids(&["BTC/USDT", "ETH/USDT"])).unwrap();
    assert_eq!(listing.instruments.len(), 2);
}

#[test]
fn a_listing_without_the_filters_of_spot_is_refused_by_name() {
    let Some(folder) = folder() else { return };
    let futures = load(&folder, "exchange_info/um_mainnet_2022-05-04_five.json");
    let refused = Listing::read(&bytes(&futures), &ids(&["BTC/USDT"])).unwrap_err();
    assert!(matches!(refused, VenueError::MissingFilter { filter: "NOTIONAL", .. }), "{refused}");
    for info in examples(&folder, "rest-api.md", "Exchange information") {
        let refused = Listing::read(&bytes(&info), &ids(&["ETH/BTC"])).unwrap_err();
        assert!(matches!(refused, VenueError::MissingFilter { .. }), "{refused}");
    }
    let mut info = load(&folder, "exchange_info/spot_mainnet_2021-04-29_five.json");
    info["symbols"][0]["filters"][0]["tickSize"] = "a hundredth".into();
    let refused = Listing::read(&bytes(&info), &ids(&FIVE)).unwrap_err();
    assert!(matches!(refused, VenueError::Malformed { .. }), "{refused}");
    info["symbols"][0]["status"] = "BREAK".into();
    let listing = Listing::read(&bytes(&info), &ids(&FIVE)).unwrap();
    assert_eq!(listing.not_trading, [(ids(&FIVE)[0], "BREAK".to_owned())]);
}

#[test]
fn unknown_filters_limits_and_fields_are_ignored() {
    let Some(folder) = folder() else { return };
    let mut info = load(&folder, "exchange_info/spot_mainnet_2021-04-29_five.json");
    let filters = info["symbols"][0]["filters"].as_array_mut().unwrap();
    filters.insert(0, serde_json::json!({"filterType": "NEW", "minQty": {"deep": [1]}}));
    filters[1]["also"] = serde_json::json!([null]);
    let limits = info["rateLimits"].as_array_mut().unwrap();
    limits.insert(0, serde_json::json!({"rateLimitType": "NEW", "interval": "FORTNIGHT"}));
    limits.insert(0, serde_json::json!({}));
    let listing = Listing::read(&bytes(&info), &ids(&FIVE)).unwrap();
    assert_eq!((listing.instruments.len(), listing.limits.len()), (5, 1));
}

#[test]
fn times_and_prices_are_understood() {
    let Some(folder) = folder() else { return };
    for (name, ms) in [
        ("nautilus/py_http_responses/http_spot_market_time.json", 1_633_835_466_289),
        ("nautilus/spot/http_json/server_time_response.json", 1_499_827_319_559),
    ] {
        assert_eq!(read_time(&bytes(&load(&folder, name))), Ok(UtcMs::new(ms)));
    }
    let connector = load(&folder, "binance_connector/spot_rest/time.json");
    assert_eq!(read_time(&bytes(&connector["response"])), Ok(UtcMs::new(1_499_827_319_559)));
    for time in examples(&folder, "rest-api.md", "Check server time") {
        assert_eq!(read_time(&bytes(&time)), Ok(UtcMs::new(1_499_827_319_559)));
    }
    let ticker = "nautilus/py_http_responses/http_spot_market_ticker_price.json";
    let other = "nautilus/spot/http_json/ticker_price_response.json";
    let both = Value::Array(vec![load(&folder, ticker), load(&folder, other)]);
    let asked = ids(&["LTC/BTC", "BTC/USDT"]);
    let prices = read_prices(&bytes(&both), &asked).unwrap();
    assert_eq!(prices[0], (asked[0], "4.000002".parse().unwrap()));
    assert_eq!(prices[1], (asked[1], "60740".parse().unwrap()));
    let untraded = br#"[{"symbol":"LTCBTC","price":"0.00000000"}]"#;
    assert_eq!(read_prices(untraded, &asked[..1]), Ok(Vec::new()));
    // The connector's example has no price, and neither has an instrument left out.
    let connector = load(&folder, "binance_connector/spot_rest/ticker_price.json");
    let priceless = Value::Array(vec![connector["response"].clone()]);
    for answer in [priceless, Value::Array(Vec::new()), connector] {
        let refused = read_prices(&bytes(&answer), &asked[..1]).unwrap_err();
        assert!(matches!(refused, VenueError::Malformed { .. }), "{refused}");
    }
}

#[test]
fn past_candles_are_understood() {
    let Some(folder) = folder() else { return };
    let mut pages = examples(&folder, "rest-api.md", "Kline/Candlestick data");
    pages.extend(examples(&folder, "rest-api.md", "UIKlines"));
    pages.push(load(&folder, "nautilus/py_http_responses/http_futures_market_klines.json"));
    let later = UtcMs::new(1_600_000_000_000);
    let read =
        |page: &Value| CandlePage::read(&bytes(page), Timeframe::W1, UtcMs::new(0), 1_000, later);
    for page in &pages {
        let page = read(page).unwrap();
        assert_eq!((page.candles.len(), page.refused.len()), (1, 0));
        assert_eq!(page.candles[0].close, "0.015771".parse().unwrap());
        assert_eq!(page.candles[0].volume_base, 148_976.114_278_15);
    }
    let cut = load(&folder, "binance_connector/um_rest/kline_candlestick_data.json");
    assert!(matches!(read(&cut["response"]), Err(VenueError::Malformed { .. })));
}

/// A kline event in its envelope, with the subscription that lets it through.
fn combined(event: &Value) -> (String, Subscribed) {
    let name = event["s"].as_str().expect("a symbol");
    let instrument: InstrumentId = name.parse().expect("a pair");
    let stream = stream_name(instrument, Timeframe::M1);
    let text = serde_json::json!({"stream": stream, "data": event}).to_string();
    (text, BTreeMap::from([(stream, (instrument, Topic::Candles(Timeframe::M1)))]))
}

#[test]
fn streamed_candles_are_understood() {
    let Some(folder) = folder() else { return };
    let section = "Kline/Candlestick Streams for UTC";
    let mut events = examples(&folder, "web-socket-streams.md", section);
    events.push(load(&folder, "nautilus/futures/market_data_json/kline_stream_open.json"));
    for event in &mut events {
        let (text, subscribed) = combined(event);
        assert_eq!(frame::read(&text, &subscribed), Ok(Frame::Open));
        event["k"]["x"] = true.into();
        // The vendor's example opens below its low.
        let (text, subscribed) = combined(event);
        let refused = frame::read(&text, &subscribed);
        assert!(matches!(refused, Ok(Frame::Refused { .. })), "{refused:?}");
        event["k"]["l"] = "0.0010".into();
        let (text, subscribed) = combined(event);
        let closed = frame::read(&text, &subscribed);
        assert!(matches!(closed, Ok(Frame::Closed { .. })), "{closed:?}");
    }
    let connector = load(&folder, "binance_connector/spot_ws_streams/kline.json");
    let (text, subscribed) = combined(&connector["response"]);
    let refused = frame::read(&text, &subscribed);
    assert!(matches!(refused, Err(VenueError::Malformed { .. })), "{refused:?}");
}

#[test]
fn other_streams_are_ignored() {
    let Some(folder) = folder() else { return };
    for name in ["book_ticker", "mini_ticker", "rolling_window_ticker", "ticker", "trade"] {
        let event = load(&folder, &format!("binance_connector/spot_ws_streams/{name}.json"));
        let (text, subscribed) = combined(&event["response"]);
        assert_eq!(frame::read(&text, &subscribed), Ok(Frame::Other), "{name}");
    }
    for name in ["ws_spot_ticker_book", "ws_spot_trade", "ws_spot_execution_report_new"] {
        let frame = load(&folder, &format!("nautilus/py_ws_messages/{name}.json"));
        let (_, subscribed) = combined(&serde_json::json!({"s": "BTCUSDT"}));
        let read = frame::read(&frame.to_string(), &subscribed);
        assert_eq!(read, Ok(Frame::Other), "{name}");
    }
}
