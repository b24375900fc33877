//! What an operator should know, and what follows from an input.

use domain::funding::FundingPayment;
use domain::instrument::InstrumentId;
use domain::intervention::Intervention;
use domain::order::OrderReport;
use domain::time::UtcMs;
use domain::venue_name::VenueName;
use rust_decimal::Decimal;

use crate::ask::Request;

/// Something worth an alert, a metric or a line in the log. Each is told once per cause.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fact {
    /// Somebody else's order or fill at this account; neither adopted nor booked.
    ForeignOrder {
        /// The venue's spelling of the instrument.
        symbol: String,
        /// The venue's number.
        order_id: u64,
        /// Its name, where known.
        name: Option<String>,
    },
    /// The venue speaks of an instrument that is not known (yet). Its fills wait.
    UnknownInstrument {
        /// The venue's spelling.
        symbol: String,
    },
    /// An order's outcome has stayed unknown for too long.
    UnknownTooLong {
        /// Which.
        name: VenueName,
        /// Since when.
        since: UtcMs,
    },
    /// An order's outcome was unknown and is known now.
    Resolved {
        /// Which.
        name: VenueName,
        /// How long it was unknown.
        after_ms: i64,
        /// Whether the venue has it.
        exists: bool,
    },
    /// A position has no working stop at the venue.
    Unprotected {
        /// Which.
        instrument: InstrumentId,
        /// Since when.
        since: UtcMs,
        /// What stands in the way.
        why: String,
    },
    /// A position's stop works.
    Protected {
        /// Which.
        instrument: InstrumentId,
        /// How long it was without.
        after_ms: i64,
    },
    /// Ours and the venue's holdings differ, on two looks while nothing was under way.
    BooksDiffer {
        /// An instrument (futures) or an asset (spot).
        subject: String,
        /// Ours, in base units or units of the asset.
        ours: Decimal,
        /// The venue's.
        venues: Decimal,
    },
    /// Fills that the stream did not bring were found in the account's trades.
    Recovered {
        /// Of what.
        instrument: InstrumentId,
        /// How many.
        fills: u64,
    },
}

/// What follows from an input, in order. Reports and interventions are for the core, and are written
/// down before any request is sent. Whoever feeds many inputs empties it and uses it again.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Out {
    /// For the venue.
    pub requests: Vec<Request>,
    /// For the core.
    pub reports: Vec<OrderReport>,
    /// For the core, after the reports.
    pub payments: Vec<FundingPayment>,
    /// For the core, after the payments.
    pub interventions: Vec<Intervention>,
    /// For people.
    pub facts: Vec<Fact>,
}
