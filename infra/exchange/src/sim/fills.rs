//! At what price an order fills on a candle.

use domain::candle::Candle;
use domain::money::{Overflow, Price};
use domain::order::{OrderKind, Side};
use domain::time::UtcMs;
use rust_decimal::Decimal;

use crate::sim::market::Working;
use crate::sim::terms::FillModel;

/// A price before slippage, and whether the order rested there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Reach {
    pub(crate) price: Price,
    pub(crate) rested: bool,
}

impl Reach {
    const fn takes(price: Price) -> Self {
        Self { price, rested: false }
    }

    const fn rests(price: Price) -> Self {
        Self { price, rested: true }
    }
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

/// A part of a candle in which the same orders work throughout: the whole of it unless something
/// arrives in between. Until the last arrival the price is taken to run straight from the open
/// towards the close; the candle's extremes belong to what comes after.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Span<'a> {
    candle: &'a Candle,
    pub(crate) from: UtcMs,
    pub(crate) until: UtcMs,
    open: Price,
    close: Price,
}

impl<'a> Span<'a> {
    /// All of a candle.
    pub(crate) fn whole(candle: &'a Candle) -> Self {
        let (from, until) = (candle.open_time, candle.close_time());
        Self { candle, from, until, open: candle.open, close: candle.close }
    }

    /// Cuts it where something arrives: the part before, and the rest.
    pub(crate) fn cut(self, at: UtcMs, tick: Price) -> (Self, Self) {
        let price = self.at(at, tick);
        (Self { until: at, close: price, ..self }, Self { from: at, open: price, ..self })
    }

    /// The price on the line from open to close, on the nearest tick within the candle.
    fn at(&self, at: UtcMs, tick: Price) -> Price {
        let candle = self.candle;
        let span = i128::from(candle.close_time().since(candle.open_time)).max(1);
        let gone = i128::from(at.since(candle.open_time)).clamp(0, span);
        let (open, close) = (i128::from(candle.open.raw()), i128::from(candle.close.raw()));
        // Below 2⁶⁴ × 2⁶³: it fits, and lies between two prices.
        let raw = open + (close - open) * gone / span;
        let exact = Price::from_raw(i64::try_from(raw).unwrap_or(candle.close.raw()));
        let (below, above) = (exact.floor_to(tick), exact.ceil_to(tick));
        let is_nearer = exact.raw().abs_diff(below.raw()) <= above.raw().abs_diff(exact.raw());
        (if is_nearer { below } else { above }).clamp(candle.low, candle.high)
    }

    fn is_last(&self) -> bool {
        self.until == self.candle.close_time()
    }

    fn line(&self) -> (Price, Price) {
        (self.open.min(self.close), self.open.max(self.close))
    }

    fn range(&self) -> (Price, Price) {
        if self.is_last() { (self.candle.low, self.candle.high) } else { self.line() }
    }

    /// Where an order that works in this span fills, none where the price does not come to it.
    ///
    /// A market order takes the open. A stop takes its trigger, or the open where the price jumped
    /// over it. A limit or target fills at its price, or at the open where that is better. One that
    /// came after the candle's open can't count on extremes that may have been before; a stop must.
    pub(crate) fn reach(&self, order: &Working, model: FillModel) -> Option<Reach> {
        if model == FillModel::Close {
            return at_close(order, self.close);
        }
        let (low, high) = self.range();
        let ((known_low, known_high), open) = match order.since {
            since if since <= self.candle.open_time => ((low, high), Some(self.open)),
            since if since <= self.from => (self.line(), Some(self.open)),
            // Its entry rested: of what follows only the close is certain.
            _ => ((self.close, self.close), None),
        };
        match (order.ticket.kind, order.ticket.side) {
            (OrderKind::Market, side) => Some(Reach::takes(self.market(side, model))),
            (OrderKind::Stop { .. }, side) if order.triggered => {
                Some(Reach::takes(self.market(side, model)))
            }
            (OrderKind::Stop { trigger }, Side::Sell) if low <= trigger => {
                Some(Reach::takes(trigger.min(self.open)))
            }
            (OrderKind::Stop { trigger }, Side::Buy) if high >= trigger => {
                Some(Reach::takes(trigger.max(self.open)))
            }
            (OrderKind::Limit { price } | OrderKind::Target { price }, Side::Sell)
                if known_high >= price =>
            {
                Some(Reach::rests(open.map_or(price, |open| price.max(open))))
            }
            (OrderKind::Limit { price } | OrderKind::Target { price }, Side::Buy)
                if known_low <= price =>
            {
                Some(Reach::rests(open.map_or(price, |open| price.min(open))))
            }
            _ => None,
        }
    }

    fn market(&self, side: Side, model: FillModel) -> Price {
        match (model, side) {
            (FillModel::Intrabar, Side::Buy) => self.candle.high,
            (FillModel::Intrabar, Side::Sell) => self.candle.low,
            _ => self.open,
        }
    }
}

fn at_close(order: &Working, close: Price) -> Option<Reach> {
    match (order.ticket.kind, order.ticket.side) {
        (OrderKind::Market, _) => Some(Reach::takes(close)),
        (OrderKind::Stop { .. }, _) if order.triggered => Some(Reach::takes(close)),
        (OrderKind::Stop { trigger }, Side::Sell) => {
            (close <= trigger).then_some(Reach::takes(close))
        }
        (OrderKind::Stop { trigger }, Side::Buy) => {
            (close >= trigger).then_some(Reach::takes(close))
        }
        (OrderKind::Limit { price } | OrderKind::Target { price }, Side::Sell) => {
            (close >= price).then_some(Reach::rests(close))
        }
        (OrderKind::Limit { price } | OrderKind::Target { price }, Side::Buy) => {
            (close <= price).then_some(Reach::rests(close))
        }
    }
}
