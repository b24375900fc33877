//! What must be released of a history, computed from all of it at once.

use std::collections::BTreeMap;

use domain::candle::Candle;
use domain::event::{Event, Released, Sequenced};
use domain::instrument::InstrumentId;
use domain::time::UtcMs;
use domain::timeframe::Timeframe;

use crate::world::World;

/// The session of an instrument: the close of its last base candle.
type Sessions = BTreeMap<InstrumentId, UtcMs>;

struct Oracle<'a> {
    world: &'a World,
    base: Timeframe,
    /// Where the first collector began.
    start: UtcMs,
    /// The last watermark; all that closes until then is past.
    done: UtcMs,
    sessions: Sessions,
}

pub(crate) fn released(world: &World) -> Vec<Released> {
    let base = world.config.timeframes[0];
    let start = base.open_of(world.start);
    let done = start.plus_ms(-1);
    let mut oracle = Oracle { world, base, start, done, sessions: Sessions::new() };
    let mut released = Vec::new();
    let mut seq = 0;
    while let Some(watermark) = oracle.next() {
        let events = oracle.events(watermark);
        let number = |event| {
            seq += 1;
            Sequenced { input_seq: seq, event }
        };
        let events: Vec<_> = events.into_iter().map(number).collect();
        released.push(Released { watermark, events: events.into() });
        oracle.done = watermark;
    }
    released
}

/// Everything due until the world's end was released, and nothing that is not due at all.
pub(crate) fn check(world: &World, found: &[Released]) {
    let expected = released(world);
    for (found, expected) in found.iter().zip(&expected) {
        assert_eq!(found.watermark, expected.watermark);
        for (found, expected) in found.events.iter().zip(expected.events.iter()) {
            assert_eq!(found, expected, "at {:?}", expected);
        }
        assert_eq!(found.events.len(), expected.events.len());
    }
    let due = expected.iter().take_while(|released| released.watermark <= world.end).count();
    assert!(due <= found.len(), "{} of {due} watermarks", found.len());
    assert!(found.len() <= expected.len());
}

/// How many candles are missing within the sessions of these releases.
pub(crate) fn missing(released: &[Released]) -> BTreeMap<(InstrumentId, Timeframe), u64> {
    let mut last: BTreeMap<(InstrumentId, Timeframe), UtcMs> = BTreeMap::new();
    let mut missing = BTreeMap::new();
    for Sequenced { event, .. } in released.iter().flat_map(|released| released.events.iter()) {
        match event {
            Event::SessionStarted { instrument } => last.retain(|(id, _), _| *id != instrument.id),
            Event::CandleClosed { instrument, candle } => {
                let key = (*instrument, candle.timeframe);
                let before = last.insert(key, candle.close_time());
                let count = before
                    .map_or(0, |before| candle.timeframe.count_between(before, candle.open_time));
                if count > 0 {
                    *missing.entry(key).or_default() += count;
                }
            }
            _ => {}
        }
    }
    missing
}

impl Oracle<'_> {
    fn next(&self) -> Option<UtcMs> {
        let ids = self.world.listed.iter().map(|listed| listed.id);
        ids.filter_map(|id| self.next_of(id)).min()
    }

    fn next_of(&self, id: InstrumentId) -> Option<UtcMs> {
        let join = self.join(id).map(|(at, _)| at);
        let Some(limit) = self.limit(id) else { return join };
        let heads = self.world.config.timeframes.iter().filter_map(|timeframe| {
            let head = self.candles(id, *timeframe).find(|c| c.close_time() > self.done)?;
            Some(head.close_time()).filter(|close| *close <= limit)
        });
        heads.chain(join).min()
    }

    fn limit(&self, id: InstrumentId) -> Option<UtcMs> {
        let last_close = self.sessions.get(&id)?;
        Some(last_close.plus_ms(self.world.config.session_break_ms))
    }

    /// The next watermark at which a session begins, and what closes after the second moment
    /// belongs to it.
    fn join(&self, id: InstrumentId) -> Option<(UtcMs, UtcMs)> {
        let break_ms = self.world.config.session_break_ms;
        let after = match self.sessions.get(&id) {
            None if self.done < self.start => {
                let last = self.known(id, self.base).last();
                if last.is_some_and(|last| self.start.since(last.close_time()) <= break_ms) {
                    let all = self.world.config.timeframes.iter();
                    let since = all.map(|timeframe| self.last_break(id, *timeframe)).max();
                    return Some((self.start, since.unwrap()));
                }
                self.start
            }
            // What opened before would have begun a session by now.
            None => self.done.floor(self.world.config.join_grid_ms).max(self.start),
            Some(last_close) => *last_close,
        };
        let after = self.base.open_of(after);
        let first = self.candles(id, self.base).find(|c| c.open_time >= after)?;
        let lapsed = self.limit(id).is_none_or(|limit| first.close_time() > limit);
        let at = first.close_time().ceil(self.world.config.join_grid_ms);
        lapsed.then_some((at, first.open_time))
    }

    fn candles(&self, id: InstrumentId, timeframe: Timeframe) -> impl Iterator<Item = &Candle> {
        self.world.history.get(&(id, timeframe)).into_iter().flatten()
    }

    /// The history that is read at a fresh start.
    fn known(&self, id: InstrumentId, timeframe: Timeframe) -> impl Iterator<Item = &Candle> {
        let count = i64::from(self.world.config.history_candles);
        let span_ms = (count * timeframe.span_ms()).max(self.world.config.join_grid_ms);
        let from = timeframe.open_of(self.start.plus_ms(-span_ms));
        let start = self.start;
        self.candles(id, timeframe).filter(move |c| c.open_time >= from && c.close_time() <= start)
    }

    fn last_break(&self, id: InstrumentId, timeframe: Timeframe) -> UtcMs {
        let known: Vec<_> = self.known(id, timeframe).collect();
        let broken = |pair: &&[&Candle]| {
            let resumed = match timeframe == self.base {
                true => pair[1].close_time(),
                false => pair[1].open_time,
            };
            resumed.since(pair[0].close_time()) > self.world.config.session_break_ms
        };
        known.windows(2).rfind(broken).map_or(UtcMs::new(0), |pair| pair[1].open_time)
    }

    fn events(&mut self, watermark: UtcMs) -> Vec<Event> {
        let (mut ended, mut started, mut candles) = (vec![], vec![], vec![]);
        for listed in self.world.listed.clone() {
            let id = listed.id;
            let join = self.join(id).filter(|(at, _)| *at == watermark);
            if self.limit(id).is_some_and(|limit| limit < watermark) {
                let last_close = self.sessions.remove(&id).unwrap();
                ended.push(Event::SessionEnded { instrument: id, last_close });
            }
            let fresh = self.done < self.start;
            for timeframe in self.world.config.timeframes.clone() {
                let due: Vec<Candle> = match join {
                    Some((_, since)) => {
                        let first = match fresh && watermark == self.start {
                            true => self.known(id, timeframe).next().map(|c| c.open_time),
                            false => Some(UtcMs::new(0)),
                        };
                        let all = self.candles(id, timeframe).copied().filter(|c| {
                            c.close_time() > since
                                && c.close_time() <= watermark
                                && first.is_some_and(|first| c.open_time >= first)
                        });
                        let all: Vec<_> = all.collect();
                        let most = self.world.config.history_candles as usize;
                        all[all.len().saturating_sub(most)..].to_vec()
                    }
                    None if self.sessions.contains_key(&id) => self
                        .candles(id, timeframe)
                        .copied()
                        .filter(|c| c.close_time() == watermark)
                        .collect(),
                    None => vec![],
                };
                if let Some(last) = due.last().filter(|_| timeframe == self.base) {
                    self.sessions.insert(id, last.close_time());
                }
                candles.extend(due.into_iter().map(|candle| (id, candle)));
            }
            if join.is_some() {
                started.push(Event::SessionStarted { instrument: listed });
            }
        }
        candles.sort_by_key(|(id, candle)| (candle.close_time(), candle.timeframe, *id));
        let candles = candles
            .into_iter()
            .map(|(instrument, candle)| Event::CandleClosed { instrument, candle });
        ended.into_iter().chain(started).chain(candles).collect()
    }
}
