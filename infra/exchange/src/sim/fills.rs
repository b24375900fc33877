//! At what price an order fills within a candle.

use domain::candle::Candle;
use domain::money::{Overflow, Price};
use domain::order::{OrderKind, Side};
use rust_decimal::Decimal;

/// A price and whether the order rested.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Execution {
    pub(crate) price: Price,
    pub(crate) rested: bool,
}

/// A taking price: worse than `price` by the slippage, on the tick that is worse still.
pub(crate) fn taken(
    side: Side,
    price: Price,
    slippage_bps: Decimal,
    tick: Price,
) -> Result<Price, Overflow> {
    Ok(match side {
        Side::Buy => price.shifted_bps(slippage_bps)?.ceil_to(tick),
        // A sale never gets less than one tick: a price of nought is no price.
        Side::Sell => price.shifted_bps(-slippage_bps)?.floor_to(tick).max(tick),
    })
}

/// Where an order fills in `candle`, none where the price does not come to it.
///
/// A market order takes the open. A stop takes its trigger, or the open where the price jumped
/// over it. A limit or target fills at its price, or at the open where that is better.
pub(crate) fn execution(
    side: Side,
    kind: OrderKind,
    candle: &Candle,
    slippage_bps: Decimal,
    tick: Price,
) -> Result<Option<Execution>, Overflow> {
    let take = |price| {
        taken(side, price, slippage_bps, tick).map(|price| Execution { price, rested: false })
    };
    let rest = |price| Execution { price, rested: true };
    Ok(match (kind, side) {
        (OrderKind::Market, _) => Some(take(candle.open)?),
        (OrderKind::Stop { trigger }, Side::Sell) if candle.low <= trigger => {
            Some(take(trigger.min(candle.open))?)
        }
        (OrderKind::Stop { trigger }, Side::Buy) if candle.high >= trigger => {
            Some(take(trigger.max(candle.open))?)
        }
        (OrderKind::Limit { price } | OrderKind::Target { price }, Side::Sell)
            if candle.high >= price =>
        {
            Some(rest(price.max(candle.open)))
        }
        (OrderKind::Limit { price } | OrderKind::Target { price }, Side::Buy)
            if candle.low <= price =>
        {
            Some(rest(price.min(candle.open)))
        }
        _ => None,
    })
}
