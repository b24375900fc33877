//! What the recovered core believes: all that a start knows before it hears the venue.

use std::collections::{BTreeMap, BTreeSet};

use domain::funding::FundingSource;
use domain::gateway::Protection;
use domain::ids::Id;
use domain::instrument::InstrumentId;
use domain::order::Order;
use domain::time::UtcMs;
use rust_decimal::Decimal;

/// What the core believes when it starts.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Memory {
    /// Every order that is not final, stops and targets too.
    pub orders: Vec<Order>,
    /// The plans, with or without a position.
    pub plans: Vec<PlanKept>,
    /// Base units held, negative when short.
    pub held_base: BTreeMap<InstrumentId, Decimal>,
    /// Where fills are asked from.
    pub fills: BTreeMap<InstrumentId, FillsKept>,
    /// Where payments are asked from.
    pub payments: PaymentsKept,
    /// Where fills are asked from for an instrument that has none: when the run began.
    pub began_at: UtcMs,
}

/// The payments of funding that the ledger has.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PaymentsKept {
    /// The venue is asked for payments from here on, a day before the last one; none where there is
    /// none: from when the run began.
    pub since: Option<UtcMs>,
    /// All that are booked since then.
    pub booked: BTreeSet<(InstrumentId, FundingSource)>,
}

/// A plan of the core: whose stop and target a position of the instrument has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PlanKept {
    /// Of what.
    pub instrument: InstrumentId,
    /// The decision that opened it; its orders are named after it.
    pub decision_id: Id,
    /// Stop and target as they stand now.
    pub protection: Protection,
}

/// The fills of an instrument that the ledger has.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FillsKept {
    /// The venue is asked for fills from here on. A day before the last fill is enough: fills don't
    /// come in the order of their numbers, and one that was lost before a crash may be older than
    /// the last one booked.
    pub since: UtcMs,
    /// The venue's numbers of all that are booked since then.
    pub booked: BTreeSet<u64>,
}
