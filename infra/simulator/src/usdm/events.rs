//! What the account's stream tells.

use domain::time::UtcMs;
use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::account::{Account, Venue};
use super::algo::{Algo, AlgoStatus};
use super::margin::Need;
use super::order::{Order, PositionSide, Trade, side_word};
use super::render::{eight, joined, plain};
use super::tiers::maintenance;

/// What happened to an order, beside the order itself.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Happened<'a> {
    /// `NEW`, `TRADE`, …
    pub(crate) execution: &'a str,
    pub(crate) trade: Option<&'a Trade>,
    /// What the symbol needs now.
    pub(crate) need: Need,
}

/// `ORDER_TRADE_UPDATE`
pub(crate) fn order(order: &Order, happened: Happened<'_>, now: UtcMs) -> Value {
    let Happened { execution, trade, need } = happened;
    let ticket = order.ticket;
    let last = |pick: fn(&Trade) -> Decimal| plain(trade.map_or(Decimal::ZERO, pick));
    let mut body = joined([
        json!({
            "s": order.symbol, "c": order.name, "S": side_word(ticket.side),
            "o": ticket.kind.word(), "f": ticket.time_in_force.word(),
            "q": plain(ticket.quantity), "p": plain(ticket.price),
            "ap": plain(order.mean_price()), "sp": plain(order.stop), "x": execution,
            "X": order.status.word(), "i": order.id, "l": last(|t| t.quantity),
            "z": plain(order.filled), "L": last(|t| t.price), "T": order.updated.ms(),
            "t": trade.map_or(0, |t| t.id), "b": plain(need.bids), "a": plain(need.asks),
        }),
        json!({
            "m": trade.is_some_and(|t| t.is_maker), "R": ticket.reduce_only,
            "wt": order.working_type.word(), "ot": order.sent_kind,
            "ps": ticket.position_side.word(), "cp": ticket.close_position, "pP": false, "si": 0,
            "ss": 0, "rp": eight(trade.map_or(Decimal::ZERO, |t| t.realised)),
            "V": "EXPIRE_MAKER", "pm": "NONE",
            "gtd": ticket.good_till.map_or(0, UtcMs::ms), "er": "0",
        }),
    ]);
    if let Some(trade) = trade {
        body["n"] = json!(eight(trade.fee));
        body["N"] = json!(trade.fee_asset);
    }
    json!({ "e": "ORDER_TRADE_UPDATE", "E": now.ms(), "T": order.updated.ms(), "o": body })
}

/// `ALGO_UPDATE`
pub(crate) fn algo(algo: &Algo, order: Option<&Order>, now: UtcMs) -> Value {
    let ticket = algo.ticket;
    let mut body = joined([
        json!({
            "caid": algo.name, "aid": algo.id, "at": "CONDITIONAL", "o": ticket.kind.word(),
            "s": algo.symbol, "S": side_word(ticket.order.side),
            "ps": ticket.order.position_side.word(), "f": ticket.order.time_in_force.word(),
            "q": plain(ticket.order.quantity), "X": algo.status.word(),
            "ai": algo.order_id.map(|id| id.to_string()).unwrap_or_default(),
            "tp": plain(ticket.trigger), "p": plain(ticket.order.price), "V": "EXPIRE_MAKER",
        }),
        json!({
            "wt": ticket.working_type.word(), "pm": "NONE", "cp": ticket.order.close_position,
            "pP": false, "R": ticket.order.reduce_only,
            "tt": algo.triggered.map_or(0, UtcMs::ms), "gtd": 0,
        }),
    ]);
    if let Some(trail) = ticket.trail {
        body["AP"] = json!(plain(trail.activation));
        body["cr"] = json!(plain(trail.callback_percent));
    }
    // These come only once the order has reached the book.
    if let Some(order) = order.filter(|_| algo.status == AlgoStatus::Finished) {
        body["ap"] = json!(plain(order.mean_price()));
        body["aq"] = json!(plain(order.filled));
        body["act"] = json!(order.ticket.kind.word());
    }
    if let Some(reason) = &algo.reason {
        body["rm"] = json!(reason);
    }
    json!({ "e": "ALGO_UPDATE", "T": algo.updated.ms(), "E": now.ms(), "o": body })
}

/// `ACCOUNT_UPDATE`: the asset of a symbol, and its positions of these sides. `change` is what came
/// or went beside profit and commission.
pub(crate) fn account(
    account: &Account,
    (symbol, sides): (&str, &[PositionSide]),
    reason: &str,
    change: Decimal,
    venue: Venue<'_>,
) -> Value {
    let asset = venue.asset(symbol);
    let isolated = account.setting(symbol).isolated;
    let positions = sides.iter().map(|side| {
        let position = account.position(symbol, *side);
        let own = if isolated { position.isolated } else { Decimal::ZERO };
        json!({
            "s": symbol, "pa": plain(position.amount), "ep": plain(position.entry()),
            "cr": eight(position.realised),
            "up": eight(position.unrealised(venue.mark(symbol))),
            "mt": if isolated { "isolated" } else { "cross" }, "iw": eight(own),
            "ps": side.word(), "ma": asset, "bep": plain(position.entry()),
        })
    });
    let positions: Value = positions.collect();
    let cross = account.cross_wallet(asset, venue);
    json!({
        "e": "ACCOUNT_UPDATE", "E": venue.now.ms(), "T": venue.now.ms(),
        "a": {
            "m": reason,
            "B": [{
                "a": asset, "wb": eight(account.wallet(asset)), "cw": eight(cross),
                "bc": eight(change),
            }],
            "P": positions,
        },
    })
}

/// `MARGIN_CALL`: all crossed positions of an asset.
pub(crate) fn margin_call(account: &Account, asset: &str, venue: Venue<'_>) -> Value {
    let positions = account.positions.iter();
    let called = positions.filter(|((symbol, _), position)| {
        !position.amount.is_zero()
            && venue.asset(symbol) == asset
            && !account.setting(symbol).isolated
    });
    let called = called.map(|((symbol, side), position)| {
        let mark = venue.mark(symbol);
        json!({
            "s": symbol, "ps": side.word(), "pa": plain(position.amount), "mt": "CROSSED",
            "iw": "0", "mp": plain(mark), "up": eight(position.unrealised(mark)),
            "mm": eight(maintenance(position.worth(mark).abs())),
        })
    });
    let called: Value = called.collect();
    let cross = account.cross_wallet(asset, venue);
    json!({ "e": "MARGIN_CALL", "E": venue.now.ms(), "cw": eight(cross), "p": called })
}

/// `ACCOUNT_CONFIG_UPDATE`: a symbol's leverage.
pub(crate) fn leverage(symbol: &str, leverage: u32, now: UtcMs) -> Value {
    json!({
        "e": "ACCOUNT_CONFIG_UPDATE", "E": now.ms(), "T": now.ms(),
        "ac": { "s": symbol, "l": leverage },
    })
}

/// `listenKeyExpired`
pub(crate) fn expired(key: &str, now: UtcMs) -> Value {
    json!({ "e": "listenKeyExpired", "E": now.ms(), "listenKey": key })
}
