//! The rules that a profile may have beside its limits.

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

/// How much of the distance to liquidation a stop may take: a gap through the stop as wide as the
/// stop's own distance still leaves margin.
pub const SAFE_SHARE: Decimal = Decimal::from_parts(5, 0, 0, false, 1);

/// The margin of perpetuals.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Margin {
    /// Notional per unit of margin, 1…125.
    pub leverage: u32,
    /// What must be kept of a position's worth: the first tier's ratio of the least liquid market
    /// that is traded.
    pub maintenance_ratio: Decimal,
}

impl Margin {
    /// How far the price may go against a position before the venue liquidates it, of the entry
    /// price: about `1/leverage − maintenance margin`, long and short alike.
    pub fn liquidation_ratio(&self) -> Decimal {
        let whole = Decimal::ONE.checked_div(Decimal::from(self.leverage)).unwrap_or_default();
        whole.saturating_sub(self.maintenance_ratio)
    }

    /// How far a stop may lie from its entry, of the entry price.
    pub fn safe_stop_ratio(&self) -> Decimal {
        self.liquidation_ratio().saturating_mul(SAFE_SHARE)
    }
}

/// Sizes by a share of the capital, as both reference systems for futures have them.
///
/// The ratio is of the equity and is the position's *margin*; its notional is that times the
/// leverage. (8 % at leverage 5 is a position worth 40 % of the equity, of which a stop 0.5 % away
/// loses 0.2 %.)
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sizing {
    /// A position's margin, of equity.
    pub capital_ratio: Decimal,
    /// Whether it is multiplied by the confidence, within 0.5…1. The published formula's other terms,
    /// `1/(1 + max(0, volatility ratio − 1))` and `max(0.5, 1 − drawdown/limit)`, are the risk agent's
    /// word, by which every size is multiplied.
    #[serde(default)]
    pub by_confidence: bool,
}

/// Limits of a UTC day beside its loss.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Day {
    /// No more entries than this.
    pub max_entries: u32,
    /// No entries after this many trades in a row that lost.
    pub max_losses_in_a_row: u32,
    /// From this share of the day's loss limit on, sizes are halved.
    pub halve_at_loss_share: Decimal,
}

/// What is done shortly before the drawdown limit.
///
/// Published are "no new entries" and "size × 0.3" at the same place, and without entries there is
/// nothing to size. Both hold here one after the other: where the drawdown reaches this share of its
/// limit, entries pause until the UTC day ends; from the next day on, as long as it stays there,
/// sizes are multiplied. So the account can work its way back without a person, at a risk that
/// can hardly reach the limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NearHalt {
    /// Of the drawdown limit.
    pub at_share: Decimal,
    /// What sizes are multiplied by.
    pub size_ratio: Decimal,
}

/// What is done when the past days were not worth their risk.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LowSharpe {
    /// Over this many days, each from one midnight to the next; before there are as many, nothing is
    /// done.
    pub days: u32,
    /// Below this Sharpe ratio of daily equity (mean/σ × √365).
    pub below: f64,
    /// What sizes are multiplied by.
    pub size_ratio: Decimal,
}

/// What closes a position between its entry and its barriers.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Exits {
    /// From this confidence on, a lean against a position closes it; none: from that of entries on.
    pub confidence: Option<f64>,
    /// A position is given up once a candle of the decision timeframe closes this share of the first
    /// stop's distance against it.
    pub early_stop_share: Option<Decimal>,
    /// Whether a position at a loss is closed when agents speak but nothing speaks for it any more.
    /// One with a profit runs on, and silence is no opinion.
    #[serde(default)]
    pub cut_losers: bool,
}
