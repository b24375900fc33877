//! Why the kernel refused, with the numbers that it refused by.

use domain::instrument::{FilterViolation, InstrumentId};
use domain::money::{Money, Price};
use domain::time::UtcMs;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::snapshot::TradingState;

/// A refusal. Every one carries its numbers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub enum Denial {
    /// The drawdown limit was reached; a person must lift the halt.
    #[error("halted: drawdown {drawdown_ratio:.4} reached its limit {limit_ratio:.4}")]
    Halted {
        /// Loss from the peak now.
        drawdown_ratio: f64,
        /// Where trading stops.
        limit_ratio: f64,
    },
    /// Trading is suspended until a person resumes it.
    #[error("{} since {since}: {why}; only a person resumes it", .state.name())]
    Suspended {
        /// How strict it is.
        state: TradingState,
        /// Who asked for it, or what is wrong.
        why: String,
        /// The watermark after which it came.
        since: UtcMs,
    },
    /// The day's loss limit was reached; entries go on with the next UTC day.
    #[error("paused for the day: loss {loss_ratio:.4} reached its limit {limit_ratio:.4}")]
    DayLoss {
        /// Loss since the day began, now.
        loss_ratio: f64,
        /// Where entries pause.
        limit_ratio: f64,
    },
    /// The drawdown came close to its limit; entries go on with the next UTC day, at smaller sizes.
    #[error(
        "paused for the day: drawdown {drawdown_ratio:.4} came close to its limit, to {near_ratio:.4}"
    )]
    NearHalt {
        /// Loss from the peak now.
        drawdown_ratio: f64,
        /// Where entries pause for the day.
        near_ratio: f64,
    },
    /// As many entries as a day may have.
    #[error("{entries} of {limit} entries were made today")]
    DayEntries {
        /// Entries of the UTC day.
        entries: u32,
        /// How many there may be.
        limit: u32,
    },
    /// As many losing trades in a row as a day may have; entries go on with the next UTC day.
    #[error("{losses} trades in a row lost, {limit} end the day")]
    LossesInARow {
        /// How many lost.
        losses: u32,
        /// How many end the day.
        limit: u32,
    },
    /// The venue would liquidate before, or too soon after, the stop is hit.
    #[error(
        "the stop at {stop} is {stop_ratio:.4} away, and {safe_ratio:.4} is safe with liquidation at \
         about {liquidation}"
    )]
    NearLiquidation {
        /// Where the position would be given up.
        stop: Price,
        /// How far that is from the reference, of it.
        stop_ratio: Decimal,
        /// How far it may be.
        safe_ratio: Decimal,
        /// Where the venue would liquidate.
        liquidation: Price,
    },
    /// The risk agent has not spoken, or what it said has expired.
    #[error("no live word of the risk agent (last expired {expired_at:?})")]
    NoRiskWord {
        /// When its last word expired; none if it never spoke.
        expired_at: Option<UtcMs>,
    },
    /// The risk agent allows no entries.
    #[error("the risk agent allows no entries (size ratio {size_ratio:.3})")]
    RiskWord {
        /// Its size ratio.
        size_ratio: f64,
    },
    /// As many positions as may be.
    #[error("{open} of {limit} positions are open")]
    TooManyPositions {
        /// Open or being opened.
        open: u32,
        /// How many there may be.
        limit: u32,
    },
    /// Not sure enough.
    #[error("confidence {confidence:.3} is below {limit:.3}")]
    LowConfidence {
        /// Of the intent.
        confidence: f64,
        /// Of the profile.
        limit: f64,
    },
    /// A long entry needs a stop below and a target above it, a short one the reverse.
    #[error("stop {stop:?} and target {target:?} don't enclose {reference}")]
    BadBarriers {
        /// The last close.
        reference: Price,
        /// Where it is given up.
        stop: Option<Price>,
        /// Where its profit is taken.
        target: Option<Price>,
    },
    /// Whoever proposed it speaks of another instrument, or of a price that nobody saw.
    #[error("of {of} at {reference}, and what was seen is {instrument} at {seen}")]
    Invented {
        /// Of what the intent is.
        of: InstrumentId,
        /// The last close by its word.
        reference: Price,
        /// What is decided about.
        instrument: InstrumentId,
        /// Its last close.
        seen: Price,
    },
    /// The stops of what is open would lose as much as may be lost.
    #[error("heat {heat_quote} leaves nothing of {limit_quote}")]
    Heat {
        /// What open positions lose at their stops.
        heat_quote: Money,
        /// What they may lose.
        limit_quote: Money,
    },
    /// The record of out-of-sample trades justifies no stake at all.
    #[error("{trades} out-of-sample trades justify a stake of {cap_ratio} of equity")]
    Kelly {
        /// How many trades.
        trades: u32,
        /// What they justify, of equity.
        cap_ratio: Decimal,
    },
    /// What fits the limits is less than the venue takes.
    #[error("the size that fits is too small for the venue: {violation}")]
    VenueMinimum {
        /// In the words of the filter.
        violation: String,
        /// Worth of the size that fits.
        notional_quote: Money,
    },
    /// An entry or an exit of the instrument is still under way.
    #[error("an order of {instrument} is under way")]
    InTransit {
        /// Whose order.
        instrument: InstrumentId,
    },
    /// There is no position to close.
    #[error("nothing to close")]
    NothingToClose {
        /// The last close.
        reference: Price,
    },
    /// Numbers that no decimal holds.
    #[error("the numbers overflow at equity {equity_quote}")]
    Overflow {
        /// The account's equity.
        equity_quote: Money,
    },
}

impl Denial {
    /// Its name in tables and metrics.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Halted { .. } => "halted",
            Self::Suspended { .. } => "suspended",
            Self::DayLoss { .. } => "day_loss",
            Self::NearHalt { .. } => "near_halt",
            Self::DayEntries { .. } => "day_entries",
            Self::LossesInARow { .. } => "losses_in_a_row",
            Self::NearLiquidation { .. } => "near_liquidation",
            Self::NoRiskWord { .. } => "no_risk_word",
            Self::RiskWord { .. } => "risk_word",
            Self::TooManyPositions { .. } => "too_many_positions",
            Self::LowConfidence { .. } => "low_confidence",
            Self::BadBarriers { .. } => "bad_barriers",
            Self::Invented { .. } => "invented",
            Self::Heat { .. } => "heat",
            Self::Kelly { .. } => "kelly",
            Self::VenueMinimum { .. } => "venue_minimum",
            Self::InTransit { .. } => "in_transit",
            Self::NothingToClose { .. } => "nothing_to_close",
            Self::Overflow { .. } => "overflow",
        }
    }

    pub(crate) fn of_filter(violation: FilterViolation, notional_quote: Money) -> Self {
        Self::VenueMinimum { violation: violation.to_string(), notional_quote }
    }
}
