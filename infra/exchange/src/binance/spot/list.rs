//! Order lists on spot: a stop and a target of which one cancels the other, alone or behind an entry.

use domain::instrument::InstrumentId;
use domain::money::{Price, Quantity};
use domain::order::{ClientOrderId, Role, Side};
use domain::time::UtcMs;
use domain::venue_name::VenueName;
use serde::Deserialize;

use crate::binance::number::time;
use crate::binance::order::VenueOrder;
use crate::binance::signed::call::{Call, Method};
use crate::binance::signed::params::Params;
use crate::binance::words::{
    Contingency, ListEvent, ListStatus, OrderType, TimeInForce, side_word,
};

/// A stop and a target for the same quantity; when one fills, the venue cancels the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Oco {
    /// Which side both have: the opposite of the position's.
    pub side: Side,
    /// The stop's name.
    pub stop_id: VenueName,
    /// Where the stop starts. It then sells or buys at any price.
    pub stop: Price,
    /// The target's name.
    pub target_id: VenueName,
    /// The target's limit.
    pub target: Price,
}

/// The name of the list that protects a decision's position, next to its orders' `sx…s` and `sx…t`:
/// `sx…l`, with their generation.
pub fn list_name(stop_id: VenueName) -> String {
    let id = ClientOrderId::new(stop_id.id.decision_id(), Role::Liquidation);
    VenueName { id, ..stop_id }.to_string()
}

/// A stop and a target for a position that is there.
pub fn place_oco(instrument: InstrumentId, quantity: Quantity, oco: &Oco) -> Call {
    let params = Params::of(instrument)
        .with("listClientOrderId", list_name(oco.stop_id))
        .with("newOrderRespType", "FULL")
        .with("side", side_word(oco.side))
        .with("quantity", quantity);
    let names = [
        ["aboveType", "aboveClientOrderId", "abovePrice", "aboveStopPrice"],
        ["belowType", "belowClientOrderId", "belowPrice", "belowStopPrice"],
    ];
    Call::order(Method::Post, "api/v3/orderList/oco", legs(params, oco, names), 2)
}

/// A limit order that brings its stop and its target along; they start to work when it is filled.
/// One request, so there is no moment at which the position has no stop.
pub fn place_bracket(
    instrument: InstrumentId,
    entry_id: VenueName,
    entry: Price,
    quantity: Quantity,
    oco: &Oco,
) -> Call {
    let params = Params::of(instrument)
        .with("listClientOrderId", list_name(oco.stop_id))
        .with("newOrderRespType", "FULL")
        .with("workingType", OrderType::Limit)
        .with("workingSide", side_word(oco.side.opposite()))
        .with("workingClientOrderId", entry_id)
        .with("workingPrice", entry)
        .with("workingQuantity", quantity)
        .with("workingTimeInForce", TimeInForce::Gtc)
        .with("pendingSide", side_word(oco.side))
        .with("pendingQuantity", quantity);
    let names = [
        [
            "pendingAboveType",
            "pendingAboveClientOrderId",
            "pendingAbovePrice",
            "pendingAboveStopPrice",
        ],
        [
            "pendingBelowType",
            "pendingBelowClientOrderId",
            "pendingBelowPrice",
            "pendingBelowStopPrice",
        ],
    ];
    Call::order(Method::Post, "api/v3/orderList/otoco", legs(params, oco, names), 3)
}

/// The two legs: above the price a long position's target stands, below it the stop, and the other
/// way round for a purchase. `names` are type, name, price and trigger of the upper, then the lower.
fn legs(params: Params, oco: &Oco, names: [[&'static str; 4]; 2]) -> Params {
    let stop = |params: Params, [kind, name, _, trigger]: [&'static str; 4]| {
        let params = params.with(kind, OrderType::StopLoss).with(name, oco.stop_id);
        params.with(trigger, oco.stop)
    };
    let target = |params: Params, [kind, name, price, _]: [&'static str; 4]| {
        let params = params.with(kind, OrderType::LimitMaker).with(name, oco.target_id);
        params.with(price, oco.target)
    };
    let [above, below] = names;
    match oco.side {
        Side::Sell => stop(target(params, above), below),
        Side::Buy => target(stop(params, above), below),
    }
}

/// Cancels a list by its name.
pub fn cancel_list(instrument: InstrumentId, name: &str) -> Call {
    let params = Params::of(instrument).with("listClientOrderId", name);
    Call::set(Method::Delete, "api/v3/orderList", params, 1)
}

/// A list by its name.
pub fn list(name: &str) -> Call {
    Call::ask("api/v3/orderList", Params::new().with("origClientOrderId", name), 4)
}

/// Every list that has an open order.
pub fn open_lists() -> Call {
    Call::ask("api/v3/openOrderList", Params::new(), 6)
}

/// An order list.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OrderList {
    /// The venue's number.
    pub order_list_id: u64,
    /// How its orders hang together.
    pub contingency_type: Contingency,
    /// What happened last.
    pub list_status_type: ListEvent,
    /// Where it stands.
    pub list_order_status: ListStatus,
    /// Its name.
    pub list_client_order_id: String,
    /// When.
    #[serde(deserialize_with = "time")]
    pub transaction_time: UtcMs,
    /// The venue's spelling of the instrument; an example of the venue's lacks it.
    #[serde(default)]
    pub symbol: Option<String>,
    /// Its orders, by their ids.
    pub orders: Vec<ListedOrder>,
    /// Its orders with what they came to, where the answer has them.
    #[serde(default)]
    pub order_reports: Vec<VenueOrder>,
}

/// An order of a list.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ListedOrder {
    /// The venue's spelling of the instrument.
    #[serde(alias = "s")]
    pub symbol: String,
    /// The venue's number.
    #[serde(alias = "i")]
    pub order_id: u64,
    /// Its name.
    #[serde(alias = "c")]
    pub client_order_id: String,
}

/// One of what a cancel of everything cancelled.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub enum Cancelled {
    /// A list.
    List(OrderList),
    /// A single order.
    Order(Box<VenueOrder>),
}
