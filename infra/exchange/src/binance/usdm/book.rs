//! An order book kept up to date from a snapshot and the changes after it. Pure: it says when it
//! needs a snapshot, and whoever drives it gets one.
//!
//! Each change names the last id of the one before (`pu` on futures, by `U` on spot). One that does
//! not follow means that something was lost: what is known is worth nothing from there on, and only
//! a new snapshot mends it. So does a new connection.
//! (<https://developers.binance.com/docs/derivatives/usds-margined-futures/websocket-market-streams/How-to-manage-a-local-order-book-correctly>)

use std::collections::{BTreeMap, VecDeque};

use domain::money::{Price, Quantity};
use domain::time::UtcMs;
use rust_decimal::Decimal;

use super::market::{Depth, DepthUpdate, Level};

/// Changes that wait for a snapshot; with more, the oldest go, and an older snapshot will not do.
const HELD: usize = 1_000;
/// Levels of a side that are kept. A snapshot has a thousand; what lies farther out is known in
/// part only.
const LEVELS: usize = 2_000;

/// What became of a change or a snapshot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// The book holds it.
    Applied,
    /// The book held it already.
    Old,
    /// It waits for a snapshot.
    Held,
    /// Something before it was lost, or the book makes no sense: a snapshot is needed.
    Gap,
}

/// The best of a book.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Top {
    /// The last change that it holds.
    pub last_id: u64,
    /// When that was told, by the venue's clock; none before the first change after a snapshot.
    pub time: Option<UtcMs>,
    /// The best bid first.
    pub bids: Vec<Level>,
    /// The best ask first.
    pub asks: Vec<Level>,
}

/// The order book of one instrument.
#[derive(Debug, Clone, Default)]
pub struct Book {
    bids: BTreeMap<Price, Quantity>,
    asks: BTreeMap<Price, Quantity>,
    /// The last change that the book holds; none until there is a snapshot.
    last_id: Option<u64>,
    /// Whether a change has followed on the snapshot: the first may reach over it.
    followed: bool,
    time: Option<UtcMs>,
    held: VecDeque<DepthUpdate>,
}

impl Book {
    /// Whether nothing is known until a snapshot comes.
    pub const fn wants_snapshot(&self) -> bool {
        self.last_id.is_none()
    }

    /// Forgets everything: what comes over a new connection does not follow on the old one.
    pub fn reconnected(&mut self) {
        *self = Self::default();
    }

    /// Takes in a change.
    pub fn on_update(&mut self, update: DepthUpdate) -> Step {
        let Some(last_id) = self.last_id else {
            return self.hold(update);
        };
        if update.last_id < last_id || (self.followed && update.last_id == last_id) {
            return Step::Old;
        }
        let before = previous(&update);
        let follows = if self.followed { before == last_id } else { before <= last_id };
        if !follows {
            return self.lose(update);
        }
        self.apply(&update);
        if self.is_crossed() {
            return self.lose(update);
        }
        Step::Applied
    }

    /// Takes a snapshot in place of all that was known, then the changes that waited for it.
    /// [`Step::Gap`] where they do not follow on it: it is too old.
    pub fn on_snapshot(&mut self, depth: &Depth) -> Step {
        let levels = |side: &[Level]| {
            let held = side.iter().filter(|level| level.1 > Quantity::ZERO);
            held.map(|level| (level.0, level.1)).collect()
        };
        self.bids = levels(&depth.bids);
        self.asks = levels(&depth.asks);
        self.last_id = Some(depth.last_update_id);
        (self.followed, self.time) = (false, None);
        let mut held = std::mem::take(&mut self.held);
        while let Some(update) = held.pop_front() {
            if self.on_update(update) == Step::Gap {
                // What comes after it will be needed with the next snapshot.
                self.held.append(&mut held);
                return Step::Gap;
            }
        }
        if self.is_crossed() {
            self.last_id = None;
            return Step::Gap;
        }
        Step::Applied
    }

    /// The best `levels` of each side; none while a snapshot is missing.
    pub fn top(&self, levels: usize) -> Option<Top> {
        let level = |(price, quantity): (&Price, &Quantity)| Level(*price, *quantity);
        Some(Top {
            last_id: self.last_id?,
            time: self.time,
            bids: self.bids.iter().rev().take(levels).map(level).collect(),
            asks: self.asks.iter().take(levels).map(level).collect(),
        })
    }

    /// How much is bid and asked in all, in base units, as far as the book is known; none while a
    /// snapshot is missing, or where it is more than a number can hold.
    pub fn volumes_base(&self) -> Option<(Decimal, Decimal)> {
        self.last_id?;
        let sum = |side: &BTreeMap<Price, Quantity>| {
            let mut quantities = side.values();
            quantities.try_fold(Decimal::ZERO, |sum, base| sum.checked_add(base.to_decimal()))
        };
        Some((sum(&self.bids)?, sum(&self.asks)?))
    }

    fn hold(&mut self, update: DepthUpdate) -> Step {
        if self.held.len() == HELD {
            self.held.pop_front();
        }
        self.held.push_back(update);
        Step::Held
    }

    /// What is known no longer holds; the change that showed it waits for the next snapshot.
    fn lose(&mut self, update: DepthUpdate) -> Step {
        self.reconnected();
        self.hold(update);
        Step::Gap
    }

    fn apply(&mut self, update: &DepthUpdate) {
        for (side, changes) in [(&mut self.bids, &update.bids), (&mut self.asks, &update.asks)] {
            for Level(price, quantity) in changes {
                if *quantity > Quantity::ZERO {
                    side.insert(*price, *quantity);
                } else {
                    side.remove(price);
                }
            }
        }
        while self.bids.len() > LEVELS {
            self.bids.pop_first();
        }
        while self.asks.len() > LEVELS {
            self.asks.pop_last();
        }
        self.last_id = Some(update.last_id);
        (self.followed, self.time) = (true, Some(update.time));
    }

    fn is_crossed(&self) -> bool {
        let best = (self.bids.last_key_value(), self.asks.first_key_value());
        matches!(best, (Some((bid, _)), Some((ask, _))) if bid >= ask)
    }
}

/// The last id before the change.
fn previous(update: &DepthUpdate) -> u64 {
    update.previous_id.unwrap_or(update.first_id.saturating_sub(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn levels(text: &[(&str, &str)]) -> Vec<Level> {
        text.iter().map(|(p, q)| Level(p.parse().unwrap(), q.parse().unwrap())).collect()
    }

    fn snapshot(last_update_id: u64) -> Depth {
        let (bids, asks) = (levels(&[("99", "1"), ("98", "2")]), levels(&[("101", "3")]));
        Depth { last_update_id, bids, asks }
    }

    fn update(previous: u64, last: u64, bids: &[(&str, &str)]) -> DepthUpdate {
        DepthUpdate {
            symbol: "BTCUSDT".to_owned(),
            first_id: previous + 1,
            last_id: last,
            previous_id: Some(previous),
            bids: levels(bids),
            asks: Vec::new(),
            time: UtcMs::new(last as i64),
        }
    }

    fn best_bid(book: &Book) -> Option<String> {
        Some(book.top(1)?.bids.first()?.0.to_string())
    }

    #[test]
    fn a_snapshot_and_what_follows_make_the_book() {
        let mut book = Book::default();
        assert!(book.wants_snapshot() && book.top(10).is_none());
        assert_eq!(book.on_update(update(4, 8, &[("97", "1")])), Step::Held);
        assert_eq!(book.on_update(update(8, 12, &[("98", "0"), ("100", "5")])), Step::Held);
        // The first reaches over the snapshot, the one before it is old.
        assert_eq!(book.on_snapshot(&snapshot(10)), Step::Applied);
        let top = book.top(10).unwrap();
        assert_eq!((top.last_id, top.time), (12, Some(UtcMs::new(12))));
        assert_eq!(top.bids, levels(&[("100", "5"), ("99", "1")]));
        assert_eq!(top.asks, levels(&[("101", "3")]));
        assert_eq!(book.volumes_base(), Some((6.into(), 3.into())));
        assert_eq!(book.on_update(update(12, 13, &[("100", "0")])), Step::Applied);
        assert_eq!(best_bid(&book).as_deref(), Some("99"));
        assert_eq!(book.on_update(update(12, 13, &[("100", "9")])), Step::Old);
        assert_eq!(best_bid(&book).as_deref(), Some("99"));
    }

    #[test]
    fn depth_gap() {
        let mut book = Book::default();
        assert_eq!(book.on_snapshot(&snapshot(10)), Step::Applied);
        assert_eq!(book.on_update(update(10, 12, &[("100", "1")])), Step::Applied);
        // Ids 13 and 14 are lost: the book is worth nothing, and says so.
        assert_eq!(book.on_update(update(14, 16, &[("100.5", "1")])), Step::Gap);
        assert!(book.wants_snapshot() && book.top(1).is_none());
        assert_eq!(book.on_update(update(16, 17, &[("100.6", "1")])), Step::Held);
        // One from before the loss does not mend it …
        assert_eq!(book.on_snapshot(&snapshot(12)), Step::Gap);
        assert!(book.wants_snapshot());
        // … one from after it does, with all that came since.
        assert_eq!(book.on_snapshot(&snapshot(15)), Step::Applied);
        assert_eq!(book.top(1).unwrap().last_id, 17);
        assert_eq!(best_bid(&book).as_deref(), Some("100.6"));
    }

    #[test]
    fn the_snapshot_replaces_the_book_after_a_reconnect() {
        let mut book = Book::default();
        assert_eq!(book.on_snapshot(&snapshot(10)), Step::Applied);
        assert_eq!(book.on_update(update(10, 12, &[("100", "1")])), Step::Applied);
        book.reconnected();
        assert!(book.top(1).is_none());
        // It would seem to follow, but nobody knows what was missed in between.
        assert_eq!(book.on_update(update(12, 13, &[("99", "7")])), Step::Held);
        assert_eq!(book.on_snapshot(&snapshot(13)), Step::Applied);
        // The bid of 100 was not in the snapshot: it is gone.
        assert_eq!(book.top(9).unwrap().bids, levels(&[("99", "7"), ("98", "2")]));
    }

    #[test]
    fn a_book_that_crosses_itself_is_not_believed() {
        let mut book = Book::default();
        assert_eq!(book.on_snapshot(&snapshot(10)), Step::Applied);
        assert_eq!(book.on_update(update(10, 12, &[("102", "1")])), Step::Gap);
        let crossed = Depth { asks: levels(&[("98.5", "1")]), ..snapshot(12) };
        let mut book = Book::default();
        assert_eq!(book.on_snapshot(&crossed), Step::Gap);
        assert!(book.wants_snapshot());
    }

    #[test]
    fn spot_is_told_by_the_first_id() {
        let mut book = Book::default();
        assert_eq!(book.on_snapshot(&snapshot(10)), Step::Applied);
        let of_spot = |first, last| DepthUpdate {
            previous_id: None,
            first_id: first,
            ..update(0, last, &[("98", "3")])
        };
        assert_eq!(book.on_update(of_spot(9, 12)), Step::Applied);
        assert_eq!(book.on_update(of_spot(13, 13)), Step::Applied);
        assert_eq!(book.on_update(of_spot(15, 16)), Step::Gap);
    }

    #[test]
    fn neither_waiting_changes_nor_levels_grow_without_bound() {
        let mut book = Book::default();
        for id in 0..3_000 {
            book.on_update(update(id, id + 1, &[]));
        }
        assert_eq!(book.held.len(), HELD);
        assert_eq!(book.on_snapshot(&snapshot(10)), Step::Gap);
        assert_eq!(book.on_snapshot(&snapshot(2_500)), Step::Applied);
        for n in 0..3_000_u64 {
            let price = format!("{:.2}", 10.0 + n as f64 / 100.0);
            book.on_update(update(3_000 + n, 3_001 + n, &[(&price, "1")]));
        }
        assert_eq!(book.bids.len(), LEVELS);
        assert_eq!(best_bid(&book).as_deref(), Some("99"));
    }
}
