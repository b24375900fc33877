//! What may be asked, over REST and over the WebSocket API alike.

use serde_json::Value;

use super::desk::{Answer, Desk};
use crate::params::Params;
use crate::signed::rest::Verb;

/// One of the signed requests.
#[derive(Debug)]
pub(crate) struct Endpoint {
    pub(crate) method: Verb,
    pub(crate) path: &'static str,
    /// Its name in the WebSocket API; empty where it has none.
    pub(crate) message: &'static str,
    pub(crate) weight: u64,
    /// How many orders it places.
    pub(crate) orders: usize,
    /// Its parameters, beside those of the signature.
    pub(crate) known: &'static [&'static str],
    pub(crate) answer: fn(&mut Desk<'_>, &Params) -> Answer,
}

/// What every signed request may have.
pub(crate) const SIGNED: [&str; 4] = ["recvWindow", "timestamp", "signature", "apiKey"];

const ORDER: &[&str] = &[
    "symbol",
    "side",
    "type",
    "timeInForce",
    "quantity",
    "quoteOrderQty",
    "price",
    "stopPrice",
    "newClientOrderId",
    "newOrderRespType",
    "strategyId",
    "strategyType",
    "selfTradePreventionMode",
    "icebergQty",
    "trailingDelta",
    "pegPriceType",
    "pegOffsetValue",
    "pegOffsetType",
    "computeCommissionRates",
];
const AMEND: &[&str] = &["symbol", "orderId", "origClientOrderId", "newClientOrderId", "newQty"];
const REPLACE: &[&str] = &[
    "symbol",
    "side",
    "type",
    "cancelReplaceMode",
    "cancelOrderId",
    "cancelOrigClientOrderId",
    "cancelNewClientOrderId",
    "cancelRestrictions",
    "timeInForce",
    "quantity",
    "quoteOrderQty",
    "price",
    "stopPrice",
    "newClientOrderId",
    "newOrderRespType",
    "strategyId",
    "strategyType",
    "selfTradePreventionMode",
    "icebergQty",
    "trailingDelta",
    "pegPriceType",
    "pegOffsetValue",
    "pegOffsetType",
];
const PAIR: &[&str] = &[
    "symbol",
    "side",
    "quantity",
    "listClientOrderId",
    "newOrderRespType",
    "selfTradePreventionMode",
    "aboveType",
    "aboveClientOrderId",
    "abovePrice",
    "aboveStopPrice",
    "aboveTimeInForce",
    "aboveStrategyId",
    "aboveStrategyType",
    "belowType",
    "belowClientOrderId",
    "belowPrice",
    "belowStopPrice",
    "belowTimeInForce",
    "belowStrategyId",
    "belowStrategyType",
];
const BRACKET: &[&str] = &[
    "symbol",
    "listClientOrderId",
    "newOrderRespType",
    "selfTradePreventionMode",
    "workingType",
    "workingSide",
    "workingClientOrderId",
    "workingPrice",
    "workingQuantity",
    "workingTimeInForce",
    "workingStrategyId",
    "workingStrategyType",
    "pendingSide",
    "pendingQuantity",
    "pendingAboveType",
    "pendingAboveClientOrderId",
    "pendingAbovePrice",
    "pendingAboveStopPrice",
    "pendingAboveTimeInForce",
    "pendingBelowType",
    "pendingBelowClientOrderId",
    "pendingBelowPrice",
    "pendingBelowStopPrice",
    "pendingBelowTimeInForce",
];
const CANCEL: &[&str] =
    &["symbol", "orderId", "origClientOrderId", "newClientOrderId", "cancelRestrictions"];
const LIST: &[&str] = &["orderListId", "origClientOrderId"];
const CANCEL_LIST: &[&str] = &["symbol", "orderListId", "listClientOrderId", "newClientOrderId"];
const ORDERS: &[&str] = &["symbol", "orderId", "startTime", "endTime", "limit"];
const TRADES: &[&str] = &["symbol", "orderId", "startTime", "endTime", "fromId", "limit"];

/// All of them, with the weights of the venue's documentation.
pub(crate) static ENDPOINTS: [Endpoint; 21] = [
    of(
        Verb::Get,
        "/api/v3/account",
        "account.status",
        20,
        &["omitZeroBalances"],
        |desk, params| desk.account(params),
    ),
    of(
        Verb::Get,
        "/api/v3/account/commission",
        "account.commission",
        20,
        &["symbol"],
        |desk, params| desk.commission(params),
    ),
    of(Verb::Get, "/sapi/v1/account/apiRestrictions", "", 1, &[], |desk, params| {
        desk.restrictions(params)
    }),
    Endpoint {
        orders: 1,
        ..of(Verb::Post, "/api/v3/order", "order.place", 1, ORDER, |desk, params| {
            desk.place(params)
        })
    },
    of(Verb::Post, "/api/v3/order/test", "order.test", 1, ORDER, |desk, params| desk.test(params)),
    of(Verb::Get, "/api/v3/order", "order.status", 4, CANCEL, |desk, params| desk.order(params)),
    of(Verb::Delete, "/api/v3/order", "order.cancel", 1, CANCEL, |desk, params| {
        desk.cancel(params)
    }),
    of(Verb::Get, "/api/v3/openOrders", "openOrders.status", 6, &["symbol"], |desk, params| {
        desk.open_orders(params)
    }),
    of(
        Verb::Delete,
        "/api/v3/openOrders",
        "openOrders.cancelAll",
        1,
        &["symbol"],
        |desk, params| desk.cancel_all(params),
    ),
    of(Verb::Get, "/api/v3/allOrders", "allOrders", 20, ORDERS, |desk, params| {
        desk.all_orders(params)
    }),
    of(Verb::Get, "/api/v3/myTrades", "myTrades", 20, TRADES, |desk, params| desk.trades(params)),
    Endpoint {
        orders: 2,
        ..of(Verb::Post, "/api/v3/orderList/oco", "orderList.place.oco", 1, PAIR, |desk, params| {
            desk.place_pair(params)
        })
    },
    of(Verb::Get, "/api/v3/orderList", "orderList.status", 4, LIST, |desk, params| {
        desk.list(params)
    }),
    of(Verb::Delete, "/api/v3/orderList", "orderList.cancel", 1, CANCEL_LIST, |desk, params| {
        desk.cancel_list(params)
    }),
    of(Verb::Get, "/api/v3/openOrderList", "openOrderLists.status", 6, &[], |desk, params| {
        desk.open_lists(params)
    }),
    of(Verb::Get, "/sapi/v1/capital/config/getall", "", 10, &[], |desk, params| desk.coins(params)),
    of(Verb::Get, "/sapi/v1/margin/allPairs", "", 1, &["symbol"], |_, _| Ok(Value::Array(vec![]))),
    of(Verb::Get, "/sapi/v1/margin/isolated/allPairs", "", 1, &["symbol"], |_, _| {
        Ok(Value::Array(vec![]))
    }),
    Endpoint {
        orders: 3,
        ..of(
            Verb::Post,
            "/api/v3/orderList/otoco",
            "orderList.place.otoco",
            1,
            BRACKET,
            |desk, params| desk.place_bracket(params),
        )
    },
    Endpoint {
        orders: 1,
        ..of(
            Verb::Post,
            "/api/v3/order/cancelReplace",
            "order.cancelReplace",
            1,
            REPLACE,
            |desk, params| desk.replace(params),
        )
    },
    of(
        Verb::Put,
        "/api/v3/order/amend/keepPriority",
        "order.amend.keepPriority",
        4,
        AMEND,
        |desk, params| desk.amend(params),
    ),
];

const fn of(
    method: Verb,
    path: &'static str,
    message: &'static str,
    weight: u64,
    known: &'static [&'static str],
    answer: fn(&mut Desk<'_>, &Params) -> Answer,
) -> Endpoint {
    Endpoint { method, path, message, weight, orders: 0, known, answer }
}
