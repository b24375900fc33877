//! A venue on loopback that streams as a test tells it to.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use domain::instrument::InstrumentId;
use domain::time::MINUTE_MS;
use domain::timeframe::Timeframe;
use exchange::binance::handle::StreamHandle;
use exchange::binance::message::{Disconnect, StreamMessage};
use exchange::binance::signed::verdict::Market;
use exchange::binance::stream::{StreamClient, StreamOptions};
use futures_util::{SinkExt, StreamExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc::Receiver;
use tokio::time::timeout;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::{Message, Utf8Bytes};

pub(crate) type Socket = WebSocketStream<TcpStream>;

/// Impatient, so that tests are quick.
pub(crate) fn options() -> StreamOptions {
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
pub(crate) async fn raw_venue<F>(
    script: impl Fn(usize, TcpStream) -> F + Send + Sync + 'static,
) -> String
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
pub(crate) async fn venue<F>(script: impl Fn(usize, Socket) -> F + Send + Sync + 'static) -> String
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

pub(crate) fn btc() -> (InstrumentId, Timeframe) {
    ("BTC/USDT".parse().unwrap(), Timeframe::M1)
}

pub(crate) fn listen(url: &str, options: StreamOptions) -> (StreamHandle, Receiver<StreamMessage>) {
    StreamClient::spawn(url, Market::Spot, vec![btc()], options).unwrap()
}

pub(crate) async fn next(messages: &mut Receiver<StreamMessage>) -> StreamMessage {
    let next = timeout(Duration::from_secs(10), messages.recv()).await;
    next.expect("a message in time").expect("the stream goes on")
}

pub(crate) async fn reason(messages: &mut Receiver<StreamMessage>) -> Disconnect {
    match next(messages).await {
        StreamMessage::Disconnected { reason } => reason,
        other => panic!("not the end: {other:?}"),
    }
}

pub(crate) async fn candle_opens_at(messages: &mut Receiver<StreamMessage>) -> i64 {
    match next(messages).await {
        StreamMessage::Candle { candle, .. } => candle.open_time.ms(),
        other => panic!("no candle: {other:?}"),
    }
}

/// The nth candle, as the venue sends it.
pub(crate) fn kline(n: i64, is_closed: bool) -> Utf8Bytes {
    let (open, close) = (n * MINUTE_MS, (n + 1) * MINUTE_MS);
    format!(
        r#"{{"stream":"btcusdt@kline_1m","data":{{"e":"kline","E":{close},"s":"BTCUSDT","k":{{
            "t":{open},"T":{},"s":"BTCUSDT","i":"1m","f":1,"L":2,"o":"2.0","c":"2.5","h":"3.0",
            "l":"1.0","v":"7.25","n":2,"x":{is_closed},"q":"1","V":"1","Q":"1","B":"0"}}}}}}"#,
        close - 1
    )
    .into()
}

pub(crate) async fn say(socket: &mut Socket, text: impl Into<Utf8Bytes>) {
    let _ = socket.send(Message::Text(text.into())).await;
}

pub(crate) async fn stay(mut socket: Socket) {
    while let Some(Ok(_)) = socket.next().await {}
}
