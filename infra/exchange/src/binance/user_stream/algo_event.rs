//! What happened to a conditional order of futures: `ALGO_UPDATE`. Its rejections come this way and
//! no other.

use domain::money::{Price, Quantity};
use domain::order::Side;
use domain::time::UtcMs;
use rust_decimal::Decimal;
use serde::Deserialize;

use crate::binance::number::{maybe, maybe_id, number, time};
use crate::binance::words::{AlgoStatus, OrderType, Origin, PositionSide, side};

/// One event of a conditional order.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct AlgoUpdate {
    /// Its name.
    #[serde(rename = "caid", default)]
    pub name: String,
    /// The algo service's number.
    #[serde(rename = "aid")]
    pub algo_id: u64,
    /// The venue's spelling of the instrument.
    #[serde(rename = "s")]
    pub symbol: String,
    /// Buy or sell.
    #[serde(rename = "S", deserialize_with = "side")]
    pub side: Side,
    /// The side of the position.
    #[serde(rename = "ps", default)]
    pub position_side: Option<PositionSide>,
    /// Its kind.
    #[serde(rename = "o")]
    pub kind: OrderType,
    /// How much; nought where it closes the whole position.
    #[serde(rename = "q", default, deserialize_with = "maybe")]
    pub quantity: Option<Quantity>,
    /// Where it stands.
    #[serde(rename = "X")]
    pub status: AlgoStatus,
    /// The plain order that it became.
    #[serde(rename = "ai", default, deserialize_with = "maybe_id")]
    pub order_id: Option<u64>,
    /// The mean price of that order's fills.
    #[serde(rename = "ap", default, deserialize_with = "maybe")]
    pub avg_price: Option<Decimal>,
    /// How much of that order is filled.
    #[serde(rename = "aq", default, deserialize_with = "maybe")]
    pub filled: Option<Quantity>,
    /// Where it starts.
    #[serde(rename = "tp", default, deserialize_with = "maybe")]
    pub trigger_price: Option<Price>,
    /// Whether it closes the whole position.
    #[serde(rename = "cp", default)]
    pub close_position: bool,
    /// Whether it may only reduce the position.
    #[serde(rename = "R", default)]
    pub reduce_only: bool,
    /// Why it failed, in the venue's words.
    #[serde(rename = "rm", default)]
    pub reason: Option<String>,
}

impl AlgoUpdate {
    /// Who sent the order.
    pub fn origin(&self) -> Origin {
        Origin::of(&self.name)
    }
}

/// The event around it.
#[derive(Debug, Deserialize)]
pub(crate) struct AlgoReport {
    #[serde(rename = "T", deserialize_with = "time")]
    pub(crate) time: UtcMs,
    pub(crate) o: AlgoUpdate,
}

/// `CONDITIONAL_ORDER_TRIGGER_REJECT`: a stop was triggered, and the order that it became refused.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct TriggerRefused {
    /// The venue's spelling of the instrument.
    #[serde(rename = "s")]
    pub symbol: String,
    /// The venue's number of the order.
    #[serde(rename = "i", deserialize_with = "number")]
    pub order_id: u64,
    /// Why, in the venue's words.
    #[serde(rename = "r", default)]
    pub reason: String,
}

/// The event around it.
#[derive(Debug, Deserialize)]
pub(crate) struct TriggerReport {
    #[serde(rename = "T", deserialize_with = "time")]
    pub(crate) time: UtcMs,
    #[serde(rename = "or")]
    pub(crate) refused: TriggerRefused,
}
