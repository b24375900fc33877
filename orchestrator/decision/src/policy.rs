//! All that a decision depends on beside its snapshot: profile, weights, costs. Hashed, recorded in
//! the ledger, and found again by a replay.

use std::collections::BTreeMap;

use domain::canonical;
use domain::signal::AgentId;
use domain::time::{DAY_MS, UtcMs};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::profile::Profile;

/// How much each agent's word counts, relative to the others'.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Weights {
    /// 1, 2, … with every adopted change.
    pub version: u32,
    /// Above nought; an agent without a weight does not count.
    pub by_agent: BTreeMap<AgentId, f64>,
}

impl Default for Weights {
    /// The technical agent alone: it is the only one with opinions of direction so far.
    fn default() -> Self {
        Self { version: 1, by_agent: BTreeMap::from([(AgentId::Technical, 1.0)]) }
    }
}

/// What trading costs, as far as the size of an order depends on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Costs {
    /// Fee for resting orders, of notional.
    pub maker_fee_ratio: Decimal,
    /// Fee for orders that take, of notional.
    pub taker_fee_ratio: Decimal,
    /// How much worse than the quoted price a taking order fills.
    pub slippage_bps: Decimal,
}

impl Default for Costs {
    /// Binance spot without discounts: 0.1 %; and 5 bps of slippage.
    fn default() -> Self {
        let fee = Decimal::new(1, 3);
        Self { maker_fee_ratio: fee, taker_fee_ratio: fee, slippage_bps: Decimal::from(5) }
    }
}

/// A cap on what a position may lose at its stop, from closed trades that no search had seen.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Kelly {
    /// SHA-256 of the evidence, in hex.
    pub evidence: String,
    /// How many trades it rests on.
    pub trades: u32,
    /// How much of the Kelly fraction is taken, 0…1.
    pub fraction: f64,
    /// The largest stake, of equity: what a position may lose at its stop.
    pub cap_ratio: Decimal,
}

/// Profile, weights and costs: with a snapshot they determine a decision.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Policy {
    /// Limits and manner.
    pub profile: Profile,
    /// Whose word counts how much.
    pub weights: Weights,
    /// What trading costs.
    pub costs: Costs,
    /// What the record of out-of-sample trades justifies; none without such a record.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kelly: Option<Kelly>,
    /// How much of every size is traded while the run is young; none: all of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rollout: Option<Rollout>,
}

/// Shares of every size that may be traded, by the run's age: what goes wrong at first must not cost
/// much.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rollout {
    /// When the run began.
    pub began_at: UtcMs,
    /// From which day on, counted from nought and ascending, which share.
    pub shares: Vec<(u32, Decimal)>,
}

impl Rollout {
    /// The share that counts at `now`; that of the first day before it.
    pub fn share(&self, now: UtcMs) -> Decimal {
        let day = now.since(self.began_at).max(0) / DAY_MS;
        let reached = self.shares.iter().rev().find(|(from, _)| i64::from(*from) <= day);
        reached.or(self.shares.first()).map_or(Decimal::ONE, |(_, share)| *share)
    }
}

impl Policy {
    /// A profile with the usual weights and costs, no record, and all of every size.
    pub fn of(profile: Profile) -> Self {
        let (weights, costs) = (Weights::default(), Costs::default());
        Self { profile, weights, costs, kelly: None, rollout: None }
    }

    /// SHA-256 of its canonical text, in hex.
    pub fn hash(&self) -> String {
        let text = canonical::encode(self).expect("a checked profile has finite numbers only");
        hex::encode(Sha256::digest(text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_share_grows_with_the_days() {
        let shares = [(0, 1), (3, 2), (14, 5)];
        let shares = shares.map(|(from, percent)| (from, Decimal::new(percent, 2))).to_vec();
        let rollout = Rollout { began_at: UtcMs::new(DAY_MS / 2), shares };
        let percent =
            |days: i64| rollout.share(UtcMs::new(DAY_MS / 2 + days)) * Decimal::ONE_HUNDRED;
        for (after, expected) in [
            (-5, 1),
            (0, 1),
            (3 * DAY_MS - 1, 1),
            (3 * DAY_MS, 2),
            (14 * DAY_MS, 5),
            (400 * DAY_MS, 5),
        ] {
            assert_eq!(percent(after), Decimal::from(expected), "{after}");
        }
        let none = Rollout { began_at: UtcMs::new(0), shares: Vec::new() };
        assert_eq!(none.share(UtcMs::new(1)), Decimal::ONE);
    }
}
