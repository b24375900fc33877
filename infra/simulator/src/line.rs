//! One connection over which an account's events go, and the one way that they go.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use actix_ws::{CloseCode, Closed, Session};
use domain::time::UtcMs;
use serde_json::{Value, json};
use tokio::sync::Notify;

use crate::faults::layer::Layer;
use crate::faults::message::{Sent, of_account};
use crate::faults::names::{FaultName, Strikes};
use crate::faults::plan::MarketName;
use crate::faults::sockets::{End, LineFacts};
use crate::queue::Queue;

/// Messages that may wait for a connection; one that reads more slowly is cut off.
const LONGEST_QUEUE: usize = 10_000;

/// A connection.
#[derive(Debug)]
pub(crate) struct Line {
    pub(crate) facts: LineFacts,
    faults: Arc<Layer>,
    state: Mutex<State>,
    bell: Notify,
}

#[derive(Debug, Default)]
struct State {
    queue: Queue,
    end: Option<End>,
    /// Its end is on its way to the other side.
    has_ended: bool,
    outlets: Vec<Arc<Tie>>,
    /// How often each message has come at the moment of the last.
    moment: UtcMs,
    repeats: BTreeMap<String, u32>,
}

/// What ties a connection to an account.
#[derive(Debug)]
struct Tie {
    account: String,
    envelope: Envelope,
    since: UtcMs,
    has_ended: AtomicBool,
}

/// How an account's events are wrapped, and what names their stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Envelope {
    /// The WebSocket API's, by the subscription's number.
    Subscription(u64),
    /// None: the connection's address names the stream by this key.
    Bare(String),
    /// With the stream's name, this key.
    Stream(String),
}

/// One account's way to one connection.
#[derive(Debug, Clone)]
pub(crate) struct Outlet {
    line: Arc<Line>,
    tie: Arc<Tie>,
}

/// The connection or its tie to the account has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Ended;

impl Envelope {
    fn around(&self, event: &Value) -> String {
        match self {
            Self::Subscription(number) => json!({ "subscriptionId": number, "event": event }),
            Self::Bare(_) => event.clone(),
            Self::Stream(key) => json!({ "stream": key, "data": event }),
        }
        .to_string()
    }
}

impl Line {
    pub(crate) fn new(facts: LineFacts, faults: Arc<Layer>) -> Arc<Self> {
        Arc::new(Self { facts, faults, state: Mutex::default(), bell: Notify::new() })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Ties an account to it at `now`.
    pub(crate) fn outlet(
        self: &Arc<Self>,
        account: &str,
        envelope: Envelope,
        now: UtcMs,
    ) -> Outlet {
        let (account, has_ended) = (account.to_owned(), AtomicBool::new(false));
        let tie = Arc::new(Tie { account, envelope, since: now, has_ended });
        self.state().outlets.push(Arc::clone(&tie));
        Outlet { line: Arc::clone(self), tie }
    }

    /// Whether nothing at all comes over it at `now`.
    pub(crate) fn is_dead(&self, now: UtcMs) -> bool {
        self.faults.has_hold(FaultName::HalfOpen, self.facts, now)
    }

    /// Takes the answer to a request, at once or for when its time comes.
    pub(crate) fn answer(&self, text: String, until: Option<UtcMs>, now: UtcMs) {
        if self.is_dead(now) {
            return;
        }
        let mut state = self.state();
        match until {
            Some(until) => state.queue.hold(text, until),
            None => state.queue.ready.push(text),
        }
        state.limit();
        self.bell.notify_one();
    }

    /// Market time goes on from `after` to `now`: what waited is made ready, and what ends, ends.
    pub(crate) fn pass(&self, after: UtcMs, now: UtcMs) {
        let mut state = self.state();
        state.queue.release(now);
        let ties = std::mem::take(&mut state.outlets);
        for tie in ties {
            let ends = self.faults.has_expired(self.facts.market, tie.since.max(after), now);
            if ends && !tie.has_ended.swap(true, Ordering::Relaxed) {
                state.queue.ready.push(tie.farewell(now));
            } else {
                state.outlets.push(tie);
            }
        }
        if let Some(end) = self.faults.end_of(self.facts, after, now) {
            state.end.get_or_insert(end);
        }
        self.bell.notify_one();
    }

    /// It breaks: nothing comes over it any more.
    pub(crate) fn cut(&self) {
        self.state().end.get_or_insert(End::Cut);
        self.bell.notify_one();
    }

    /// Whether nothing waits to be sent, nor to end.
    pub(crate) fn is_idle(&self) -> bool {
        let state = self.state();
        state.has_ended || (state.queue.ready.is_empty() && state.end.is_none())
    }

    /// Sends what there is until the connection is to end.
    pub(crate) async fn talk(&self, mut session: Session) -> Result<(), Closed> {
        loop {
            let (batch, end) = {
                let mut state = self.state();
                state.has_ended = state.end.is_some();
                (std::mem::take(&mut state.queue.ready), state.end)
            };
            for text in batch {
                session.text(text).await?;
            }
            match end {
                None => self.bell.notified().await,
                Some(End::Cut) => return Ok(()),
                Some(End::Closed) => return session.close(Some(CloseCode::Away.into())).await,
            }
        }
    }
}

impl State {
    fn limit(&mut self) {
        if self.queue.ready.len() > LONGEST_QUEUE {
            self.queue.ready.clear();
            self.end.get_or_insert(End::Cut);
        }
    }

    /// How often this has come at this moment before.
    fn repeat(&mut self, key: &str, at: UtcMs) -> u32 {
        if self.moment != at {
            self.moment = at;
            self.repeats.clear();
        }
        let repeats = self.repeats.entry(key.to_owned()).or_default();
        *repeats += 1;
        *repeats - 1
    }
}

impl Tie {
    fn farewell(&self, now: UtcMs) -> String {
        let event = match &self.envelope {
            Envelope::Subscription(_) => json!({ "e": "eventStreamTerminated", "E": now.ms() }),
            Envelope::Bare(key) | Envelope::Stream(key) => {
                json!({ "e": "listenKeyExpired", "E": now.ms(), "listenKey": key })
            }
        };
        self.envelope.around(&event)
    }
}

impl Outlet {
    /// Puts an event of the account into its envelope and takes it, as the faults leave it.
    pub(crate) fn tell(&self, event: &Value) -> Result<(), Ended> {
        self.try_send(self.tie.envelope.around(event))
    }

    /// Takes an event of the account in its envelope, as the faults leave it.
    pub(crate) fn try_send(&self, text: String) -> Result<(), Ended> {
        let line = &self.line;
        let mut state = line.state();
        if state.end.is_some() || self.tie.has_ended.load(Ordering::Relaxed) {
            return Err(Ended);
        }
        if !line.faults.has(Strikes::Messages) && !line.faults.has(Strikes::Sockets) {
            state.queue.push(Sent::at_once(text), UtcMs::default());
        } else {
            self.spoil(&mut state, text);
        }
        state.limit();
        line.bell.notify_one();
        Ok(())
    }

    fn spoil(&self, state: &mut State, text: String) {
        let whole = serde_json::from_str::<Value>(&text).unwrap_or_default();
        let event = whole.get("event").or_else(|| whole.get("data")).unwrap_or(&whole);
        let Some(mut message) = of_account(self.market(), &self.tie.account, event) else {
            return state.queue.push(Sent::at_once(text), UtcMs::default());
        };
        let repeat = state.repeat(&message.identity, message.at);
        message.identity.push_str(&format!("|{repeat}"));
        self.line.faults.tell(&message, self.line.facts, text, &mut state.queue);
    }

    fn market(&self) -> MarketName {
        self.line.facts.market
    }
}
