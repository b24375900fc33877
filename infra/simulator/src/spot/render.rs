//! Orders, executions and lists in the venue's words.

use domain::time::UtcMs;
use rust_decimal::Decimal;
use serde_json::{Map, Value, json};

use super::account::Account;
use super::order::{Kind, Order, OrderList, Trade, side_word};

/// With all eight decimals, as the venue writes numbers.
pub(crate) fn eight(value: Decimal) -> String {
    format!("{value:.8}")
}

fn list_id(list: Option<u64>) -> Value {
    list.map_or(json!(-1), Value::from)
}

/// What all answers about an order have.
fn common(order: &Order) -> Map<String, Value> {
    let ticket = order.ticket;
    let mut fields = Map::new();
    let mut put = |name: &str, value: Value| fields.insert(name.to_owned(), value);
    put("symbol", json!(order.symbol));
    put("orderId", json!(order.id));
    put("orderListId", list_id(order.list));
    put("clientOrderId", json!(order.name));
    put("price", json!(eight(ticket.price)));
    put("origQty", json!(eight(ticket.quantity)));
    put("executedQty", json!(eight(order.filled)));
    put("origQuoteOrderQty", json!(eight(ticket.quote_quantity)));
    put("cummulativeQuoteQty", json!(eight(order.filled_quote)));
    put("status", json!(order.status.word()));
    put("timeInForce", json!(ticket.time_in_force.word()));
    put("type", json!(ticket.kind.word()));
    put("side", json!(side_word(ticket.side)));
    put("selfTradePreventionMode", json!("EXPIRE_MAKER"));
    if ticket.kind.has_trigger() {
        put("stopPrice", json!(eight(ticket.stop)));
    }
    fields
}

fn working_time(order: &Order) -> i64 {
    order.working_since.map_or(-1, UtcMs::ms)
}

/// The answer to a question about an order.
pub(crate) fn queried(order: &Order) -> Value {
    let mut fields = common(order);
    let mut put = |name: &str, value: Value| fields.insert(name.to_owned(), value);
    put("stopPrice", json!(eight(order.ticket.stop)));
    put("icebergQty", json!("0.00000000"));
    put("time", json!(order.created.ms()));
    put("updateTime", json!(order.updated.ms()));
    put("isWorking", json!(order.working_since.is_some()));
    put("workingTime", json!(working_time(order)));
    Value::Object(fields)
}

/// How much of a new order's outcome is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Detail {
    Ack,
    Result,
    Full,
}

impl Detail {
    /// Where nothing is asked for.
    pub(crate) const fn usual(kind: Kind) -> Self {
        match kind {
            Kind::Market | Kind::Limit => Self::Full,
            _ => Self::Ack,
        }
    }
}

/// The answer to a new order.
pub(crate) fn placed(order: &Order, trades: &[Trade], detail: Detail) -> Value {
    if detail == Detail::Ack {
        return json!({
            "symbol": order.symbol, "orderId": order.id, "orderListId": list_id(order.list),
            "clientOrderId": order.name, "transactTime": order.created.ms(),
        });
    }
    let mut fields = common(order);
    fields.insert("transactTime".to_owned(), json!(order.updated.ms()));
    fields.insert("workingTime".to_owned(), json!(working_time(order)));
    if detail == Detail::Full {
        let fills = trades.iter().filter(|trade| trade.order_id == order.id).map(|trade| {
            json!({
                "price": eight(trade.price), "qty": eight(trade.quantity),
                "commission": eight(trade.fee), "commissionAsset": trade.fee_asset,
                "tradeId": trade.id,
            })
        });
        fields.insert("fills".to_owned(), fills.collect());
    }
    Value::Object(fields)
}

/// The answer to a cancel, which has a name of its own.
pub(crate) fn cancelled(order: &Order, cancel: &str) -> Value {
    let mut fields = common(order);
    fields.insert("origClientOrderId".to_owned(), json!(order.name));
    fields.insert("clientOrderId".to_owned(), json!(cancel));
    fields.insert("transactTime".to_owned(), json!(order.updated.ms()));
    Value::Object(fields)
}

/// An execution of the account's.
pub(crate) fn trade(trade: &Trade) -> Value {
    json!({
        "symbol": trade.symbol, "id": trade.id, "orderId": trade.order_id,
        "orderListId": list_id(trade.list), "price": eight(trade.price),
        "qty": eight(trade.quantity), "quoteQty": eight(trade.quote),
        "commission": eight(trade.fee), "commissionAsset": trade.fee_asset,
        "time": trade.time.ms(), "isBuyer": trade.side == domain::order::Side::Buy,
        "isMaker": trade.is_maker, "isBestMatch": true,
    })
}

/// Words for where a list stands: what happened last, and its state.
fn list_words(list: &OrderList) -> [&'static str; 2] {
    if list.is_done { ["ALL_DONE", "ALL_DONE"] } else { ["EXEC_STARTED", "EXECUTING"] }
}

fn contingency(list: &OrderList) -> &'static str {
    if list.entry.is_some() { "OTO" } else { "OCO" }
}

fn members(account: &Account, list: &OrderList, names: [&str; 3]) -> Vec<Value> {
    let orders = list.orders.iter().filter_map(|id| account.orders.get(id));
    let [symbol, id, name] = names;
    orders.map(|order| json!({ symbol: order.symbol, id: order.id, name: order.name })).collect()
}

/// A list and its orders' ids.
pub(crate) fn list(account: &Account, list: &OrderList) -> Value {
    let [event, status] = list_words(list);
    json!({
        "orderListId": list.id, "contingencyType": contingency(list), "listStatusType": event,
        "listOrderStatus": status, "listClientOrderId": list.name,
        "transactionTime": list.time.ms(), "symbol": list.symbol,
        "orders": members(account, list, ["symbol", "orderId", "clientOrderId"]),
    })
}

/// The event of a list.
pub(crate) fn list_status(account: &Account, list: &OrderList, now: UtcMs) -> Value {
    let [event, status] = list_words(list);
    json!({
        "e": "listStatus", "E": now.ms(), "s": list.symbol, "g": list.id, "c": contingency(list), "l": event,
        "L": status, "r": "NONE", "C": list.name, "T": list.time.ms(),
        "O": members(account, list, ["s", "i", "c"]),
    })
}

/// What happened to an order, beside the order itself.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Happened<'a> {
    /// `NEW`, `TRADE`, …
    pub(crate) execution: &'a str,
    pub(crate) trade: Option<&'a Trade>,
    /// The cancel's own name.
    pub(crate) cancel: Option<&'a str>,
    pub(crate) execution_id: u64,
}

/// `executionReport`
pub(crate) fn report(order: &Order, happened: Happened<'_>, now: UtcMs) -> Value {
    let Happened { execution, trade, cancel, execution_id } = happened;
    let ticket = order.ticket;
    let last = |pick: fn(&Trade) -> Decimal| eight(trade.map_or(Decimal::ZERO, pick));
    let is_open = order.status.is_working();
    let mut event = json!({
        "e": "executionReport", "E": now.ms(), "s": order.symbol,
        "c": cancel.unwrap_or(&order.name), "S": side_word(ticket.side), "o": ticket.kind.word(),
        "f": ticket.time_in_force.word(), "q": eight(ticket.quantity), "p": eight(ticket.price),
        "P": eight(ticket.stop), "F": "0.00000000", "g": list_id(order.list),
        "C": cancel.map_or("", |_| &order.name), "x": execution, "X": order.status.word(),
        "r": "NONE", "i": order.id, "l": last(|t| t.quantity), "z": eight(order.filled),
        "L": last(|t| t.price), "n": trade.map_or_else(|| "0".to_owned(), |t| eight(t.fee)),
        "N": trade.map(|t| t.fee_asset.as_str()), "T": order.updated.ms(),
        "t": trade.map_or(json!(-1), |t| json!(t.id)), "I": execution_id,
        "w": is_open && order.working_since.is_some(), "m": trade.is_some_and(|t| t.is_maker),
        "M": trade.is_some(),
    });
    let rest = json!({
        "O": order.created.ms(), "Z": eight(order.filled_quote), "Y": last(|t| t.quote),
        "Q": eight(ticket.quote_quantity), "V": "EXPIRE_MAKER",
    });
    if let (Value::Object(event), Value::Object(rest)) = (&mut event, rest) {
        event.extend(rest);
        if let Some(since) = order.working_since {
            event.insert("W".to_owned(), json!(since.ms()));
        }
    }
    event
}
