//! Orders on spot as requests.

use domain::instrument::InstrumentId;
use domain::money::{Money, Price, Quantity};
use domain::order::Side;
use domain::venue_name::VenueName;

use crate::binance::signed::call::{Call, Method};
use crate::binance::signed::params::Params;
use crate::binance::words::{OrderType, TimeInForce, side_word};

/// What starts a conditional order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trigger {
    /// The last price reaches this.
    At(Price),
    /// The last price comes back by `delta_bps` from its best since `activation` was passed, or
    /// since the order was taken.
    Trailing {
        /// In hundredths of a percent.
        delta_bps: u32,
        /// Where the following starts.
        activation: Option<Price>,
    },
}

/// How an order on spot is filled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SpotKind {
    /// At once, this much in base units.
    Market {
        /// How much.
        quantity: Quantity,
    },
    /// At once, for this much in quote units.
    MarketForQuote {
        /// How much.
        quote: Money,
    },
    /// At `price` or better.
    Limit {
        /// How much.
        quantity: Quantity,
        /// The worst price.
        price: Price,
        /// How long it works.
        time_in_force: TimeInForce,
    },
    /// At `price` or better, and only as a maker.
    PostOnly {
        /// How much.
        quantity: Quantity,
        /// The worst price.
        price: Price,
    },
    /// Once the price has gone against the position; at `limit` or better, or at any price.
    StopLoss {
        /// How much.
        quantity: Quantity,
        /// What starts it.
        trigger: Trigger,
        /// The worst price. One with a limit may never execute: a protective stop has none.
        limit: Option<Price>,
    },
    /// Once the price has gone with the position; at `limit` or better, or at any price.
    TakeProfit {
        /// How much.
        quantity: Quantity,
        /// What starts it.
        trigger: Trigger,
        /// The worst price.
        limit: Option<Price>,
    },
}

/// A new order on spot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SpotOrder {
    /// Of what.
    pub instrument: InstrumentId,
    /// Buy or sell.
    pub side: Side,
    /// Its name.
    pub client_order_id: VenueName,
    /// How.
    pub kind: SpotKind,
}

/// A new order.
pub fn place(order: &SpotOrder) -> Call {
    Call::order(Method::Post, "api/v3/order", new_params(order), 1)
}

/// The same, checked by the venue and not placed.
pub fn test(order: &SpotOrder) -> Call {
    Call::set(Method::Post, "api/v3/order/test", new_params(order), 1)
}

fn new_params(order: &SpotOrder) -> Params {
    let params = Params::of(order.instrument)
        .with("side", side_word(order.side))
        .with("newClientOrderId", order.client_order_id)
        .with("newOrderRespType", "FULL");
    let typed = |params: Params, kind: OrderType| params.with("type", kind);
    match &order.kind {
        SpotKind::Market { quantity } => {
            typed(params, OrderType::Market).with("quantity", quantity)
        }
        SpotKind::MarketForQuote { quote } => {
            typed(params, OrderType::Market).with("quoteOrderQty", quote)
        }
        SpotKind::Limit { quantity, price, time_in_force } => typed(params, OrderType::Limit)
            .with("quantity", quantity)
            .with("price", price)
            .with("timeInForce", time_in_force),
        SpotKind::PostOnly { quantity, price } => {
            typed(params, OrderType::LimitMaker).with("quantity", quantity).with("price", price)
        }
        SpotKind::StopLoss { quantity, trigger, limit } => {
            let kind = if limit.is_some() { OrderType::StopLossLimit } else { OrderType::StopLoss };
            conditional(typed(params, kind), *quantity, *trigger, *limit)
        }
        SpotKind::TakeProfit { quantity, trigger, limit } => {
            let kind =
                if limit.is_some() { OrderType::TakeProfitLimit } else { OrderType::TakeProfit };
            conditional(typed(params, kind), *quantity, *trigger, *limit)
        }
    }
}

fn conditional(
    params: Params,
    quantity: Quantity,
    trigger: Trigger,
    limit: Option<Price>,
) -> Params {
    let params = params.with("quantity", quantity).with_some("price", limit);
    let params = params.with_some("timeInForce", limit.map(|_| TimeInForce::Gtc));
    match trigger {
        Trigger::At(price) => params.with("stopPrice", price),
        Trigger::Trailing { delta_bps, activation } => {
            params.with("trailingDelta", delta_bps).with_some("stopPrice", activation)
        }
    }
}

/// Cancels one order by its name. Where it belongs to a list, the whole list goes.
pub fn cancel(instrument: InstrumentId, name: &str) -> Call {
    let params = Params::of(instrument).with("origClientOrderId", name);
    Call::set(Method::Delete, "api/v3/order", params, 1)
}

/// Cancels every order of an instrument, lists included.
pub fn cancel_all(instrument: InstrumentId) -> Call {
    let params = Params::of(instrument);
    Call::set(Method::Delete, "api/v3/openOrders", params, 1)
}

/// Makes an order smaller where it stands in the book. The venue knows no other amendment on spot,
/// and none of the price. `new_name` is what the order is called afterwards.
pub fn amend(
    instrument: InstrumentId,
    name: &str,
    new_name: VenueName,
    quantity: Quantity,
) -> Call {
    let params = Params::of(instrument)
        .with("origClientOrderId", name)
        .with("newClientOrderId", new_name)
        .with("newQty", quantity);
    // An amendment counts for no new order.
    Call { weight: 4, ..Call::order(Method::Put, "api/v3/order/amend/keepPriority", params, 0) }
}
