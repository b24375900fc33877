//! Our books against the venue's.

use domain::intervention::Intervention;
use domain::time::UtcMs;
use rust_decimal::Decimal;

use crate::answer::Balance;
use crate::ask::RequestId;
use crate::desk::Desk;
use crate::executor::Executor;
use crate::fact::{Fact, Out};
use crate::question::{Asked, Io};
use crate::terms::Market;

/// A wallet that differs on futures, where payments are told of late, is waited for this many settling
/// times.
const PATIENCE: i64 = 5;

impl Executor {
    /// Whether balances can be held against the venue's: nothing is under way, and on futures nothing
    /// is held, whose profit would be in neither.
    pub(crate) fn is_comparable(&self) -> bool {
        let spot = self.terms.market == Market::Spot;
        self.is_quiet() && (spot || self.desks.values().all(|desk| desk.held.is_zero()))
    }

    pub(crate) fn compare_balances(&mut self, asked: Asked, balances: &[Balance], out: &mut Out) {
        let every = self.terms.reconcile_every_ms;
        self.balances.rest();
        self.balances.want(self.now.plus_ms(every));
        let version = self.version();
        if version != asked.version || !self.is_comparable() {
            return;
        }
        let spot = self.terms.market == Market::Spot;
        let differences = self.wallet.compare(balances, !spot);
        if differences.is_empty() {
            self.differed = None;
            return;
        }
        let settle_ms = self.terms.settle_ms;
        let since = self.differed.filter(|(at, _)| *at == version).map(|(_, since)| since);
        let Some(since) = since else {
            self.differed = Some((version, self.now));
            self.balances.rest();
            self.balances.want(self.now.plus_ms(settle_ms));
            return self.payments.want(self.now);
        };
        let patience_ms = if spot { settle_ms } else { settle_ms.saturating_mul(PATIENCE) };
        if self.now.since(since) < patience_ms {
            // It may be a payment that nobody spoke of.
            return self.payments.want(self.now);
        }
        self.differed = None;
        for difference in differences {
            let subject = difference.asset.to_string();
            tell_difference(subject, difference.ours, difference.venues, out);
        }
        // A person has been told, and what is now is what comes next.
        self.wallet.take(balances);
    }
}

/// Holds the venue's word for what is held against ours: two looks while nothing is under way.
pub(crate) fn compare_position(
    desk: &mut Desk,
    (id, asked): (RequestId, Asked),
    net_base: Option<Decimal>,
    io: &mut Io<'_>,
) {
    desk.holding.end(id);
    let Some(venues) = net_base else {
        return desk.holding.want_again(io.now, &io.terms, 0);
    };
    desk.holding.rest();
    if desk.version != asked.version || !desk.is_quiet() {
        return;
    }
    let (ours, venues) = (desk.held.normalize(), venues.normalize());
    if ours == venues {
        desk.differs = None;
        return;
    }
    match desk.differs.filter(|(version, _)| *version == desk.version) {
        Some((_, since)) if io.now.since(since) >= io.terms.settle_ms => {
            desk.differs = Some((desk.version, UtcMs::new(i64::MAX)));
            tell_difference(desk.instrument.to_string(), ours, venues, io.out);
        }
        Some(_) => {}
        None => {
            desk.differs = Some((desk.version, io.now));
            desk.holding.want(io.now.plus_ms(io.terms.settle_ms));
        }
    }
}

/// A person must look at books that differ.
pub(crate) fn tell_difference(subject: String, ours: Decimal, venues: Decimal, out: &mut Out) {
    let why = format!("books differ: {subject} is {ours} here and {venues} at the venue");
    out.facts.push(Fact::BooksDiffer { subject, ours, venues });
    out.interventions.push(Intervention::Halted { why });
}
