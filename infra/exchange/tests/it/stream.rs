//! Streams: what comes through, and what happens when one ends.

use std::sync::Arc;
use std::time::Duration;

use domain::time::{MINUTE_MS, UtcMs};
use exchange::binance::error::VenueError;
use exchange::binance::message::{Disconnect, StreamMessage};
use exchange::binance::stream::StreamOptions;
use futures_util::{SinkExt, StreamExt};
use tokio::io::AsyncWriteExt;
use tokio::sync::mpsc;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;

use crate::stream_venue::{
    btc, candle_opens_at, kline, listen, next, options, raw_venue, reason, say, stay, venue,
};

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
