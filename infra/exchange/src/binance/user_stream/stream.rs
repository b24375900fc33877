//! An account's events over one web socket that is kept alive for ever.

use std::sync::Arc;
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use reqwest::Url;
use rustls::ClientConfig;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep_until, timeout};
use tokio_tungstenite::tungstenite::{Bytes, Error as SocketError, Message};

use super::event::{UserEvent, UserFrame, read_frame};
use super::message::{Ending, UserMessage};
use super::session::Source;
use crate::binance::backoff::Backoff;
use crate::binance::catch_up::{self, Asked};
use crate::binance::error::{VenueError, excerpt};
use crate::binance::handle::StreamHandle;
use crate::binance::signed::error::CallError;
use crate::binance::socket::{self, Socket};
use crate::binance::spot::client::SpotClient;
use crate::binance::usdm::client::UsdmClient;
use crate::binance::{tls, url};

/// The live venue's WebSocket API for spot.
pub const SPOT_LIVE_URL: &str = "wss://ws-api.binance.com:443/ws-api/v3";
/// The same of the test network.
pub const SPOT_TESTNET_URL: &str = "wss://ws-api.testnet.binance.vision/ws-api/v3";
/// The live venue's streams of futures; `/private/ws/…` is added.
pub const USDM_LIVE_URL: &str = "wss://fstream.binance.com";
/// The same of the test network.
pub const USDM_TESTNET_URL: &str = "wss://fstream.binancefuture.com";

/// The venue's code for a listen key that is no more.
const NO_SUCH_KEY: i64 = -1125;

/// How patient the client is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserStreamOptions {
    /// Events that may wait for the receiver; then the socket is read no further.
    pub capacity: usize,
    /// How long a connection may take, and the answer to a subscription.
    pub connect_timeout_ms: u64,
    /// How often the venue is asked for a sign of life: an account may have nothing to tell for days.
    pub ping_every_ms: u64,
    /// After how long without any sign the connection is given up.
    pub give_up_after_ms: u64,
    /// After how long a connection is renewed; the venue ends it after 24 hours.
    pub rotate_after_ms: u64,
    /// How often a listen key is renewed; it lives for an hour.
    pub renew_every_ms: u64,
    /// After how long without a renewal the key counts as dead.
    pub key_life_ms: u64,
    /// The pause after the first failure; it doubles with each further one.
    pub backoff_base_ms: u64,
    /// The longest pause.
    pub backoff_max_ms: u64,
    /// Seeds the jitter of the pauses.
    pub seed: u64,
}

impl Default for UserStreamOptions {
    fn default() -> Self {
        Self {
            capacity: 4_096,
            connect_timeout_ms: 10_000,
            ping_every_ms: 15_000,
            give_up_after_ms: 45_000,
            rotate_after_ms: 23 * 3_600_000,
            renew_every_ms: 25 * 60_000,
            key_life_ms: 55 * 60_000,
            backoff_base_ms: 1_000,
            backoff_max_ms: 30_000,
            seed: 0,
        }
    }
}

/// The client, as it runs in its task.
#[derive(Debug)]
pub struct UserStream {
    source: Source,
    base: Url,
    tls: Arc<ClientConfig>,
    options: UserStreamOptions,
    backoff: Backoff,
    out: mpsc::Sender<UserMessage>,
}

/// The receiver is gone, so there is nobody to work for.
struct Gone;

/// The renewal of a listen key: when next, since when the key is known to live, and the one under
/// way.
struct Renewal {
    at: Instant,
    alive_since: Instant,
    under_way: Option<JoinHandle<Result<(), CallError>>>,
}

/// What woke the loop.
enum Woken {
    Frame(Option<Result<Message, SocketError>>),
    Renewed(Result<(), CallError>),
    Time,
}

impl UserStream {
    /// Starts a task that listens to an account on spot, at the WebSocket API's address `ws_url`. It
    /// ends with its handle or its receiver.
    pub fn spot(
        client: &SpotClient,
        ws_url: &str,
        options: UserStreamOptions,
    ) -> Result<(StreamHandle, mpsc::Receiver<UserMessage>), VenueError> {
        Self::spawn(Source::Spot(client.clone()), ws_url, options)
    }

    /// The same for an account on futures, at the streams' address `stream_url`.
    pub fn usdm(
        client: &UsdmClient,
        stream_url: &str,
        options: UserStreamOptions,
    ) -> Result<(StreamHandle, mpsc::Receiver<UserMessage>), VenueError> {
        Self::spawn(Source::Usdm(client.clone()), stream_url, options)
    }

    fn spawn(
        source: Source,
        ws_url: &str,
        options: UserStreamOptions,
    ) -> Result<(StreamHandle, mpsc::Receiver<UserMessage>), VenueError> {
        let (out, messages) = mpsc::channel(options.capacity.max(1));
        let stream = Self {
            source,
            base: url::base(ws_url, &["ws", "wss"], "ws(s)")?,
            tls: Arc::new(tls::client_config()?),
            backoff: Backoff::new(options.backoff_base_ms, options.backoff_max_ms, options.seed),
            options,
            out,
        };
        let (catch_up, asked) = catch_up::channel();
        Ok((StreamHandle::new(tokio::spawn(stream.run(asked)), catch_up), messages))
    }

    async fn run(mut self, mut asked: Asked) {
        let mut attempt = 0;
        loop {
            let within = Duration::from_millis(self.options.connect_timeout_ms);
            let reason = match self.source.open(&self.base, &self.tls, within).await {
                Ok(mut socket) => {
                    attempt = 0;
                    let Ok(reason) = self.listen(&mut socket, &mut asked).await else { return };
                    // A farewell, where somebody still listens; the socket is dropped in any case.
                    let _ = timeout(Duration::from_millis(250), socket.close(None)).await;
                    reason
                }
                Err(reason) => reason,
            };
            let asked_for = match &reason {
                Ending::NotConnected(error) => error.retry_after_ms(),
                Ending::NotSubscribed(error) => error.retry_after_ms(),
                _ => None,
            };
            let pause = match reason {
                Ending::Rotated => Duration::ZERO,
                _ => {
                    let asked_for = Duration::from_millis(asked_for.unwrap_or(0));
                    self.backoff.pause(attempt).max(asked_for)
                }
            };
            attempt += 1;
            tracing::warn!(%reason, ?pause, "the account's stream ended and will be renewed");
            if self.tell(UserMessage::Disconnected { reason }).await.is_err() {
                return;
            }
            if asked.wait(pause, &self.out, UserMessage::CaughtUp).await.is_none() {
                return;
            }
        }
    }

    /// Listens until the connection ends, and says why it did.
    async fn listen(&self, socket: &mut Socket, asked: &mut Asked) -> Result<Ending, Gone> {
        let opened = Instant::now();
        let rotate_at = self.after(self.options.rotate_after_ms, opened);
        let mut renewal = Renewal {
            at: self.after(self.options.renew_every_ms, opened),
            alive_since: opened,
            under_way: None,
        };
        let mut heard = opened;
        let mut ping_at = self.after(self.options.ping_every_ms, opened);
        self.tell(UserMessage::Connected).await?;
        loop {
            let now = Instant::now();
            let since_ms = now.duration_since(heard).as_millis() as u64;
            if now >= rotate_at {
                return Ok(Ending::Rotated);
            }
            let pong_by = asked.answer_by(self.options.connect_timeout_ms);
            if since_ms >= self.options.give_up_after_ms || pong_by.is_some_and(|at| now >= at) {
                return Ok(Ending::Silent { since_ms });
            }
            if let Some(ping) = asked.ping()
                && let Err(error) = socket.send(ping).await
            {
                return Ok(broken(&error));
            }
            if now >= ping_at {
                ping_at = self.after(self.options.ping_every_ms, now);
                if let Err(error) = socket.send(Message::Ping(Bytes::new())).await {
                    return Ok(broken(&error));
                }
            }
            if now >= renewal.at && renewal.under_way.is_none() {
                renewal.under_way = self.renewed();
                renewal.at = self.after(self.options.renew_every_ms, now);
            }
            let give_up_at = self.after(self.options.give_up_after_ms, heard);
            let renew_at = if renewal.under_way.is_some() { rotate_at } else { renewal.at };
            let pong_by = asked.answer_by(self.options.connect_timeout_ms).unwrap_or(rotate_at);
            let wake_at = rotate_at.min(ping_at).min(renew_at).min(give_up_at).min(pong_by);
            let woken = tokio::select! {
                frame = socket.next() => Woken::Frame(frame),
                () = asked.next() => Woken::Time,
                done = under_way(&mut renewal.under_way) => Woken::Renewed(done),
                () = sleep_until(wake_at) => Woken::Time,
            };
            let text = match woken {
                Woken::Time => continue,
                Woken::Renewed(done) => {
                    renewal.under_way = None;
                    if let Some(ending) = self.judge_renewal(done, &mut renewal) {
                        return Ok(ending);
                    }
                    continue;
                }
                Woken::Frame(None) => {
                    return Ok(Ending::Closed { detail: "no farewell".to_owned() });
                }
                Woken::Frame(Some(Err(error))) => return Ok(broken(&error)),
                Woken::Frame(Some(Ok(Message::Close(frame)))) => {
                    return Ok(Ending::Closed { detail: socket::farewell(frame) });
                }
                Woken::Frame(Some(Ok(Message::Text(text)))) => text,
                // Pings, pongs and what else shows that somebody is there.
                Woken::Frame(Some(Ok(other))) => {
                    heard = Instant::now();
                    if asked.is_answered_by(&other) {
                        self.tell(UserMessage::CaughtUp).await?;
                    }
                    continue;
                }
            };
            match read_frame(&text) {
                Ok(UserFrame::Event(UserEvent::Ended { event })) => {
                    return Ok(Ending::Ended { event });
                }
                Ok(UserFrame::Event(event)) => self.tell(UserMessage::Event(event)).await?,
                Ok(UserFrame::Answer { .. }) => {}
                Err(error) => self.tell(UserMessage::Malformed { error }).await?,
            }
            // Read the clock only now: the time that a slow receiver took is no silence.
            heard = Instant::now();
        }
    }

    /// Begins to renew the listen key, where there is one.
    fn renewed(&self) -> Option<JoinHandle<Result<(), CallError>>> {
        match &self.source {
            Source::Spot(_) => None,
            Source::Usdm(client) => {
                let client = client.clone();
                Some(tokio::spawn(async move { client.renew_stream().await }))
            }
        }
    }

    /// What a renewal came to; the end where the key is dead.
    fn judge_renewal(&self, done: Result<(), CallError>, renewal: &mut Renewal) -> Option<Ending> {
        let now = Instant::now();
        let error = match done {
            Ok(()) => {
                renewal.alive_since = now;
                return None;
            }
            Err(error) => error,
        };
        let dead = matches!(error, CallError::Rejected { code: NO_SUCH_KEY, .. })
            || now >= self.after(self.options.key_life_ms, renewal.alive_since);
        if dead {
            return Some(Ending::NotRenewed(error));
        }
        tracing::warn!(%error, "the key of the account's stream was not renewed; trying again");
        // Soon enough for a good many tries before the key dies.
        let again_ms = self.options.renew_every_ms / 25;
        let asked_for_ms = error.retry_after_ms().unwrap_or(0);
        renewal.at = self.after(again_ms.max(asked_for_ms), now);
        None
    }

    fn after(&self, ms: u64, since: Instant) -> Instant {
        since + Duration::from_millis(ms)
    }

    async fn tell(&self, message: UserMessage) -> Result<(), Gone> {
        self.out.send(message).await.map_err(|_| Gone)
    }
}

/// Waits for the renewal that is under way; for ever where none is.
async fn under_way(
    renewal: &mut Option<JoinHandle<Result<(), CallError>>>,
) -> Result<(), CallError> {
    match renewal {
        None => std::future::pending().await,
        Some(task) => task.await.unwrap_or_else(|error| {
            Err(CallError::Ambiguous { why: excerpt(error.to_string().as_bytes()) })
        }),
    }
}

fn broken(error: &SocketError) -> Ending {
    Ending::Broken { detail: socket::breakage(error) }
}
