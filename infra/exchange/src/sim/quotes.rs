//! Orders on best bid and ask.

use domain::money::{Overflow, Price, Quantity};
use domain::order::{OrderKind, Side};
use domain::quote::Quote;
use domain::time::UtcMs;
use serde::{Deserialize, Serialize};

use crate::sim::fills::Reach;
use crate::sim::market::{Market, Reports, Working};
use crate::sim::matching::ORDER;
use crate::sim::terms::{FillModel, Terms};

/// The last quote, and what was taken of it here: what the recording shows again unchanged is not
/// offered twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Touch {
    quote: Quote,
    bid_taken: Quantity,
    ask_taken: Quantity,
}

impl Touch {
    fn after(before: Option<Self>, quote: Quote) -> Self {
        let mut touch = Self { quote, bid_taken: Quantity::ZERO, ask_taken: Quantity::ZERO };
        if let Some(Self { quote: old, bid_taken, ask_taken }) = before {
            if (old.bid, old.bid_quantity) == (quote.bid, quote.bid_quantity) {
                touch.bid_taken = bid_taken;
            }
            if (old.ask, old.ask_quantity) == (quote.ask, quote.ask_quantity) {
                touch.ask_taken = ask_taken;
            }
        }
        touch
    }

    /// The price that an order on `side` takes, and how much is left there.
    fn offered(&self, side: Side) -> (Price, Quantity) {
        match side {
            Side::Buy => (self.quote.ask, self.quote.ask_quantity.minus_or_zero(self.ask_taken)),
            Side::Sell => (self.quote.bid, self.quote.bid_quantity.minus_or_zero(self.bid_taken)),
        }
    }

    fn take(&mut self, side: Side, quantity: Quantity) -> Result<(), Overflow> {
        let taken = match side {
            Side::Buy => &mut self.ask_taken,
            Side::Sell => &mut self.bid_taken,
        };
        *taken = taken.plus(quantity)?;
        Ok(())
    }
}

impl Market {
    /// Hears a quote. What arrived since the last one met that one.
    pub(crate) fn on_quote(
        &mut self,
        quote: &Quote,
        terms: &Terms,
        reports: &mut Reports,
    ) -> Result<(), Overflow> {
        let at = quote.time_exchange;
        if terms.fill != FillModel::BookTicks {
            return Ok(());
        }
        self.land(|arrival| arrival < at, terms, reports)?;
        self.touch = Some(Touch::after(self.touch, *quote));
        // What a sale would get: the price that an order's worth is measured at.
        (self.mark, self.marked_at) = (Some(quote.bid), at);
        if self.is_quiet() {
            return Ok(());
        }
        self.land(|arrival| arrival <= at, terms, reports)?;
        self.match_touch(at, terms, reports)
    }

    fn land(
        &mut self,
        is_due: impl Fn(UtcMs) -> bool,
        terms: &Terms,
        reports: &mut Reports,
    ) -> Result<(), Overflow> {
        while let Some((at, flight)) = self.flights.first().copied().filter(|(at, _)| is_due(*at)) {
            self.flights.remove(0);
            self.arrive(flight, at, terms, reports)?;
        }
        Ok(())
    }

    /// Fills what the last quote fills.
    pub(crate) fn match_touch(
        &mut self,
        at: UtcMs,
        terms: &Terms,
        reports: &mut Reports,
    ) -> Result<(), Overflow> {
        for role in ORDER {
            let mut index = 0;
            while let Some(order) = self.working.get_mut(index) {
                let Some(touch) = self.touch.as_mut() else { return Ok(()) };
                let side = order.ticket.side;
                let (price, offered) = touch.offered(side);
                let found = (order.role() == role).then(|| met(order, price)).flatten();
                let (id, step) = (order.id(), self.instrument.filters.step);
                let wanted = order.open;
                let Some(reach) = found else {
                    index += 1;
                    continue;
                };
                let order = *order;
                let wanted = wanted.min(self.closable(&order)?);
                let quantity = if offered >= wanted { wanted } else { offered.floor_to(step) };
                if quantity.is_zero() {
                    index += 1;
                    continue;
                }
                if let Some(touch) = self.touch.as_mut() {
                    touch.take(side, quantity)?;
                }
                self.fill(index, reach, quantity, (at, at), terms, reports)?;
                index = match self.working.iter().position(|order| order.id() == id) {
                    Some(still) => still.saturating_add(1),
                    None => 0,
                };
            }
        }
        Ok(())
    }
}

/// Where an order meets the other side's best `price`, if it does. Notes that a stop was triggered
/// and that a limit has begun to rest.
fn met(order: &mut Working, price: Price) -> Option<Reach> {
    let side = order.ticket.side;
    let crosses = |own: Price| match side {
        Side::Buy => price <= own,
        Side::Sell => price >= own,
    };
    match order.ticket.kind {
        OrderKind::Market => Some(Reach { price, rested: false }),
        OrderKind::Stop { trigger } => {
            order.triggered |= match order.ticket.side {
                Side::Buy => price >= trigger,
                Side::Sell => price <= trigger,
            };
            order.triggered.then_some(Reach { price, rested: false })
        }
        OrderKind::Limit { price: own } | OrderKind::Target { price: own } => {
            if !crosses(own) {
                order.rested = true;
                return None;
            }
            let rested = order.rested;
            Some(Reach { price: if rested { own } else { price }, rested })
        }
    }
}
