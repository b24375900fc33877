//! The start: from what the core believes to what the venue has.

use domain::gateway::Protection;
use domain::intervention::Intervention;
use domain::money::Price;
use domain::order::{Order, OrderKind, Role, Side};
use domain::time::UtcMs;
use domain::venue_name::VenueName;

use crate::desk::Desk;
use crate::executor::Executor;
use crate::fact::Out;
use crate::guard::Guard;
use crate::leg::{Leg, Phase};
use crate::memory::{Memory, PlanKept};
use crate::question::Io;
use crate::story::Story;
use crate::trail::Trail;

impl Executor {
    /// Begins from what the recovered core believes. Every order of it is in question until the
    /// venue has proven its state.
    pub fn resume(&mut self, memory: &Memory, now: UtcMs, out: &mut Out) {
        self.began_at = Some(memory.began_at);
        self.now = self.now.max(now);
        let orders = memory.orders.iter().map(|order| order.ticket.instrument);
        let plans = memory.plans.iter().map(|plan| plan.instrument);
        let held = memory.held_base.keys().copied();
        // What is flat too: its fills are booked, and the venue tells of them again.
        let traded = memory.fills.keys().copied();
        for instrument in orders.chain(plans).chain(held).chain(traded) {
            self.open_desk(instrument, now);
        }
        for instrument in self.desks.keys().copied().collect::<Vec<_>>() {
            let kept = memory.fills.get(&instrument);
            self.at_desk(instrument, now, out, |desk, _, io| {
                let since = kept.map_or(memory.began_at, |kept| kept.since);
                desk.trail = Trail::new(since, io.now);
                desk.trail.recall(kept.iter().flat_map(|kept| kept.booked.iter().copied()), io.now);
                desk.held = memory.held_base.get(&instrument).copied().unwrap_or_default();
                for plan in memory.plans.iter().filter(|plan| plan.instrument == instrument) {
                    recall_plan(desk, plan, &memory.orders, io.now, io.terms.settle_ms);
                }
                for order in &memory.orders {
                    if order.ticket.instrument == instrument {
                        recall_order(desk, order, io);
                    }
                }
                if desk.holder.is_none() && desk.is_open() {
                    let why = "no plan says where its stop should be".to_owned();
                    io.out.interventions.push(Intervention::Unprotected { instrument, why });
                }
            });
        }
    }
}

fn recall_plan(desk: &mut Desk, plan: &PlanKept, orders: &[Order], now: UtcMs, settle_ms: i64) {
    let id = plan.decision_id;
    let own = |order: &&Order| order.ticket.client_order_id.decision_id() == id;
    let side = orders.iter().find(own).map(closing_side);
    let side = side.unwrap_or(desk.closing_side());
    let mut guard = Guard::new(side, plan.protection);
    guard.rename(now);
    guard.not_before = now.plus_ms(settle_ms);
    let waits = |order: &Order| {
        order.ticket.client_order_id.role() == Role::Entry && order.filled.is_zero()
    };
    if !orders.iter().filter(own).any(waits) {
        guard.since = Some(now);
        desk.holder = Some(id);
    }
    desk.guards.insert(id, guard);
}

/// The side that closes the position of an order's decision.
fn closing_side(order: &Order) -> Side {
    match order.ticket.client_order_id.role() {
        Role::Entry => order.ticket.side.opposite(),
        _ => order.ticket.side,
    }
}

fn recall_order(desk: &mut Desk, order: &Order, io: &mut Io<'_>) {
    let id = order.ticket.client_order_id;
    let mut story = Story::recalled(order);
    match id.role() {
        Role::Stop | Role::Target => {
            // Its position is closed, perhaps in this very moment: it only has to go.
            let guard = desk.guards.entry(id.decision_id()).or_insert_with(|| {
                let nowhere = Protection { stop: Price::ZERO, target: Price::ZERO };
                let mut guard = Guard::new(order.ticket.side, nowhere);
                guard.rename(io.now);
                guard.not_before = io.now.plus_ms(io.terms.settle_ms);
                guard.since = Some(io.now);
                guard
            });
            debug_assert!(matches!(
                order.ticket.kind,
                OrderKind::Stop { .. } | OrderKind::Target { .. }
            ));
            guard.side = order.ticket.side;
        }
        Role::Entry | Role::Exit | Role::Liquidation => {
            story.in_doubt(io.now, io.out);
            let name = VenueName::first(id);
            let (side, quantity) = (order.ticket.side, order.ticket.quantity);
            let mut leg = Leg::new(name, side, quantity, Phase::Unknown);
            leg.unknown_since = Some(io.now);
            leg.executed = order.filled;
            leg.booked = order.filled;
            leg.query.want(io.now);
            leg.time_exchange = UtcMs::default();
            desk.legs.insert(name, leg);
        }
    }
    desk.stories.insert(id, story);
}
