//! The filters that `exchangeInfo` names, held against orders.

use rust_decimal::Decimal;

use super::account::Account;
use super::fills::{crosses, triggers};
use super::order::{Kind, Ticket, quote_of};
use crate::history::Market;
use crate::params::{Refusal, refusal};

/// As `exchangeInfo` tells them.
const MAX_PRICE: Decimal = Decimal::from_parts(1_000_000, 0, 0, false, 0);
const MAX_NOTIONAL_QUOTE: Decimal = Decimal::from_parts(9_000_000, 0, 0, false, 0);
const PRICE_FACTOR: Decimal = Decimal::from_parts(5, 0, 0, false, 0);
const MAX_NUM_ORDERS: usize = 200;
const MAX_NUM_ALGO_ORDERS: usize = 5;

fn failed(filter: &str) -> Refusal {
    refusal(-1013, format!("Filter failure: {filter}"))
}

fn is_on(value: Decimal, step: Decimal) -> bool {
    step.is_zero() || (value % step).is_zero()
}

/// Refuses what the market's filters refuse, at the last price `last`.
pub(crate) fn ticket(market: &Market, ticket: &Ticket, last: Decimal) -> Result<(), Refusal> {
    let filters = market.filters;
    let (tick, step) = (filters.tick.to_decimal(), filters.step.to_decimal());
    let is_market = ticket.kind == Kind::Market;
    for (name, price, needed) in [
        ("price", ticket.price, ticket.kind.has_limit()),
        ("stopPrice", ticket.stop, ticket.kind.has_trigger()),
    ] {
        if !needed {
            continue;
        }
        if price.is_zero() {
            return Err(refusal(-1013, format!("Invalid {name}.")));
        }
        if price < tick || price > MAX_PRICE || !is_on(price, tick) {
            return Err(failed("PRICE_FILTER"));
        }
        let far = last.checked_mul(PRICE_FACTOR).is_none_or(|most| price > most);
        if far || price < last / PRICE_FACTOR {
            return Err(failed("PERCENT_PRICE_BY_SIDE"));
        }
    }
    if ticket.quantity.is_zero() && ticket.quote_quantity.is_zero() {
        return Err(refusal(-1013, "Invalid quantity."));
    }
    let (least, most) = (filters.min_quantity.to_decimal(), filters.max_quantity.to_decimal());
    if ticket.quantity < least || ticket.quantity > most || !is_on(ticket.quantity, step) {
        return Err(failed("LOT_SIZE"));
    }
    let price = match ticket.kind {
        kind if kind.has_limit() => ticket.price,
        kind if kind.has_trigger() => ticket.stop,
        _ => last,
    };
    let notional = quote_of(price, ticket.quantity).ok_or_else(|| failed("NOTIONAL"))?;
    let too_much = !is_market && notional > MAX_NOTIONAL_QUOTE;
    if notional < filters.min_notional_quote.to_decimal() || too_much {
        return Err(failed("NOTIONAL"));
    }
    Ok(())
}

/// Refuses more open orders than there may be once these come on top.
pub(crate) fn room(account: &Account, symbol: &str, new: &[&Ticket]) -> Result<(), Refusal> {
    let open = account.open_orders(symbol).count();
    if open + new.len() > MAX_NUM_ORDERS {
        return Err(failed("MAX_NUM_ORDERS"));
    }
    let waiting = account.open_orders(symbol).filter(|order| order.ticket.kind.has_trigger());
    let conditional = new.iter().filter(|ticket| ticket.kind.has_trigger()).count();
    if conditional > 0 && waiting.count() + conditional > MAX_NUM_ALGO_ORDERS {
        return Err(failed("MAX_NUM_ALGO_ORDERS"));
    }
    Ok(())
}

/// Refuses a trigger that has been passed already, and a maker that would take.
pub(crate) fn is_placeable(ticket: &Ticket, last: Decimal) -> Result<(), Refusal> {
    if ticket.kind.has_trigger() && triggers(ticket, last) {
        return Err(refusal(-2010, "Order would trigger immediately."));
    }
    if ticket.kind == Kind::LimitMaker && crosses(ticket.side, ticket.price, last) {
        return Err(refusal(-2010, "Order would immediately match and take."));
    }
    Ok(())
}

/// How much a market order takes that names its worth, cut at the step.
pub(crate) fn quantity_for(market: &Market, quote: Decimal, last: Decimal) -> Decimal {
    let wanted = quote.checked_div(last).unwrap_or_default();
    let beyond = wanted.checked_rem(market.filters.step.to_decimal());
    wanted - beyond.unwrap_or_default()
}
