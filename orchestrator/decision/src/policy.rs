//! All that a decision depends on beside its snapshot: profile, weights, costs. Hashed, recorded in
//! the ledger, and found again by a replay.

use std::collections::BTreeMap;

use domain::canonical;
use domain::signal::AgentId;
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
}

impl Policy {
    /// SHA-256 of its canonical text, in hex.
    pub fn hash(&self) -> String {
        let text = canonical::encode(self).expect("a checked profile has finite numbers only");
        hex::encode(Sha256::digest(text))
    }
}
