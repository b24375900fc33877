//! Orders, executions, positions and incomes in the venue's words.

use domain::time::UtcMs;
use rust_decimal::Decimal;
use serde_json::{Map, Value, json};

use super::account::Account;
use super::algo::Algo;
use super::order::{Order, PositionSide, Trade, side_word};
use super::wallet::Income;

/// With all eight decimals, as the venue writes amounts.
pub(crate) fn eight(value: Decimal) -> String {
    // There is no negative nought.
    let value = if value.is_zero() { Decimal::ZERO } else { value };
    format!("{value:.8}")
}

/// With the decimals that it needs, as the venue writes prices and quantities.
pub(crate) fn plain(value: Decimal) -> String {
    if value.is_zero() { "0".to_owned() } else { value.normalize().to_string() }
}

fn extend(value: &mut Value, more: Value) {
    if let (Value::Object(fields), Value::Object(more)) = (value, more) {
        fields.extend(more);
    }
}

/// An order in any answer.
pub(crate) fn order(order: &Order) -> Value {
    let ticket = order.ticket;
    let mut answer = json!({
        "orderId": order.id, "symbol": order.symbol, "status": order.status.word(),
        "clientOrderId": order.name, "price": plain(ticket.price),
        "avgPrice": plain(order.mean_price()), "origQty": plain(ticket.quantity),
        "executedQty": plain(order.filled), "cumQty": plain(order.filled),
        "cumQuote": plain(order.filled_quote), "timeInForce": ticket.time_in_force.word(),
        "type": ticket.kind.word(), "reduceOnly": ticket.reduce_only,
        "closePosition": ticket.close_position, "side": side_word(ticket.side),
        "positionSide": ticket.position_side.word(), "stopPrice": plain(order.stop),
    });
    extend(
        &mut answer,
        json!({
            "workingType": order.working_type.word(), "priceProtect": false,
            "origType": order.sent_kind, "priceMatch": "NONE",
            "selfTradePreventionMode": "EXPIRE_MAKER",
            "goodTillDate": ticket.good_till.map_or(0, UtcMs::ms), "time": order.created.ms(), "updateTime": order.updated.ms(),
        }),
    );
    answer
}

/// The answer to a new order that says only that it was taken.
pub(crate) fn taken(placed: &Order) -> Value {
    let mut first = placed.clone();
    first.status = super::order::Status::New;
    (first.filled, first.filled_quote) = (Decimal::ZERO, Decimal::ZERO);
    first.updated = first.created;
    order(&first)
}

/// An execution of the account's.
pub(crate) fn trade(trade: &Trade) -> Value {
    let is_buyer = trade.side == domain::order::Side::Buy;
    json!({
        "symbol": trade.symbol, "id": trade.id, "orderId": trade.order_id,
        "side": side_word(trade.side), "price": plain(trade.price), "qty": plain(trade.quantity),
        "realizedPnl": eight(trade.realised), "quoteQty": plain(trade.quote),
        "commission": eight(trade.fee), "commissionAsset": trade.fee_asset,
        "time": trade.time.ms(), "positionSide": trade.position_side.word(),
        "buyer": is_buyer, "maker": trade.is_maker,
    })
}

/// A conditional order in any answer.
pub(crate) fn algo(algo: &Algo, order: Option<&Order>) -> Value {
    let ticket = algo.ticket;
    let percent = ticket.trail.map(|trail| plain(trail.callback_percent));
    let activation = ticket.trail.map(|trail| plain(trail.activation));
    let mut answer = json!({
        "algoId": algo.id, "clientAlgoId": algo.name, "algoType": "CONDITIONAL",
        "orderType": ticket.kind.word(), "symbol": algo.symbol,
        "side": side_word(ticket.order.side), "positionSide": ticket.order.position_side.word(),
        "timeInForce": ticket.order.time_in_force.word(),
        "quantity": plain(ticket.order.quantity), "algoStatus": algo.status.word(),
        "triggerPrice": plain(ticket.trigger), "price": plain(ticket.order.price),
        "icebergQuantity": null, "selfTradePreventionMode": "EXPIRE_MAKER",
        "workingType": ticket.working_type.word(), "priceMatch": "NONE",
    });
    extend(
        &mut answer,
        json!({
            "closePosition": ticket.order.close_position, "priceProtect": false,
            "reduceOnly": ticket.order.reduce_only,
            "activatePrice": activation.unwrap_or_default(),
            "callbackRate": percent.unwrap_or_default(), "createTime": algo.created.ms(),
            "updateTime": algo.updated.ms(),
            "triggerTime": algo.triggered.map_or(0, UtcMs::ms), "goodTillDate": 0,
            "actualOrderId": algo.order_id.map(|id| id.to_string()).unwrap_or_default(),
            "actualPrice": plain(order.map_or(Decimal::ZERO, Order::mean_price)),
            "actualQty": plain(order.map_or(Decimal::ZERO, |order| order.filled)),
            "failReason": algo.reason.clone().unwrap_or_default(),
        }),
    );
    answer
}

/// A conditional order of the account's.
pub(crate) fn algo_of(account: &Account, waited: &Algo) -> Value {
    algo(waited, waited.order_id.and_then(|id| account.orders.get(&id)))
}

/// What came or went.
pub(crate) fn income(income: &Income) -> Value {
    json!({
        "symbol": income.symbol, "incomeType": income.kind, "income": eight(income.amount),
        "asset": income.asset, "info": income.kind, "time": income.time.ms(),
        "tranId": income.id,
        "tradeId": income.trade.map(|id| id.to_string()).unwrap_or_default(),
    })
}

/// The sides of a symbol's positions that there may be: one, or two side by side.
pub(crate) fn sides(hedge: bool) -> &'static [PositionSide] {
    match hedge {
        true => &[PositionSide::Long, PositionSide::Short],
        false => &[PositionSide::Both],
    }
}

/// One answer out of parts.
pub(crate) fn joined(parts: impl IntoIterator<Item = Value>) -> Value {
    let mut all = Map::new();
    for part in parts {
        if let Value::Object(fields) = part {
            all.extend(fields);
        }
    }
    Value::Object(all)
}
