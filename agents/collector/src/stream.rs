//! The candles of one instrument and timeframe, from the first that is not accounted for.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use domain::candle::Candle;
use domain::time::UtcMs;
use domain::timeframe::Timeframe;

/// Released candles that are kept to notice corrections.
const REMEMBERED: usize = 64;
/// Page candles whose stream copy is waited for; beyond it the oldest count as repaired for good.
const UNHEARD: usize = 20_000;
/// Candles that may wait behind a gap before further ones are left to be fetched.
const AHEAD: usize = 20_000;

/// Where a candle came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Source {
    Stream,
    Page,
}

/// What became of a copy of a candle that is accounted for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Copy {
    /// The stream's copy of a candle that a page had brought.
    Overtaken,
    /// One more of the same.
    Duplicate,
    /// Other numbers than were released.
    Corrected { before: Candle },
    /// It had been taken for missing.
    Late,
}

/// A run of candles that the venue doesn't have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Hole {
    pub(crate) from: UtcMs,
    pub(crate) to: UtcMs,
    pub(crate) count: u64,
}

#[derive(Debug, Clone)]
pub(crate) struct Stream {
    pub(crate) timeframe: Timeframe,
    /// Open of the first candle that is not accounted for.
    next_open: UtcMs,
    /// Its close: everything that closes earlier is accounted for.
    frontier: UtcMs,
    /// Accounted for, not released.
    accepted: VecDeque<Candle>,
    /// Heard beyond a gap. True where the stream brought it.
    ahead: BTreeMap<UtcMs, (Candle, Source, bool)>,
    /// The last accepted candle's close in this session.
    last_close: Option<UtcMs>,
    hole_from: Option<(UtcMs, u64)>,
    /// Accepted from a page, and not heard on the stream so far.
    unheard: BTreeSet<UtcMs>,
    released: VecDeque<Candle>,
    pub(crate) fetching: bool,
    /// Opens that were given up, for the record of the next watermarks.
    pub(crate) given_up: Vec<UtcMs>,
}

impl Stream {
    pub(crate) fn new(timeframe: Timeframe) -> Self {
        let start = UtcMs::default();
        Self {
            timeframe,
            next_open: start,
            frontier: timeframe.close_of(start),
            accepted: VecDeque::new(),
            ahead: BTreeMap::new(),
            last_close: None,
            hole_from: None,
            unheard: BTreeSet::new(),
            released: VecDeque::new(),
            fetching: false,
            given_up: Vec::new(),
        }
    }

    pub(crate) const fn next_open(&self) -> UtcMs {
        self.next_open
    }

    /// Everything that closes before this moment is accounted for.
    pub(crate) const fn frontier(&self) -> UtcMs {
        self.frontier
    }

    pub(crate) const fn last_close(&self) -> Option<UtcMs> {
        self.last_close
    }

    pub(crate) fn first_ahead(&self) -> Option<UtcMs> {
        self.ahead.keys().next().copied()
    }

    pub(crate) fn first_accepted(&self) -> Option<&Candle> {
        self.accepted.front()
    }

    pub(crate) fn buffered(&self) -> usize {
        self.accepted.len() + self.ahead.len()
    }

    /// Begins to account from `open` on: a session starts. Candles ahead stay.
    pub(crate) fn restart(&mut self, open: UtcMs) {
        self.advance_to(open);
        self.accepted.clear();
        self.last_close = None;
        self.hole_from = None;
        self.given_up.clear();
        self.ahead = self.ahead.split_off(&open);
    }

    fn advance_to(&mut self, open: UtcMs) {
        self.next_open = open;
        self.frontier = self.timeframe.close_of(open);
    }

    /// Goes on after a candle, or its absence, that is stored already.
    pub(crate) fn resume(&mut self, open: UtcMs, candle: Option<Candle>) {
        let next = self.timeframe.close_of(open);
        if next > self.next_open {
            self.advance_to(next);
        }
        if let Some(candle) = candle {
            self.last_close = Some(candle.close_time());
            self.remember(candle);
        }
    }

    /// Takes note of a candle that is not accounted for yet. False where the stream had brought it
    /// before. What a page says wins over what the stream said.
    pub(crate) fn hold(&mut self, candle: Candle, source: Source) -> bool {
        let heard = source == Source::Stream;
        if let Some((held, held_source, was_heard)) = self.ahead.get_mut(&candle.open_time) {
            let first = !(heard && *was_heard);
            *was_heard |= heard;
            if source == Source::Page || *held_source == Source::Stream {
                (*held, *held_source) = (candle, source);
            }
            return first;
        }
        if !heard || self.ahead.len() < AHEAD {
            self.ahead.insert(candle.open_time, (candle, source, heard));
        }
        true
    }

    /// Accepts the candle at `next_open`, if it is held. Gives it back with whether the stream
    /// brought it, and the hole that it ends.
    pub(crate) fn accept(&mut self) -> Option<(Candle, bool, Option<Hole>)> {
        let (candle, _, heard) = self.ahead.remove(&self.next_open)?;
        let hole = self.hole_from.take();
        let hole = hole.map(|(from, count)| Hole { from, to: candle.open_time, count });
        self.accepted.push_back(candle);
        self.last_close = Some(candle.close_time());
        self.advance_to(candle.close_time());
        if !heard {
            self.unheard.insert(candle.open_time);
            if self.unheard.len() > UNHEARD {
                self.unheard.pop_first();
            }
        }
        Some((candle, heard, hole))
    }

    /// The venue has nothing at `next_open` and after it that closes up to `complete_to`: moves on
    /// to what comes next. False where that is nowhere.
    pub(crate) fn skip(&mut self, complete_to: UtcMs) -> bool {
        let after = self.timeframe.open_of(complete_to);
        let to = self.first_ahead().map_or(after, |ahead| ahead.min(after));
        if to <= self.next_open {
            return false;
        }
        let count = self.timeframe.count_between(self.next_open, to);
        if self.last_close.is_some() {
            let hole = self.hole_from.get_or_insert((self.next_open, 0));
            hole.1 += count;
        }
        self.advance_to(to);
        true
    }

    /// What a copy of a candle before `next_open` says.
    pub(crate) fn copy(&mut self, candle: &Candle, source: Source) -> Copy {
        let open = candle.open_time;
        let overtaken = source == Source::Stream && self.unheard.remove(&open);
        if let Some(held) = self.accepted.iter_mut().rev().find(|held| held.open_time == open) {
            if source == Source::Page {
                // Not released yet, and the page is the venue's last word.
                *held = *candle;
            }
            return if overtaken { Copy::Overtaken } else { Copy::Duplicate };
        }
        let mut released = self.released.iter_mut().rev();
        if let Some(known) = released.find(|known| known.open_time == open) {
            let before = std::mem::replace(known, *candle);
            return match before == *candle {
                true if overtaken => Copy::Overtaken,
                true => Copy::Duplicate,
                false => Copy::Corrected { before },
            };
        }
        // Older than what is remembered: taken for one more of the same.
        let forgotten = self.released.front().is_none_or(|oldest| open < oldest.open_time);
        match overtaken {
            true => Copy::Overtaken,
            false if forgotten => Copy::Duplicate,
            false => Copy::Late,
        }
    }

    /// Takes out what closes up to `watermark`.
    pub(crate) fn release(&mut self, watermark: UtcMs, out: &mut Vec<Candle>) {
        while let Some(candle) = self.accepted.pop_front_if(|c| c.close_time() <= watermark) {
            self.remember(candle);
            out.push(candle);
        }
    }

    fn remember(&mut self, candle: Candle) {
        if self.released.len() == REMEMBERED {
            self.released.pop_front();
        }
        self.released.push_back(candle);
    }
}
