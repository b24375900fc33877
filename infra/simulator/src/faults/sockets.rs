//! When connections suffer: moments of market time, whoever is connected.

use domain::time::{DAY_MS, MINUTE_MS, UtcMs};

use super::layer::Layer;
use super::names::{FaultName, Strikes};
use super::noise::{mixed, uniform};
use super::plan::{Fault, MarketName};

/// What a connection is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LineKind {
    /// Everybody's streams.
    Public,
    /// An account's stream, the WebSocket API included.
    User,
}

/// A connection as the faults see it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct LineFacts {
    pub(crate) market: MarketName,
    pub(crate) kind: LineKind,
    pub(crate) opened: UtcMs,
}

/// How a connection ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    /// Without a word.
    Cut,
    /// With a closing frame.
    Closed,
}

impl Fault {
    fn is_for(&self, line: LineFacts) -> bool {
        let stream = match line.kind {
            LineKind::Public => "market",
            LineKind::User => "user",
        };
        self.place.market.is_none_or(|market| market == line.market)
            && self.place.stream.as_deref().is_none_or(|wanted| wanted == stream)
    }
}

impl Layer {
    /// Whether a fault begins within `(after, until]`: at its window's opening, and from there on
    /// as often as it says, as far as it is drawn.
    pub(crate) fn begins(
        &self,
        (n, fault): (usize, &Fault),
        market: MarketName,
        after: UtcMs,
        until: UtcMs,
    ) -> bool {
        self.last_onset((n, fault), market, until).is_some_and(|onset| onset > after)
    }

    /// The last time until `until` that a fault has begun.
    fn last_onset(
        &self,
        (n, fault): (usize, &Fault),
        market: MarketName,
        until: UtcMs,
    ) -> Option<UtcMs> {
        let when = &fault.when;
        let first = self.start().plus_ms(when.from_ms.unwrap_or_default());
        let since_ms = until.since(first);
        if since_ms < 0 {
            return None;
        }
        let repeats = fault.with.every_ms.is_some() || when.ratio.is_some() || !when.nth.is_empty();
        let every_ms = fault.with.every_ms.unwrap_or(MINUTE_MS);
        let last = if repeats { since_ms / every_ms } else { 0 };
        let is_drawn = |slot: i64| {
            let key = mixed(self.key(n) ^ mixed(slot.unsigned_abs()) ^ market as u64);
            when.ratio.is_none_or(|ratio| uniform(key) < ratio)
                && (when.nth.is_empty() || when.nth.contains(&(slot.unsigned_abs() + 1)))
                && when
                    .until_ms
                    .is_none_or(|until| when.from_ms.unwrap_or_default() + slot * every_ms < until)
        };
        let mut found = None;
        match when.at_most {
            None => found = (0..=last).rev().find(|slot| is_drawn(*slot)),
            Some(most) => {
                let mut drawn = (0..=last).filter(|slot| is_drawn(*slot));
                for _ in 0..most {
                    match drawn.next() {
                        Some(slot) => found = Some(slot),
                        None => break,
                    }
                }
            }
        }
        found.map(|slot| first.plus_ms(slot * every_ms))
    }

    /// Whether a fault of this name has hold of a connection at `at`: it began after the
    /// connection did.
    pub(crate) fn has_hold(&self, name: FaultName, line: LineFacts, at: UtcMs) -> bool {
        self.named(name).any(|(n, fault)| {
            fault.is_for(line)
                && self.last_onset((n, fault), line.market, at).is_some_and(|onset| {
                    let lasts = fault.with.for_ms.is_none_or(|ms| at.since(onset) < ms);
                    onset > line.opened && lasts
                })
        })
    }

    /// Whether the venue is closed at `at`, and until when.
    pub(crate) fn closed_until(&self, market: MarketName, at: UtcMs) -> Option<UtcMs> {
        self.named(FaultName::Maintenance).find_map(|(n, fault)| {
            if fault.place.market.is_some_and(|named| named != market) {
                return None;
            }
            let onset = self.last_onset((n, fault), market, at)?;
            let until = onset.plus_ms(fault.with.for_ms.unwrap_or(10 * MINUTE_MS));
            (at < until).then_some(until)
        })
    }

    /// Whether an account's stream that began or was renewed at `since` has expired by `at`.
    pub(crate) fn has_expired(&self, market: MarketName, since: UtcMs, at: UtcMs) -> bool {
        self.named(FaultName::ListenKeyExpired).any(|(n, fault)| {
            fault.place.market.is_none_or(|named| named == market)
                && self.begins((n, fault), market, since, at)
        })
    }

    /// Whether all connections break within `(after, until]`.
    pub(crate) fn resets(&self, after: UtcMs, until: UtcMs) -> bool {
        self.named(FaultName::Reset)
            .any(|(n, fault)| self.begins((n, fault), MarketName::Spot, after, until))
    }

    /// How a connection ends within `(after, until]`.
    pub(crate) fn end_of(&self, line: LineFacts, after: UtcMs, until: UtcMs) -> Option<End> {
        self.of(Strikes::Sockets).find_map(|(n, fault)| {
            if !fault.is_for(line) {
                return None;
            }
            let begins = || self.begins((n, fault), line.market, after, until);
            match fault.name {
                FaultName::Disconnect | FaultName::Maintenance => begins().then_some(End::Cut),
                FaultName::ConnectionTooOld => {
                    let age_ms = fault.with.for_ms.unwrap_or(DAY_MS);
                    (until.since(line.opened) >= age_ms).then_some(End::Closed)
                }
                _ => None,
            }
        })
    }

    fn named(&self, name: FaultName) -> impl Iterator<Item = (usize, &Fault)> {
        self.of(Strikes::Sockets).filter(move |(_, fault)| fault.name == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::faults::plan::FaultPlan;

    const START: UtcMs = UtcMs::new(1_000_000);

    fn layer(text: &str) -> Layer {
        Layer::new(FaultPlan::parse(text).unwrap(), 7, START)
    }

    fn at(ms: i64) -> UtcMs {
        START.plus_ms(ms)
    }

    fn line(opened_ms: i64) -> LineFacts {
        LineFacts { market: MarketName::Spot, kind: LineKind::User, opened: at(opened_ms) }
    }

    #[test]
    fn what_has_begun_has_hold_of_who_was_there() {
        let plan = "[[faults]]\nname = \"half-open\"\nwhen = { from_ms = 1000 }\n\
                    parameters = { for_ms = 500 }";
        let layer = layer(plan);
        let has = |opened, now| layer.has_hold(FaultName::HalfOpen, line(opened), at(now));
        assert_eq!([999, 1000, 1499, 1500].map(|now| has(0, now)), [false, true, true, false]);
        assert!(!has(1000, 1200), "a new connection is free of it");
    }

    #[test]
    fn ends_come_at_their_times_and_as_drawn() {
        let every = layer(
            "[[faults]]\nname = \"disconnect\"\nwhen = { from_ms = 100, at_most = 2 }\n\
             parameters = { every_ms = 1000 }",
        );
        let ends = |after, until| every.end_of(line(0), at(after), at(until)).is_some();
        assert_eq!(
            [(0, 99), (99, 100), (100, 1099), (1099, 1100), (1100, 9000)].map(|(a, u)| ends(a, u)),
            [false, true, false, true, false]
        );
        let drawn = layer("[[faults]]\nname = \"disconnect\"\nwhen = { ratio = 0.1 }");
        let minutes = (1..=1000).filter(|n| {
            drawn.end_of(line(0), at((n - 1) * MINUTE_MS), at(n * MINUTE_MS)).is_some()
        });
        assert!((60..140).contains(&minutes.count()));
    }
}
