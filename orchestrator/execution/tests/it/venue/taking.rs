//! How the venue takes orders and gives them up.

use domain::money::{Price, Quantity};
use domain::order::{OrderState, Side};
use domain::signal::Direction;
use execution::answer::{Answer, Failure, OrderSeen};
use execution::ask::Sizing;

use crate::venue::{Kind, Order, Venue};

impl Venue {
    pub(super) fn order(
        &mut self,
        order_id: u64,
        name: &str,
        kind: Kind,
        sizing: &Sizing,
        price: Price,
        below: bool,
    ) -> Order {
        self.taken.push(name.to_owned());
        let waits = kind == Kind::Waits;
        Order {
            seen: OrderSeen {
                name: name.to_owned(),
                symbol: self.instrument.id.symbol(),
                conditional: waits && !self.spot(),
                order_id,
                triggered_order_id: None,
                state: OrderState::Accepted,
                filled: Quantity::ZERO,
                side: Some(sizing.side),
                quantity: Some(sizing.quantity),
                price: (kind == Kind::Limit).then_some(price),
                trigger: waits.then_some(price),
                reason: None,
                time_exchange: self.now,
            },
            kind,
            side: sizing.side,
            quantity: sizing.quantity,
            price,
            below,
            reduce_only: false,
            partner: None,
            born: self.now,
            shown_from: self.now.plus_ms(self.hides_for_ms),
        }
    }

    pub(crate) fn place_market(
        &mut self,
        name: &str,
        sizing: &Sizing,
        reduce_only: bool,
    ) -> Answer {
        if self.name_is_open(name) {
            return Answer::Failed(Failure::Duplicate);
        }
        if self.is_small(sizing) {
            return Self::refused(-1013, "Filter failure: NOTIONAL");
        }
        let wanted = sizing.quantity.to_decimal();
        if self.spot() && sizing.side == Side::Sell && self.free() < wanted {
            return Self::refused(-2010, "Account has insufficient balance.");
        }
        let mut sizing = *sizing;
        let closes = sizing
            .position_side
            .is_some_and(|position| (position == Direction::Long) == (sizing.side == Side::Sell));
        let reduce_only = reduce_only || closes;
        if reduce_only {
            let against = self.against(sizing.side);
            if against.is_zero() {
                return Self::refused(-2022, "ReduceOnly Order is rejected.");
            }
            sizing.quantity = sizing.quantity.min(against);
        }
        let id = self.id();
        let order = self.order(id, name, Kind::Market, &sizing, Price::ZERO, true);
        self.plain.insert(id, Order { reduce_only, ..order });
        self.tell(id, false);
        self.work(id);
        Answer::Order(self.plain[&id].seen.clone())
    }

    pub(super) fn place_algo(
        &mut self,
        name: &str,
        sizing: &Sizing,
        trigger: Price,
        stop: bool,
    ) -> Answer {
        if let Some(failure) = self.refuses.pop() {
            return Answer::Failed(failure);
        }
        if self.name_is_open(name) {
            return Answer::Failed(Failure::Duplicate);
        }
        let below = stop == (sizing.side == Side::Sell);
        if (below && trigger >= self.price) || (!below && trigger <= self.price) {
            return Self::refused(-2021, "Order would immediately trigger.");
        }
        let id = self.id();
        let order = self.order(id, name, Kind::Waits, sizing, trigger, below);
        self.algos.insert(id, order);
        let answer = Answer::Order(self.algos[&id].seen.clone());
        self.tell(id, true);
        if self.rejects > 0 {
            self.rejects -= 1;
            self.finish(id, true, OrderState::Rejected);
        }
        answer
    }

    pub(super) fn place_oco(
        &mut self,
        stop: &str,
        target: &str,
        sizing: &Sizing,
        trigger: Price,
        price: Price,
    ) -> Answer {
        if let Some(failure) = self.refuses.pop() {
            return Answer::Failed(failure);
        }
        if self.name_is_open(stop) {
            return Answer::Failed(Failure::Duplicate);
        }
        if trigger >= self.price || price <= self.price {
            return Self::refused(-2010, "Stop price would trigger immediately.");
        }
        if self.is_small(sizing) {
            return Self::refused(-1013, "Filter failure: NOTIONAL");
        }
        if self.free() < sizing.quantity.to_decimal() {
            return Self::refused(-2010, "Account has insufficient balance.");
        }
        let (a, b) = (self.id(), self.id());
        let stop = self.order(a, stop, Kind::Waits, sizing, trigger, true);
        let target = self.order(b, target, Kind::Limit, sizing, price, false);
        self.plain.insert(a, Order { partner: Some(b), ..stop });
        self.plain.insert(b, Order { partner: Some(a), ..target });
        self.tell(a, false);
        self.tell(b, false);
        Answer::Orders(vec![self.plain[&a].seen.clone(), self.plain[&b].seen.clone()])
    }

    /// Takes an order away, and the one that it is paired with.
    pub(super) fn cancel(&mut self, name: &str) -> Answer {
        let found = self.plain.values().find(|order| order.is_open() && order.seen.name == name);
        let Some(order) = found else { return Answer::Failed(Failure::NoSuchOrder) };
        let pair = [Some(order.seen.order_id), order.partner];
        let mut legs = Vec::new();
        for id in pair.into_iter().flatten() {
            if self.plain[&id].is_open() {
                self.finish(id, false, OrderState::Cancelled);
            }
            legs.push(self.plain[&id].seen.clone());
        }
        Answer::Orders(legs)
    }
}
