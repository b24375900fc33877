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

/// What the venue took from, or paid to, a position when funding was settled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct FundingPayment {
    /// Of what.
    pub instrument: InstrumentId,
    /// The venue's time.
    pub time_exchange: UtcMs,
    /// The settled rate, of notional; longs pay shorts where it is positive.
    #[serde(with = "normal_decimal")]
    pub rate_ratio: Decimal,
    /// The mark price that notional was taken at.
    pub mark: Price,
    /// Base units held, negative when short.
    #[serde(with = "normal_decimal")]
    pub held_base: Decimal,
    /// What it changes the cash by: `−held × mark × rate`, to eight decimals.
    pub amount_quote: Money,
}
