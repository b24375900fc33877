//! The way to an account: signs, sends and judges. An order leaves once, whatever comes of it.

use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};

use domain::time::UtcMs;
use reqwest::header::{CONTENT_TYPE, HeaderValue};
use serde_json::Value;
use tokio::time::{Instant, sleep};

use super::call::{Call, Method, Resend, Security};
use super::counts::OrderCounts;
use super::error::CallError;
use super::keys::Keys;
use super::params::{Params, encode};
use super::verdict::{self, Market};
use crate::binance::clock::{self, ClockReading};
use crate::binance::error::VenueError;
use crate::binance::listing::Listing;
use crate::binance::transport::{Answer, RestOptions, TIME, Transport, USDM_TIME};

/// The header that carries the key.
const KEY_HEADER: &str = "X-MBX-APIKEY";
/// The venue's code for too many orders, which says nothing about questions.
const TOO_MANY_ORDERS: &[u8] = b"-1015";

/// How patient the client is, and for how long the venue may take a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedOptions {
    /// Time limits and retries of questions.
    pub rest: RestOptions,
    /// How long after its timestamp the venue may still act on a request, at most 60,000. Short: an
    /// order that is held up on its way must not be executed later.
    pub recv_window_ms: u32,
}

impl Default for SignedOptions {
    fn default() -> Self {
        Self { rest: RestOptions::default(), recv_window_ms: 5_000 }
    }
}

/// One account on one market.
#[derive(Debug)]
pub(crate) struct Signed {
    transport: Transport,
    keys: Keys,
    market: Market,
    recv_window_ms: u32,
    counts: OrderCounts,
    /// What to add to the local clock to get the venue's.
    offset_ms: AtomicI64,
    compared: AtomicBool,
}

impl Signed {
    pub(crate) fn new(
        market: Market,
        rest_url: &str,
        keys: Keys,
        options: SignedOptions,
    ) -> Result<Self, VenueError> {
        let time = match market {
            Market::Spot => TIME,
            Market::Usdm => USDM_TIME,
        };
        Ok(Self {
            transport: Transport::new(rest_url, options.rest, time)?,
            keys,
            market,
            recv_window_ms: options.recv_window_ms.clamp(1, 60_000),
            counts: OrderCounts::default(),
            offset_ms: AtomicI64::new(0),
            compared: AtomicBool::new(false),
        })
    }

    /// Keeps to the venue's limits from now on.
    pub(crate) fn set_limits(&self, listing: &Listing) {
        if !listing.limits.is_empty() {
            self.transport.set_limits(&listing.limits);
        }
        self.counts.set_limits(&listing.order_limits, Instant::now());
    }

    /// How much of the venue's request weight is used, 0…1.
    pub(crate) fn used_weight_ratio(&self) -> f64 {
        self.transport.used_weight_ratio()
    }

    /// Compares the clocks and signs by the venue's from then on.
    pub(crate) async fn compare_clocks(&self) -> Result<ClockReading, VenueError> {
        let reading = self.transport.clock().await?;
        self.offset_ms.store(reading.offset_ms, Ordering::Relaxed);
        self.compared.store(true, Ordering::Relaxed);
        Ok(reading)
    }

    /// Parameters with the key, the time and the signature, as the WebSocket API wants them.
    pub(crate) async fn signed_message(&self) -> Result<Value, VenueError> {
        if !self.compared.load(Ordering::Relaxed) {
            self.compare_clocks().await?;
        }
        let (key, recv_window, timestamp) =
            (self.keys.api_key(), self.recv_window_ms, self.venue_now().ms());
        let params = Params::new()
            .with("apiKey", key)
            .with("recvWindow", recv_window)
            .with("timestamp", timestamp);
        let signature = self.keys.sign(&params.sorted());
        Ok(serde_json::json!({
            "apiKey": key, "recvWindow": recv_window, "timestamp": timestamp,
            "signature": signature,
        }))
    }

    /// The venue's clock, as far as the last comparison knows it.
    pub(crate) fn venue_now(&self) -> UtcMs {
        clock::local_now().plus_ms(self.offset_ms.load(Ordering::Relaxed))
    }

    /// Sends a request and reads its answer. What may be sent again is, until the deadline.
    pub(crate) async fn call<T>(
        &self,
        call: &Call,
        read: impl Fn(&[u8]) -> Result<T, VenueError>,
    ) -> Result<T, CallError> {
        match (self.market, call.params.instrument()) {
            (Market::Spot, Some(instrument)) if instrument.is_perpetual() => {
                return Err(CallError::NotSent(VenueError::NotSpot { instrument }));
            }
            (Market::Usdm, Some(instrument)) if !instrument.is_perpetual() => {
                return Err(CallError::NotSent(VenueError::NotPerpetual { instrument }));
            }
            _ => {}
        }
        let deadline = self.transport.deadline();
        if call.security == Security::Signed && !self.compared.load(Ordering::Relaxed) {
            self.compare_clocks().await.map_err(CallError::NotSent)?;
        }
        let (mut attempt, mut clock_mended) = (0, false);
        loop {
            let error = match self.once(call, deadline).await {
                Ok(body) => match read(&body) {
                    Ok(value) => return Ok(value),
                    Err(error) => unread(call, error),
                },
                Err(error) => error,
            };
            if matches!(error, CallError::Clock { .. }) {
                // One comparison for one refusal: a venue that goes on refusing is no clock's fault.
                let mended = !clock_mended && self.compare_clocks().await.is_ok();
                if !mended || call.resend == Resend::Never {
                    return Err(error);
                }
                clock_mended = true;
                tracing::warn!(path = call.path, "the clock was compared again");
                continue;
            }
            if call.resend != Resend::Freely || !error.may_pass() {
                return Err(error);
            }
            let asked_for = std::time::Duration::from_millis(error.retry_after_ms().unwrap_or(0));
            let pause = self.transport.pause(attempt).await.max(asked_for);
            attempt += 1;
            if attempt >= self.transport.tries() || Instant::now() + pause >= deadline {
                return Err(error);
            }
            tracing::warn!(path = call.path, attempt, ?pause, %error, "asking the venue again");
            sleep(pause).await;
        }
    }

    /// One request, one answer.
    async fn once(&self, call: &Call, deadline: Instant) -> Result<Vec<u8>, CallError> {
        self.counts
            .enter(call.orders, Instant::now())
            .map_err(|retry_after_ms| CallError::RateLimited { retry_after_ms })?;
        let pass = if call.resend == Resend::Freely {
            self.transport.admitted(call.weight, deadline).await
        } else {
            self.transport.admitted_at_once(call.weight)
        };
        let pass = pass.map_err(not_sent)?;
        let left = deadline.saturating_duration_since(Instant::now());
        let timeout = self.transport.timeout().min(left);
        let answer = self.transport.exchange(self.written(call), pass, timeout).await;
        let answer = answer.map_err(|error| unread(call, error))?;
        self.counts.answered(&answer.headers, Instant::now());
        if (200..300).contains(&answer.status) {
            return Ok(answer.body);
        }
        Err(self.judged(&answer))
    }

    fn judged(&self, answer: &Answer) -> CallError {
        let pause_ms = self.transport.asked_pause_ms(&answer.headers);
        let error = verdict::of_answer(self.market, answer.status, pause_ms, &answer.body);
        match error {
            CallError::RateLimited { retry_after_ms } => {
                let body = &answer.body;
                if body.windows(TOO_MANY_ORDERS.len()).any(|part| part == TOO_MANY_ORDERS) {
                    self.counts.close(retry_after_ms, Instant::now());
                } else {
                    self.transport.heed(&VenueError::RateLimited { retry_after_ms });
                }
            }
            CallError::Banned { retry_after_ms } => {
                self.transport.heed(&VenueError::Banned { retry_after_ms });
            }
            _ => {}
        }
        error
    }

    /// The request as it leaves.
    fn written(&self, call: &Call) -> reqwest::RequestBuilder {
        let mut params = call.params.clone();
        if call.security == Security::Signed {
            params = params.with("recvWindow", self.recv_window_ms);
            params = params.with("timestamp", self.venue_now().ms());
        }
        let mut text = params.encoded();
        if call.security == Security::Signed {
            let signature = self.keys.sign(&text);
            text.push_str("&signature=");
            encode(&signature, &mut text);
        }
        let mut url = self.transport.address(call.path);
        if !call.method.has_body() && !text.is_empty() {
            url.set_query(Some(&text));
        }
        let method = match call.method {
            Method::Get => reqwest::Method::GET,
            Method::Post => reqwest::Method::POST,
            Method::Put => reqwest::Method::PUT,
            Method::Delete => reqwest::Method::DELETE,
        };
        let mut request = self.transport.request(method, url);
        if call.security != Security::Public {
            let mut key = HeaderValue::from_str(self.keys.api_key())
                .expect("the key's characters were checked when it was taken");
            key.set_sensitive(true);
            request = request.header(KEY_HEADER, key);
        }
        if call.method.has_body() {
            request = request.header(CONTENT_TYPE, "application/x-www-form-urlencoded").body(text);
        }
        request
    }
}

/// What a request that never left came to.
fn not_sent(error: VenueError) -> CallError {
    match error {
        VenueError::RateLimited { retry_after_ms } => CallError::RateLimited { retry_after_ms },
        VenueError::Banned { retry_after_ms } => CallError::Banned { retry_after_ms },
        error => CallError::NotSent(error),
    }
}

/// What it means that no whole answer came, or one that makes no sense.
fn unread(call: &Call, error: VenueError) -> CallError {
    match error {
        error @ (VenueError::Unreachable { .. } | VenueError::Setup { .. }) => {
            CallError::NotSent(error)
        }
        error if call.method == Method::Get => CallError::Unanswered(error),
        error => CallError::Ambiguous { why: error.to_string() },
    }
}
