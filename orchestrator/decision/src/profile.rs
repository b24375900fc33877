//! Profiles: the limits and the manner of trading, as data.

use domain::timeframe::Timeframe;
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use serde::{Deserialize, Serialize};

/// Where a profile trades.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Market {
    /// Long only, without leverage.
    Spot,
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
    /// Below this confidence there is no entry, 0.5…1.
    pub min_confidence: f64,
    /// How many positions may be open at once. Each may take its equal share of the equity.
    pub max_positions: u32,
    /// What one position may lose at its stop, of equity.
    pub risk_per_trade_ratio: Decimal,
    /// What all positions together may lose at their stops, of equity.
    pub max_heat_ratio: Decimal,
    /// After this loss from the day's opening equity there are no entries until the next UTC day.
    pub daily_loss_ratio: Decimal,
    /// From this drawdown on, sizes are halved.
    pub halve_at_drawdown_ratio: Decimal,
    /// From this drawdown on, there are no entries until a person lifts the halt.
    pub halt_at_drawdown_ratio: Decimal,
    /// Distance from entry to stop, in average true ranges of the decision timeframe.
    pub stop_atr_multiple: f64,
    /// Distance from entry to target, in R.
    pub target_r_multiple: f64,
    /// How the stop follows; none leaves it where it is.
    pub trailing: Option<Trailing>,
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

const BUILT_IN: [(&str, &str); 1] = [("swing-spot", include_str!("../profiles/swing-spot.toml"))];

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

    /// Gives it back if its numbers can all be true together.
    pub fn checked(self) -> Result<Self, ProfileError> {
        let mut problems = Vec::new();
        let mut ask = |holds: bool, problem: String| {
            if !holds {
                problems.push(problem);
            }
        };
        let ratio = |value: Decimal| value > Decimal::ZERO && value <= Decimal::ONE;
        for (name, value) in [
            ("risk_per_trade_ratio", self.risk_per_trade_ratio),
            ("max_heat_ratio", self.max_heat_ratio),
            ("daily_loss_ratio", self.daily_loss_ratio),
            ("halve_at_drawdown_ratio", self.halve_at_drawdown_ratio),
            ("halt_at_drawdown_ratio", self.halt_at_drawdown_ratio),
        ] {
            ask(ratio(value), format!("{name} {value} must be above 0 and at most 1"));
        }
        let confidence = self.min_confidence;
        ask(
            (0.5..=1.0).contains(&confidence),
            format!("min_confidence {confidence} must be 0.5 to 1"),
        );
        ask(
            (1..=100).contains(&self.max_positions),
            format!("max_positions {} must be 1 to 100", self.max_positions),
        );
        ask(
            self.risk_per_trade_ratio <= self.max_heat_ratio,
            format!(
                "risk_per_trade_ratio {} is above max_heat_ratio {}: no trade would ever fit",
                self.risk_per_trade_ratio, self.max_heat_ratio
            ),
        );
        ask(
            self.halve_at_drawdown_ratio <= self.halt_at_drawdown_ratio,
            format!(
                "halve_at_drawdown_ratio {} is above halt_at_drawdown_ratio {}",
                self.halve_at_drawdown_ratio, self.halt_at_drawdown_ratio
            ),
        );
        let multiple = |value: f64| value.is_finite() && value > 0.0 && value <= 100.0;
        ask(
            multiple(self.stop_atr_multiple),
            format!("stop_atr_multiple {} must be above 0 and at most 100", self.stop_atr_multiple),
        );
        ask(
            multiple(self.target_r_multiple),
            format!("target_r_multiple {} must be above 0 and at most 100", self.target_r_multiple),
        );
        if let Some(trailing) = self.trailing {
            ask(
                multiple(trailing.activation_r_multiple) && multiple(trailing.distance_r_multiple),
                "trailing multiples must be above 0 and at most 100".to_owned(),
            );
        }
        if problems.is_empty() {
            Ok(self)
        } else {
            Err(ProfileError::Impossible { name: self.name, problems })
        }
    }

    /// The drawdown at which everything stops, as a float for agents that tighten before it.
    pub fn halt_drawdown(&self) -> f64 {
        self.halt_at_drawdown_ratio.to_f64().unwrap_or(1.0)
    }
}
