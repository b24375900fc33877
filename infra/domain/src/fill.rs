//! What the venue booked.

use serde::{Deserialize, Serialize};

use crate::instrument::{Asset, InstrumentId};
use crate::money::{Money, Price, Quantity};
use crate::order::{ClientOrderId, Side};
use crate::time::UtcMs;

/// Whether the order rested in the book or took from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Liquidity {
    /// It rested.
    Maker,
    /// It took.
    Taker,
}

/// One execution of (a part of) an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fill {
    /// The venue's own number, unique within the instrument.
    pub venue_fill_id: u64,
    /// Of which order.
    pub client_order_id: ClientOrderId,
    /// Of what.
    pub instrument: InstrumentId,
    /// Bought or sold.
    pub side: Side,
    /// At what price.
    pub price: Price,
    /// How much.
    pub quantity: Quantity,
    /// The venue's fee; negative for a rebate.
    pub fee: Money,
    /// What the fee was paid in.
    pub fee_asset: Asset,
    /// Maker or taker.
    pub liquidity: Liquidity,
    /// The venue's time.
    pub time_exchange: UtcMs,
}
