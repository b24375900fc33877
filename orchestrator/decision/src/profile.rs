//! Profiles: the limits and the manner of trading, as data.

mod check;
pub mod rules;

use domain::timeframe::Timeframe;
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use serde::{Deserialize, Serialize};

use self::rules::{Day, Exits, LowSharpe, Margin, NearHalt, Sizing};

/// Where a profile trades.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Market {
    /// Long only, without leverage.
    Spot,
    /// Binance's perpetuals margined in the quote asset: long and short, with leverage.
    UsdmFutures,
}

impl Market {
    /// Whether a position may be opened by selling.
    pub const fn has_shorts(self) -> bool {
        matches!(self, Self::UsdmFutures)
    }
}

/// When and how far the stop follows the price. R is the distance from entry to first stop.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Trailing {
    /// The stop starts to follow once the best price is this many R from the entry.
    pub activation_r_multiple: f64,
    /// It stays this many R behind the best price.
    pub distance_r_multiple: f64,
}

/// A named set of limits. Ratios are of 1, not percent.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Profile {
    /// Its name.
    pub name: String,
    /// Where it trades.
    pub market: Market,
    /// It decides when a candle of this timeframe closes; finer ones only move exits.
    pub decision_timeframe: Timeframe,
    /// Below this confidence there is no entry, 0.3…1. Agents whose confidence is a probability begin
    /// at 0.5: less asks nothing of them but a lean.
    pub min_confidence: f64,
    /// How many positions may be open at once. Each may take its equal share of the equity.
    pub max_positions: u32,
    /// What one position may lose at its stop, of equity, costs included. It is the size itself where
    /// no other rule of sizing is given, and its limit where one is.
    pub risk_per_trade_ratio: Decimal,
    /// What all positions together may lose at their stops, of equity.
    pub max_heat_ratio: Decimal,
    /// After this loss from the day's opening equity there are no entries until the next UTC day.
    pub daily_loss_ratio: Decimal,
    /// From this drawdown on, sizes are halved.
    pub halve_at_drawdown_ratio: Decimal,
    /// From this drawdown on, there are no entries until a person lifts the halt.
    pub halt_at_drawdown_ratio: Decimal,
    /// Distance from entry to stop, in average true ranges of the decision timeframe; the wider of
    /// this and `stop_least_ratio` counts.
    pub stop_atr_multiple: f64,
    /// The least distance from entry to stop, of the price.
    #[serde(default, skip_serializing_if = "is_nought")]
    pub stop_least_ratio: f64,
    /// Distance from entry to target, in R; the wider of this and `target_least_ratio` counts.
    pub target_r_multiple: f64,
    /// The least distance from entry to target, of the price.
    #[serde(default, skip_serializing_if = "is_nought")]
    pub target_least_ratio: f64,
    /// How the stop follows; none leaves it where it is.
    pub trailing: Option<Trailing>,
    /// The margin of perpetuals; they need it, and spot has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub margin: Option<Margin>,
    /// How sizes are found; none: by the risk at the stop.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sizing: Option<Sizing>,
    /// Limits of a UTC day beside its loss.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub day: Option<Day>,
    /// What is done shortly before the drawdown limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub near_halt: Option<NearHalt>,
    /// What is done when the past days were not worth their risk.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub low_sharpe: Option<LowSharpe>,
    /// What closes a position between its entry and its barriers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exits: Option<Exits>,
}

fn is_nought(value: &f64) -> bool {
    *value == 0.0
}

/// Why a profile can't be used: everything that is wrong with it at once.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProfileError {
    /// No such file comes with the program.
    #[error("no profile '{name}'; known are {known}")]
    Unknown {
        /// What was asked for.
        name: String,
        /// What there is.
        known: String,
    },
    /// Not the fields of a profile.
    #[error("profile: {0}")]
    Unreadable(String),
    /// Fields that contradict each other or can't be.
    #[error("profile '{name}' is impossible: {}", .problems.join("; "))]
    Impossible {
        /// Which profile.
        name: String,
        /// Each thing that is wrong.
        problems: Vec<String>,
    },
}

const BUILT_IN: [(&str, &str); 3] = [
    ("swing-spot", include_str!("../profiles/swing-spot.toml")),
    ("intraday-futures", include_str!("../profiles/intraday-futures.toml")),
    ("rl-futures", include_str!("../profiles/rl-futures.toml")),
];

impl Profile {
    /// The names of the profiles that come with the program.
    pub fn names() -> impl Iterator<Item = &'static str> {
        BUILT_IN.into_iter().map(|(name, _)| name)
    }

    /// A profile that comes with the program.
    pub fn named(name: &str) -> Result<Self, ProfileError> {
        match BUILT_IN.into_iter().find(|(known, _)| *known == name) {
            Some((_, text)) => Self::parse(text),
            None => {
                let known = Self::names().collect::<Vec<_>>().join(", ");
                Err(ProfileError::Unknown { name: name.chars().take(40).collect(), known })
            }
        }
    }

    /// Reads a profile from TOML and checks it.
    pub fn parse(text: &str) -> Result<Self, ProfileError> {
        let profile: Self = toml::from_str(text)
            .map_err(|e| ProfileError::Unreadable(e.to_string().trim().to_owned()))?;
        profile.checked()
    }

    /// The drawdown at which everything stops, as a float for agents that tighten before it.
    pub fn halt_drawdown(&self) -> f64 {
        self.halt_at_drawdown_ratio.to_f64().unwrap_or(1.0)
    }

    /// Notional per unit of margin; one without margin.
    pub fn leverage(&self) -> u32 {
        self.margin.map_or(1, |margin| margin.leverage)
    }

    /// The drawdown shortly before the halt at which entries pause for the day, where there is one.
    pub fn near_halt_ratio(&self) -> Option<f64> {
        let share = self.near_halt?.at_share.checked_mul(self.halt_at_drawdown_ratio)?;
        share.to_f64()
    }

    /// Whether a position may be opened by selling.
    pub const fn has_shorts(&self) -> bool {
        self.market.has_shorts()
    }

    /// From this confidence on, a lean against a position closes it.
    pub fn exit_confidence(&self) -> f64 {
        self.exits.and_then(|exits| exits.confidence).unwrap_or(self.min_confidence)
    }
}
