//! Takes orders, fills them, and ends them.

use domain::candle::Candle;
use domain::order::Side;
use rust_decimal::Decimal;

use super::account::{Account, Ids, Venue};
use super::events::{self, Happened};
use super::fates::Doing;
use super::margin::initial;
use super::order::{
    Kind, Order, Origin, PositionSide, Status, Ticket, TimeInForce, Trade, WorkingType, worth,
};
use super::reach::{Prices, is_met};
use super::tiers::most_at;
use crate::params::{Refusal, refusal};
use crate::spot::fills::crosses;

/// Messages for streams of the market, by the stream's name.
pub(crate) type News = Vec<(String, String)>;

pub(crate) fn reduce_only() -> Refusal {
    refusal(-2022, "ReduceOnly Order is rejected.")
}

/// An account in one market at one moment.
#[derive(Debug)]
pub(crate) struct Floor<'a> {
    pub(crate) account: &'a mut Account,
    pub(crate) ids: &'a mut Ids,
    pub(crate) news: &'a mut News,
    pub(crate) venue: Venue<'a>,
    pub(crate) symbol: &'a str,
}

/// A plain order that is to be entered.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    pub(crate) ticket: Ticket,
    pub(crate) name: String,
    pub(crate) origin: Origin,
    pub(crate) sent_kind: &'static str,
    pub(crate) stop: Decimal,
    pub(crate) working_type: WorkingType,
}

impl Entry {
    /// Of a client's own order.
    pub(crate) fn of(ticket: Ticket, name: String) -> Self {
        Self {
            ticket,
            name,
            origin: Origin::Client,
            sent_kind: ticket.kind.word(),
            stop: Decimal::ZERO,
            working_type: WorkingType::ContractPrice,
        }
    }
}

impl Floor<'_> {
    pub(crate) fn asset(&self) -> String {
        self.venue.asset(self.symbol).to_owned()
    }

    /// Refuses what the account's position or margin does not allow, for an order that would count
    /// at `price` while the last price is `last`.
    pub(crate) fn admit(
        &self,
        ticket: &Ticket,
        price: Decimal,
        last: Decimal,
    ) -> Result<(), Refusal> {
        let against = self.account.against(self.symbol, ticket.position_side, ticket.side);
        if ticket.reduces() {
            let closes_more =
                ticket.position_side != PositionSide::Both && ticket.quantity > against;
            return if against.is_zero() || closes_more { Err(reduce_only()) } else { Ok(()) };
        }
        let mark = self.venue.mark(self.symbol);
        let before = self.account.need(self.symbol, mark, None);
        let after = self.account.need(self.symbol, mark, Some((ticket, price)));
        let more = after.orders - before.orders;
        // What the order loses against the last price as soon as it is filled.
        let lost = match ticket.side {
            Side::Buy => worth(price - last, ticket.quantity),
            Side::Sell => worth(last - price, ticket.quantity),
        };
        let fee = worth(worth(price, ticket.quantity), self.account.taker_rate);
        let sums = self.account.sums(self.venue.asset(self.symbol), self.venue);
        if more > Decimal::ZERO && sums.free < more + lost.max(Decimal::ZERO) + fee {
            return Err(refusal(-2019, "Margin is insufficient."));
        }
        let side = ticket.position_side;
        let held = self.account.position(self.symbol, side).worth(mark);
        let most = match ticket.side {
            Side::Buy => held + after.bids,
            Side::Sell => after.asks - held,
        };
        if more > Decimal::ZERO && most > most_at(self.account.setting(self.symbol).leverage) {
            let message = "Exceeded the maximum allowable position at current leverage.";
            return Err(refusal(-2027, message));
        }
        Ok(())
    }

    /// Takes an admitted order at the last price `last`: it fills at once, rests or expires.
    pub(crate) fn place(&mut self, entry: Entry, last: Decimal) -> u64 {
        let ticket = entry.ticket;
        let id = self.book(entry);
        if let Some(till) = ticket.good_till {
            self.at(till, Doing::Lapses(id));
        }
        if self.ordain(id) {
            return id;
        }
        let takes = match ticket.kind {
            Kind::Market => true,
            Kind::Limit => crosses(ticket.side, ticket.price, last),
        };
        if takes && ticket.time_in_force == TimeInForce::Gtx {
            self.end(id, Status::Expired);
        } else if takes {
            self.fill(id, last, false);
        } else if matches!(ticket.time_in_force, TimeInForce::Ioc | TimeInForce::Fok) {
            self.end(id, Status::Expired);
        }
        id
    }

    /// Enters an order and tells of it.
    pub(crate) fn book(&mut self, entry: Entry) -> u64 {
        let Entry { ticket, name, origin, sent_kind, stop, working_type } = entry;
        let now = self.venue.now;
        let id = Ids::next(&mut self.ids.order);
        let order = Order {
            id,
            symbol: self.symbol.to_owned(),
            name,
            ticket,
            origin,
            sent_kind,
            stop,
            working_type,
            status: Status::New,
            filled: Decimal::ZERO,
            filled_quote: Decimal::ZERO,
            created: now,
            updated: now,
            since: now,
        };
        self.account.orders.insert(id, order);
        self.account.open.insert(id);
        self.tell(id, "NEW", None);
        id
    }

    /// Tells what happened to a plain order.
    pub(crate) fn tell(&mut self, id: u64, execution: &str, trade: Option<&Trade>) {
        let Some(order) = self.account.orders.get(&id) else { return };
        let need = self.account.need(self.symbol, self.venue.mark(self.symbol), None);
        let event = events::order(order, Happened { execution, trade, need }, self.venue.now);
        self.account.tell(&event);
    }

    /// Tells what the account's asset and these positions are now.
    pub(crate) fn tell_account(&mut self, reason: &str, change: Decimal, sides: &[PositionSide]) {
        self.account.updated = self.venue.now;
        let event = events::account(self.account, (self.symbol, sides), reason, change, self.venue);
        self.account.tell(&event);
    }

    /// Fills what is left of an open order, or as much of it as reduces the position where it may do
    /// nothing else; the rest of that one expires.
    pub(crate) fn fill(&mut self, id: u64, price: Decimal, is_maker: bool) {
        let Some(order) = self.account.orders.get(&id) else { return };
        let (ticket, origin, left) = (order.ticket, order.origin, order.left());
        let against = self.account.against(self.symbol, ticket.position_side, ticket.side);
        let room = if ticket.reduces() { left.min(against) } else { left };
        let parts = self.account.parts.get(&id).copied();
        let quantity = parts.map_or(room, |parts| room.min(parts.size));
        if quantity.is_zero() {
            return self.end(id, Status::Expired);
        }
        let now = self.venue.now;
        let quote = worth(price, quantity);
        let setting = self.account.setting(self.symbol);
        let key = (self.symbol.to_owned(), ticket.position_side);
        let position = self.account.positions.entry(key).or_default();
        let signed = if ticket.side == Side::Buy { quantity } else { -quantity };
        let booked = position.book(signed, price, now);
        if setting.isolated {
            position.isolated += initial(booked.opened, setting.leverage);
        }
        let rate = if is_maker { self.account.maker_rate } else { self.account.taker_rate };
        let fee = worth(quote, rate);
        let asset = self.asset();
        let trade_id = Ids::next(&mut self.ids.trade);
        for (kind, amount) in [("REALIZED_PNL", booked.realised), ("COMMISSION", -fee)] {
            let about = (asset.as_str(), self.symbol);
            self.account.receive(self.ids, kind, about, amount, Some(trade_id), now);
        }
        if let Some(order) = self.account.orders.get_mut(&id) {
            order.filled += quantity;
            order.filled_quote += quote;
            let is_whole = order.left().is_zero();
            order.status = if is_whole { Status::Filled } else { Status::PartiallyFilled };
            order.updated = now;
        }
        let trade = Trade {
            id: trade_id,
            order_id: id,
            symbol: self.symbol.to_owned(),
            side: ticket.side,
            position_side: ticket.position_side,
            price,
            quantity,
            quote,
            realised: booked.realised,
            fee,
            fee_asset: asset,
            is_maker,
            time: now,
        };
        self.tell_account("ORDER", Decimal::ZERO, &[ticket.position_side]);
        let execution = if origin.is_forced() { "CALCULATED" } else { "TRADE" };
        self.tell(id, execution, Some(&trade));
        self.account.trades.push(trade);
        if quantity == left {
            self.close(id);
        } else if let Some(parts) = parts.filter(|_| quantity < room)
            && ticket.time_in_force != TimeInForce::Ioc
        {
            self.go_on(id, parts);
        } else {
            self.end(id, Status::Expired);
        }
        self.sweep(ticket.position_side);
    }

    /// Takes an order that is done off the open ones, and ends the conditional order that it was.
    fn close(&mut self, id: u64) {
        self.account.open.remove(&id);
        let origin = self.account.orders.get(&id).map(|order| order.origin);
        if let Some(Origin::Algo(algo)) = origin {
            self.finish(algo);
        }
    }

    /// Ends an open order that is not filled, or not whole.
    pub(crate) fn end(&mut self, id: u64, status: Status) {
        if !self.account.open.contains(&id) {
            return;
        }
        if let Some(order) = self.account.orders.get_mut(&id) {
            (order.status, order.updated) = (status, self.venue.now);
        }
        self.account.open.remove(&id);
        self.tell(id, status.word(), None);
        self.close(id);
    }

    /// Ends what waits to reduce a position that is there no more.
    pub(crate) fn sweep(&mut self, of: PositionSide) {
        for side in [Side::Buy, Side::Sell] {
            if !self.account.against(self.symbol, of, side).is_zero() {
                continue;
            }
            let is_idle = |ticket: &Ticket| ticket.position_side == of && ticket.side == side;
            let orders = self.account.open_orders(self.symbol);
            let orders = orders.filter(|order| is_idle(&order.ticket) && order.ticket.reduces());
            let orders: Vec<u64> = orders.map(|order| order.id).collect();
            for id in orders {
                self.end(id, Status::Expired);
            }
            let algos = self.account.waiting_algos(self.symbol);
            let algos = algos
                .filter(|algo| is_idle(&algo.ticket.order) && algo.ticket.ends_with_position());
            let algos: Vec<u64> = algos.map(|algo| algo.id).collect();
            for id in algos {
                self.expire(id);
            }
        }
    }

    /// What a candle does to the account in its market. What goes against it comes first: stops that
    /// are met before the margin is used up, then the liquidation, then other stops; then orders of
    /// the book, stops once more, and targets.
    pub(crate) fn meet(&mut self, candle: &Candle) {
        let prices = Prices::of(candle);
        self.meet_algos(&prices, |algo| !algo.kind.is_target(), true);
        self.liquidate_within(&prices);
        self.meet_algos(&prices, |algo| !algo.kind.is_target(), false);
        self.meet_orders(&prices);
        self.meet_algos(&prices, |algo| !algo.kind.is_target(), false);
        self.meet_algos(&prices, |algo| algo.kind.is_target(), false);
    }

    fn meet_orders(&mut self, prices: &Prices) {
        let open = self.account.open_orders(self.symbol);
        let met = open.filter(|order| {
            !self.account.is_doomed(order.id) && is_met(&order.ticket, order.since, prices)
        });
        let met: Vec<(u64, Decimal)> = met.map(|order| (order.id, order.ticket.price)).collect();
        // An order that another's fill has ended is open no more.
        for (id, price) in met {
            if self.account.open.contains(&id) {
                self.fill(id, price, true);
            }
        }
    }
}
