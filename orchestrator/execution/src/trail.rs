//! Which fills are booked, and from where the venue is asked for more.

use std::collections::{BTreeMap, BTreeSet};

use domain::time::UtcMs;

use crate::ask::Cursor;
use crate::question::Question;

/// The fills of one instrument: those above a floor by their numbers, all below it are booked.
/// Bounded: the floor follows, one settling time behind.
#[derive(Debug)]
pub(crate) struct Trail {
    floor: Option<u64>,
    since: UtcMs,
    /// Numbers above the floor that are booked, with their times.
    recent: BTreeMap<u64, UtcMs>,
    /// Those of them that an earlier executor booked, of orders that aren't known yet.
    recalled: BTreeSet<u64>,
    /// The page after this one is asked for next.
    page: Option<u64>,
    /// When the pass under way began.
    began: Option<UtcMs>,
    /// When the last complete pass had begun.
    pub(crate) passed: Option<UtcMs>,
    pub(crate) question: Question,
}

impl Trail {
    pub(crate) fn new(since: UtcMs, now: UtcMs) -> Self {
        let mut question = Question::default();
        question.want(now);
        Self {
            floor: None,
            since,
            recent: BTreeMap::new(),
            recalled: BTreeSet::new(),
            page: None,
            began: None,
            passed: None,
            question,
        }
    }

    /// What the ledger has.
    pub(crate) fn recall(&mut self, booked: impl IntoIterator<Item = u64>, now: UtcMs) {
        self.recalled.extend(booked);
        self.recent.extend(self.recalled.iter().map(|id| (*id, now)));
    }

    /// Whether this fill was booked by an earlier executor. Said once of each.
    pub(crate) fn was_recalled(&mut self, venue_fill_id: u64) -> bool {
        self.recalled.remove(&venue_fill_id)
    }

    pub(crate) fn knows(&self, venue_fill_id: u64) -> bool {
        self.floor.is_some_and(|floor| venue_fill_id <= floor)
            || self.recent.contains_key(&venue_fill_id)
    }

    /// Takes note of a fill that is booked, or never will be.
    pub(crate) fn note(&mut self, venue_fill_id: u64, time: UtcMs) {
        self.recent.insert(venue_fill_id, time);
    }

    /// From where the next page is asked for.
    pub(crate) fn cursor(&mut self, now: UtcMs) -> Cursor {
        self.began.get_or_insert(now);
        match self.page.or(self.floor) {
            Some(after) => Cursor::After(after),
            None => Cursor::Since(self.since),
        }
    }

    /// Hears a page. Gives back when the pass began, if it is complete by that. `parked` is the
    /// smallest number that waits to be booked.
    pub(crate) fn turn(
        &mut self,
        last: Option<u64>,
        complete: bool,
        parked: Option<u64>,
        (now, settle_ms): (UtcMs, i64),
    ) -> Option<UtcMs> {
        if !complete {
            self.page = last.or(self.page);
            self.question.want(now);
            return None;
        }
        self.page = None;
        let began = self.began.take()?;
        self.passed = Some(began);
        // Whatever is older than this has settled.
        let settled = began.plus_ms(settle_ms.saturating_neg());
        self.since = self.since.max(settled);
        while let Some((&id, &time)) = self.recent.first_key_value() {
            if time > settled || parked.is_some_and(|parked| parked < id) {
                break;
            }
            self.floor = Some(self.floor.map_or(id, |floor| floor.max(id)));
            self.recent.pop_first();
        }
        Some(began)
    }
}
