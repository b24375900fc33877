//! Plain orders on USD-M futures as requests. Those that wait for a price are in `algo`.

use domain::instrument::InstrumentId;
use domain::money::{Price, Quantity};
use domain::order::Side;
use domain::venue_name::VenueName;
use serde::Deserialize;

use crate::binance::number::maybe;
use crate::binance::signed::call::{Call, Method};
use crate::binance::signed::params::Params;
use crate::binance::words::{OrderType, PositionSide, TimeInForce, side_word};

/// How an order on futures is filled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UsdmKind {
    /// At once.
    Market,
    /// At `price` or better; `GTX` makes it a maker's or nothing.
    Limit {
        /// The worst price.
        price: Price,
        /// How long it works.
        time_in_force: TimeInForce,
    },
    /// At the price that the book has for it, such as `OPPONENT` or `QUEUE`.
    Matched {
        /// Which one, in the venue's words.
        price_match: &'static str,
        /// How long it works.
        time_in_force: TimeInForce,
    },
}

/// A new order on futures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UsdmOrder {
    /// Of what.
    pub instrument: InstrumentId,
    /// Buy or sell.
    pub side: Side,
    /// Its name.
    pub client_order_id: VenueName,
    /// How much, in base units.
    pub quantity: Quantity,
    /// How.
    pub kind: UsdmKind,
    /// The side of the position: none in one-way mode.
    pub position_side: Option<PositionSide>,
    /// Whether it may only reduce the position. In hedge mode the position's side says so, and the
    /// venue refuses both together.
    pub reduce_only: bool,
}

/// A new order.
pub fn place(order: &UsdmOrder) -> Call {
    Call::order(Method::Post, "fapi/v1/order", new_params(order), 1)
}

/// The same, checked by the venue and not placed.
pub fn test(order: &UsdmOrder) -> Call {
    Call::set(Method::Post, "fapi/v1/order/test", new_params(order), 1)
}

fn new_params(order: &UsdmOrder) -> Params {
    let params = Params::of(order.instrument)
        .with("side", side_word(order.side))
        .with("newClientOrderId", order.client_order_id)
        .with("newOrderRespType", "RESULT");
    let params = match &order.kind {
        UsdmKind::Market => params.with("type", OrderType::Market).with("quantity", order.quantity),
        UsdmKind::Limit { price, time_in_force } => params
            .with("type", OrderType::Limit)
            .with("quantity", order.quantity)
            .with("price", price)
            .with("timeInForce", time_in_force),
        UsdmKind::Matched { price_match, time_in_force } => params
            .with("type", OrderType::Limit)
            .with("quantity", order.quantity)
            .with("timeInForce", time_in_force)
            .with("priceMatch", price_match),
    };
    for_position(params, order.position_side.as_ref(), order.reduce_only)
}

/// Which position an order belongs to: `reduceOnly` in one-way mode, the position's side in hedge
/// mode, where the venue refuses `reduceOnly`.
pub(crate) fn for_position(
    params: Params,
    side: Option<&PositionSide>,
    reduce_only: bool,
) -> Params {
    let hedged = matches!(side, Some(PositionSide::Long | PositionSide::Short));
    params.with_some("positionSide", side).with_flag("reduceOnly", reduce_only && !hedged)
}

/// Changes the price and the quantity of a limit order; it loses its place in the book.
pub fn amend(
    instrument: InstrumentId,
    name: &str,
    side: Side,
    quantity: Quantity,
    price: Price,
) -> Call {
    let params = Params::of(instrument)
        .with("origClientOrderId", name)
        .with("side", side_word(side))
        .with("quantity", quantity)
        .with("price", price);
    Call::order(Method::Put, "fapi/v1/order", params, 1)
}

/// Cancels one order by its name.
pub fn cancel(instrument: InstrumentId, name: &str) -> Call {
    let params = Params::of(instrument).with("origClientOrderId", name);
    Call::set(Method::Delete, "fapi/v1/order", params, 1)
}

/// Cancels up to ten orders by their names.
pub fn cancel_some(instrument: InstrumentId, names: &[&str]) -> Call {
    // A name of ours holds no quote; one of somebody else's might.
    let quoted: Vec<_> =
        names.iter().map(|name| format!("\"{}\"", name.replace('"', ""))).collect();
    let list = format!("[{}]", quoted.join(","));
    let params = Params::of(instrument).with("origClientOrderIdList", list);
    Call::set(Method::Delete, "fapi/v1/batchOrders", params, 1)
}

/// Cancels every plain order of an instrument. Conditional ones are cancelled apart.
pub fn cancel_all(instrument: InstrumentId) -> Call {
    Call::set(Method::Delete, "fapi/v1/allOpenOrders", Params::of(instrument), 1)
}

/// The dead man's switch: cancels every order of an instrument when `countdown_ms` have passed
/// without this being asked again; nought stops it.
pub fn countdown_cancel_all(instrument: InstrumentId, countdown_ms: u64) -> Call {
    let params = Params::of(instrument).with("countdownTime", countdown_ms);
    Call::set(Method::Post, "fapi/v1/countdownCancelAll", params, 10)
}

/// The venue's word for done, which it writes as a number here and as text there.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Done {
    /// 200.
    #[serde(default, deserialize_with = "maybe")]
    pub code: Option<i64>,
    /// The venue's words.
    #[serde(default)]
    pub msg: String,
}

/// The countdown as the venue took it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Countdown {
    /// The venue's spelling of the instrument.
    pub symbol: String,
    /// How long it runs; nought where it was stopped.
    #[serde(rename = "countdownTime", deserialize_with = "crate::binance::number::number")]
    pub countdown_ms: u64,
}
