//! What the venue says of orders, whichever way it comes.

use domain::intervention::Intervention;
use domain::order::ClientOrderId;
use domain::order::{OrderState, Role};
use domain::venue_name::VenueName;

use crate::answer::OrderSeen;
use crate::ask::Ask;
use crate::booking::owner_of;
use crate::desk::{Desk, Owner};
use crate::fact::Fact;
use crate::leg::{Leg, Phase};
use crate::question::Io;
use crate::story::End;
use crate::terms::Market;

impl Desk {
    /// Hears of an order. Gives back its name, if it is one of ours.
    pub(crate) fn hear_order(&mut self, seen: &OrderSeen, io: &mut Io<'_>) -> Option<VenueName> {
        let known = self.owners.get(&seen.order_id).filter(|_| !seen.conditional).copied();
        let owner = match known {
            Some(owner @ Owner::Ours(_)) => owner,
            _ => owner_of(&seen.name),
        };
        if !seen.conditional && known != Some(owner) {
            self.own(seen.order_id, owner);
        }
        let Owner::Ours(name) = owner else {
            return None;
        };
        if let Some(triggered) = seen.triggered_order_id {
            self.own(triggered, owner);
        }
        let adopts = !self.legs.contains_key(&name);
        if adopts && !self.adopt(name, seen, io) {
            return Some(name);
        }
        let leg = self.legs.get_mut(&name)?;
        let since = leg.unknown_since;
        if leg.hear(seen, io.now, &io.terms) {
            self.version = self.version.saturating_add(1);
        }
        if adopts {
            // The list may lag behind the order itself.
            leg.query.want(io.now);
        }
        if let Some(since) = since.filter(|_| leg.phase != Phase::Unknown) {
            let after_ms = io.now.since(since);
            io.out.facts.push(Fact::Resolved { name, after_ms, exists: true });
        }
        if let Some(counted) = leg.order_id.and_then(|id| self.counted.get(&id)) {
            leg.booked = leg.booked.max(*counted);
        }
        if leg.misses_fills() {
            self.trail.question.want(io.now);
        }
        let story = self.stories.get_mut(&name.id);
        if let (Phase::Working, Some(story)) = (&leg.phase, story) {
            match leg.role() {
                Role::Stop => story.works_at(leg.price, seen.time_exchange, io.out),
                _ => story.accepted(seen.time_exchange, io.out),
            }
            if leg.role() == Role::Exit {
                self.refused_exits = 0;
            }
        }
        Some(name)
    }

    /// One of ours that is not known here. Gives back whether it is now.
    fn adopt(&mut self, name: VenueName, seen: &OrderSeen, io: &mut Io<'_>) -> bool {
        let decision_id = name.id.decision_id();
        if seen.state.is_final() {
            // Its fills are, or will be, among the account's.
            self.trail.question.want(io.now);
            return false;
        }
        let protects = matches!(name.id.role(), Role::Stop | Role::Target);
        if self.graves.iter().any(|(dead, _)| *dead == name) {
            // A message that was overtaken.
            return false;
        }
        let Some(guard) = self.guards.get_mut(&decision_id).filter(|_| protects) else {
            if self.done.contains(&decision_id) {
                self.remove_ghost(name, seen, io);
            } else {
                self.tell_foreign(seen.order_id, Some(seen.name.clone()), &seen.symbol, io);
            }
            return false;
        };
        guard.skip(name.generation);
        let partner = match name.id.role() {
            Role::Stop => Role::Target,
            _ => Role::Stop,
        };
        let id = ClientOrderId::new(decision_id, partner);
        let spot = io.terms.market == Market::Spot;
        let (limit, trigger) = (seen.price.unwrap_or_default(), seen.trigger.unwrap_or_default());
        let waits = name.id.role() == Role::Stop || !spot;
        let quantity = seen.quantity.unwrap_or_default();
        // All fills up to the start are booked before open orders are heard; those that are too old
        // to be told again too.
        let booked = self.counted.get(&seen.order_id).copied().unwrap_or(seen.filled);
        let leg = Leg {
            price: if waits { trigger } else { limit },
            conditional: !spot,
            partner: spot.then_some(VenueName { id, ..name }),
            booked,
            ..Leg::new(name, seen.side.unwrap_or(guard.side), quantity, Phase::Working)
        };
        self.legs.insert(name, leg);
        true
    }

    /// What is among the open orders this long after its end works after all, whatever the venue has
    /// said of it.
    fn exhume(&mut self, name: &str, io: &Io<'_>) {
        if let Owner::Ours(name) = owner_of(name) {
            let settle_ms = io.terms.settle_ms;
            self.graves.retain(|(dead, at)| *dead != name || io.now.since(*at) < settle_ms);
        }
    }

    /// An order of ours that had ended, or was proven absent, works after all.
    fn remove_ghost(&mut self, name: VenueName, seen: &OrderSeen, io: &mut Io<'_>) {
        let instrument = self.instrument;
        let ask = match seen.conditional {
            true => Ask::CancelConditional { name, instrument },
            false => Ask::Cancel { name, instrument },
        };
        io.ask(ask, false, self.version);
        if self.is_stranger(seen.order_id) && name.id.role() == Role::Entry {
            let why = format!("order {name} works at the venue, which had proven its absence");
            io.out.interventions.push(Intervention::Halted { why });
        }
    }

    /// Two looks did not find it.
    pub(crate) fn prove_absent(&mut self, name: VenueName, io: &mut Io<'_>) {
        let Some(leg) = self.legs.get_mut(&name) else { return };
        self.version = self.version.saturating_add(1);
        if let Some(since) = leg.unknown_since {
            let after_ms = io.now.since(since);
            io.out.facts.push(Fact::Resolved { name, after_ms, exists: false });
        }
        // What the venue had once it has no more: it forgets what was cancelled unfilled.
        let had = leg.phase == Phase::Working;
        leg.never_was(if had { End::Cancelled } else { End::Absent });
        leg.time_exchange = leg.time_exchange.max(io.now);
    }

    /// A list of the open orders came.
    pub(crate) fn hear_list(
        &mut self,
        orders: &[OrderSeen],
        asked: domain::time::UtcMs,
        io: &mut Io<'_>,
    ) {
        self.listed_at = Some(asked);
        let mut listed = Vec::new();
        for seen in orders {
            self.exhume(&seen.name, io);
            listed.extend(self.hear_order(seen, io));
            let owner = owner_of(&seen.name);
            let known = self.owners.get(&seen.order_id);
            if owner == Owner::Foreign && !matches!(known, Some(Owner::Ours(_))) {
                self.tell_foreign(seen.order_id, Some(seen.name.clone()), &seen.symbol, io);
            }
        }
        for leg in self.legs.values_mut() {
            let asked_for = leg.query.is_wanted() || leg.query.asked.is_some();
            if leg.phase == Phase::Working && !asked_for && !listed.contains(&leg.name) {
                leg.query.want(io.now);
            }
        }
        self.not_among(crate::leg::Sought::OpenOrders, asked, io);
        debug_assert!(orders.iter().all(|seen| seen.state != OrderState::Intended));
    }
}
