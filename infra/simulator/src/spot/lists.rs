//! Pairs of orders of which one ends the other.

use domain::order::Side;
use rust_decimal::Decimal;

use super::account::Ids;
use super::fills::crosses;
use super::order::{Kind, OrderList, Status, Ticket};
use super::render;
use super::trading::{Floor, insufficient, paid_with};
use crate::faults::plan::Fault;
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
        fates: &[Fault],
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
        for order in &orders {
            self.ordain(*order, fates);
        }
        let list =
            OrderList { id, name, symbol, entry: None, orders, is_done: false, time, locked };
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
        let is_of_pair = |list: &&mut OrderList| !list.is_done && list.entry != Some(id);
        let Some(list) = self.account.lists.get_mut(&list_id).filter(is_of_pair) else {
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

    /// Takes an order with a pair that waits for its fill. The pair holds nothing until then.
    pub(crate) fn place_bracket(
        &mut self,
        name: String,
        entry: Leg,
        pair: [Leg; 2],
        last: Decimal,
        fates: &[Fault],
    ) -> Result<u64, Refusal> {
        let (entry, entry_name) = entry;
        let need = entry.need(last).ok_or_else(insufficient)?;
        if !self.account.lock(paid_with(self.market, entry.side), need) {
            return Err(insufficient());
        }
        let id = Ids::next(&mut self.ids.list);
        let entry_id = self.book(entry, entry_name, Some(id), need);
        let mut orders = vec![entry_id];
        for (ticket, name) in pair {
            let leg = self.book(ticket, name, Some(id), Decimal::ZERO);
            if let Some(order) = self.account.orders.get_mut(&leg) {
                (order.status, order.working_since) = (Status::PendingNew, None);
            }
            orders.push(leg);
        }
        let list = OrderList {
            id,
            name,
            symbol: self.symbol.to_owned(),
            entry: Some(entry_id),
            orders: orders.clone(),
            is_done: false,
            time: self.now,
            locked: Decimal::ZERO,
        };
        let event = {
            self.account.lists.insert(id, list.clone());
            render::list_status(self.account, &list, self.now)
        };
        self.account.tell(&event);
        for order in orders {
            self.tell(order, "NEW", None, None);
        }
        self.ordain(entry_id, fates);
        let is_due = self.account.orders.get(&entry_id).is_some_and(|order| order.due.is_some());
        if !is_due && crosses(entry.side, entry.price, last) {
            self.fill(entry_id, last, false);
        }
        self.account.tell_balances(self.market, self.now);
        Ok(id)
    }

    /// Has the pair work that waited for this order's fill, where what it needs is there; else the
    /// pair ends, and whoever counted on it hears of that.
    pub(crate) fn start_pair(&mut self, entry: u64) {
        let list = self.account.orders.get(&entry).and_then(|order| order.list);
        let list = list.and_then(|list| self.account.lists.get(&list));
        let Some(list) = list.filter(|list| list.entry == Some(entry)).cloned() else { return };
        let pair: Vec<u64> = list.orders.iter().copied().filter(|id| *id != entry).collect();
        let tickets = pair.iter().filter_map(|id| self.account.orders.get(id)).map(|o| o.ticket);
        let needs: Option<Vec<Decimal>> = tickets.map(|t| t.need(t.price.max(t.stop))).collect();
        let side = pair.first().and_then(|id| self.account.orders.get(id)).map(|o| o.ticket.side);
        let (Some(needs), Some(side)) = (needs, side) else { return };
        let need = needs.into_iter().max().unwrap_or_default();
        if !self.account.lock(paid_with(self.market, side), need) {
            for id in pair {
                self.end(id, Status::Expired, None);
            }
            return self.finish(list.id);
        }
        if let Some(list) = self.account.lists.get_mut(&list.id) {
            list.locked = need;
        }
        for id in pair {
            if let Some(order) = self.account.orders.get_mut(&id) {
                (order.status, order.since, order.updated) = (Status::New, self.now, self.now);
                order.working_since = (!order.ticket.kind.has_trigger()).then_some(self.now);
            }
            self.tell(id, "NEW", None, None);
        }
    }

    /// Cancels all orders of a list.
    pub(crate) fn cancel_list(&mut self, id: u64, cancel: &str) {
        let Some(list) = self.account.lists.get(&id) else { return };
        for order in list.orders.clone() {
            self.end(order, Status::Canceled, Some(cancel));
        }
        self.finish(id);
    }

    pub(crate) fn finish(&mut self, id: u64) {
        let Some(list) = self.account.lists.get_mut(&id) else { return };
        (list.is_done, list.time) = (true, self.now);
        let list = list.clone();
        let event = render::list_status(self.account, &list, self.now);
        self.account.tell(&event);
    }
}
