//! What reaches the decisions from outside the market: a person's word, and what whoever works the
//! orders at the venue can't settle alone.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::instrument::InstrumentId;

/// A word that changes what may be traded. An entry of the ledger: a replay hears it again at its
/// place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Intervention {
    /// A person's word.
    Operator {
        /// What is asked for.
        command: OperatorCommand,
        /// Who asks.
        by: String,
    },
    /// A position has no working stop at the venue and can't get one.
    Unprotected {
        /// Which.
        instrument: InstrumentId,
        /// What stands in the way.
        why: String,
    },
    /// What is held of an instrument is too little for the venue to take: it is left.
    TooLittle {
        /// Of what.
        instrument: InstrumentId,
        /// In the venue's words, or by its filters.
        why: String,
    },
    /// Something that a person must look at before anything is opened again.
    Halted {
        /// What.
        why: String,
    },
}

/// What a person can ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OperatorCommand {
    /// No entries until resumed; what is under way goes on, positions too.
    Pause,
    /// Only orders that close may go out until resumed: entries under way are cancelled.
    Reduce,
    /// As if a loss had halted trading: only orders that close, entries under way are cancelled.
    Halt,
    /// Lifts all of them, and a halt by drawdown: its peak begins anew from the equity now. The
    /// day's own limits stay until the day ends.
    Resume,
    /// Closes a position at the market, or all of them.
    Close {
        /// Which; none for all.
        instrument: Option<InstrumentId>,
    },
}

impl OperatorCommand {
    /// Its name on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pause => "pause",
            Self::Reduce => "reduce",
            Self::Halt => "halt",
            Self::Resume => "resume",
            Self::Close { .. } => "close",
        }
    }
}

impl fmt::Display for OperatorCommand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Close { instrument: Some(instrument) } => write!(f, "close {instrument}"),
            other => f.pad(other.name()),
        }
    }
}

impl Intervention {
    /// Its name in tables and metrics.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Operator { command, .. } => command.name(),
            Self::Unprotected { .. } => "unprotected",
            Self::TooLittle { .. } => "too_little",
            Self::Halted { .. } => "halted",
        }
    }

    /// The instrument that it is about, if one alone.
    pub const fn instrument(&self) -> Option<InstrumentId> {
        match self {
            Self::Operator { command: OperatorCommand::Close { instrument }, .. } => *instrument,
            Self::Unprotected { instrument, .. } | Self::TooLittle { instrument, .. } => {
                Some(*instrument)
            }
            Self::Operator { .. } | Self::Halted { .. } => None,
        }
    }
}

impl fmt::Display for Intervention {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Operator { command, by } => write!(f, "{command} by {by}"),
            Self::Unprotected { instrument, why } => write!(f, "{instrument} has no stop: {why}"),
            Self::TooLittle { instrument, why } => {
                write!(f, "what is left of {instrument} can't be sold: {why}")
            }
            Self::Halted { why } => f.write_str(why),
        }
    }
}
