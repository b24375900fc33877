//! Whether a profile's numbers can all be true together.

use rust_decimal::Decimal;
use rust_decimal::prelude::FromPrimitive;

use super::{Market, Profile, ProfileError};

/// What is wrong so far.
#[derive(Default)]
struct Problems(Vec<String>);

impl Problems {
    fn unless(&mut self, holds: bool, problem: impl FnOnce() -> String) {
        if !holds {
            self.0.push(problem());
        }
    }

    /// Above nought and at most one.
    fn ratio(&mut self, name: &str, value: Decimal) {
        self.unless(value > Decimal::ZERO && value <= Decimal::ONE, || {
            format!("{name} {value} must be above 0 and at most 1")
        });
    }
}

impl Profile {
    /// Gives it back if its numbers can all be true together.
    pub fn checked(self) -> Result<Self, ProfileError> {
        let mut problems = Problems::default();
        self.check_limits(&mut problems);
        self.check_barriers(&mut problems);
        self.check_rules(&mut problems);
        self.check_margin(&mut problems);
        match problems.0 {
            problems if problems.is_empty() => Ok(self),
            problems => Err(ProfileError::Impossible { name: self.name, problems }),
        }
    }

    fn check_limits(&self, problems: &mut Problems) {
        for (name, value) in [
            ("risk_per_trade_ratio", self.risk_per_trade_ratio),
            ("max_heat_ratio", self.max_heat_ratio),
            ("daily_loss_ratio", self.daily_loss_ratio),
            ("halve_at_drawdown_ratio", self.halve_at_drawdown_ratio),
            ("halt_at_drawdown_ratio", self.halt_at_drawdown_ratio),
        ] {
            problems.ratio(name, value);
        }
        let confidence = self.min_confidence;
        problems.unless((0.3..=1.0).contains(&confidence), || {
            format!("min_confidence {confidence} must be 0.3 to 1")
        });
        problems.unless((1..=100).contains(&self.max_positions), || {
            format!("max_positions {} must be 1 to 100", self.max_positions)
        });
        problems.unless(self.risk_per_trade_ratio <= self.max_heat_ratio, || {
            format!(
                "risk_per_trade_ratio {} is above max_heat_ratio {}: no trade would ever fit",
                self.risk_per_trade_ratio, self.max_heat_ratio
            )
        });
        problems.unless(self.halve_at_drawdown_ratio <= self.halt_at_drawdown_ratio, || {
            format!(
                "halve_at_drawdown_ratio {} is above halt_at_drawdown_ratio {}",
                self.halve_at_drawdown_ratio, self.halt_at_drawdown_ratio
            )
        });
    }

    fn check_barriers(&self, problems: &mut Problems) {
        let multiple = |value: f64| value.is_finite() && value > 0.0 && value <= 100.0;
        for (name, value, least) in [
            ("stop_atr_multiple", self.stop_atr_multiple, self.stop_least_ratio),
            ("target_r_multiple", self.target_r_multiple, self.target_least_ratio),
        ] {
            problems.unless(multiple(value) || (value == 0.0 && least > 0.0), || {
                format!("{name} {value} must be above 0 and at most 100")
            });
        }
        for (name, value) in [
            ("stop_least_ratio", self.stop_least_ratio),
            ("target_least_ratio", self.target_least_ratio),
        ] {
            problems.unless((0.0..1.0).contains(&value), || {
                format!("{name} {value} must be from 0 to below 1")
            });
        }
        if let Some(trailing) = self.trailing {
            problems.unless(
                multiple(trailing.activation_r_multiple) && multiple(trailing.distance_r_multiple),
                || "trailing multiples must be above 0 and at most 100".to_owned(),
            );
        }
    }

    fn check_rules(&self, problems: &mut Problems) {
        if let Some(sizing) = self.sizing {
            problems.ratio("sizing.capital_ratio", sizing.capital_ratio);
        }
        if let Some(day) = self.day {
            problems.unless(day.max_entries > 0 && day.max_losses_in_a_row > 0, || {
                "day.max_entries and day.max_losses_in_a_row must be at least 1".to_owned()
            });
            problems.ratio("day.halve_at_loss_share", day.halve_at_loss_share);
        }
        if let Some(near_halt) = self.near_halt {
            problems.ratio("near_halt.at_share", near_halt.at_share);
            problems.ratio("near_halt.size_ratio", near_halt.size_ratio);
        }
        if let Some(low_sharpe) = self.low_sharpe {
            problems.unless((2..=365).contains(&low_sharpe.days), || {
                format!("low_sharpe.days {} must be 2 to 365", low_sharpe.days)
            });
            problems.unless(low_sharpe.below.is_finite(), || {
                format!("low_sharpe.below {} must be a number", low_sharpe.below)
            });
            problems.ratio("low_sharpe.size_ratio", low_sharpe.size_ratio);
        }
        if let Some(exits) = self.exits {
            let confidence = exits.confidence.unwrap_or(1.0);
            problems.unless((0.3..=1.0).contains(&confidence), || {
                format!("exits.confidence {confidence} must be 0.3 to 1")
            });
            if let Some(share) = exits.early_stop_share {
                problems.ratio("exits.early_stop_share", share);
            }
        }
    }

    /// A stop that liquidation overtakes protects nothing.
    fn check_margin(&self, problems: &mut Problems) {
        let Some(margin) = self.margin else {
            problems.unless(self.market == Market::Spot, || {
                "[margin] is missing: perpetuals need leverage and maintenance_ratio".to_owned()
            });
            return;
        };
        problems.unless(self.market == Market::UsdmFutures, || {
            "[margin] is for usdm-futures: spot has no leverage".to_owned()
        });
        problems.unless((1..=125).contains(&margin.leverage), || {
            format!("margin.leverage {} must be 1 to 125", margin.leverage)
        });
        problems.ratio("margin.maintenance_ratio", margin.maintenance_ratio);
        let safe = margin.safe_stop_ratio();
        problems.unless(safe > Decimal::ZERO, || {
            format!(
                "margin.leverage {} leaves nothing of the maintenance_ratio {}",
                margin.leverage, margin.maintenance_ratio
            )
        });
        let stop = Decimal::from_f64(self.stop_least_ratio).unwrap_or(Decimal::MAX);
        problems.unless(stop <= safe, || {
            format!(
                "stop_least_ratio {stop} lies beyond {safe}, the safe half of the distance to \
                 liquidation at leverage {}",
                margin.leverage
            )
        });
    }
}
