//! The filters that `exchangeInfo` names, held against orders.

use domain::order::Side;
use domain::time::UtcMs;
use rust_decimal::Decimal;

use super::account::Account;
use super::algo::AlgoTicket;
use super::order::{Kind, Ticket, worth};
use crate::history::Market;
use crate::params::{Refusal, refusal};

/// As `exchangeInfo` tells them.
pub(crate) const MAX_PRICE: Decimal = Decimal::from_parts(4_529_764, 0, 0, false, 0);
/// How far from the mark price a limit may be, as a factor; in units of 10⁻².
const FARTHEST: i64 = 105;
const NEAREST: i64 = 95;
pub(crate) const MAX_NUM_ORDERS: usize = 200;
pub(crate) const MAX_NUM_ALGO_ORDERS: usize = 200;

/// The shortest that an order of bounded time may work.
const SHORTEST_MS: i64 = 600_000;
/// The last moment of the year 9999, as far as the venue takes one.
const LATEST: UtcMs = UtcMs::new(253_402_300_799_000);

/// Refuses an order of bounded time that would be over too soon, or never.
pub(crate) fn time(ticket: &Ticket, now: UtcMs) -> Result<(), Refusal> {
    match ticket.good_till {
        Some(till) if till <= now.plus_ms(SHORTEST_MS) || till >= LATEST => {
            let message = "The goodTillDate timestamp must be greater than the current time plus \
                           600 seconds and smaller than 253402300799000.";
            Err(refusal(-5040, message))
        }
        _ => Ok(()),
    }
}

fn is_on(value: Decimal, step: Decimal) -> bool {
    step.is_zero() || (value % step).is_zero()
}

fn price(market: &Market, price: Decimal) -> Result<(), Refusal> {
    let tick = market.filters.tick.to_decimal();
    if price.is_zero() {
        return Err(refusal(-4001, "Price less than or equal to zero."));
    }
    if price > MAX_PRICE {
        return Err(refusal(-4002, "Price greater than max price."));
    }
    if !is_on(price, tick) {
        return Err(refusal(-4014, "Price not increased by tick size."));
    }
    Ok(())
}

fn quantity(market: &Market, quantity: Decimal) -> Result<(), Refusal> {
    let filters = market.filters;
    if quantity.is_zero() {
        return Err(refusal(-4003, "Quantity less than or equal to zero."));
    }
    if !is_on(quantity, filters.step.to_decimal()) {
        return Err(refusal(-1111, "Precision is over the maximum defined for this asset."));
    }
    if quantity < filters.min_quantity.to_decimal() {
        return Err(refusal(-4004, "Quantity less than min quantity."));
    }
    if quantity > filters.max_quantity.to_decimal() {
        return Err(refusal(-4005, "Quantity greater than max quantity."));
    }
    Ok(())
}

/// Refuses what the market's filters refuse, where the mark price is `mark`.
pub(crate) fn ticket(market: &Market, ticket: &Ticket, mark: Decimal) -> Result<(), Refusal> {
    let at = match ticket.kind {
        Kind::Market => mark,
        Kind::Limit => {
            price(market, ticket.price)?;
            let bound = |units| worth(mark, Decimal::new(units, 2));
            let (least, most) = (bound(NEAREST), bound(FARTHEST));
            if ticket.side == Side::Buy && ticket.price > most {
                let message = format!("Limit price can't be higher than {}.", most.normalize());
                return Err(refusal(-4016, message));
            }
            if ticket.side == Side::Sell && ticket.price < least {
                let message = format!("Limit price can't be lower than {}.", least.normalize());
                return Err(refusal(-4024, message));
            }
            ticket.price
        }
    };
    size(market, ticket, at)
}

/// The same of one that waits; its limit is held against its trigger's price then, not now.
pub(crate) fn algo(market: &Market, waits: &AlgoTicket, mark: Decimal) -> Result<(), Refusal> {
    if waits.order.kind == Kind::Limit {
        price(market, waits.order.price)?;
    }
    let at = match waits.trail {
        None => {
            price(market, waits.trigger)?;
            waits.trigger
        }
        Some(trail) => {
            if !trail.activation.is_zero() && trail.best.is_none() {
                price(market, trail.activation)?;
            }
            mark
        }
    };
    if waits.order.close_position { Ok(()) } else { size(market, &waits.order, at) }
}

fn size(market: &Market, ticket: &Ticket, at: Decimal) -> Result<(), Refusal> {
    quantity(market, ticket.quantity)?;
    let least = market.filters.min_notional_quote.to_decimal();
    if !ticket.reduces() && worth(at, ticket.quantity) < least {
        let message = format!(
            "Order's notional must be no smaller than {} (unless you choose reduce only).",
            least.normalize()
        );
        return Err(refusal(-4164, message));
    }
    Ok(())
}

/// Refuses one open order more than there may be.
pub(crate) fn room(account: &Account, symbol: &str) -> Result<(), Refusal> {
    if account.open_orders(symbol).count() >= MAX_NUM_ORDERS {
        return Err(refusal(-2025, "Reach max open order limit."));
    }
    Ok(())
}

/// Refuses one conditional order more than there may be.
pub(crate) fn algo_room(account: &Account) -> Result<(), Refusal> {
    if account.waiting.len() >= MAX_NUM_ALGO_ORDERS {
        return Err(refusal(-4045, "Reach max stop order limit."));
    }
    Ok(())
}
