//! The market walks along its candles and tells whoever listens. No clock and no socket here:
//! wall time is passed in, connections take their messages away.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use domain::time::{DAY_MS, MINUTE_MS, UtcMs};
use tokio::sync::Notify;

use crate::faults::layer::Layer;
use crate::faults::noise::stream_key;
use crate::faults::plan::MarketName;
use crate::faults::sockets::{LineFacts, LineKind};
use crate::history::History;
use crate::listener::{Listener, MOST_STREAMS};
use crate::options::{Faults, Funding, Speed};
use crate::pace::Pace;
use crate::quotes::{self, Feed};
use crate::usdm::market::Shape;

/// After the last candle the market goes on for so long and stays.
const TAIL_MS: i64 = 2 * MINUTE_MS;
/// A market at a factor of real time doesn't wait through longer gaps.
const LONGEST_WAIT_MS: i64 = 2 * DAY_MS;
/// Moments passed before other tasks get their turn.
const MOMENTS_PER_TURN: usize = 4096;
/// A listener that lags by so many messages while the market waits for nobody is cut off.
const LONGEST_QUEUE: usize = 50_000;

mod cut;
mod send;

pub(crate) type ListenerId = u64;

/// What a connection does next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Next {
    /// Send the messages it was given.
    Send,
    /// End without a word.
    Cut,
    /// End with a closing frame.
    Close,
    /// Wait for the bell.
    Wait,
    /// Let others run, then ask again.
    Yield,
}

/// Counted since the start, per message and listener.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Counters {
    /// Handed to connections, doubles included.
    pub(crate) streamed: u64,
    pub(crate) dropped: u64,
    pub(crate) duplicated: u64,
    /// Connections that the simulator ended.
    pub(crate) disconnects: u64,
}

#[derive(Debug)]
pub(crate) struct Replay {
    history: Arc<History>,
    cursors: Vec<Cursor>,
    /// Close of the last moment that was told.
    now: UtcMs,
    /// Close of the next, None after the last.
    next_close: Option<UtcMs>,
    pace: Pace,
    faults: Faults,
    layer: Arc<Layer>,
    seed: u64,
    funding: Funding,
    listeners: BTreeMap<ListenerId, Listener>,
    last_id: ListenerId,
    counters: Counters,
    scratch: Vec<u8>,
}

/// Where the market stands in a series.
#[derive(Debug)]
struct Cursor {
    next: usize,
    /// Close of the next candle, the end of time after the last.
    close: UtcMs,
    /// For the draw of faults.
    key: u64,
    /// Who listens, and to what is told by its candles.
    subscribers: Vec<(ListenerId, Shape)>,
    /// Who is told of quotes and trades, under which stream's name.
    feeds: Vec<(ListenerId, Feed, String)>,
}

const NEVER: UtcMs = UtcMs::new(i64::MAX);

impl Replay {
    /// Stands at `start`: what closed until then has been told.
    pub(crate) fn new(
        history: Arc<History>,
        start: UtcMs,
        speed: Speed,
        (faults, layer): (Faults, Arc<Layer>),
        seed: u64,
        funding: Funding,
    ) -> Self {
        let cursors = history.series.iter().map(|series| {
            let next = series.candles.partition_point(|c| c.close_time() <= start);
            let close = series.candles.get(next).map_or(NEVER, |c| c.close_time());
            Cursor {
                next,
                close,
                key: stream_key(&series.stream),
                subscribers: Vec::new(),
                feeds: Vec::new(),
            }
        });
        let mut replay = Self {
            cursors: cursors.collect(),
            history,
            now: start,
            next_close: None,
            pace: Pace::new(speed, start),
            faults,
            layer,
            seed,
            funding,
            listeners: BTreeMap::new(),
            last_id: 0,
            counters: Counters::default(),
            scratch: Vec::with_capacity(512),
        };
        replay.look_ahead(0);
        replay
    }

    /// What REST may know: candles that closed until then.
    pub(crate) fn now(&self, wall_ms: i64) -> UtcMs {
        let Some(paced) = self.pace.market_at(wall_ms) else { return self.now };
        // REST must not run ahead of the streams, however late their next moment is told.
        let most = self.next_close.map_or(self.end(), |next| next.plus_ms(-1));
        paced.min(most).max(self.now)
    }

    /// Whether the last candle has been told and its tail has passed.
    pub(crate) fn is_finished(&self, wall_ms: i64) -> bool {
        self.next_close.is_none() && self.now(wall_ms) >= self.end()
    }

    fn end(&self) -> UtcMs {
        self.history.last_close.plus_ms(TAIL_MS)
    }

    pub(crate) fn counters(&self) -> Counters {
        self.counters
    }

    /// Connections that have subscribed to a stream which exists.
    pub(crate) fn listening(&self) -> usize {
        self.listeners.values().filter(|l| l.subscribed > 0).count()
    }

    pub(crate) fn pace(&self) -> Pace {
        self.pace
    }

    /// `perpetual` is whether the streams' names are those of futures.
    pub(crate) fn connect(&mut self, combined: bool, perpetual: bool) -> (ListenerId, Arc<Notify>) {
        self.last_id += 1;
        let market = if perpetual { MarketName::Usdm } else { MarketName::Spot };
        let facts = LineFacts { market, kind: LineKind::Public, opened: self.now };
        let listener = Listener::new(combined, perpetual, facts);
        let bell = Arc::clone(&listener.bell);
        self.listeners.insert(self.last_id, listener);
        (self.last_id, bell)
    }

    pub(crate) fn disconnect(&mut self, id: ListenerId) {
        self.forget_streams(id);
        self.listeners.remove(&id);
        self.settle();
        self.ring_all();
    }

    /// False where that would be more than Binance allows.
    pub(crate) fn subscribe(&mut self, id: ListenerId, streams: Vec<String>) -> bool {
        let Some(listener) = self.listeners.get_mut(&id).filter(|l| !l.cut) else { return true };
        if listener.streams.len() + streams.len() > MOST_STREAMS {
            return false;
        }
        for stream in streams {
            let place = self.history.streams_of(listener.perpetual).get(&stream).copied();
            let shape = Shape::of(&stream);
            let feed = quotes::feed(&self.history, listener.perpetual, &stream);
            if !listener.streams.insert(stream.clone()) {
                continue;
            }
            if let Some(place) = place {
                listener.subscribed += 1;
                self.cursors[place].subscribers.push((id, shape));
            } else if let Some((place, feed)) = feed {
                listener.subscribed += 1;
                self.cursors[place].feeds.push((id, feed, stream));
            }
        }
        listener.bell.notify_one();
        true
    }

    pub(crate) fn unsubscribe(&mut self, id: ListenerId, streams: &[String]) {
        let Some(listener) = self.listeners.get_mut(&id) else { return };
        for stream in streams {
            if !listener.streams.remove(stream) {
                continue;
            }
            if let Some(place) = self.history.streams_of(listener.perpetual).get(stream) {
                listener.subscribed -= 1;
                let gone = (id, Shape::of(stream));
                self.cursors[*place].subscribers.retain(|other| *other != gone);
            } else if let Some((place, _)) = quotes::feed(&self.history, listener.perpetual, stream)
            {
                listener.subscribed -= 1;
                let feeds = &mut self.cursors[place].feeds;
                feeds.retain(|(other, _, name)| *other != id || name != stream);
            }
        }
        self.ring_all();
    }

    pub(crate) fn subscriptions(&self, id: ListenerId) -> Vec<String> {
        let listener = self.listeners.get(&id);
        listener.map_or_else(Vec::new, |l| l.streams.iter().cloned().collect())
    }

    /// Moves a connection's messages to `batch`, which is empty. At full speed the connection
    /// that asks also moves the market, one moment at a time and only while no message waits
    /// for anyone: that is how the slowest listener sets the pace.
    pub(crate) fn take(&mut self, id: ListenerId, batch: &mut Vec<String>) -> Next {
        for _ in 0..MOMENTS_PER_TURN {
            let Some(listener) = self.listeners.get_mut(&id) else { return Next::Cut };
            if !listener.queue.ready.is_empty() {
                std::mem::swap(&mut listener.queue.ready, batch);
                self.settle();
                return Next::Send;
            }
            if listener.cut {
                return if listener.is_closed { Next::Close } else { Next::Cut };
            }
            let drives = self.pace.is_max() && listener.subscribed > 0;
            if !drives || self.has_queued() {
                return Next::Wait;
            }
            if self.next_close.is_none() {
                self.settle();
                return Next::Wait;
            }
            self.tell_next();
        }
        Next::Yield
    }

    /// The next moment until `until`, which is told by [`Self::move_to`].
    pub(crate) fn next_until(&self, until: UtcMs) -> UtcMs {
        self.next_close.map_or(until, |next| next.min(until))
    }

    /// Moves on to a moment, and tells what closes at it. None is passed over.
    pub(crate) fn move_to(&mut self, moment: UtcMs) {
        if self.next_close == Some(moment) {
            self.tell_next();
        }
        self.now = self.now.max(moment);
    }

    /// Tells what has become due at `wall_ms`; how long until there is more, None at the end.
    pub(crate) fn tell_due(&mut self, wall_ms: i64) -> Option<Duration> {
        for _ in 0..MOMENTS_PER_TURN {
            let next = self.next_close?;
            let wait = self.pace.wall_until(next, wall_ms);
            if !wait.is_zero() {
                return Some(wait);
            }
            self.tell_next();
            self.look_ahead(wall_ms);
        }
        Some(Duration::ZERO)
    }

    /// All candles that close at the next moment, fine timeframes first, then by instrument.
    fn tell_next(&mut self) {
        let Some(moment) = self.next_close else { return };
        self.now = moment;
        let history = Arc::clone(&self.history);
        let mut next_close = NEVER;
        for (place, series) in history.series.iter().enumerate() {
            let cursor = &mut self.cursors[place];
            if cursor.close == moment {
                let told = cursor.next;
                cursor.next += 1;
                cursor.close = series.candles.get(told + 1).map_or(NEVER, |c| c.close_time());
                next_close = next_close.min(cursor.close);
                let has_feeds = !cursor.feeds.is_empty();
                if !cursor.subscribers.is_empty() {
                    self.send(&history, place, told);
                }
                if has_feeds {
                    self.tell_feeds(&history, place, told);
                }
            } else {
                next_close = next_close.min(cursor.close);
            }
        }
        self.next_close = Some(next_close).filter(|next| *next != NEVER);
        self.drop_cut();
        for listener in self.listeners.values().filter(|l| !l.queue.ready.is_empty() || l.cut) {
            listener.bell.notify_one();
        }
    }

    fn forget_streams(&mut self, id: ListenerId) {
        let Some(listener) = self.listeners.get_mut(&id) else { return };
        listener.subscribed = 0;
        for stream in std::mem::take(&mut listener.streams) {
            if let Some(place) = self.history.streams_of(listener.perpetual).get(&stream) {
                self.cursors[*place].subscribers.retain(|(other, _)| *other != id);
            }
        }
        for cursor in &mut self.cursors {
            cursor.feeds.retain(|(other, ..)| *other != id);
        }
    }

    /// Finds the next moment; a market that waits for nobody jumps to it over a long gap.
    fn look_ahead(&mut self, wall_ms: i64) {
        let next = self.cursors.iter().map(|cursor| cursor.close).min();
        self.next_close = next.filter(|next| *next != NEVER);
        let Some(next) = self.next_close.filter(|_| self.pace.is_paced()) else { return };
        if next.since(self.now) > LONGEST_WAIT_MS {
            let opens = self.history.series.iter().zip(&self.cursors);
            let opens = opens.filter_map(|(s, c)| s.candles.get(c.next)).map(|c| c.open_time);
            // Coarse candles that close later may have opened in the gap or before it.
            let open = opens.filter(|open| *open >= self.now).min().unwrap_or(next);
            self.now = open.min(next.plus_ms(-1));
            self.pace.jump(self.now, wall_ms);
        }
    }

    /// At full speed the tail passes as soon as everything has been taken.
    fn settle(&mut self) {
        if self.pace.is_max() && self.next_close.is_none() && !self.has_queued() {
            self.now = self.end();
        }
    }
}
