//! Our books against the venue's.

use domain::intervention::Intervention;
use domain::time::UtcMs;
use rust_decimal::Decimal;

use crate::ask::RequestId;
use crate::desk::Desk;
use crate::fact::{Fact, Out};
use crate::question::{Asked, Io};

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
