//! Pairs of orders of which one ends the other.

use domain::order::Side;
use rust_decimal::Decimal;

use super::account::Ids;
use super::order::{Kind, OrderList, Status, Ticket};
use super::render;
use super::trading::{Floor, insufficient, paid_with};
use crate::params::{Refusal, refusal};

/// A leg and its name.
pub(crate) type Leg = (Ticket, String);

/// Refuses kinds that don't pair, and prices on the wrong side of the last one.
pub(crate) fn check(above: &Ticket, below: &Ticket, last: Decimal) -> Result<(), Refusal> {
    let is_target = |kind: Kind| kind == Kind::LimitMaker || kind.is_target();
    let fits = |target: &Ticket, stop: &Ticket| is_target(target.kind) && stop.kind.is_stop();
    let pairs = match above.side {
        Side::Sell => fits(above, below),
        Side::Buy => fits(below, above),
    };
    if !pairs {
        return Err(refusal(-1158, "Order type not supported in OCO."));
    }
    let price = |leg: &Ticket| if leg.kind.has_trigger() { leg.stop } else { leg.price };
    if price(above) > last && last > price(below) {
        return Ok(());
    }
    let message = "The relationship of the prices for the orders is not correct.";
    Err(refusal(-2010, message))
}

impl Floor<'_> {
    /// Takes a pair. Both hold the same amount, once.
    pub(crate) fn place_pair(
        &mut self,
        name: String,
        legs: [Leg; 2],
        last: Decimal,
    ) -> Result<u64, Refusal> {
        let needs = [&legs[0].0, &legs[1].0].map(|ticket| ticket.need(last));
        let [Some(first), Some(second)] = needs else { return Err(insufficient()) };
        let locked = first.max(second);
        if !self.account.lock(paid_with(self.market, legs[0].0.side), locked) {
            return Err(insufficient());
        }
        let id = Ids::next(&mut self.ids.list);
        let orders =
            legs.map(|(ticket, name)| self.book(ticket, name, Some(id), Decimal::ZERO)).to_vec();
        let (symbol, time) = (self.symbol.to_owned(), self.now);
        let told = orders.clone();
        let list = OrderList { id, name, symbol, orders, is_done: false, time, locked };
        let event = {
            self.account.lists.insert(id, list.clone());
            render::list_status(self.account, &list, self.now)
        };
        self.account.tell(&event);
        for order in told {
            self.tell(order, "NEW", None, None);
        }
        self.account.tell_balances(self.market, self.now);
        Ok(id)
    }

    /// Ends the other leg of an order that is about to work or to fill. What both held now is the
    /// order's own.
    pub(crate) fn end_other(&mut self, id: u64) {
        let Some(list_id) = self.account.orders.get(&id).and_then(|order| order.list) else {
            return;
        };
        let Some(list) = self.account.lists.get_mut(&list_id).filter(|list| !list.is_done) else {
            return;
        };
        let held = std::mem::take(&mut list.locked);
        let others: Vec<u64> = list.orders.iter().copied().filter(|other| *other != id).collect();
        if let Some(order) = self.account.orders.get_mut(&id) {
            order.locked += held;
        }
        for other in others {
            self.end(other, Status::Expired, None);
        }
        self.finish(list_id);
    }

    /// Cancels all orders of a list.
    pub(crate) fn cancel_list(&mut self, id: u64, cancel: &str) {
        let Some(list) = self.account.lists.get(&id) else { return };
        for order in list.orders.clone() {
            self.end(order, Status::Canceled, Some(cancel));
        }
        self.finish(id);
    }

    fn finish(&mut self, id: u64) {
        let Some(list) = self.account.lists.get_mut(&id) else { return };
        (list.is_done, list.time) = (true, self.now);
        let list = list.clone();
        let event = render::list_status(self.account, &list, self.now);
        self.account.tell(&event);
    }
}
