//! What is held without a working stop, by the venue's own books.

use domain::instrument::InstrumentId;
use domain::time::UtcMs;
use rust_decimal::Decimal;
use simulator::snapshot::{BookedOrder, MarketBooks};

/// Below this the venue takes no order, nor for what a lot's step more would be worth, so that
/// nothing can be placed, nor lost.
const LEAST_QUOTE: i64 = 12;

/// From when until when.
pub(super) type Span = (UtcMs, UtcMs);

/// How much of an instrument was held without a working stop, look by look.
#[derive(Debug, Clone, Default)]
pub(super) struct Exposure {
    looks: Vec<(UtcMs, Bare)>,
}

/// What no stop works for.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Bare {
    /// In base units, of either direction.
    base: Decimal,
    /// At the last trade.
    price: Decimal,
}

impl Exposure {
    pub(super) fn look(&mut self, now: UtcMs, bare: Bare) {
        self.looks.push((now, bare));
    }

    /// When more was bare than these units, which belong to no position, and than the venue would
    /// take an order for.
    fn spans(&self, beside: Decimal) -> Vec<Span> {
        let mut spans: Vec<Span> = Vec::new();
        let mut was_bare = false;
        for (now, Bare { base, price }) in &self.looks {
            let is_bare = (base - beside) * price > Decimal::from(LEAST_QUOTE);
            match spans.last_mut() {
                Some((_, until)) if was_bare => *until = *now,
                _ if is_bare => spans.push((*now, *now)),
                _ => {}
            }
            was_bare = is_bare;
        }
        spans
    }

    /// When more was bare for longest than these units, which belong to no position.
    pub(super) fn longest(&self, beside: Decimal) -> Option<Span> {
        self.spans(beside).into_iter().max_by_key(|span| length_ms(*span))
    }
}

/// How long a span is.
pub(super) fn length_ms((since, until): Span) -> i64 {
    until.since(since)
}

/// What of an instrument no stop works for.
pub(super) fn bare(books: &MarketBooks, instrument: InstrumentId) -> Bare {
    let symbol = instrument.symbol();
    let held = held(books, instrument);
    let closing = if held.is_sign_negative() { "BUY" } else { "SELL" };
    let last = books.trades.iter().rev().find(|trade| trade.symbol == symbol);
    // What waits at a trigger, and what is being closed at the market this very moment.
    let guards = |order: &&BookedOrder| {
        let works = matches!(order.status.as_str(), "NEW" | "PARTIALLY_FILLED");
        let guards = order.kind.starts_with("STOP") || order.kind == "MARKET";
        order.symbol == symbol && order.side == closing && works && guards
    };
    let guarding = books.orders.iter().chain(&books.conditional).filter(guards);
    let guarded: Decimal = guarding.map(|order| order.quantity - order.filled).sum();
    let price = last.map_or(Decimal::ZERO, |trade| trade.price);
    Bare { base: (held.abs() - guarded).max(Decimal::ZERO), price }
}

/// Base units, negative where they are sold short.
fn held(books: &MarketBooks, instrument: InstrumentId) -> Decimal {
    if instrument.is_perpetual() {
        let symbol = instrument.symbol();
        let own = books.positions.iter().filter(|position| position.symbol == symbol);
        return own.map(|position| position.quantity).sum();
    }
    let balance = books.balances.get(instrument.base());
    balance.map_or(Decimal::ZERO, |balance| balance.free + balance.locked)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_is_found_and_what_belongs_to_no_position_not_counted() {
        let at = UtcMs::new;
        let mut exposure = Exposure::default();
        for (now, base) in [(0, 1), (10, 3), (50, 3), (70, 1), (80, 3)] {
            exposure.look(at(now), Bare { base: base.into(), price: Decimal::from(10) });
        }
        assert_eq!(exposure.longest(Decimal::ONE), Some((at(10), at(70))));
        assert_eq!(exposure.longest(Decimal::TWO), None);
    }
}
