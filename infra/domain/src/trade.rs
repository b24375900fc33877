//! A closed round trip.

use std::fmt;

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::ids::Id;
use crate::instrument::InstrumentId;
use crate::money::{Money, Quantity};
use crate::signal::Direction;
use crate::text::normal_decimal;
use crate::time::UtcMs;

/// Why a position was closed, in freqtrade's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ExitReason {
    /// The target was reached.
    Roi,
    /// The first stop was hit.
    StopLoss,
    /// The stop was hit after it had been moved in the position's favour.
    TrailingStopLoss,
    /// The signals turned against the position.
    ExitSignal,
    /// The session ended under the position, or a person closed it.
    ForceExit,
    /// Its margin was used up and the venue closed it.
    Liquidation,
    /// It could not be protected by a stop at the venue.
    EmergencyExit,
}

impl ExitReason {
    /// Its name in tables and metrics.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Roi => "roi",
            Self::StopLoss => "stop_loss",
            Self::TrailingStopLoss => "trailing_stop_loss",
            Self::ExitSignal => "exit_signal",
            Self::ForceExit => "force_exit",
            Self::Liquidation => "liquidation",
            Self::EmergencyExit => "emergency_exit",
        }
    }
}

impl fmt::Display for ExitReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// A position from its first fill until it was flat again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trade {
    /// The id of the decision that opened it.
    pub decision_id: Id,
    /// Of what.
    pub instrument: InstrumentId,
    /// Long or short.
    pub direction: Direction,
    /// First fill.
    pub entry_time: UtcMs,
    /// Last fill.
    pub exit_time: UtcMs,
    /// How much was opened in all.
    pub quantity: Quantity,
    /// Average price of opening.
    #[serde(with = "normal_decimal")]
    pub entry_price: Decimal,
    /// Average price of closing.
    #[serde(with = "normal_decimal")]
    pub exit_price: Decimal,
    /// Fees, in quote units.
    pub fees_quote: Money,
    /// Net of fees: the cash flow of the round trip.
    pub pnl_quote: Money,
    /// Why it was closed.
    pub exit_reason: ExitReason,
}
