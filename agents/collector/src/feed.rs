//! One instrument: whether it has a session, and what its streams add to a watermark.

use domain::candle::Candle;
use domain::event::Event;
use domain::instrument::{Instrument, InstrumentId};
use domain::time::UtcMs;

use crate::config::Config;
use crate::counters::Notes;
use crate::evidence::is_sound;
use crate::sequencer::Batch;
use crate::stream::{Entry, Stream};

/// Where an instrument stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Phase {
    /// Nothing was started yet.
    Idle,
    /// The venue doesn't list it, and it has no session to end.
    Unlisted,
    /// A fresh start: what is its history until `start`?
    Opening { start: UtcMs },
    /// It has a session, as far as is known.
    Present,
    /// No base candle is known that would begin a session.
    Absent,
    /// A session of which the first candles close after `since` begins at the watermark `at`.
    Joining { at: UtcMs, since: UtcMs },
}

/// One instrument and its streams, base first.
#[derive(Debug)]
pub(crate) struct Feed {
    pub(crate) id: InstrumentId,
    pub(crate) listed: Option<Instrument>,
    pub(crate) phase: Phase,
    /// Close of the last released base candle, while the session is not told to have ended.
    /// That is told with a later watermark; until then the instrument may be absent or joining
    /// already, and the coarse candles that close before the session's limit are still due.
    pub(crate) session: Option<UtcMs>,
    pub(crate) streams: Vec<Stream>,
}

impl Feed {
    pub(crate) fn new(id: InstrumentId, config: &Config) -> Self {
        let streams = config.timeframes.iter().copied().map(Stream::new).collect();
        Self { id, listed: None, phase: Phase::Idle, session: None, streams }
    }

    /// Begins without a past: asks for history until `start`, for a step of the join grid at
    /// least, as [`Feed::resume`] relies on.
    pub(crate) fn open(&mut self, start: UtcMs, config: &Config) {
        self.phase = Phase::Opening { start };
        for stream in &mut self.streams {
            let count = i64::from(config.history_candles);
            let span_ms = count.saturating_mul(stream.timeframe.span_ms());
            let from = start.plus_ms(-span_ms.max(config.join_grid_ms)).max(UtcMs::default());
            stream.skip_to(stream.timeframe.open_of(from));
            stream.forget_until(stream.next_open());
        }
    }

    /// Goes on after `watermark`. An instrument without a session had no base candle between the
    /// last step of the join grid, where it would have joined, and a fresh start after that,
    /// where it would have been found.
    pub(crate) fn resume(&mut self, watermark: UtcMs, config: &Config) {
        let (phase, after) = match (self.session, self.listed) {
            (Some(_), _) => (Phase::Present, watermark),
            (None, Some(_)) => (Phase::Absent, watermark.floor(config.join_grid_ms)),
            (None, None) => (Phase::Unlisted, watermark),
        };
        self.phase = phase;
        for stream in &mut self.streams {
            stream.skip_to(stream.timeframe.open_of(after));
            stream.forget_until(after);
        }
    }

    /// Hears again what was released before.
    pub(crate) fn observe(&mut self, event: &Event, watermark: UtcMs, notes: &mut Notes<'_>) {
        match event {
            Event::SessionStarted { .. } => {
                self.session = Some(watermark);
                self.streams.iter_mut().for_each(Stream::turn_page);
            }
            Event::SessionEnded { .. } => {
                self.session = None;
                self.streams.iter_mut().for_each(Stream::turn_page);
            }
            Event::CandleClosed { candle, .. } if is_sound(candle) => {
                let at = self.streams.iter().position(|s| s.timeframe == candle.timeframe);
                let Some(at) = at else { return };
                if at == 0 {
                    self.session = self.session.map(|_| candle.close_time());
                }
                if let Some(gap) = self.streams[at].released(candle, false) {
                    notes.counters.miss(self.id, gap.timeframe, gap.count);
                }
            }
            Event::DeadlineMissed { timeframe, .. } => {
                let mut streams = self.streams.iter_mut();
                if let Some(stream) = streams.find(|s| s.timeframe == *timeframe) {
                    stream.missed();
                }
            }
            Event::CandleClosed { .. }
            | Event::MarkClosed { .. }
            | Event::FundingSettled { .. }
            | Event::AccountMarked { .. } => {}
        }
    }

    /// The last moment of the session that is not told to have ended.
    pub(crate) fn limit(&self, config: &Config) -> Option<UtcMs> {
        self.session.map(|last_close| config.session_limit(last_close))
    }

    /// Draws the conclusions from what the streams know by now.
    pub(crate) fn settle(&mut self, config: &Config) {
        if let Phase::Opening { start } = self.phase
            && self.streams.iter().all(|stream| stream.next_close() > start)
        {
            self.opened(start, config);
        }
        let base = &self.streams[0];
        if self.phase == Phase::Present
            && let Some(limit) = self.limit(config).filter(|limit| base.next_close() > *limit)
            && base.head().is_none_or(|head| head.close_time() > limit)
        {
            self.phase = Phase::Absent;
            // The base candles that did not come are the break; they are no longer waited for.
            self.streams[0].forgive(UtcMs::new(i64::MAX));
        }
        if self.phase == Phase::Absent {
            self.look_for_session(config);
        }
        if let Phase::Joining { since, .. } = self.phase {
            let limit = self.limit(config);
            for stream in &mut self.streams {
                if limit.is_none_or(|limit| stream.next_close() > limit) {
                    stream.skip_to(stream.timeframe.open_of(since));
                }
            }
        }
    }

    fn look_for_session(&mut self, config: &Config) {
        if self.listed.is_none() {
            if self.session.is_none() {
                self.phase = Phase::Unlisted;
                self.streams.iter_mut().for_each(Stream::clear);
            }
            return;
        }
        if let Some(first) = self.streams[0].head() {
            let (at, since) = (first.close_time().ceil(config.join_grid_ms), first.open_time);
            self.phase = Phase::Joining { at, since };
        } else if self.session.is_none() {
            // No session will hold a candle that closed before the next base candle can open.
            let next_open = self.streams[0].next_open();
            self.streams[1..].iter_mut().for_each(|stream| stream.forget_until(next_open));
        }
    }

    /// The history until a fresh start is known: join at once if the last session still lasts.
    fn opened(&mut self, start: UtcMs, config: &Config) {
        self.streams.iter_mut().for_each(|stream| stream.forgive(start));
        let until_start = |candle: &&Candle| candle.close_time() <= start;
        let last = self.streams[0].known().take_while(until_start).last();
        if last.is_some_and(|last| start.since(last.close_time()) <= config.session_break_ms) {
            let breaks = self.streams.iter().map(|stream| last_break(stream, start, config));
            let since = breaks.max().unwrap_or_default();
            self.phase = Phase::Joining { at: start, since };
        } else {
            self.phase = Phase::Absent;
            self.streams[0].forget_until(start);
        }
    }

    /// Adds to the watermark what is due of this instrument.
    pub(crate) fn release(
        &mut self,
        watermark: UtcMs,
        config: &Config,
        notes: &mut Notes<'_>,
        batch: &mut Batch,
    ) {
        let limit = self.limit(config);
        if let Some(last_close) = self.session.filter(|_| limit < Some(watermark)) {
            batch.end(self.id, last_close);
            self.session = None;
            self.streams.iter_mut().for_each(Stream::turn_page);
        }
        match (self.phase, self.listed) {
            (Phase::Joining { at, since }, Some(listed)) if at == watermark => {
                batch.start(listed);
                self.session = Some(watermark);
                self.phase = Phase::Present;
                for at in 0..self.streams.len() {
                    self.begin(at, watermark, since, config, notes, batch);
                }
            }
            _ if self.session.is_some() => {
                for at in 0..self.streams.len() {
                    self.advance(at, watermark, notes, batch);
                }
            }
            _ => {}
        }
    }

    /// Releases the history that a session opens with.
    fn begin(
        &mut self,
        at: usize,
        watermark: UtcMs,
        since: UtcMs,
        config: &Config,
        notes: &mut Notes<'_>,
        batch: &mut Batch,
    ) {
        let stream = &mut self.streams[at];
        stream.turn_page();
        stream.forget_until(since);
        let due = stream.known().take_while(|candle| candle.close_time() <= watermark).count();
        let surplus = due.saturating_sub(config.history_candles as usize);
        for _ in 0..surplus {
            stream.take(watermark);
        }
        let first = stream.head().map_or(watermark, |head| head.open_time);
        stream.forgive(first.max(stream.timeframe.open_of(since)));
        self.advance(at, watermark, notes, batch);
    }

    /// Releases what a stream has until the watermark.
    fn advance(&mut self, at: usize, watermark: UtcMs, notes: &mut Notes<'_>, batch: &mut Batch) {
        let stream = &mut self.streams[at];
        loop {
            if let Some(open) = stream.take_excused(watermark) {
                stream.missed();
                batch.missed(self.id, stream.timeframe, open);
                continue;
            }
            let Some(entry) = stream.take(watermark) else { return };
            if at == 0 {
                self.session = Some(entry.candle.close_time());
            }
            count(&entry, stream, notes);
            if let Some(gap) = stream.released(&entry.candle, entry.heard) {
                notes.missing(self.id, gap);
            }
            batch.candle(self.id, entry.candle);
        }
    }
}

fn count(entry: &Entry, stream: &mut Stream, notes: &mut Notes<'_>) {
    let counters = notes.counters.of(stream.timeframe);
    counters.accepted += 1;
    if entry.heard {
        return;
    }
    if notes.subscribed.is_some_and(|subscribed| entry.candle.close_time() > subscribed) {
        counters.repaired += 1;
        stream.recent.await_copy(entry.candle.open_time);
    } else {
        counters.backfilled += 1;
    }
}

/// The open of the first candle after the last break of a stream before `start`; the beginning
/// of time where there is none.
fn last_break(stream: &Stream, start: UtcMs, config: &Config) -> UtcMs {
    let is_base = stream.timeframe == config.base();
    let mut previous: Option<&Candle> = None;
    let mut since = UtcMs::default();
    for candle in stream.known().take_while(|candle| candle.close_time() <= start) {
        // A coarse candle's own span says nothing of when within it trading began.
        let resumed = if is_base { candle.close_time() } else { candle.open_time };
        let silent_ms = previous.map_or(0, |previous| resumed.since(previous.close_time()));
        if silent_ms > config.session_break_ms {
            since = candle.open_time;
        }
        previous = Some(candle);
    }
    since
}
