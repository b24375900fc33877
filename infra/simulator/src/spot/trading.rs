//! Takes orders, fills them, and ends them.

use domain::candle::Candle;
use domain::order::Side;
use domain::time::UtcMs;
use rust_decimal::Decimal;

use super::account::{Account, Ids};
use super::fills::{Phase, Reach, crosses, reach};
use super::order::{Kind, Order, Status, Ticket, TimeInForce, Trade, cut, quote_of};
use super::render::{self, Happened};
use crate::history::Market;
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
}

impl Floor<'_> {
    /// Takes an order at the last price `last`: it fills at once, rests, waits for its trigger or
    /// expires.
    pub(crate) fn place(
        &mut self,
        ticket: Ticket,
        name: String,
        last: Decimal,
    ) -> Result<u64, Refusal> {
        let need = ticket.need(last).ok_or_else(insufficient)?;
        if !self.account.lock(paid_with(self.market, ticket.side), need) {
            return Err(insufficient());
        }
        let id = self.book(ticket, name, None, need);
        let takes = match ticket.kind {
            Kind::Market => Some(last),
            Kind::Limit => crosses(ticket.side, ticket.price, last).then_some(last),
            _ => None,
        };
        match takes {
            Some(price) => self.fill(id, price, false),
            None if ticket.time_in_force != TimeInForce::Gtc && !ticket.kind.has_trigger() => {
                self.end(id, Status::Expired, None);
            }
            None => {}
        }
        self.account.tell_balances(self.market, self.now);
        Ok(id)
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

    /// Fills an open order whole.
    pub(crate) fn fill(&mut self, id: u64, price: Decimal, is_maker: bool) {
        self.end_other(id);
        let Some(order) = self.account.orders.get(&id) else { return };
        let (ticket, list) = (order.ticket, order.list);
        // Both are within the filters' bounds.
        let quote = quote_of(price, ticket.quantity).unwrap_or_default();
        let (asset, amount) = match ticket.side {
            Side::Buy => (self.market.instrument.quote(), quote),
            Side::Sell => (self.market.instrument.base(), ticket.quantity),
        };
        // A stop purchase above its trigger may want more than it held.
        let held = order.locked
            + list
                .and_then(|list| self.account.lists.get(&list))
                .map_or(Decimal::ZERO, |list| list.locked);
        if self.account.balance(asset).free + held < amount {
            return self.end(id, Status::Expired, None);
        }
        self.close(id, Status::Filled);
        let rate = if is_maker { self.account.maker_rate } else { self.account.taker_rate };
        let (base, quote_asset) = (self.market.instrument.base(), self.market.instrument.quote());
        let (got_asset, got) = match ticket.side {
            Side::Buy => (base, ticket.quantity),
            Side::Sell => (quote_asset, quote),
        };
        let fee = cut(got * rate);
        self.account.balance(asset).free -= amount;
        self.account.balance(got_asset).free += got - fee;
        if let Some(order) = self.account.orders.get_mut(&id) {
            (order.filled, order.filled_quote) = (ticket.quantity, quote);
            order.working_since.get_or_insert(self.now);
        }
        let trade = Trade {
            id: Ids::next(&mut self.ids.trade),
            order_id: id,
            list,
            symbol: self.symbol.to_owned(),
            side: ticket.side,
            price,
            quantity: ticket.quantity,
            quote,
            fee,
            fee_asset: got_asset.to_owned(),
            is_maker,
            time: self.now,
        };
        self.tell(id, "TRADE", Some(&trade), None);
        self.account.trades.push(trade);
        self.start_pair(id);
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
                order.status == Status::New && Phase::of(order.ticket.kind) == phase
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
