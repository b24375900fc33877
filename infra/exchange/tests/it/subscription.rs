//! Streams: what may be subscribed, how, and for how long.

use std::time::Duration;

use domain::instrument::InstrumentId;
use domain::timeframe::Timeframe;
use exchange::binance::error::VenueError;
use exchange::binance::message::{Disconnect, StreamMessage};
use exchange::binance::signed::verdict::Market;
use exchange::binance::stream::{StreamClient, StreamOptions};
use exchange::binance::usdm::fact::{Fact, FactKind, Route};
use futures_util::StreamExt;
use tokio::sync::mpsc::{self, Receiver};
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::handshake::server::{Request, Response};

use crate::stream_venue::{btc, kline, listen, next, options, raw_venue, reason, say, stay, venue};

/// So many streams, of instruments that nobody knows.
fn many(count: usize) -> Vec<(InstrumentId, Timeframe)> {
    let named = (0..count).map(|n| format!("A{n}/USDT").parse().unwrap());
    named.map(|id| (id, Timeframe::H1)).collect()
}

#[tokio::test]
async fn many_streams_are_subscribed_in_portions() {
    let (told, mut heard) = mpsc::channel(9);
    let url = raw_venue(move |_, socket| {
        let told = told.clone();
        async move {
            let mut target = String::new();
            #[expect(clippy::result_large_err, reason = "the library's signature")]
            let look = |request: &Request, response: Response| {
                target = request.uri().to_string();
                Ok(response)
            };
            let Ok(mut socket) = tokio_tungstenite::accept_hdr_async(socket, look).await else {
                return;
            };
            let _ = told.send(target).await;
            for n in 1..=2 {
                if let Some(Ok(Message::Text(request))) = socket.next().await {
                    let _ = told.send(request.to_string()).await;
                }
                say(&mut socket, format!(r#"{{"result":null,"id":{n}}}"#)).await;
            }
            stay(socket).await;
        }
    })
    .await;
    let spawned = StreamClient::spawn(&url, Market::Spot, many(400), options());
    let (_handle, mut messages) = spawned.unwrap();
    assert_eq!(next(&mut messages).await, StreamMessage::Connected);
    let target = heard.recv().await.unwrap();
    assert!(target.starts_with("/stream?streams=a0usdt@kline_1h/"), "{target}");
    let mut named = target.matches("@kline_1h").count();
    for n in 1..=2 {
        let request = heard.recv().await.unwrap();
        assert!(request.len() < 4_096, "{}", request.len());
        let request: serde_json::Value = serde_json::from_str(&request).unwrap();
        assert_eq!((&request["method"], &request["id"]), (&"SUBSCRIBE".into(), &n.into()));
        named += request["params"].as_array().unwrap().len();
    }
    assert_eq!(named, 400);
}

#[tokio::test]
async fn what_futures_tell_beside_candles_comes_by_its_own_routes() {
    let (told, mut heard) = mpsc::channel(2);
    let url = raw_venue(move |_, socket| {
        let told = told.clone();
        async move {
            let mut target = String::new();
            #[expect(clippy::result_large_err, reason = "the library's signature")]
            let look = |request: &Request, response: Response| {
                target = request.uri().to_string();
                Ok(response)
            };
            let Ok(mut socket) = tokio_tungstenite::accept_hdr_async(socket, look).await else {
                return;
            };
            let _ = told.send(target).await;
            for text in [
                r#"{"stream":"btcusdt@markPrice@1s","data":{"e":"markPriceUpdate","E":5,
                    "s":"BTCUSDT","p":"7","i":"8","P":"9","r":"0.0001","T":28800000}}"#,
                r#"{"stream":"btcusdt@markPrice@1s","data":{"e":"markPriceUpdate","E":5,
                    "s":"ETHUSDT","p":"7","i":"8","P":"9","r":"0.0001","T":28800000}}"#,
                r#"{"stream":"btcusdt@markPrice@1s","data":{"e":"markPriceUpdate"}}"#,
                r#"{"stream":"ethusdt@markPrice@1s","data":{"e":"markPriceUpdate","E":5}}"#,
            ] {
                say(&mut socket, text).await;
            }
            stay(socket).await;
        }
    })
    .await;
    let btc_perpetual: InstrumentId = "BTC/USDT:USDT".parse().unwrap();
    let facts: Vec<_> = [FactKind::Mark, FactKind::Depth, FactKind::Liquidation]
        .map(|kind| (btc_perpetual, kind))
        .to_vec();
    let open = |route| StreamClient::spawn_facts(&url, route, facts.clone(), options()).unwrap();
    let (_public, _) = open(Route::Public);
    assert_eq!(heard.recv().await.unwrap(), "/public/stream?streams=btcusdt@depth@500ms");
    let (_market, mut messages) = open(Route::Market);
    let target = heard.recv().await.unwrap();
    assert_eq!(target, "/market/stream?streams=btcusdt@forceOrder/btcusdt@markPrice@1s");
    assert_eq!(next(&mut messages).await, StreamMessage::Connected);
    let StreamMessage::Fact { instrument, fact } = next(&mut messages).await else {
        panic!("no fact")
    };
    assert_eq!(instrument, btc_perpetual);
    assert!(matches!(*fact, Fact::Mark(mark) if mark.time.ms() == 5));
    // Another's name, and no number at all; what nobody asked for is passed over.
    for _ in 0..2 {
        let message = next(&mut messages).await;
        assert!(matches!(message, StreamMessage::Malformed { .. }), "{message:?}");
    }
    let spot = vec![("BTC/USDT".parse().unwrap(), FactKind::Mark)];
    let spot = StreamClient::spawn_facts(&url, Route::Market, spot, options()).map(|_| ());
    assert!(matches!(spot, Err(VenueError::NotPerpetual { .. })), "{spot:?}");
}

#[tokio::test]
async fn candles_of_futures_have_a_path_of_their_own() {
    let (told, mut heard) = mpsc::channel(1);
    let url = raw_venue(move |_, socket| {
        let told = told.clone();
        async move {
            let mut target = String::new();
            #[expect(clippy::result_large_err, reason = "the library's signature")]
            let look = |request: &Request, response: Response| {
                target = request.uri().to_string();
                Ok(response)
            };
            let Ok(mut socket) = tokio_tungstenite::accept_hdr_async(socket, look).await else {
                return;
            };
            let _ = told.send(target).await;
            say(&mut socket, kline(1, true)).await;
            stay(socket).await;
        }
    })
    .await;
    let perpetual: InstrumentId = "BTC/USDT:USDT".parse().unwrap();
    let streams = vec![(perpetual, Timeframe::M1)];
    let spawned = StreamClient::spawn(&url, Market::Usdm, streams, options());
    let (_handle, mut messages) = spawned.unwrap();
    assert_eq!(heard.recv().await.unwrap(), "/market/stream?streams=btcusdt@kline_1m");
    assert_eq!(next(&mut messages).await, StreamMessage::Connected);
    let StreamMessage::Candle { instrument, .. } = next(&mut messages).await else {
        panic!("no candle")
    };
    assert_eq!(instrument, perpetual);
    let spot = StreamClient::spawn(&url, Market::Usdm, vec![btc()], options()).map(|_| ());
    assert!(matches!(spot, Err(VenueError::NotPerpetual { .. })), "{spot:?}");
}

#[tokio::test]
async fn a_refused_or_unanswered_subscription_ends_the_connection() {
    let url = venue(async |n, mut socket| {
        if n == 0 {
            say(&mut socket, r#"{"error":{"code":2,"msg":"Invalid request"},"id":1}"#).await;
        }
        stay(socket).await;
    })
    .await;
    let spawned = StreamClient::spawn(&url, Market::Spot, many(151), options());
    let (_handle, mut messages) = spawned.unwrap();
    let refused = reason(&mut messages).await;
    assert!(refused.to_string().contains("Invalid request"), "{refused}");
    let unanswered = reason(&mut messages).await;
    assert_eq!(unanswered, Disconnect::NotSubscribed { excerpt: "no answer".to_owned() });
}

#[tokio::test]
async fn what_can_not_be_streamed_is_refused_at_once() {
    let spawn =
        |url: &str, streams| StreamClient::spawn(url, Market::Spot, streams, options()).map(|_| ());
    let url = "ws://127.0.0.1:1";
    let none = spawn(url, Vec::new());
    assert_eq!(none, Err(VenueError::StreamCount { count: 0, limit: 1_024 }));
    let twice = [many(1_024), many(1_024)].concat();
    assert_eq!(spawn(url, twice), Ok(()));
    let too_many = spawn(url, many(1_025));
    assert_eq!(too_many, Err(VenueError::StreamCount { count: 1_025, limit: 1_024 }));
    let perpetual = vec![("BTC/USDT:USDT".parse().unwrap(), Timeframe::M1)];
    assert!(matches!(spawn(url, perpetual), Err(VenueError::NotSpot { .. })));
    let bad = spawn("https://127.0.0.1", vec![btc()]);
    assert!(matches!(bad, Err(VenueError::BadUrl { .. })));
}

#[tokio::test]
async fn it_ends_with_its_handle_or_its_receiver() {
    let (told, mut heard) = mpsc::channel(1);
    let url = venue(move |_, socket| {
        let told = told.clone();
        async move {
            stay(socket).await;
            let _ = told.send(()).await;
        }
    })
    .await;
    let ended = async |heard: &mut Receiver<()>| {
        timeout(Duration::from_secs(10), heard.recv()).await.expect("the venue sees the end");
    };
    let (handle, mut messages) = listen(&url, options());
    assert_eq!(next(&mut messages).await, StreamMessage::Connected);
    drop(handle);
    ended(&mut heard).await;
    assert_eq!(messages.recv().await, None);

    let watchful = StreamOptions { silent_after_ms: 20, give_up_after_ms: 40, ..options() };
    let (_handle, mut messages) = listen(&url, watchful);
    assert_eq!(next(&mut messages).await, StreamMessage::Connected);
    drop(messages);
    ended(&mut heard).await;
}
