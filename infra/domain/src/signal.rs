//! Opinions of agents. Every one expires.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::instrument::InstrumentId;
use crate::text::serde_as_text;
use crate::time::UtcMs;

/// An agent that speaks. A closed set, so that a weight can't name an agent that doesn't exist.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AgentId {
    /// Indicators to score.
    Technical,
    /// Regime and caution.
    Risk,
}

/// Text that names no agent.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("'{0}' is not an agent; known are technical, risk")]
pub struct ParseAgentError(String);

impl AgentId {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Technical, Self::Risk];

    /// Its name in tables, metrics and weights.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Technical => "technical",
            Self::Risk => "risk",
        }
    }
}

impl fmt::Display for AgentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for AgentId {
    type Err = ParseAgentError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let found = Self::ALL.into_iter().find(|agent| agent.name() == text);
        found.ok_or_else(|| ParseAgentError(text.chars().take(40).collect()))
    }
}

serde_as_text!(AgentId);

/// Which way an agent leans.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// Price will rise.
    Long,
    /// No lean. This is an opinion; having none is the absence of a signal.
    Flat,
    /// Price will fall.
    Short,
}

impl fmt::Display for Direction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Long => "long",
            Self::Flat => "flat",
            Self::Short => "short",
        })
    }
}

/// A named number that a signal rests on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Feature {
    /// Such as `rsi_14@1h`.
    pub name: Cow<'static, str>,
    /// Its value.
    pub value: f64,
}

/// One agent's opinion of one instrument.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Signal {
    /// Who speaks.
    pub agent: AgentId,
    /// Of what.
    pub instrument: InstrumentId,
    /// The event that it answers.
    pub input_seq: u64,
    /// Close of the candle that it answers.
    pub issued_at: UtcMs,
    /// Which way.
    pub direction: Direction,
    /// −100…+100, negative for short.
    pub score: f64,
    /// Probability that the direction is right, 0.5…1.
    pub confidence: f64,
    /// Expected return until the horizon, signed, as a ratio of price.
    pub expected_return_ratio: f64,
    /// How far ahead it looks.
    pub horizon_ms: i64,
    /// From this moment on it no longer counts.
    pub expires_at: UtcMs,
    /// Average true range at the decision timeframe, in quote units, where the agent knows it.
    pub atr_quote: Option<f64>,
    /// The numbers that it rests on, where anybody asks.
    pub basis: Vec<Feature>,
}

/// The risk agent's word: it can only tighten, and it expires. Without a live word there are no
/// new entries.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RiskWord {
    /// Of what.
    pub instrument: InstrumentId,
    /// The event that it answers.
    pub input_seq: u64,
    /// Close of the candle that it answers.
    pub issued_at: UtcMs,
    /// From this moment on it no longer counts.
    pub expires_at: UtcMs,
    /// Whether new positions may be opened.
    pub entries_allowed: bool,
    /// Size is multiplied by this, 0…1.
    pub size_ratio: f64,
    /// The numbers that it rests on, where anybody asks.
    pub basis: Vec<Feature>,
}
