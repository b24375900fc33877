//! What happened to an order: `executionReport` of spot, `ORDER_TRADE_UPDATE` of futures.

use domain::fill::{Fill, Liquidity};
use domain::instrument::InstrumentId;
use domain::money::{Money, Price, Quantity};
use domain::order::{OrderEvent, OrderReport, Side};
use domain::time::UtcMs;
use serde::Deserialize;

use crate::binance::number::{maybe, maybe_id, number, time};
use crate::binance::order::UnfitError;
use crate::binance::words::{
    Execution, OrderStatus, OrderType, Origin, PositionSide, TimeInForce, side,
};

/// One event of an order, the same for both markets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderUpdate {
    /// The venue's spelling of the instrument.
    pub symbol: String,
    /// The venue's number of the order, unique within the instrument.
    pub order_id: u64,
    /// The name that it was sent with.
    pub name: String,
    /// What happened.
    pub execution: Execution,
    /// Where it stands.
    pub status: OrderStatus,
    /// Its kind.
    pub kind: OrderType,
    /// Buy or sell.
    pub side: Side,
    /// How long it works.
    pub time_in_force: TimeInForce,
    /// How much was ordered, in base units.
    pub quantity: Quantity,
    /// Its limit; nought for a market order.
    pub price: Option<Price>,
    /// Its trigger; nought where it has none.
    pub stop_price: Option<Price>,
    /// How much is filled by now, in base units.
    pub filled: Quantity,
    /// What was executed just now.
    pub last: LastFill,
    /// What is wrong, in the venue's words; none where nothing is.
    pub reason: Option<String>,
    /// The list that it belongs to, on spot.
    pub order_list_id: Option<u64>,
    /// Whether it may only reduce a position, on futures.
    pub reduce_only: bool,
    /// The side of the position, on futures.
    pub position_side: Option<PositionSide>,
    /// When it happened.
    pub time: UtcMs,
    /// When the venue told.
    pub time_event: UtcMs,
}

/// What an event says of an execution.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LastFill {
    /// Nothing was executed.
    None,
    /// This was.
    Fill(UpdateFill),
    /// Something was, but its price or its quantity is missing: the account's trades have it.
    Incomplete {
        /// The venue's number of the execution, where it gave one.
        venue_fill_id: Option<u64>,
    },
}

/// An execution.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UpdateFill {
    /// The venue's number, unique within the instrument.
    pub venue_fill_id: u64,
    /// At what price.
    pub price: Price,
    /// How much.
    pub quantity: Quantity,
    /// The fee; negative for a rebate.
    pub fee: Money,
    /// What the fee was paid in; none where there is no fee.
    pub fee_asset: Option<String>,
    /// Maker or taker.
    pub liquidity: Liquidity,
    /// What closing realised, on futures.
    pub realized_pnl: Option<Money>,
}

impl OrderUpdate {
    /// Who sent the order.
    pub fn origin(&self) -> Origin {
        Origin::of(&self.name)
    }

    /// What the order's machine should hear, for an order of ours. None for what changes nothing
    /// there, and for an execution whose numbers are missing: then the account's trades must be
    /// asked for.
    pub fn report(&self, instrument: InstrumentId) -> Result<Option<OrderReport>, UnfitError> {
        if instrument.symbol() != self.symbol {
            let told = self.symbol.clone();
            return Err(UnfitError::OtherInstrument { told, asked: instrument });
        }
        let Origin::Ours(name) = self.origin() else { return Ok(None) };
        let client_order_id = name.id;
        let event = match (&self.last, &self.execution) {
            (LastFill::Incomplete { .. }, _) => return Ok(None),
            (LastFill::Fill(last), _) => {
                // A fee of nothing comes without its asset.
                let asset = last.fee_asset.as_deref().unwrap_or(instrument.quote());
                let unfit = || UnfitError::Asset(asset.chars().take(20).collect());
                OrderEvent::Filled(Fill {
                    venue_fill_id: last.venue_fill_id,
                    client_order_id,
                    instrument,
                    side: self.side,
                    price: last.price,
                    quantity: last.quantity,
                    fee: last.fee,
                    fee_asset: asset.parse().map_err(|_| unfit())?,
                    liquidity: last.liquidity,
                    time_exchange: self.time,
                })
            }
            (LastFill::None, Execution::New) => OrderEvent::Accepted,
            (LastFill::None, Execution::Canceled) => OrderEvent::Cancelled,
            (LastFill::None, Execution::Rejected) => {
                OrderEvent::Rejected { reason: self.reason.clone().unwrap_or_default() }
            }
            // A trade of nothing may carry the order's end; so does self-trade prevention.
            (LastFill::None, _) => match self.status {
                OrderStatus::Expired | OrderStatus::ExpiredInMatch => OrderEvent::Expired,
                OrderStatus::Canceled => OrderEvent::Cancelled,
                _ => return Ok(None),
            },
        };
        Ok(Some(OrderReport { client_order_id, time_exchange: self.time, event }))
    }
}

/// The fields that both markets write alike.
#[derive(Debug, Deserialize)]
struct Common {
    #[serde(rename = "s")]
    symbol: String,
    #[serde(rename = "c", default)]
    name: String,
    #[serde(rename = "S", deserialize_with = "side")]
    side: Side,
    #[serde(rename = "o")]
    kind: OrderType,
    #[serde(rename = "f")]
    time_in_force: TimeInForce,
    #[serde(rename = "q", deserialize_with = "number")]
    quantity: Quantity,
    #[serde(rename = "p", default, deserialize_with = "maybe")]
    price: Option<Price>,
    #[serde(rename = "x")]
    execution: Execution,
    #[serde(rename = "X")]
    status: OrderStatus,
    #[serde(rename = "i")]
    order_id: u64,
    #[serde(rename = "z", deserialize_with = "number")]
    filled: Quantity,
    #[serde(rename = "l", default, deserialize_with = "maybe")]
    last_quantity: Option<Quantity>,
    #[serde(rename = "L", default, deserialize_with = "maybe")]
    last_price: Option<Price>,
    #[serde(rename = "n", default, deserialize_with = "maybe")]
    fee: Option<Money>,
    #[serde(rename = "N", default)]
    fee_asset: Option<String>,
    #[serde(rename = "t", default, deserialize_with = "maybe_id")]
    fill_id: Option<u64>,
    #[serde(rename = "T", deserialize_with = "time")]
    time: UtcMs,
    #[serde(rename = "m", default)]
    is_maker: bool,
}

impl Common {
    fn last(&self, realized_pnl: Option<Money>) -> LastFill {
        let executes = matches!(self.execution, Execution::Trade | Execution::Calculated);
        // Futures write nought where spot writes −1.
        let venue_fill_id = self.fill_id.filter(|id| *id > 0);
        let quantity = self.last_quantity.unwrap_or(Quantity::ZERO);
        let price = self.last_price.unwrap_or(Price::ZERO);
        match venue_fill_id {
            _ if !executes => LastFill::None,
            Some(venue_fill_id) if price > Price::ZERO && !quantity.is_zero() => {
                LastFill::Fill(UpdateFill {
                    venue_fill_id,
                    price,
                    quantity,
                    fee: self.fee.unwrap_or(Money::ZERO),
                    fee_asset: self.fee_asset.clone().filter(|asset| !asset.is_empty()),
                    liquidity: if self.is_maker { Liquidity::Maker } else { Liquidity::Taker },
                    realized_pnl,
                })
            }
            None if quantity.is_zero() => LastFill::None,
            venue_fill_id => LastFill::Incomplete { venue_fill_id },
        }
    }
}

/// `executionReport`
#[derive(Debug, Deserialize)]
pub(crate) struct SpotReport {
    #[serde(flatten)]
    common: Common,
    #[serde(rename = "E", deserialize_with = "time")]
    time_event: UtcMs,
    /// The name of the order that a cancel or an amendment is about.
    #[serde(rename = "C", default)]
    orig_name: Option<String>,
    #[serde(rename = "P", default, deserialize_with = "maybe")]
    stop_price: Option<Price>,
    #[serde(rename = "g", default, deserialize_with = "maybe_id")]
    order_list_id: Option<u64>,
    #[serde(rename = "r", default)]
    reason: Option<String>,
}

impl From<SpotReport> for OrderUpdate {
    fn from(report: SpotReport) -> Self {
        let last = report.common.last(None);
        let common = report.common;
        let orig_name = report.orig_name.filter(|name| !name.is_empty());
        Self {
            symbol: common.symbol,
            order_id: common.order_id,
            name: orig_name.unwrap_or(common.name),
            execution: common.execution,
            status: common.status,
            kind: common.kind,
            side: common.side,
            time_in_force: common.time_in_force,
            quantity: common.quantity,
            price: common.price,
            stop_price: report.stop_price,
            filled: common.filled,
            last,
            reason: report.reason.filter(|reason| reason != "NONE"),
            order_list_id: report.order_list_id,
            reduce_only: false,
            position_side: None,
            time: common.time,
            time_event: report.time_event,
        }
    }
}

/// `ORDER_TRADE_UPDATE`
#[derive(Debug, Deserialize)]
pub(crate) struct UsdmReport {
    #[serde(rename = "E", deserialize_with = "time")]
    time_event: UtcMs,
    o: UsdmOrderReport,
}

#[derive(Debug, Deserialize)]
struct UsdmOrderReport {
    #[serde(flatten)]
    common: Common,
    #[serde(rename = "sp", default, deserialize_with = "maybe")]
    stop_price: Option<Price>,
    #[serde(rename = "R", default)]
    reduce_only: bool,
    #[serde(rename = "ps", default)]
    position_side: Option<PositionSide>,
    #[serde(rename = "rp", default, deserialize_with = "maybe")]
    realized_pnl: Option<Money>,
    /// Why it expired, as a number in text; nought where it did not.
    #[serde(rename = "er", default, deserialize_with = "maybe")]
    expiry_reason: Option<String>,
}

impl From<UsdmReport> for OrderUpdate {
    fn from(report: UsdmReport) -> Self {
        let order = report.o;
        let last = order.common.last(order.realized_pnl);
        let common = order.common;
        Self {
            symbol: common.symbol,
            order_id: common.order_id,
            name: common.name,
            execution: common.execution,
            status: common.status,
            kind: common.kind,
            side: common.side,
            time_in_force: common.time_in_force,
            quantity: common.quantity,
            price: common.price,
            stop_price: order.stop_price,
            filled: common.filled,
            last,
            reason: order.expiry_reason.filter(|reason| reason != "0"),
            order_list_id: None,
            reduce_only: order.reduce_only,
            position_side: order.position_side,
            time: common.time,
            time_event: report.time_event,
        }
    }
}
