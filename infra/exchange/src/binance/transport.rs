//! How questions get to the venue and answers back: limits, time limits, retries.

use std::time::Duration;

use domain::time::UtcMs;
use reqwest::header::HeaderMap;
use reqwest::{Client, RequestBuilder, Response, Url, redirect, retry};
use tokio::sync::Mutex;
use tokio::time::{Instant, sleep};

use super::backoff::Backoff;
use super::clock::{self, ClockReading};
use super::error::{VenueError, excerpt, retry_after_ms};
use super::weight::{Entry, Gate, Pass, WeightLimit};
use super::wire::ServerTime;
use super::{page, tls, url};

/// The longest answer that is read; five hundred instruments take about two megabytes.
const MAX_BODY_BYTES: usize = 16 << 20;
/// How much of a refusal is read.
const MAX_REFUSAL_BYTES: usize = 4 << 10;
/// The pauses between two looks at the venue's clock while its window is full.
const FIRST_LOOK: Duration = Duration::from_millis(20);
const LAST_LOOK: Duration = Duration::from_secs(5);

/// How patient the client is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RestOptions {
    /// How long one request may take.
    pub timeout_ms: u64,
    /// How long one call may take, with its retries and the waiting for the venue's limits.
    pub deadline_ms: u64,
    /// How often one call is tried at the most.
    pub tries: u32,
    /// How far past candles trail the venue's clock: one that closed less than this ago may not be
    /// final. A venue that never trails (a replay) needs none.
    pub settle_ms: u64,
    /// The pause after the first failure; it doubles with each further one.
    pub backoff_base_ms: u64,
    /// The longest pause.
    pub backoff_max_ms: u64,
    /// Seeds the jitter of the pauses.
    pub seed: u64,
    /// How many times faster than the clock the venue's time runs, above nought: what it asks us to
    /// wait is in its time. One at every real venue.
    pub pace: u64,
}

impl Default for RestOptions {
    fn default() -> Self {
        Self {
            // The venue itself gives up after ten seconds.
            timeout_ms: 12_000,
            // A full window of the venue's limits and some retries.
            deadline_ms: 90_000,
            tries: u32::MAX,
            settle_ms: 1_500,
            backoff_base_ms: 250,
            backoff_max_ms: 15_000,
            seed: 0,
            pace: 1,
        }
    }
}

/// One question.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Request<'a> {
    pub(crate) path: &'static str,
    pub(crate) query: &'a [(&'static str, String)],
    /// What the venue's documentation says that it weighs; its headers have the last word.
    pub(crate) weight: u32,
}

/// The clock of spot.
pub(crate) const TIME: Request<'static> = Request { path: "api/v3/time", query: &[], weight: 1 };

/// The clock of USD-M futures.
pub(crate) const USDM_TIME: Request<'static> =
    Request { path: "fapi/v1/time", query: &[], weight: 1 };

/// One answer, whatever its status.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

/// The way to one venue, shared by everyone who asks there.
#[derive(Debug)]
pub(crate) struct Transport {
    http: Client,
    base: Url,
    options: RestOptions,
    /// The venue's clock.
    time: Request<'static>,
    gate: Gate,
    /// Whoever waits for the next window asks the venue's time for all.
    waiting: Mutex<()>,
    backoff: Mutex<Backoff>,
}

impl Transport {
    pub(crate) fn new(
        rest_url: &str,
        options: RestOptions,
        time: Request<'static>,
    ) -> Result<Self, VenueError> {
        let base = url::base(rest_url, &["http", "https"], "http(s)")?;
        let http = Client::builder()
            .tls_backend_preconfigured(tls::client_config()?)
            .user_agent(concat!("sextant/", env!("CARGO_PKG_VERSION")))
            .redirect(redirect::Policy::none())
            // Whoever asks decides whether to ask again; an order never is.
            .retry(retry::never())
            // Streams can't use one either, and what is not configured must not steer requests.
            .no_proxy()
            .tcp_nodelay(true)
            .build()
            .map_err(|e| VenueError::Setup { detail: chain(&e) })?;
        let backoff = Backoff::new(options.backoff_base_ms, options.backoff_max_ms, options.seed);
        Ok(Self {
            http,
            base,
            options,
            time,
            gate: Gate::default(),
            waiting: Mutex::new(()),
            backoff: Mutex::new(backoff),
        })
    }

    /// Keeps to the venue's limits from now on.
    pub(crate) fn set_limits(&self, limits: &[WeightLimit]) {
        self.gate.set_limits(limits);
    }

    /// How much of the venue's request weight is used, 0…1.
    pub(crate) fn used_weight_ratio(&self) -> f64 {
        self.gate.used_ratio()
    }

    /// When a call that begins now must have ended.
    pub(crate) fn deadline(&self) -> Instant {
        Instant::now() + Duration::from_millis(self.options.deadline_ms)
    }

    /// Asks until there is an answer, a failure that no retry mends, or no time left.
    pub(crate) async fn ask<T>(
        &self,
        request: &Request<'_>,
        deadline: Instant,
        read: impl Fn(&[u8]) -> Result<T, VenueError>,
    ) -> Result<T, VenueError> {
        let mut attempt = 0;
        let mut before = None;
        loop {
            let error = match self.once(request, deadline).await.and_then(|body| read(&body)) {
                Ok(value) => return Ok(value),
                Err(error) if !error.is_retryable() => return Err(error),
                // Only time helps against a ban, and more time than a caller has.
                Err(error @ VenueError::Banned { .. }) => return Err(error),
                // The deadline cut this try short, so the one before says more.
                Err(error @ VenueError::Timeout { .. }) if Instant::now() >= deadline => {
                    return Err(before.unwrap_or(error));
                }
                Err(error) => error,
            };
            let backoff = self.pause(attempt).await;
            let asked_for = error.retry_after_ms().map(Duration::from_millis);
            let pause = backoff.max(asked_for.unwrap_or_default());
            attempt += 1;
            if attempt >= self.options.tries || Instant::now() + pause >= deadline {
                return Err(error);
            }
            tracing::warn!(path = request.path, attempt, ?pause, %error, "asking the venue again");
            sleep(pause).await;
            before = Some(error);
        }
    }

    async fn once(&self, request: &Request<'_>, deadline: Instant) -> Result<Vec<u8>, VenueError> {
        let pass = self.admitted(request.weight, deadline).await?;
        self.send(request, pass, deadline).await
    }

    /// Waits until the venue's limits leave room for `weight`.
    pub(crate) async fn admitted(
        &self,
        weight: u32,
        deadline: Instant,
    ) -> Result<Pass<'_>, VenueError> {
        if let Entry::Open(pass) = self.gate.enter(weight)? {
            return Ok(pass);
        }
        let _alone = self.waiting.lock().await;
        let mut look = FIRST_LOOK;
        loop {
            let pause = match self.gate.enter(weight)? {
                Entry::Open(pass) => return Ok(pass),
                Entry::Closed { until } => until.saturating_duration_since(Instant::now()),
                Entry::Full { span_ms } => {
                    // The venue's clock may run at any pace, so ask for it rather than sleep a
                    // minute: the answer also carries the weight that counts now.
                    let body = self.send(&self.time, self.gate.probe(), deadline).await?;
                    let time = read_time(&body)?;
                    let left_ms = time.floor(span_ms).plus_ms(span_ms).since(time);
                    if let Entry::Open(pass) = self.gate.enter(weight)? {
                        return Ok(pass);
                    }
                    tracing::debug!(left_ms, "waiting for the venue's next window");
                    let pause = look.min(Duration::from_millis(left_ms.unsigned_abs()));
                    look = (look * 2).min(LAST_LOOK);
                    pause
                }
            };
            if Instant::now() + pause >= deadline {
                return Err(VenueError::RateLimited { retry_after_ms: pause.as_millis() as u64 });
            }
            sleep(pause).await;
        }
    }

    /// One question, one answer.
    async fn send(
        &self,
        request: &Request<'_>,
        pass: Pass<'_>,
        deadline: Instant,
    ) -> Result<Vec<u8>, VenueError> {
        let left = deadline.saturating_duration_since(Instant::now());
        let timeout = Duration::from_millis(self.options.timeout_ms).min(left);
        let asked = self.http.get(self.address(request.path)).query(request.query);
        let answer = self.exchange(asked, pass, timeout).await?;
        if (200..300).contains(&answer.status) {
            return Ok(answer.body);
        }
        let pause_ms = self.asked_pause_ms(&answer.headers);
        let error = VenueError::of_status(answer.status, pause_ms, &answer.body);
        self.gate.heed(&error);
        Err(error)
    }

    /// Where `path` is.
    pub(crate) fn address(&self, path: &str) -> Url {
        let mut url = self.base.clone();
        url.set_path(&format!("{}{path}", self.base.path()));
        url
    }

    /// One request, one answer.
    pub(crate) async fn exchange(
        &self,
        request: RequestBuilder,
        mut pass: Pass<'_>,
        timeout: Duration,
    ) -> Result<Answer, VenueError> {
        let sent = request.timeout(timeout).send().await;
        let response = sent.map_err(|e| failure(&e, timeout))?;
        pass.answered(response.headers());
        let status = response.status();
        let headers = response.headers().clone();
        let body = if status.is_success() {
            body(response, MAX_BODY_BYTES, timeout).await?
        } else {
            body(response, MAX_REFUSAL_BYTES, timeout).await.unwrap_or_default()
        };
        Ok(Answer { status: status.as_u16(), headers, body })
    }

    /// A request to be filled in.
    pub(crate) fn request(&self, method: reqwest::Method, url: Url) -> RequestBuilder {
        self.http.request(method, url)
    }

    /// Leave to send an order: only a venue that wants to be left alone can withhold it, since the
    /// stop that protects a position must not wait behind questions.
    pub(crate) fn admitted_at_once(&self, weight: u32) -> Result<Pass<'_>, VenueError> {
        self.gate.enter_at_once(weight)
    }

    /// Leaves the venue alone where its answer asked for that.
    pub(crate) fn heed(&self, error: &VenueError) {
        self.gate.heed(error);
    }

    /// How long the venue asks us to stay away, by the clock.
    pub(crate) fn asked_pause_ms(&self, headers: &HeaderMap) -> Option<u64> {
        retry_after_ms(headers).map(|ms| ms / self.options.pace.max(1))
    }

    /// How often one call is tried at the most.
    pub(crate) fn tries(&self) -> u32 {
        self.options.tries
    }

    /// How long one request may take.
    pub(crate) fn timeout(&self) -> Duration {
        Duration::from_millis(self.options.timeout_ms)
    }

    /// The pause after failure number `attempt`.
    pub(crate) async fn pause(&self, attempt: u32) -> Duration {
        self.backoff.lock().await.pause(attempt)
    }

    /// The venue's clock.
    pub(crate) async fn time(&self) -> Result<UtcMs, VenueError> {
        self.ask(&self.time, self.deadline(), read_time).await
    }

    /// How this machine's clock stands to the venue's.
    pub(crate) async fn clock(&self) -> Result<ClockReading, VenueError> {
        // The first answer may include the making of a connection, or retries.
        self.time().await?;
        let before = clock::local_now();
        let venue = self.time().await?;
        let after = clock::local_now();
        Ok(ClockReading {
            offset_ms: clock::offset_ms(before, after, venue),
            round_trip_ms: after.since(before),
        })
    }
}

/// The whole body, unless it is longer than `limit_bytes`.
async fn body(
    mut response: Response,
    limit_bytes: usize,
    timeout: Duration,
) -> Result<Vec<u8>, VenueError> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|e| failure(&e, timeout))? {
        if body.len() + chunk.len() > limit_bytes {
            return Err(VenueError::TooLarge { limit_bytes });
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

fn failure(error: &reqwest::Error, timeout: Duration) -> VenueError {
    if error.is_timeout() {
        return VenueError::Timeout { after_ms: timeout.as_millis() as u64 };
    }
    let detail = chain(error);
    if error.is_connect() {
        return VenueError::Unreachable { detail };
    }
    VenueError::BrokenOff { detail }
}

/// The causes of an HTTP failure, innermost last, without the address.
fn chain(error: &reqwest::Error) -> String {
    let causes = std::iter::successors(std::error::Error::source(error), |e| e.source());
    let text = causes.map(ToString::to_string).collect::<Vec<_>>().join(": ");
    excerpt(if text.is_empty() { "no cause given" } else { &text }.as_bytes())
}

/// Reads the venue's clock.
pub(crate) fn read_time(body: &[u8]) -> Result<UtcMs, VenueError> {
    let time: ServerTime =
        serde_json::from_slice(body).map_err(|e| VenueError::of_json("time", &e, body))?;
    page::moment("time", time.server_time)
}
