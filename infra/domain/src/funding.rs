//! What holding a perpetual costs or earns.

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::instrument::InstrumentId;
use crate::money::{Money, Price};
use crate::text::normal_decimal;
use crate::time::UtcMs;

/// A settlement of funding: what holders of a perpetual pay each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct FundingRate {
    /// Of what.
    pub instrument: InstrumentId,
    /// The venue's time.
    pub time_exchange: UtcMs,
    /// Of notional; longs pay shorts where it is positive.
    #[serde(with = "normal_decimal")]
    pub rate_ratio: Decimal,
}

/// What the venue took from, or paid to, a position beside its fills.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct FundingPayment {
    /// Of what.
    pub instrument: InstrumentId,
    /// The venue's time.
    pub time_exchange: UtcMs,
    /// What it changes the cash by.
    pub amount_quote: Money,
    /// Where it comes from.
    pub source: FundingSource,
}

/// Where a payment comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FundingSource {
    /// Reckoned when funding was settled: `−held × mark × rate`, to eight decimals.
    Reckoned {
        /// The settled rate, of notional; longs pay shorts where it is positive.
        #[serde(with = "normal_decimal")]
        rate_ratio: Decimal,
        /// The mark price that notional was taken at.
        mark: Price,
        /// Base units held, negative when short.
        #[serde(with = "normal_decimal")]
        held_base: Decimal,
    },
    /// A venue's account tells of funding: the amount alone.
    Told {
        /// The venue's number of it.
        income_id: i64,
    },
    /// A venue's account tells what it took for liquidating the position, or made up for.
    Liquidation {
        /// The venue's number of it.
        income_id: i64,
    },
}
