//! What is held without a working stop, by the venue's own books.

use domain::instrument::InstrumentId;
use domain::time::UtcMs;
use rust_decimal::Decimal;
use simulator::snapshot::{BookedOrder, MarketBooks};

/// Below this the venue takes no order, so that nothing can be placed, nor lost.
const LEAST_QUOTE: i64 = 10;

/// From when until when.
pub(super) type Span = (UtcMs, UtcMs);

/// When something was held bare.
#[derive(Debug, Clone, Default)]
pub(super) struct Exposure {
    spans: Vec<Span>,
    is_bare: bool,
}

impl Exposure {
    pub(super) fn look(&mut self, now: UtcMs, is_bare: bool) {
        match self.spans.last_mut() {
            Some((_, until)) if self.is_bare => *until = now,
            _ if is_bare => self.spans.push((now, now)),
            _ => {}
        }
        self.is_bare = is_bare;
    }

    /// The longest time outside of these spans, which are in order.
    pub(super) fn longest_without_ms(&self, closing: &[Span]) -> i64 {
        let rest_ms = |(since, until): &Span| {
            let (mut since, mut longest) = (*since, 0);
            for (begin, end) in closing.iter().filter(|(begin, _)| begin < until) {
                longest = longest.max(begin.since(since));
                since = since.max(*end);
            }
            longest.max(until.since(since))
        };
        self.spans.iter().map(rest_ms).max().unwrap_or(0)
    }
}

/// Whether more is held than the venue would take an order for, and no stop of ours works for it.
pub(super) fn is_bare(books: &MarketBooks, instrument: InstrumentId) -> bool {
    let symbol = instrument.symbol();
    let held = held(books, instrument);
    let closing = if held.is_sign_negative() { "BUY" } else { "SELL" };
    let last = books.trades.iter().rev().find(|trade| trade.symbol == symbol);
    let worth = last.map_or(Decimal::ZERO, |trade| trade.price * held.abs());
    // What waits at a trigger, and what is being closed at the market this very moment.
    let guards = |order: &&BookedOrder| {
        let works = matches!(order.status.as_str(), "NEW" | "PARTIALLY_FILLED");
        let guards = order.kind.starts_with("STOP") || order.kind == "MARKET";
        order.symbol == symbol && order.side == closing && works && guards
    };
    let guarding = books.orders.iter().chain(&books.conditional).filter(guards);
    let guarded: Decimal = guarding.map(|order| order.quantity - order.filled).sum();
    worth > Decimal::from(LEAST_QUOTE) && guarded * Decimal::TWO < held.abs()
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
    fn what_is_being_closed_is_not_left_alone() {
        let at = UtcMs::new;
        let mut exposure = Exposure::default();
        for (now, is_bare) in [(0, false), (10, true), (50, true), (70, false), (80, true)] {
            exposure.look(at(now), is_bare);
        }
        assert_eq!(exposure.longest_without_ms(&[]), 60);
        assert_eq!(exposure.longest_without_ms(&[(at(0), at(20)), (at(25), at(40))]), 30);
        assert_eq!(exposure.longest_without_ms(&[(at(15), at(90))]), 5);
        assert_eq!(exposure.longest_without_ms(&[(at(75), at(90))]), 60);
    }
}
