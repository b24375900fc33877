//! Closed candles as they happen, over one combined web socket that is kept alive for ever.

use std::sync::Arc;
use std::time::Duration;

use domain::instrument::InstrumentId;
use domain::timeframe::Timeframe;
use futures_util::{SinkExt, StreamExt};
use reqwest::Url;
use rustls::ClientConfig;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep, timeout, timeout_at};
use tokio_tungstenite::tungstenite::{Error as SocketError, Message};

use super::backoff::Backoff;
use super::catch_up::{self, Asked};
use super::error::{VenueError, excerpt};
use super::frame::{self, Frame, Subscribed, Topic};
use super::handle::StreamHandle;
use super::message::{Disconnect, StreamMessage};
use super::signed::verdict::Market;
use super::socket::{self, Socket};
use super::usdm::fact::{FactKind, Route};
use super::{tls, url};

/// The host that streams spot's market data to anyone, without a key.
pub const DEFAULT_STREAM_URL: &str = "wss://data-stream.binance.vision";
/// The same of the test network.
pub const SPOT_TESTNET_STREAM_URL: &str = "wss://stream.testnet.binance.vision";
/// The most streams that the venue puts on one connection.
pub const MAX_STREAMS: usize = 1_024;

/// Streams named in one message or address, so that neither grows beyond four kilobytes.
const CHUNK: usize = 150;
/// Between two messages to the venue, which closes connections that send more than five a second.
const MESSAGE_PAUSE: Duration = Duration::from_millis(250);

/// How patient the client is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StreamOptions {
    /// Messages that may wait for the receiver; then the socket is read no further.
    pub capacity: usize,
    /// How long a connection may take, and the answer to a subscription.
    pub connect_timeout_ms: u64,
    /// After how long without candles, open ones included, [`StreamMessage::Silent`] is sent.
    pub silent_after_ms: u64,
    /// After how long without candles the connection is given up.
    pub give_up_after_ms: u64,
    /// After how long a connection is renewed; the venue ends it after 24 hours.
    pub rotate_after_ms: u64,
    /// The pause after the first failure; it doubles with each further one. The venue allows one
    /// connection a second.
    pub backoff_base_ms: u64,
    /// The longest pause.
    pub backoff_max_ms: u64,
    /// Seeds the jitter of the pauses.
    pub seed: u64,
}

impl Default for StreamOptions {
    fn default() -> Self {
        Self {
            capacity: 4_096,
            connect_timeout_ms: 10_000,
            silent_after_ms: 30_000,
            give_up_after_ms: 90_000,
            rotate_after_ms: 23 * 3_600_000,
            backoff_base_ms: 1_000,
            backoff_max_ms: 60_000,
            seed: 0,
        }
    }
}

/// The client, as it runs in its task.
#[derive(Debug)]
pub struct StreamClient {
    address: String,
    /// `SUBSCRIBE` messages for what the address does not name.
    requests: Vec<String>,
    subscribed: Subscribed,
    tls: Arc<ClientConfig>,
    options: StreamOptions,
    backoff: Backoff,
    out: mpsc::Sender<StreamMessage>,
}

/// The receiver is gone, so there is nobody to work for.
struct Gone;

/// How a connection ended, and whether it had been of use.
struct Ended {
    reason: Disconnect,
    heard: bool,
}

impl StreamClient {
    /// Starts a task that keeps one connection to the venue's `market` at `stream_url` open and
    /// sends the closed candles of `streams`. It ends with its handle or its receiver.
    ///
    /// A full channel stops the reading of the socket: nothing is dropped, the venue has to wait.
    pub fn spawn(
        stream_url: &str,
        market: Market,
        streams: Vec<(InstrumentId, Timeframe)>,
        options: StreamOptions,
    ) -> Result<(StreamHandle, mpsc::Receiver<StreamMessage>), VenueError> {
        streams.iter().try_for_each(|(id, _)| market.symbol(*id).map(|_| ()))?;
        let topic = |(id, timeframe): (InstrumentId, Timeframe)| {
            (frame::stream_name(id, timeframe), (id, Topic::Candles(timeframe)))
        };
        let subscribed = streams.into_iter().map(topic).collect();
        Self::start(stream_url, market.paths().streams, subscribed, options)
    }

    /// The same for what streams of futures tell beside candles; all of one route.
    pub fn spawn_facts(
        stream_url: &str,
        route: Route,
        facts: Vec<(InstrumentId, FactKind)>,
        options: StreamOptions,
    ) -> Result<(StreamHandle, mpsc::Receiver<StreamMessage>), VenueError> {
        facts.iter().try_for_each(|(id, _)| Market::Usdm.symbol(*id).map(|_| ()))?;
        let of_route = facts.into_iter().filter(|(_, kind)| kind.route() == route);
        let topic =
            |(id, kind): (InstrumentId, FactKind)| (kind.stream_name(id), (id, Topic::Fact(kind)));
        Self::start(stream_url, route.path(), of_route.map(topic).collect(), options)
    }

    fn start(
        stream_url: &str,
        path: &str,
        subscribed: Subscribed,
        options: StreamOptions,
    ) -> Result<(StreamHandle, mpsc::Receiver<StreamMessage>), VenueError> {
        let base = url::base(stream_url, &["ws", "wss"], "ws(s)")?;
        let (address, requests) = plan(&base, path, &subscribed)?;
        let (out, messages) = mpsc::channel(options.capacity.max(1));
        let client = Self {
            address,
            requests,
            subscribed,
            tls: Arc::new(tls::client_config()?),
            backoff: Backoff::new(options.backoff_base_ms, options.backoff_max_ms, options.seed),
            options,
            out,
        };
        let (catch_up, asked) = catch_up::channel();
        Ok((StreamHandle::new(tokio::spawn(client.run(asked)), catch_up), messages))
    }

    async fn run(mut self, mut asked: Asked) {
        let mut attempt = 0;
        loop {
            let Ok(Ended { reason, heard }) = self.connection(&mut asked).await else { return };
            if heard {
                attempt = 0;
            }
            let asked_for = match &reason {
                Disconnect::NotConnected(error) => error.retry_after_ms().unwrap_or(0),
                _ => 0,
            };
            let pause = match reason {
                Disconnect::Rotated => Duration::ZERO,
                _ => self.backoff.pause(attempt).max(Duration::from_millis(asked_for)),
            };
            attempt += 1;
            tracing::warn!(%reason, ?pause, "the stream ended and will be renewed");
            if self.tell(StreamMessage::Disconnected { reason }).await.is_err() {
                return;
            }
            if asked.wait(pause, &self.out, StreamMessage::CaughtUp).await.is_none() {
                return;
            }
        }
    }

    /// One connection, from its making to its end.
    async fn connection(&self, asked: &mut Asked) -> Result<Ended, Gone> {
        let opened = Instant::now();
        let within = Duration::from_millis(self.options.connect_timeout_ms);
        let mut socket = match socket::connect(&self.address, Arc::clone(&self.tls), within).await {
            Ok(socket) => socket,
            Err(error) => {
                let reason = Disconnect::NotConnected(error);
                return Ok(Ended { reason, heard: false });
            }
        };
        let mut heard = false;
        let reason = self.listen(&mut socket, opened, (&mut heard, asked)).await?;
        // A farewell, where somebody still listens; the socket is dropped in any case.
        let _ = timeout(MESSAGE_PAUSE, socket.close(None)).await;
        Ok(Ended { reason, heard })
    }

    /// Listens until the connection ends, and says why it did.
    async fn listen(
        &self,
        socket: &mut Socket,
        opened: Instant,
        (heard, asked): (&mut bool, &mut Asked),
    ) -> Result<Disconnect, Gone> {
        let after = |ms: u64, since: Instant| since + Duration::from_millis(ms);
        let rotate_at = after(self.options.rotate_after_ms, opened);
        for (n, request) in self.requests.iter().enumerate() {
            if n > 0 {
                sleep(MESSAGE_PAUSE).await;
            }
            if let Err(error) = socket.send(Message::text(request.as_str())).await {
                return Ok(broken(&error));
            }
        }
        let mut unanswered = self.requests.len();
        let answer_by = after(self.options.connect_timeout_ms, Instant::now());
        if unanswered == 0 {
            self.tell(StreamMessage::Connected).await?;
        }
        let mut last_heard = Instant::now();
        let mut told_silent = false;
        loop {
            if unanswered == 0
                && let Some(ping) = asked.ping()
                && let Err(error) = socket.send(ping).await
            {
                return Ok(broken(&error));
            }
            let now = Instant::now();
            let since_ms = now.duration_since(last_heard).as_millis() as u64;
            if now >= rotate_at {
                return Ok(Disconnect::Rotated);
            }
            let pong_by = asked.answer_by(self.options.connect_timeout_ms);
            if pong_by.is_some_and(|at| now >= at) {
                return Ok(Disconnect::Silent { since_ms });
            }
            if since_ms >= self.options.give_up_after_ms {
                return Ok(Disconnect::Silent { since_ms });
            }
            if since_ms >= self.options.silent_after_ms && !told_silent {
                self.tell(StreamMessage::Silent { since_ms }).await?;
                told_silent = true;
            }
            if unanswered > 0 && now >= answer_by {
                return Ok(Disconnect::NotSubscribed { excerpt: "no answer".to_owned() });
            }
            let silent_at = if told_silent {
                after(self.options.give_up_after_ms, last_heard)
            } else {
                after(self.options.silent_after_ms.min(self.options.give_up_after_ms), last_heard)
            };
            let answer_by = if unanswered > 0 { answer_by } else { rotate_at };
            let wake_at = rotate_at.min(silent_at).min(answer_by).min(pong_by.unwrap_or(rotate_at));
            let woken = tokio::select! {
                frame = timeout_at(wake_at, socket.next()) => frame,
                () = asked.next() => continue,
            };
            let text = match woken {
                Err(_) => continue,
                Ok(None) => return Ok(Disconnect::Closed { detail: "no farewell".to_owned() }),
                Ok(Some(Err(error))) => return Ok(broken(&error)),
                Ok(Some(Ok(Message::Text(text)))) => text,
                Ok(Some(Ok(Message::Close(frame)))) => {
                    return Ok(Disconnect::Closed { detail: socket::farewell(frame) });
                }
                Ok(Some(Ok(Message::Binary(bytes)))) => {
                    self.tell(StreamMessage::Malformed { excerpt: excerpt(&bytes) }).await?;
                    continue;
                }
                // The library has put the answer to a ping in line; it goes out with this read.
                Ok(Some(Ok(other))) => {
                    if asked.is_answered_by(&other) {
                        self.tell(StreamMessage::CaughtUp).await?;
                    }
                    continue;
                }
            };
            match frame::read(&text, &self.subscribed) {
                Ok(Frame::Open) => {}
                Ok(Frame::Closed { instrument, candle, time_exchange }) => {
                    let message = StreamMessage::Candle { instrument, candle, time_exchange };
                    self.tell(message).await?;
                }
                Ok(Frame::Fact { instrument, fact }) => {
                    self.tell(StreamMessage::Fact { instrument, fact }).await?;
                }
                Ok(Frame::Refused { instrument, timeframe, error }) => {
                    self.tell(StreamMessage::Refused { instrument, timeframe, error }).await?;
                }
                Ok(Frame::Acknowledged) => {
                    if unanswered == 1 {
                        self.tell(StreamMessage::Connected).await?;
                    }
                    unanswered = unanswered.saturating_sub(1);
                    continue;
                }
                Ok(Frame::Denied) => {
                    return Ok(Disconnect::NotSubscribed { excerpt: excerpt(text.as_bytes()) });
                }
                Ok(Frame::Shutdown) => return Ok(Disconnect::Shutdown),
                Ok(Frame::Other) => continue,
                Err(_) => {
                    let excerpt = excerpt(text.as_bytes());
                    self.tell(StreamMessage::Malformed { excerpt }).await?;
                    continue;
                }
            }
            *heard = true;
            told_silent = false;
            // Read the clock only now: the time that a slow receiver took is no silence.
            last_heard = Instant::now();
        }
    }

    async fn tell(&self, message: StreamMessage) -> Result<(), Gone> {
        self.out.send(message).await.map_err(|_| Gone)
    }
}

/// The address, which names the first streams, and the messages that subscribe to the rest.
fn plan(
    base: &Url,
    path: &str,
    subscribed: &Subscribed,
) -> Result<(String, Vec<String>), VenueError> {
    if subscribed.is_empty() || subscribed.len() > MAX_STREAMS {
        return Err(VenueError::StreamCount { count: subscribed.len(), limit: MAX_STREAMS });
    }
    let names: Vec<&str> = subscribed.keys().map(String::as_str).collect();
    let (first, rest) = names.split_at(names.len().min(CHUNK));
    let address = format!("{base}{path}{}", first.join("/"));
    let requests = rest.chunks(CHUNK).enumerate().map(|(n, names)| {
        format!(r#"{{"method":"SUBSCRIBE","params":["{}"],"id":{}}}"#, names.join("\",\""), n + 1)
    });
    Ok((address, requests.collect()))
}

fn broken(error: &SocketError) -> Disconnect {
    Disconnect::Broken { detail: socket::breakage(error) }
}
