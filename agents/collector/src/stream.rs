//! One stream: the candles of one instrument and timeframe, from first rumour to release.

use std::collections::{BTreeSet, VecDeque};

use domain::candle::Candle;
use domain::time::UtcMs;
use domain::timeframe::Timeframe;

use crate::counters::Gap;
use crate::messages::PageRequest;
use crate::recent::{Recall, Recent};

/// A candle that waits for its watermark.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Entry {
    pub(crate) candle: Candle,
    /// The stream brought it.
    pub(crate) heard: bool,
    /// A page brought it.
    read: bool,
}

/// A request on its way.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Outstanding {
    pub(crate) request: PageRequest,
    /// What was known of venue time when it was sent.
    pub(crate) asked_at: UtcMs,
}

/// What a candle of the stream turned out to be.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Heard {
    /// New.
    Fresh,
    /// A second copy of a pending candle.
    Duplicate,
    /// A page was faster.
    Overtaken,
    /// Its place was accounted for before.
    Past(Recall),
}

/// The candles of one instrument and timeframe.
///
/// Everything that opens before `next_open` is accounted for: pending, released, or known not to
/// exist. Of the pending candles the first `certain` open before it; the others lie beyond a gap.
#[derive(Debug, Clone)]
pub(crate) struct Stream {
    pub(crate) timeframe: Timeframe,
    next_open: UtcMs,
    next_close: UtcMs,
    pending: VecDeque<Entry>,
    certain: usize,
    /// Opens that were given up and whose watermark is not released yet.
    excused: BTreeSet<UtcMs>,
    /// Close of the last released candle of the session.
    last_close: Option<UtcMs>,
    /// How many of the candles since then were given up.
    missed: u64,
    pub(crate) recent: Recent,
    pub(crate) outstanding: Option<Outstanding>,
    /// No request before there is evidence of this time.
    pub(crate) retry_at: UtcMs,
}

impl Stream {
    pub(crate) fn new(timeframe: Timeframe) -> Self {
        Self {
            timeframe,
            next_open: UtcMs::default(),
            next_close: UtcMs::default(),
            pending: VecDeque::new(),
            certain: 0,
            excused: BTreeSet::new(),
            last_close: None,
            missed: 0,
            recent: Recent::default(),
            outstanding: None,
            retry_at: UtcMs::default(),
        }
    }

    /// The first open that is not accounted for.
    pub(crate) fn next_open(&self) -> UtcMs {
        self.next_open
    }

    /// Everything that closes before this is accounted for.
    pub(crate) fn next_close(&self) -> UtcMs {
        self.next_close
    }

    /// How many candles wait.
    pub(crate) fn buffered(&self) -> usize {
        self.pending.len()
    }

    /// The next candle in order, if it is known to be the next.
    pub(crate) fn head(&self) -> Option<&Candle> {
        self.pending.front().filter(|_| self.certain > 0).map(|entry| &entry.candle)
    }

    /// Open of the first candle beyond the gap, if there is one.
    pub(crate) fn beyond(&self) -> Option<UtcMs> {
        self.pending.get(self.certain).map(|entry| entry.candle.open_time)
    }

    /// The candles that are known without a gap.
    pub(crate) fn known(&self) -> impl Iterator<Item = &Candle> {
        self.pending.iter().take(self.certain).map(|entry| &entry.candle)
    }

    /// Accounts for everything that opens before `open`, whatever it is.
    pub(crate) fn skip_to(&mut self, open: UtcMs) {
        if self.next_open < open {
            self.next_open = open;
            self.certain = self.pending.partition_point(|e| e.candle.open_time < open);
        }
        while self.beyond() == Some(self.next_open) {
            self.certain += 1;
            self.next_open = self.timeframe.close_of(self.next_open);
        }
        self.next_close = self.timeframe.close_of(self.next_open);
    }

    /// The stream brings a candle.
    pub(crate) fn hear(&mut self, candle: &Candle) -> Heard {
        match self.place(candle.open_time) {
            Ok(at) => {
                let entry = &mut self.pending[at];
                let found = if entry.heard { Heard::Duplicate } else { Heard::Overtaken };
                entry.heard = true;
                found
            }
            Err(at) => match self.insert(at, Entry { candle: *candle, heard: true, read: false }) {
                true => Heard::Fresh,
                false => Heard::Past(self.recent.hear(candle)),
            },
        }
    }

    /// A page brings a candle; it replaces what the stream may have said.
    pub(crate) fn read(&mut self, candle: &Candle) -> Option<Recall> {
        match self.place(candle.open_time) {
            Ok(at) => {
                let entry = &mut self.pending[at];
                (entry.candle, entry.read) = (*candle, true);
                None
            }
            Err(at) => match self.insert(at, Entry { candle: *candle, heard: false, read: true }) {
                true => None,
                false => Some(self.recent.read(candle)),
            },
        }
    }

    /// The candles of a page were all that opens in `next_open..until`. Gives back what the
    /// stream had brought and the page denies.
    pub(crate) fn prove(&mut self, until: UtcMs) -> Vec<Candle> {
        let denied = |entry: &Entry| !entry.read && entry.candle.open_time < until;
        let beyond = self.pending.range(self.certain..);
        let found: Vec<_> = beyond.filter(|e| denied(e)).map(|e| e.candle).collect();
        for candle in &found {
            self.pending.retain(|entry| entry.candle.open_time != candle.open_time);
        }
        self.skip_to(until);
        found
    }

    /// Stops waiting for what opens before `until`. Where it counts, a watermark will tell.
    pub(crate) fn excuse(&mut self, until: UtcMs, counts: bool) {
        let mut open = self.next_open;
        while counts && open < until {
            self.excused.insert(open);
            open = self.timeframe.close_of(open);
        }
        self.skip_to(until);
    }

    /// Takes the next candle if it closes until `watermark`.
    pub(crate) fn take(&mut self, watermark: UtcMs) -> Option<Entry> {
        self.head().filter(|head| head.close_time() <= watermark)?;
        self.certain -= 1;
        self.pending.pop_front()
    }

    /// Takes the first open that was given up, if its candle would close until `watermark` and
    /// come before the next one that is there.
    pub(crate) fn take_excused(&mut self, watermark: UtcMs) -> Option<UtcMs> {
        let first = *self.excused.first()?;
        let is_next = self.head().is_none_or(|head| first < head.open_time);
        let due = is_next && self.timeframe.close_of(first) <= watermark;
        due.then(|| self.excused.pop_first())?
    }

    /// A candle is released. Gives back the candles that are missing before it.
    pub(crate) fn released(&mut self, candle: &Candle, heard: bool) -> Option<Gap> {
        self.recent.push(*candle, heard);
        let missed = std::mem::take(&mut self.missed);
        let from = self.last_close.replace(candle.close_time())?;
        let (timeframe, to) = (self.timeframe, candle.open_time);
        if from >= to {
            return None;
        }
        let count = timeframe.count_between(from, to).saturating_sub(missed);
        (count > 0).then_some(Gap { timeframe, from, to, count })
    }

    /// A candle that was given up is told as such.
    pub(crate) fn missed(&mut self) {
        self.missed += 1;
    }

    /// Forgets candles that close until `moment` and have no session.
    pub(crate) fn forget_until(&mut self, moment: UtcMs) {
        while self.pending.front().is_some_and(|e| e.candle.close_time() <= moment) {
            self.pending.pop_front();
            self.certain = self.certain.saturating_sub(1);
        }
    }

    /// Forgets what was given up and opens before `until`.
    pub(crate) fn forgive(&mut self, until: UtcMs) {
        self.excused.retain(|open| until <= *open);
    }

    /// Forgets everything that waits.
    pub(crate) fn clear(&mut self) {
        self.pending = VecDeque::new();
        self.certain = 0;
        self.excused.clear();
    }

    /// A session begins or ends: what comes next follows on nothing.
    pub(crate) fn turn_page(&mut self) {
        self.last_close = None;
        self.missed = 0;
    }

    fn place(&self, open: UtcMs) -> Result<usize, usize> {
        match self.pending.back() {
            Some(last) if last.candle.open_time >= open => {
                self.pending.binary_search_by_key(&open, |entry| entry.candle.open_time)
            }
            _ => Err(self.pending.len()),
        }
    }

    /// Puts a new candle where it belongs, unless its place is accounted for.
    fn insert(&mut self, at: usize, entry: Entry) -> bool {
        let open = entry.candle.open_time;
        if open < self.next_open {
            if !self.excused.remove(&open) {
                return false;
            }
            self.certain += 1;
            self.pending.insert(at, entry);
            return true;
        }
        self.pending.insert(at, entry);
        self.skip_to(self.next_open);
        true
    }
}
