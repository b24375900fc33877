//! Takes orders, fills them, and ends them.

use domain::candle::Candle;
use domain::order::Side;
use domain::time::{MINUTE_MS, UtcMs};
use rust_decimal::Decimal;
use rust_decimal::prelude::FromPrimitive;

use super::account::{Account, Ids};
use super::fills::{Phase, Reach, crosses, reach, triggers};
use super::order::{Due, Kind, Order, Parts, Status, Ticket, TimeInForce, Trade, cut, quote_of};
use super::render::{self, Happened};
use crate::faults::names::FaultName;
use crate::faults::orders::fate;
use crate::faults::plan::Fault;
use crate::history::Market;
use crate::options::Trading;
use crate::params::{Refusal, refusal};

pub(crate) fn insufficient() -> Refusal {
    refusal(-2010, "Account has insufficient balance for requested action.")
}

/// The asset that a side pays with.
pub(crate) fn paid_with(market: &Market, side: Side) -> &str {
    match side {
        Side::Buy => market.instrument.quote(),
        Side::Sell => market.instrument.base(),
    }
}

/// An account in one market at one moment.
#[derive(Debug)]
pub(crate) struct Floor<'a> {
    pub(crate) account: &'a mut Account,
    pub(crate) ids: &'a mut Ids,
    pub(crate) market: &'a Market,
    pub(crate) symbol: &'a str,
    pub(crate) now: UtcMs,
    pub(crate) trading: Trading,
    /// The last candle, which tells how much there is to be filled of.
    pub(crate) candle: Option<&'a Candle>,
}

/// An order that fills in parts has so many of them, and this long between two of them, where
/// nothing is said.
const PARTS: u32 = 3;
const BETWEEN_PARTS_MS: i64 = 1_000;

impl Floor<'_> {
    /// Takes an order at the last price `last`: it fills at once, rests, waits for its trigger or
    /// expires; or is on its way.
    pub(crate) fn place(
        &mut self,
        ticket: Ticket,
        name: String,
        last: Decimal,
        fates: &[Fault],
    ) -> Result<u64, Refusal> {
        let need = ticket.need(last).ok_or_else(insufficient)?;
        if !self.account.lock(paid_with(self.market, ticket.side), need) {
            return Err(insufficient());
        }
        let id = self.book(ticket, name, None, need);
        self.ordain(id, fates);
        if self.account.orders.get(&id).is_some_and(|order| order.due.is_none()) {
            self.arrive(id, last);
        }
        self.account.tell_balances(self.market, self.now);
        Ok(id)
    }

    /// Writes down what is to become of a new order.
    pub(crate) fn ordain(&mut self, id: u64, fates: &[Fault]) {
        let latency_ms = i64::from(self.trading.latency_ms);
        let step = self.market.filters.step.to_decimal();
        let Some(order) = self.account.orders.get_mut(&id) else { return };
        if let Some(fault) = fate(fates, FaultName::PartialFills) {
            let parts = Decimal::from(fault.with.parts.unwrap_or(PARTS));
            let even = order.ticket.quantity.checked_div(parts).unwrap_or_default();
            let size = even - even.checked_rem(step).unwrap_or_default();
            let every_ms = fault.with.delay_ms.unwrap_or(BETWEEN_PARTS_MS);
            // One that can't be cut fills whole.
            order.parts = (!size.is_zero()).then_some(Parts { size, every_ms });
        }
        if let Some(fault) = fate(fates, FaultName::OrderRejectedLater) {
            let delay_ms = fault.with.delay_ms.unwrap_or(BETWEEN_PARTS_MS);
            order.due = Some((self.now.plus_ms(delay_ms), Due::Dies));
        } else if latency_ms > 0 {
            let at = self.now.plus_ms(latency_ms);
            (order.due, order.since) = (Some((at, Due::Arrives)), at);
            order.working_since = order.working_since.map(|_| at);
        }
    }

    /// What becomes of an order whose time has come, at the last price `last`.
    pub(crate) fn come_due(&mut self, id: u64, last: Decimal) {
        let order = self.account.orders.get_mut(&id);
        let Some((_, due)) = order.and_then(|order| order.due.take()) else { return };
        match due {
            Due::Arrives => self.arrive(id, last),
            Due::Takes => self.fill(id, last, false),
            Due::Dies => self.die(id),
        }
        self.account.tell_balances(self.market, self.now);
    }

    /// An order meets the last price.
    fn arrive(&mut self, id: u64, last: Decimal) {
        let Some(order) = self.account.orders.get_mut(&id) else { return };
        let ticket = order.ticket;
        let takes = match ticket.kind {
            Kind::Market => true,
            Kind::Limit => crosses(ticket.side, ticket.price, last),
            Kind::LimitMaker if crosses(ticket.side, ticket.price, last) => {
                return self.die(id);
            }
            Kind::LimitMaker => false,
            // What has passed its trigger on its way goes on as if it had met it.
            _ if !triggers(&ticket, last) => return,
            _ if !ticket.kind.has_limit() || crosses(ticket.side, ticket.price, last) => true,
            _ => {
                order.working_since = Some(self.now);
                self.end_other(id);
                false
            }
        };
        if takes {
            self.fill(id, last, false);
        } else if ticket.time_in_force != TimeInForce::Gtc {
            self.end(id, Status::Expired, None);
        }
    }

    /// The venue ends an order, and a pair's other leg with it.
    fn die(&mut self, id: u64) {
        let list = self.account.orders.get(&id).and_then(|order| order.list);
        let list = list.and_then(|list| self.account.lists.get(&list)).filter(|l| !l.is_done);
        match list.cloned() {
            Some(list) => {
                for order in list.orders {
                    self.end(order, Status::Expired, None);
                }
                self.finish(list.id);
            }
            None => self.end(id, Status::Expired, None),
        }
    }

    /// Enters an order that holds `locked`, and tells of it.
    pub(crate) fn book(
        &mut self,
        ticket: Ticket,
        name: String,
        list: Option<u64>,
        locked: Decimal,
    ) -> u64 {
        let id = Ids::next(&mut self.ids.order);
        let order = Order {
            id,
            symbol: self.symbol.to_owned(),
            name,
            list,
            ticket,
            status: Status::New,
            filled: Decimal::ZERO,
            filled_quote: Decimal::ZERO,
            created: self.now,
            updated: self.now,
            since: self.now,
            working_since: (!ticket.kind.has_trigger()).then_some(self.now),
            locked,
            due: None,
            parts: None,
        };
        self.account.orders.insert(id, order);
        self.account.open.insert(id);
        if list.is_none() {
            self.tell(id, "NEW", None, None);
        }
        id
    }

    pub(crate) fn tell(
        &mut self,
        id: u64,
        execution: &str,
        trade: Option<&Trade>,
        cancel: Option<&str>,
    ) {
        let execution_id = Ids::next(&mut self.ids.execution);
        let Some(order) = self.account.orders.get(&id) else { return };
        let happened = Happened { execution, trade, cancel, execution_id };
        let event = render::report(order, happened, self.now);
        self.account.tell(&event);
    }

    /// Gives back what an order held, and takes it off the open ones.
    fn close(&mut self, id: u64, status: Status) -> Option<Ticket> {
        if !self.account.open.remove(&id) {
            return None;
        }
        let order = self.account.orders.get_mut(&id)?;
        (order.status, order.updated) = (status, self.now);
        let (ticket, list) = (order.ticket, order.list);
        let mut held = std::mem::take(&mut order.locked);
        if let Some(list) = list.and_then(|list| self.account.lists.get_mut(&list)) {
            held += std::mem::take(&mut list.locked);
        }
        self.account.unlock(paid_with(self.market, ticket.side), held);
        Some(ticket)
    }

    /// Fills an open order, whole or as far as there is something to fill of.
    pub(crate) fn fill(&mut self, id: u64, price: Decimal, is_maker: bool) {
        self.end_other(id);
        while self.fill_part(id, price, is_maker) {}
    }

    /// How much of an order may fill now.
    fn part(&self, order: &Order) -> Decimal {
        let remaining = order.remaining();
        let step = self.market.filters.step.to_decimal();
        let room = self.trading.volume_share.map(|share| {
            let volume = self.candle.map_or(0.0, |candle| candle.volume_base);
            let room = share * Decimal::from_f64(volume).unwrap_or_default();
            room - room.checked_rem(step).unwrap_or_default()
        });
        let part = room.map_or(remaining, |room| remaining.min(room));
        match order.ticket.time_in_force {
            TimeInForce::Fok => part,
            _ => order.parts.map_or(part, |parts| part.min(parts.size)),
        }
    }

    /// Fills one part of an open order; whether the next follows at once.
    fn fill_part(&mut self, id: u64, price: Decimal, is_maker: bool) -> bool {
        if !self.account.open.contains(&id) {
            return false;
        }
        let Some(order) = self.account.orders.get(&id) else { return false };
        let (ticket, list, parts) = (order.ticket, order.list, order.parts);
        let (quantity, remaining) = (self.part(order), order.remaining());
        let is_last = quantity == remaining;
        let is_at_once = ticket.time_in_force != TimeInForce::Gtc && !ticket.kind.has_trigger();
        if quantity.is_zero() || ticket.time_in_force == TimeInForce::Fok && !is_last {
            if is_at_once {
                self.end(id, Status::Expired, None);
            } else {
                self.go_on(id);
            }
            return false;
        }
        // Both are within the filters' bounds.
        let quote = quote_of(price, quantity).unwrap_or_default();
        let (asset, amount) = match ticket.side {
            Side::Buy => (self.market.instrument.quote(), quote),
            Side::Sell => (self.market.instrument.base(), quantity),
        };
        // A stop purchase above its trigger may want more than it held.
        let held = order.locked
            + list
                .and_then(|list| self.account.lists.get(&list))
                .map_or(Decimal::ZERO, |list| list.locked);
        if self.account.balance(asset).free + held < amount {
            self.end(id, Status::Expired, None);
            return false;
        }
        if is_last {
            self.close(id, Status::Filled);
        } else {
            self.release(id, asset, amount, quantity);
        }
        let rate = if is_maker { self.account.maker_rate } else { self.account.taker_rate };
        let (base, quote_asset) = (self.market.instrument.base(), self.market.instrument.quote());
        let (got_asset, got) = match ticket.side {
            Side::Buy => (base, quantity),
            Side::Sell => (quote_asset, quote),
        };
        let fee = cut(got * rate);
        self.account.balance(asset).free -= amount;
        self.account.balance(got_asset).free += got - fee;
        if let Some(order) = self.account.orders.get_mut(&id) {
            order.filled += quantity;
            order.filled_quote += quote;
            order.working_since.get_or_insert(self.now);
        }
        let trade = Trade {
            id: Ids::next(&mut self.ids.trade),
            order_id: id,
            list,
            symbol: self.symbol.to_owned(),
            side: ticket.side,
            price,
            quantity,
            quote,
            fee,
            fee_asset: got_asset.to_owned(),
            is_maker,
            time: self.now,
        };
        self.tell(id, "TRADE", Some(&trade), None);
        self.account.trades.push(trade);
        if is_last {
            self.start_pair(id);
            return false;
        }
        if is_at_once {
            self.end(id, Status::Expired, None);
            return false;
        }
        let follows = parts.is_some_and(|parts| parts.every_ms == 0 && quantity == parts.size);
        if !follows {
            self.go_on(id);
        }
        follows
    }

    /// Gives back what an order held for a part of it.
    fn release(&mut self, id: u64, asset: &str, amount: Decimal, quantity: Decimal) {
        let free = self.account.balance(asset).free;
        let Some(order) = self.account.orders.get_mut(&id) else { return };
        let held = match order.ticket.side {
            Side::Buy if order.ticket.kind.has_limit() => {
                quote_of(order.ticket.price, quantity).unwrap_or_default()
            }
            _ => amount,
        };
        let released = held.max(amount - free).min(order.locked);
        order.locked -= released;
        (order.status, order.updated) = (Status::PartiallyFilled, self.now);
        self.account.unlock(asset, released);
    }

    /// What has no limit takes more later; what has one rests.
    fn go_on(&mut self, id: u64) {
        let span_ms = self.candle.map_or(MINUTE_MS, |candle| candle.timeframe.span_ms());
        let Some(order) = self.account.orders.get_mut(&id) else { return };
        if order.ticket.kind.has_limit() {
            order.working_since.get_or_insert(self.now);
        } else {
            let wait_ms = order.parts.map_or(span_ms, |parts| parts.every_ms.max(1));
            order.due = Some((self.now.plus_ms(wait_ms), Due::Takes));
        }
    }

    /// Ends an open order unfilled.
    pub(crate) fn end(&mut self, id: u64, status: Status, cancel: Option<&str>) {
        if self.close(id, status).is_some() {
            self.tell(id, status.word(), None, cancel);
        }
    }

    /// What a candle does to the account's orders in its market.
    pub(crate) fn meet(&mut self, candle: &Candle) {
        let mut has_changed = false;
        // A stop that a fill within the candle has started is met by what may have come after it.
        for phase in [Phase::Stop, Phase::Limit, Phase::Stop, Phase::Target] {
            let of_phase = |order: &&Order| {
                let waits_ms = order.parts.map_or(0, |parts| parts.every_ms);
                order.status.is_working()
                    && Phase::of(order.ticket.kind) == phase
                    && order.due.is_none()
                    && (order.filled.is_zero() || self.now.since(order.updated) >= waits_ms.max(1))
            };
            let orders = self.account.open_orders(self.symbol).filter(of_phase);
            let ids: Vec<u64> = orders.map(|order| order.id).collect();
            // An order that another's fill has ended is open no more.
            for id in ids {
                if !self.account.open.contains(&id) {
                    continue;
                }
                let Some(order) = self.account.orders.get_mut(&id) else { continue };
                match reach(&order.ticket, order.since, order.working_since, candle) {
                    Reach::Nothing => continue,
                    Reach::Fills { price, is_maker } => self.fill(id, price, is_maker),
                    Reach::Rests if order.ticket.time_in_force != TimeInForce::Gtc => {
                        self.end_other(id);
                        self.end(id, Status::Expired, None);
                    }
                    Reach::Rests => {
                        (order.working_since, order.updated) = (Some(self.now), self.now);
                        self.end_other(id);
                    }
                }
                has_changed = true;
            }
        }
        if has_changed {
            self.account.tell_balances(self.market, self.now);
        }
    }
}
