//! Candle files, a served simulator, and its two kinds of client.

use std::fmt::Write;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use domain::candle::Candle;
use domain::money::Price;
use domain::time::{MINUTE_MS, UtcMs};
use domain::timeframe::Timeframe;
use futures_util::{SinkExt, StreamExt};
use reqwest::StatusCode;
use reqwest::header::HeaderMap;
use serde_json::Value;
use simulator::options::{Options, Source};
use simulator::server::{Simulator, serve};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

/// 2021-04-02 00:00 UTC
pub(crate) const START: i64 = 1_617_321_600_000;

/// No answer on loopback takes that long.
const PATIENCE: Duration = Duration::from_secs(60);

/// The one-minute candle of `pair` that opens so many minutes after [`START`].
pub(crate) fn minute(pair: &str, n: i64) -> Candle {
    let base = pair.bytes().map(i64::from).sum::<i64>() * 10;
    let wave = |n: i64| base + (n * 7919 % 211) + n % 1440;
    let [open, close] = [wave(n), wave(n + 1)];
    let ohlc = [open, open.max(close) + n % 13, open.min(close) - n % 11, close];
    let ohlc = ohlc.map(|cents| Price::from_raw(cents * Price::SCALE / 100));
    let open_time = UtcMs::new(START + n * MINUTE_MS);
    Candle::new(Timeframe::M1, open_time, ohlc, ((n * 31) % 1000) as f64 / 8.0).unwrap()
}

/// A folder of candle files, removed when it is dropped.
pub(crate) struct Folder(tempfile::TempDir);

impl Folder {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    /// With the minutes of one pair.
    pub(crate) fn of(pair: &str, minutes: impl Iterator<Item = i64>) -> Self {
        let folder = Self::new();
        folder.add(pair, minutes);
        folder
    }

    pub(crate) fn add(&self, pair: &str, minutes: impl Iterator<Item = i64>) {
        let mut text = "open_time_ms,open,high,low,close,volume\n".to_owned();
        for c in minutes.map(|n| minute(pair, n)) {
            let Candle { open_time, open, high, low, close, volume_base, .. } = c;
            writeln!(text, "{},{open},{high},{low},{close},{volume_base}", open_time.ms()).unwrap();
        }
        self.write(&format!("{pair}-1m.csv"), &text);
    }

    /// With these minutes of a pair from `start` on: open, high, low, close.
    pub(crate) fn add_minutes(&self, pair: &str, start: i64, minutes: &[[&str; 4]]) {
        let mut text = "open_time_ms,open,high,low,close,volume\n".to_owned();
        for (n, [open, high, low, close]) in minutes.iter().enumerate() {
            let at = start + n as i64 * MINUTE_MS;
            writeln!(text, "{at},{open},{high},{low},{close},1.001").unwrap();
        }
        self.write(&format!("{pair}-1m.csv"), &text);
    }

    pub(crate) fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    /// Served at full speed and without faults.
    pub(crate) fn options(&self) -> Options {
        Options::new(Source::Folder(self.path().to_owned()))
    }

    pub(crate) async fn serve(&self) -> Venue {
        Venue::of(self.options()).await
    }
}

/// A served simulator with an HTTP client.
pub(crate) struct Venue {
    pub(crate) simulator: Simulator,
    client: reqwest::Client,
}

/// What REST answered.
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Value,
}

impl Venue {
    pub(crate) async fn of(options: Options) -> Self {
        // The second test to come finds it installed.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = reqwest::Client::builder().timeout(PATIENCE).build().unwrap();
        Self { simulator: serve(options).await.unwrap(), client }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.simulator.address()
    }

    pub(crate) async fn ask(&self, path: &str) -> Reply {
        let url = format!("http://{}{path}", self.address());
        let response = self.client.get(url).send().await.unwrap();
        let (status, headers) = (response.status(), response.headers().clone());
        let text = response.text().await.unwrap();
        let body = serde_json::from_str(&text).unwrap_or(Value::String(text));
        Reply { status, headers, body }
    }

    pub(crate) async fn get(&self, path: &str) -> Value {
        let reply = self.ask(path).await;
        assert_eq!(reply.status, StatusCode::OK, "{path}: {}", reply.body);
        reply.body
    }

    pub(crate) async fn now(&self) -> i64 {
        self.get("/api/v3/time").await["serverTime"].as_i64().unwrap()
    }

    pub(crate) async fn status(&self) -> Value {
        self.get("/sim/status").await
    }

    /// Waits until the status is as wished.
    pub(crate) async fn until(&self, wished: impl Fn(&Value) -> bool) -> Value {
        let polls = async {
            loop {
                let status = self.status().await;
                if wished(&status) {
                    return status;
                }
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
        };
        tokio::time::timeout(PATIENCE, polls).await.expect("the wished state comes")
    }

    pub(crate) async fn connect(&self, path: &str) -> Socket {
        let url = format!("ws://{}{path}", self.address());
        let connected = tokio::time::timeout(PATIENCE, connect_async(url)).await;
        Socket(connected.expect("the venue answers").unwrap().0)
    }

    pub(crate) async fn stop(self) {
        let stopped = tokio::time::timeout(PATIENCE, self.simulator.stop()).await;
        stopped.expect("the venue stops").unwrap();
    }
}

/// A WebSocket client.
pub(crate) struct Socket(WebSocketStream<MaybeTlsStream<TcpStream>>);

impl Socket {
    pub(crate) async fn send(&mut self, text: &str) {
        self.0.send(Message::text(text)).await.unwrap();
    }

    /// The next frame, None once the connection has ended, with or without a word.
    pub(crate) async fn next(&mut self) -> Option<Message> {
        self.0.next().await.and_then(Result::ok)
    }

    /// The next text as JSON, None once the connection has ended.
    pub(crate) async fn read(&mut self) -> Option<Value> {
        let text = async {
            loop {
                match self.next().await? {
                    Message::Text(text) => return Some(serde_json::from_str(&text).unwrap()),
                    Message::Close(_) => return None,
                    _ => {}
                }
            }
        };
        tokio::time::timeout(PATIENCE, text).await.expect("a message comes")
    }

    /// Asks and waits for the answer, past candles that come first.
    pub(crate) async fn request(&mut self, text: &str) -> Value {
        self.send(text).await;
        loop {
            let answer = self.read().await.unwrap();
            if answer.get("data").is_none() && answer.get("e").is_none() {
                return answer;
            }
        }
    }

    pub(crate) async fn read_some(&mut self, count: usize) -> Vec<Value> {
        let mut read = Vec::with_capacity(count);
        while read.len() < count {
            read.push(self.read().await.expect("the connection is open"));
        }
        read
    }

    pub(crate) async fn ping(&mut self, payload: &'static [u8]) {
        self.0.send(Message::Ping(payload.into())).await.unwrap();
    }

    pub(crate) async fn close(mut self) {
        self.0.close(None).await.unwrap();
    }
}

/// Stream and open time of a message in combined form.
pub(crate) fn told(message: &Value) -> (String, i64) {
    let stream = message["stream"].as_str().unwrap().to_owned();
    (stream, message["data"]["k"]["t"].as_i64().unwrap())
}

/// The shared data's folder, None (said once on stderr) where it is not there.
pub(crate) fn data() -> Option<PathBuf> {
    #[expect(clippy::disallowed_methods, reason = "tests find the shared data by the environment")]
    let folder = std::env::var("SEXTANT_DATA").unwrap_or_else(|_| {
        concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data").to_owned()
    });
    let found = Some(PathBuf::from(folder)).filter(|folder| folder.is_dir());
    if found.is_none() {
        eprintln!("skipped: the real data is not here (SEXTANT_DATA)");
    }
    found
}
