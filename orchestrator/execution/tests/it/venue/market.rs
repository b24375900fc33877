//! How the venue executes, and what becomes of orders as its market moves.

use domain::fill::Liquidity;
use domain::money::{Money, Price, Quantity};
use domain::order::{OrderState, Side};
use domain::time::UtcMs;
use execution::answer::{AccountEvent, FillSeen};
use execution::ask::Sizing;
use rust_decimal::Decimal;

use crate::venue::{Kind, Order, Venue, q};

impl Venue {
    /// Executes a piece of a market order; the rest follows with [`step`](Self::step).
    pub(super) fn work(&mut self, id: u64) {
        let order = &self.plain[&id];
        let mut rest = order.rest();
        if order.reduce_only {
            rest = rest.min(self.against(order.side));
            if rest.is_zero() {
                return self.finish(id, false, OrderState::Expired);
            }
        }
        let piece = match self.pieces {
            0 => return,
            1 => rest,
            pieces => {
                let part = rest.to_decimal() / Decimal::from(pieces);
                let part = Quantity::try_from(part).unwrap().floor_to(q("0.001"));
                if part.is_zero() { rest } else { part }
            }
        };
        self.execute(id, piece, self.price);
    }

    pub(super) fn finish(&mut self, id: u64, algo: bool, state: OrderState) {
        let now = self.now;
        let orders = if algo { &mut self.algos } else { &mut self.plain };
        let order = orders.get_mut(&id).unwrap();
        order.seen.state = state;
        order.seen.time_exchange = now;
        if state == OrderState::Rejected {
            order.seen.reason = Some("margin is insufficient".to_owned());
        }
        self.tell(id, algo);
    }

    /// Executes a part of a plain order.
    pub(super) fn execute(&mut self, id: u64, quantity: Quantity, price: Price) {
        let fill_id = self.id();
        let (now, spot) = (self.now, self.spot());
        let order = self.plain.get_mut(&id).unwrap();
        let side = order.side;
        order.seen.filled = order.seen.filled.plus(quantity).unwrap();
        let whole = order.seen.filled == order.quantity;
        order.seen.state = if whole { OrderState::Filled } else { OrderState::PartiallyFilled };
        order.seen.time_exchange = now;
        let name = order.seen.name.clone();
        let units = quantity.to_decimal();
        let worth = units * price.to_decimal();
        let rate = Decimal::new(self.fee_permille, 3);
        let in_base = spot && side == Side::Buy;
        let fee = if in_base { units * rate } else { worth * rate };
        match side {
            Side::Buy => (self.base += units, self.quote -= worth),
            Side::Sell => (self.base -= units, self.quote += worth),
        };
        if in_base {
            self.base -= fee;
        } else {
            self.quote -= fee;
        }
        let fill = FillSeen {
            symbol: self.instrument.id.symbol(),
            venue_fill_id: fill_id,
            order_id: id,
            name: Some(name),
            side,
            price,
            quantity,
            fee: Money::new(fee),
            fee_asset: Some(if in_base { "BTC" } else { "USDT" }.parse().unwrap()),
            liquidity: Liquidity::Taker,
            time_exchange: now,
        };
        self.fills.push(fill.clone());
        self.events.push(AccountEvent::Fill(fill));
        self.tell(id, false);
        // The first unit of one leg ends the other.
        if let Some(partner) = self.plain[&id].partner.filter(|other| self.plain[other].is_open()) {
            self.finish(partner, false, OrderState::Expired);
        }
    }

    /// The venue itself closes (a part of) what is held.
    pub(crate) fn liquidate(&mut self, name: &str, quantity: Quantity) {
        let side = if self.base > Decimal::ZERO { Side::Sell } else { Side::Buy };
        let id = self.id();
        let sizing = Sizing { instrument: self.instrument.id, side, quantity, position_side: None };
        let order = self.order(id, name, Kind::Market, &sizing, Price::ZERO, true);
        self.plain.insert(id, order);
        self.tell(id, false);
        self.execute(id, quantity, self.price);
    }

    /// Executes a part of a resting limit order.
    pub(crate) fn nibble(&mut self, quantity: Quantity) -> bool {
        let found = self.plain.values().find(|o| o.is_open() && o.kind == Kind::Limit);
        let Some((id, price)) = found.map(|order| (order.seen.order_id, order.price)) else {
            return false;
        };
        let quantity = quantity.min(self.plain[&id].rest());
        self.execute(id, quantity, price);
        true
    }

    /// Moves the market; what waits for that price is executed.
    pub(crate) fn step(&mut self, now: UtcMs, price: Price) {
        (self.now, self.price) = (now, price);
        let open = |order: &&Order| order.is_open();
        let ids: Vec<u64> = self.plain.values().filter(open).map(|o| o.seen.order_id).collect();
        for id in ids {
            let order = &self.plain[&id];
            if !order.is_open() {
                continue;
            }
            let reached = if order.below { price <= order.price } else { price >= order.price };
            match order.kind {
                Kind::Market if order.born < now => self.work(id),
                Kind::Waits if reached => {
                    let rest = self.plain[&id].rest();
                    self.execute(id, rest, price);
                }
                Kind::Limit if reached => {
                    let (rest, at) = (self.plain[&id].rest(), self.plain[&id].price);
                    self.execute(id, rest, at);
                }
                _ => {}
            }
        }
        let waiting: Vec<u64> = self.algos.values().filter(open).map(|o| o.seen.order_id).collect();
        for id in waiting {
            let order = self.algos[&id].clone();
            let reached = if order.below { price <= order.price } else { price >= order.price };
            if !reached {
                continue;
            }
            if self.against(order.side).is_zero() {
                self.finish(id, true, OrderState::Expired);
                continue;
            }
            let plain = self.id();
            let name = match self.renames {
                true => format!("venues_own_{plain}"),
                false => order.seen.name.clone(),
            };
            let sizing = Sizing {
                instrument: self.instrument.id,
                side: order.side,
                quantity: order.quantity,
                position_side: None,
            };
            let became = self.order(plain, &name, Kind::Market, &sizing, Price::ZERO, true);
            self.taken.pop();
            self.plain.insert(plain, Order { reduce_only: true, ..became });
            let algo = self.algos.get_mut(&id).unwrap();
            algo.seen.triggered_order_id = Some(plain);
            algo.seen.time_exchange = now;
            self.tell(plain, false);
            self.tell(id, true);
            self.work(plain);
        }
    }
}
