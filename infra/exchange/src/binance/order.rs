//! Orders and executions as the venue tells of them, in answers of both markets.

use domain::fill::{Fill, Liquidity};
use domain::instrument::InstrumentId;
use domain::money::{Money, Price, Quantity};
use domain::order::{ClientOrderId, OrderState, Side};
use domain::time::UtcMs;
use rust_decimal::Decimal;
use serde::Deserialize;

use super::number::{maybe, maybe_id, maybe_time, number, time};
use super::words::{OrderStatus, OrderType, Origin, PositionSide, TimeInForce, maybe_side};

/// Something that the venue said and the domain can't hold.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UnfitError {
    /// A field without which it means nothing.
    #[error("the venue tells of {what} {id} without its {field}")]
    Missing {
        /// An order or a trade.
        what: &'static str,
        /// The venue's number of it.
        id: u64,
        /// Which field.
        field: &'static str,
    },
    /// An asset with a name that no asset of ours has.
    #[error("the venue names a fee's asset '{0}'")]
    Asset(String),
    /// The venue tells of another instrument.
    #[error("the venue tells of {told}, not of {asked}")]
    OtherInstrument {
        /// The venue's spelling.
        told: String,
        /// Which was meant.
        asked: InstrumentId,
    },
}

/// An order. What the venue leaves out in some answers (an acknowledgement has hardly more than the
/// ids) is none here, never nought.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct VenueOrder {
    /// The venue's spelling of the instrument.
    pub symbol: String,
    /// The venue's number, unique within the instrument.
    pub order_id: u64,
    /// The name that it goes by in this answer; in a cancel's answer on spot the cancel's.
    pub client_order_id: String,
    /// Its own name, in a cancel's or an amendment's answer on spot.
    #[serde(default)]
    pub orig_client_order_id: Option<String>,
    /// The order list that it belongs to.
    #[serde(default, deserialize_with = "maybe_id")]
    pub order_list_id: Option<u64>,
    /// Where it stands.
    #[serde(default)]
    pub status: Option<OrderStatus>,
    /// Its kind.
    #[serde(default, rename = "type")]
    pub kind: Option<OrderType>,
    /// The kind that was sent, on futures, where a trigger has changed it.
    #[serde(default, rename = "origType")]
    pub sent_kind: Option<OrderType>,
    /// Buy or sell.
    #[serde(default, deserialize_with = "maybe_side")]
    pub side: Option<Side>,
    /// How long it works.
    #[serde(default)]
    pub time_in_force: Option<TimeInForce>,
    /// Its limit; nought for a market order.
    #[serde(default, deserialize_with = "maybe")]
    pub price: Option<Price>,
    /// Its trigger; nought where it has none.
    #[serde(default, deserialize_with = "maybe")]
    pub stop_price: Option<Price>,
    /// How much was ordered, in base units; nought for a stop that closes a whole position.
    #[serde(default, rename = "origQty", alias = "qty", deserialize_with = "maybe")]
    pub quantity: Option<Quantity>,
    /// How much is filled, in base units.
    #[serde(default, rename = "executedQty", deserialize_with = "maybe")]
    pub filled: Option<Quantity>,
    /// What was paid for it, in quote units; negative where the venue lost count of old orders.
    #[serde(
        default,
        rename = "cummulativeQuoteQty",
        alias = "cumQuote",
        alias = "cumulativeQuoteQty",
        deserialize_with = "maybe"
    )]
    pub filled_quote: Option<Money>,
    /// The mean price of its fills, on futures.
    #[serde(default, deserialize_with = "maybe")]
    pub avg_price: Option<Decimal>,
    /// Whether it may only reduce a position.
    #[serde(default)]
    pub reduce_only: Option<bool>,
    /// Whether it closes the whole position.
    #[serde(default)]
    pub close_position: Option<bool>,
    /// The side of the position that it belongs to, on futures.
    #[serde(default)]
    pub position_side: Option<PositionSide>,
    /// Its executions, in the full answer to a new order on spot.
    #[serde(default)]
    pub fills: Vec<FillOfOrder>,
    #[serde(default, deserialize_with = "maybe_time")]
    transact_time: Option<UtcMs>,
    #[serde(default, deserialize_with = "maybe_time")]
    update_time: Option<UtcMs>,
    /// When it was taken, in answers to queries.
    #[serde(default, rename = "time", deserialize_with = "maybe_time")]
    pub created: Option<UtcMs>,
}

impl VenueOrder {
    /// The name it was sent with.
    pub fn name(&self) -> &str {
        let own = self.orig_client_order_id.as_deref().filter(|name| !name.is_empty());
        own.unwrap_or(&self.client_order_id)
    }

    /// Who sent it.
    pub fn origin(&self) -> Origin {
        Origin::of(self.name())
    }

    /// When the venue last changed it.
    pub fn time(&self) -> Option<UtcMs> {
        self.transact_time.or(self.update_time).or(self.created)
    }

    /// Where it stands and how much of it is filled, in the domain's words.
    pub fn progress(&self) -> Result<(OrderState, Quantity), UnfitError> {
        let missing = |field| UnfitError::Missing { what: "order", id: self.order_id, field };
        let status = self.status.as_ref().ok_or_else(|| missing("status"))?;
        Ok((status.state(), self.filled.ok_or_else(|| missing("filled quantity"))?))
    }
}

/// An execution in the full answer to a new order.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FillOfOrder {
    /// The venue's number, unique within the instrument.
    #[serde(default)]
    pub trade_id: Option<u64>,
    /// At what price.
    #[serde(deserialize_with = "number")]
    pub price: Price,
    /// How much.
    #[serde(rename = "qty", deserialize_with = "number")]
    pub quantity: Quantity,
    /// The fee; negative for a rebate.
    #[serde(deserialize_with = "number")]
    pub commission: Money,
    /// What the fee was paid in.
    pub commission_asset: String,
}

/// An execution, as the account's list of trades has it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct VenueTrade {
    /// The venue's spelling of the instrument.
    pub symbol: String,
    /// The venue's number, unique within the instrument.
    pub id: u64,
    /// Of which order.
    pub order_id: u64,
    /// At what price.
    #[serde(deserialize_with = "number")]
    pub price: Price,
    /// How much.
    #[serde(rename = "qty", deserialize_with = "number")]
    pub quantity: Quantity,
    /// The fee; negative for a rebate.
    #[serde(deserialize_with = "number")]
    pub commission: Money,
    /// What the fee was paid in.
    pub commission_asset: String,
    /// Whether it was bought.
    #[serde(alias = "buyer")]
    pub is_buyer: bool,
    /// Whether the order rested in the book.
    #[serde(alias = "maker")]
    pub is_maker: bool,
    /// What closing realised, on futures.
    #[serde(default, deserialize_with = "maybe")]
    pub realized_pnl: Option<Money>,
    /// The side of the position, on futures.
    #[serde(default)]
    pub position_side: Option<PositionSide>,
    /// When.
    #[serde(deserialize_with = "time")]
    pub time: UtcMs,
}

impl VenueTrade {
    /// As the fill of `order`, of `instrument`.
    pub fn fill(&self, order: ClientOrderId, instrument: InstrumentId) -> Result<Fill, UnfitError> {
        if instrument.symbol() != self.symbol {
            let told = self.symbol.clone();
            return Err(UnfitError::OtherInstrument { told, asked: instrument });
        }
        let asset = || UnfitError::Asset(self.commission_asset.chars().take(20).collect());
        Ok(Fill {
            venue_fill_id: self.id,
            client_order_id: order,
            instrument,
            side: if self.is_buyer { Side::Buy } else { Side::Sell },
            price: self.price,
            quantity: self.quantity,
            fee: self.commission,
            fee_asset: self.commission_asset.parse().map_err(|_| asset())?,
            liquidity: if self.is_maker { Liquidity::Maker } else { Liquidity::Taker },
            time_exchange: self.time,
        })
    }
}
