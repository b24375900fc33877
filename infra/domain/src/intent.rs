//! What the signals, taken together, want for one instrument.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::instrument::InstrumentId;
use crate::money::Price;

/// What to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// Open or add to a long position, or close a short one.
    Buy,
    /// Close a long position, or open a short one where the market has them.
    Sell,
    /// Do nothing.
    Hold,
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Buy => "buy",
            Self::Sell => "sell",
            Self::Hold => "hold",
        })
    }
}

/// Why an intent is what it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IntentReason {
    /// No agent has a live signal.
    NoSignal,
    /// Agents speak, but not with the profile's confidence.
    LowConfidence,
    /// Agents lean neither way.
    Flat,
    /// The lean fits the position that is held already.
    AlreadyPositioned,
    /// A lean to short where the market has no shorts and nothing is held.
    NothingToSell,
    /// The stop can't be placed: no agent knows the range.
    NoRange,
    /// A lean without a position, to a side that the market has.
    Enter,
    /// A lean against the position that is held.
    ExitOnOpposite,
    /// A candle closed most of the way to the stop.
    EarlyStop,
    /// Nothing speaks for a position that is at a loss.
    CutLoser,
}

impl IntentReason {
    /// Its name in tables and metrics.
    pub const fn name(self) -> &'static str {
        match self {
            Self::NoSignal => "no_signal",
            Self::LowConfidence => "low_confidence",
            Self::Flat => "flat",
            Self::AlreadyPositioned => "already_positioned",
            Self::NothingToSell => "nothing_to_sell",
            Self::NoRange => "no_range",
            Self::Enter => "enter",
            Self::ExitOnOpposite => "exit_on_opposite",
            Self::EarlyStop => "early_stop",
            Self::CutLoser => "cut_loser",
        }
    }
}

/// What the signals want, before the risk kernel has its say. The size is the kernel's to set.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Intent {
    /// For what.
    pub instrument: InstrumentId,
    /// What to do.
    pub action: Action,
    /// Why.
    pub reason: IntentReason,
    /// Weighted score of the live signals, −100…+100; none without signals.
    pub score: Option<f64>,
    /// Weighted confidence of the live signals, 0.5…1; none without signals.
    pub confidence: Option<f64>,
    /// The last close.
    pub reference: Price,
    /// Where an entry is given up.
    pub stop: Option<Price>,
    /// Where its profit is taken.
    pub target: Option<Price>,
}
