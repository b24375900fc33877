//! What is held without a working stop, by the venue's own books.

use domain::instrument::InstrumentId;
use domain::time::UtcMs;
use rust_decimal::Decimal;
use simulator::snapshot::{BookedOrder, MarketBooks};

/// Below this the venue takes no order, so that nothing can be placed, nor lost.
const LEAST_QUOTE: i64 = 10;

/// How long something was held bare.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Exposure {
    since: Option<UtcMs>,
    pub(super) longest_ms: i64,
}

impl Exposure {
    pub(super) fn look(&mut self, now: UtcMs, bare: bool) {
        self.since = bare.then(|| self.since.unwrap_or(now));
        if let Some(since) = self.since {
            self.longest_ms = self.longest_ms.max(now.ms() - since.ms());
        }
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
