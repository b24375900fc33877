//! Streams.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use domain::instrument::InstrumentId;
use domain::time::{MINUTE_MS, UtcMs};
use domain::timeframe::Timeframe;
use exchange::binance::error::VenueError;
use exchange::binance::message::{Disconnect, StreamMessage};
use exchange::binance::stream::{StreamClient, StreamHandle, StreamOptions};
use futures_util::{SinkExt, StreamExt};
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc::{self, Receiver};
use tokio::time::timeout;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::server::{Request, Response};
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::{Message, Utf8Bytes};

type Socket = WebSocketStream<TcpStream>;

/// Impatient, so that tests are quick.
fn options() -> StreamOptions {
    StreamOptions {
        connect_timeout_ms: 500,
        silent_after_ms: 60_000,
        give_up_after_ms: 120_000,
        backoff_base_ms: 2,
        backoff_max_ms: 10,
        ..StreamOptions::default()
    }
}

/// A venue that hands the nth connection (from nought) to `script` before its handshake.
async fn raw_venue<F>(script: impl Fn(usize, TcpStream) -> F + Send + Sync + 'static) -> String
where
    F: Future<Output = ()> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("ws://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        let mut n = 0;
        while let Ok((socket, _)) = listener.accept().await {
            tokio::spawn(script(n, socket));
            n += 1;
        }
    });
    url
}

/// A venue that hands the nth connection to `script`.
async fn venue<F>(script: impl Fn(usize, Socket) -> F + Send + Sync + 'static) -> String
where
    F: Future<Output = ()> + Send + 'static,
{
    let script = Arc::new(script);
    raw_venue(move |n, socket| {
        let script = Arc::clone(&script);
        async move {
            if let Ok(socket) = tokio_tungstenite::accept_async(socket).await {
                script(n, socket).await;
            }
        }
    })
    .await
}

fn btc() -> (InstrumentId, Timeframe) {
    ("BTC/USDT".parse().unwrap(), Timeframe::M1)
}

fn listen(url: &str, options: StreamOptions) -> (StreamHandle, Receiver<StreamMessage>) {
    StreamClient::spawn(url, vec![btc()], options).unwrap()
}

async fn next(messages: &mut Receiver<StreamMessage>) -> StreamMessage {
    let next = timeout(Duration::from_secs(10), messages.recv()).await;
    next.expect("a message in time").expect("the stream goes on")
}

async fn reason(messages: &mut Receiver<StreamMessage>) -> Disconnect {
    match next(messages).await {
        StreamMessage::Disconnected { reason } => reason,
        other => panic!("not the end: {other:?}"),
    }
}

async fn candle_opens_at(messages: &mut Receiver<StreamMessage>) -> i64 {
    match next(messages).await {
        StreamMessage::Candle { candle, .. } => candle.open_time.ms(),
        other => panic!("no candle: {other:?}"),
    }
}

/// The nth candle, as the venue sends it.
fn kline(n: i64, is_closed: bool) -> Utf8Bytes {
    let (open, close) = (n * MINUTE_MS, (n + 1) * MINUTE_MS);
    format!(
        r#"{{"stream":"btcusdt@kline_1m","data":{{"e":"kline","E":{close},"s":"BTCUSDT","k":{{
            "t":{open},"T":{},"s":"BTCUSDT","i":"1m","f":1,"L":2,"o":"2.0","c":"2.5","h":"3.0",
            "l":"1.0","v":"7.25","n":2,"x":{is_closed},"q":"1","V":"1","Q":"1","B":"0"}}}}}}"#,
        close - 1
    )
    .into()
}

async fn say(socket: &mut Socket, text: impl Into<Utf8Bytes>) {
    let _ = socket.send(Message::Text(text.into())).await;
}

async fn stay(mut socket: Socket) {
    while let Some(Ok(_)) = socket.next().await {}
}

#[tokio::test]
async fn closed_candles_come_through_as_sent_and_nothing_else_does() {
    let url = venue(async |_, mut socket| {
        say(&mut socket, kline(1, false)).await;
        say(&mut socket, kline(1, true)).await;
        say(&mut socket, r#"{"stream":"x@trade","data":{"e":"trade","p":"1"}}"#).await;
        say(&mut socket, r#"{"stream":"x","data":{"e":"added later","k":{"x":3}}}"#).await;
        say(&mut socket, kline(1, true)).await;
        say(&mut socket, kline(2, true).as_str().replace(r#""h":"3.0""#, r#""h":"0.1""#)).await;
        say(&mut socket, "<html>").await;
        let _ = socket.send(Message::binary(vec![1, 2, 3])).await;
        say(&mut socket, kline(3, true)).await;
        stay(socket).await;
    })
    .await;
    let (_handle, mut messages) = listen(&url, options());
    assert_eq!(next(&mut messages).await, StreamMessage::Connected);
    let first = next(&mut messages).await;
    let StreamMessage::Candle { instrument, candle, time_exchange } = first.clone() else {
        panic!("{first:?}")
    };
    assert_eq!((instrument, candle.timeframe), btc());
    assert_eq!(candle.open_time, UtcMs::new(MINUTE_MS));
    assert_eq!(time_exchange, candle.close_time());
    // Whether a candle came before is for its receiver to know.
    assert_eq!(next(&mut messages).await, first);
    assert!(matches!(next(&mut messages).await, StreamMessage::Refused { .. }));
    let malformed = StreamMessage::Malformed { excerpt: "<html>".to_owned() };
    assert_eq!(next(&mut messages).await, malformed);
    assert!(matches!(next(&mut messages).await, StreamMessage::Malformed { .. }));
    assert_eq!(candle_opens_at(&mut messages).await, 3 * MINUTE_MS);
}

#[tokio::test]
async fn every_end_is_named_and_followed_by_a_new_beginning() {
    let url = venue(async |n, mut socket| {
        say(&mut socket, kline(n as i64, true)).await;
        match n {
            0 => drop(socket),
            1 => {
                let frame = CloseFrame { code: 1008.into(), reason: "too many".into() };
                let _ = socket.close(Some(frame)).await;
                stay(socket).await;
            }
            2 => say(&mut socket, " ".repeat(3 << 20)).await,
            3 => {
                let raw = socket.get_mut();
                let _ = raw.write_all(b"\xff\xff\xff\xff not a frame").await;
            }
            4 => {
                say(&mut socket, r#"{"stream":"!serverShutdown","data":{"e":"serverShutdown"}}"#)
                    .await;
                stay(socket).await;
            }
            5 => {
                socket.get_mut().set_zero_linger().unwrap();
                drop(socket);
            }
            _ => stay(socket).await,
        }
    })
    .await;
    let (_handle, mut messages) = listen(&url, options());
    let mut reasons = Vec::new();
    for n in 0..=6 {
        assert_eq!(next(&mut messages).await, StreamMessage::Connected);
        // A reset may take the candle with it.
        match next(&mut messages).await {
            StreamMessage::Candle { candle, .. } => {
                assert_eq!(candle.open_time.ms(), n * MINUTE_MS);
                if n < 6 {
                    reasons.push(reason(&mut messages).await);
                }
            }
            StreamMessage::Disconnected { reason } => reasons.push(reason),
            other => panic!("{other:?}"),
        }
    }
    assert!(matches!(reasons[0], Disconnect::Broken { .. } | Disconnect::Closed { .. }));
    assert_eq!(reasons[1], Disconnect::Closed { detail: "1008 too many".to_owned() });
    assert!(matches!(&reasons[2], Disconnect::Broken { detail } if detail.contains("too long")));
    assert!(matches!(reasons[3], Disconnect::Broken { .. }), "{:?}", reasons[3]);
    assert_eq!(reasons[4], Disconnect::Shutdown);
    assert!(matches!(reasons[5], Disconnect::Broken { .. } | Disconnect::Closed { .. }));
}

#[tokio::test]
async fn a_refused_handshake_is_named() {
    let url = raw_venue(async |n, mut socket| {
        let status = [451, 429, 418, 503, 403].get(n);
        let headers = "retry-after: 0\r\ncontent-length: 0\r\n";
        let answer = match status {
            Some(status) => format!("HTTP/1.1 {status} X\r\n{headers}\r\n"),
            None if n == 5 => "220 mail.example ESMTP\r\n".to_owned(),
            None => {
                // Half open: accepted, then silence.
                return std::future::pending::<()>().await;
            }
        };
        let _ = socket.write_all(answer.as_bytes()).await;
        let _ = socket.shutdown().await;
        // Until the client has read the answer, or a reset takes it away.
        let mut rest = [0; 512];
        while let Ok(1..) = tokio::io::AsyncReadExt::read(&mut socket, &mut rest).await {}
    })
    .await;
    let (_handle, mut messages) = listen(&url, options());
    let mut errors = Vec::new();
    for _ in 0..7 {
        match reason(&mut messages).await {
            Disconnect::NotConnected(error) => errors.push(error),
            other => panic!("{other}"),
        }
    }
    assert_eq!(errors[0], VenueError::NotServed);
    assert_eq!(errors[1], VenueError::RateLimited { retry_after_ms: 0 });
    assert_eq!(errors[2], VenueError::Banned { retry_after_ms: 0 });
    assert!(matches!(errors[3], VenueError::ServerError { status: 503, .. }));
    assert!(matches!(errors[4], VenueError::Firewall { .. }));
    assert!(matches!(errors[5], VenueError::Unreachable { .. }), "{}", errors[5]);
    assert_eq!(errors[6], VenueError::Timeout { after_ms: 500 });
}

#[tokio::test]
async fn pings_are_answered_with_their_payload() {
    let (told, mut heard) = mpsc::channel(1);
    let url = venue(move |_, mut socket| {
        let told = told.clone();
        async move {
            let _ = socket.send(Message::Ping(b"1672515782136".as_slice().into())).await;
            while let Some(Ok(message)) = socket.next().await {
                if let Message::Pong(payload) = message {
                    let _ = told.send(payload.to_vec()).await;
                }
            }
        }
    })
    .await;
    let (_handle, _messages) = listen(&url, options());
    let payload = timeout(Duration::from_secs(10), heard.recv()).await.unwrap();
    assert_eq!(payload.as_deref(), Some(b"1672515782136".as_slice()));
}

#[tokio::test]
async fn a_stream_that_pings_but_says_nothing_is_left() {
    let url = venue(async |_, mut socket| {
        loop {
            let ping = Message::Ping(Vec::new().into());
            if socket.send(ping).await.is_err() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    })
    .await;
    let watchful = StreamOptions { silent_after_ms: 100, give_up_after_ms: 800, ..options() };
    let (_handle, mut messages) = listen(&url, watchful);
    assert_eq!(next(&mut messages).await, StreamMessage::Connected);
    let silent = next(&mut messages).await;
    assert!(matches!(silent, StreamMessage::Silent { since_ms: 100.. }), "{silent:?}");
    let left = reason(&mut messages).await;
    assert!(matches!(left, Disconnect::Silent { since_ms: 800.. }), "{left}");
    assert_eq!(next(&mut messages).await, StreamMessage::Connected);
}

#[tokio::test]
async fn open_candles_show_that_a_stream_lives() {
    let url = venue(async |_, mut socket| {
        for _ in 0..60 {
            say(&mut socket, kline(1, false)).await;
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        say(&mut socket, kline(1, true)).await;
        stay(socket).await;
    })
    .await;
    let watchful = StreamOptions { silent_after_ms: 1_000, give_up_after_ms: 60_000, ..options() };
    let (_handle, mut messages) = listen(&url, watchful);
    assert_eq!(next(&mut messages).await, StreamMessage::Connected);
    assert_eq!(candle_opens_at(&mut messages).await, MINUTE_MS);
}

#[tokio::test]
async fn a_connection_is_renewed_before_the_venue_ends_it() {
    let url = venue(async |n, mut socket| {
        for _ in 0..1_000 {
            say(&mut socket, kline(n as i64, false)).await;
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    })
    .await;
    let patient = StreamOptions { backoff_base_ms: 60_000, backoff_max_ms: 60_000, ..options() };
    let rotating = StreamOptions { rotate_after_ms: 50, ..patient };
    let (_handle, mut messages) = listen(&url, rotating);
    for _ in 0..3 {
        assert_eq!(next(&mut messages).await, StreamMessage::Connected);
        assert_eq!(reason(&mut messages).await, Disconnect::Rotated);
    }
}

#[tokio::test]
async fn a_slow_receiver_holds_the_venue_up_and_loses_nothing() {
    const COUNT: i64 = 40_000;
    let sent = Arc::new(std::sync::atomic::AtomicI64::new(0));
    let counter = Arc::clone(&sent);
    let url = venue(move |_, mut socket| {
        let counter = Arc::clone(&counter);
        async move {
            for n in 0..COUNT {
                say(&mut socket, kline(n, true)).await;
                counter.store(n + 1, std::sync::atomic::Ordering::Relaxed);
            }
            stay(socket).await;
        }
    })
    .await;
    let narrow = StreamOptions { capacity: 4, silent_after_ms: 500, ..options() };
    let (_handle, mut messages) = listen(&url, narrow);
    assert_eq!(next(&mut messages).await, StreamMessage::Connected);
    tokio::time::sleep(Duration::from_millis(1_200)).await;
    let held = sent.load(std::sync::atomic::Ordering::Relaxed);
    assert!(held < COUNT, "the venue was not held up");
    // The wait was the receiver's, so it is no silence either.
    for n in 0..COUNT {
        assert_eq!(candle_opens_at(&mut messages).await, n * MINUTE_MS);
    }
}

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
    let spawned = StreamClient::spawn(&url, many(400), options());
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
async fn a_refused_or_unanswered_subscription_ends_the_connection() {
    let url = venue(async |n, mut socket| {
        if n == 0 {
            say(&mut socket, r#"{"error":{"code":2,"msg":"Invalid request"},"id":1}"#).await;
        }
        stay(socket).await;
    })
    .await;
    let spawned = StreamClient::spawn(&url, many(151), options());
    let (_handle, mut messages) = spawned.unwrap();
    let refused = reason(&mut messages).await;
    assert!(refused.to_string().contains("Invalid request"), "{refused}");
    let unanswered = reason(&mut messages).await;
    assert_eq!(unanswered, Disconnect::NotSubscribed { excerpt: "no answer".to_owned() });
}

#[tokio::test]
async fn what_can_not_be_streamed_is_refused_at_once() {
    let spawn = |url: &str, streams| StreamClient::spawn(url, streams, options()).map(|_| ());
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
