//! Stop and target: what should be at the venue, and how it gets there.

use domain::ids::Id;
use domain::intervention::Intervention;
use domain::money::Quantity;
use domain::order::{ClientOrderId, Role};
use domain::venue_name::VenueName;

use crate::ask::Ask;
use crate::desk::Desk;
use crate::fact::Fact;
use crate::guard::Want;
use crate::leg::{Leg, Phase};
use crate::question::Io;
use crate::terms::Market;

/// Stops of one position that may be at the venue at once, while one takes another's place or is in
/// question.
const STOPS_AT_ONCE: usize = 3;

/// A position that fills on is protected anew after this part of the time within which it must be.
const PATIENCE: i64 = 4;

impl Desk {
    /// Brings every guard nearer to what is wanted of it.
    pub(crate) fn drive_guards(&mut self, io: &mut Io<'_>) {
        for id in self.guards.keys().copied().collect::<Vec<_>>() {
            let want = self.want(id, io);
            match io.terms.market {
                Market::Spot => self.guard_spot(id, want, io),
                Market::Usdm { .. } => {
                    self.guard_usdm(id, Role::Stop, want, io);
                    self.guard_usdm(id, Role::Target, want, io);
                }
            }
        }
    }

    fn want(&self, id: Id, io: &Io<'_>) -> Want {
        let Some(guard) = self.guards.get(&id) else { return Want::Nothing };
        if self.holder.is_some_and(|holder| holder != id) {
            return Want::Nothing;
        }
        let closes = |leg: &Leg| leg.role() != Role::Entry && leg.misses_fills();
        if !self.parked.is_empty() || self.legs.values().any(closes) {
            return Want::Keep;
        }
        if !self.is_open() || self.closing_side() != guard.side {
            return Want::Nothing;
        }
        if self.is_under_way(Role::Exit) {
            // On spot what protects locks what is to be sold; on futures both may only reduce.
            return match io.terms.market {
                Market::Spot => Want::Nothing,
                Market::Usdm { .. } => Want::Keep,
            };
        }
        let stop = ClientOrderId::new(id, Role::Stop);
        if self.stories.get(&stop).is_none_or(|story| story.ended) {
            // The core knows of no stop that its fills could be.
            return Want::Nothing;
        }
        // An entry that is still filling gets a little time to come to its end.
        let patience = io.terms.protect_within_ms / PATIENCE;
        let last = guard.placed_at.or(guard.since);
        let early = last.is_some_and(|at| io.now.since(at) < patience);
        if self.is_entering(id) && early {
            return Want::Keep;
        }
        // Futures count on the venue's word for fills that are missing; on spot a fee may come out
        // of them.
        match io.terms.market {
            Market::Spot => Want::All(self.closable()),
            Market::Usdm { .. } => Want::All(self.exposed()),
        }
    }

    fn guard_spot(&mut self, id: Id, want: Want, io: &mut Io<'_>) {
        let Some(guard) = self.guards.get(&id) else { return };
        let protection = guard.protection;
        let resting: Vec<VenueName> = self.resting(id).map(|leg| leg.name).collect();
        let quantity = match want {
            Want::Keep => return,
            Want::Nothing => return self.cancel_all(&resting, io),
            Want::All(quantity) => quantity,
        };
        let fits = |desk: &Self, name: &VenueName| {
            let leg = |role, price| {
                let id = ClientOrderId::new(id, role);
                let leg = desk.legs.get(&VenueName { id, generation: name.generation });
                // What is on its way, or in question, may yet prove to be it.
                let may = |leg: &Leg| !leg.cancelling && leg.triggered.is_none();
                leg.is_some_and(|leg| may(leg) && leg.open() == quantity && leg.price == price)
            };
            leg(Role::Stop, protection.stop) && leg(Role::Target, protection.target)
        };
        let kept = resting.iter().find(|name| fits(self, name)).map(|name| name.generation);
        let others: Vec<_> =
            resting.iter().copied().filter(|name| Some(name.generation) != kept).collect();
        self.cancel_all(&others, io);
        if kept.is_some() || !resting.is_empty() {
            return;
        }
        let Some(guard) = self.guards.get_mut(&id) else { return };
        // A pause after a refusal stays what it is.
        if !guard.place[0].is_wanted() {
            guard.place[0].want(io.now);
        }
        if !guard.place[0].is_due(io.now) {
            return;
        }
        let (side, generation) = (guard.side, guard.next_generation(Role::Stop));
        let name = |role| VenueName { id: ClientOrderId::new(id, role), generation };
        let (stop, target) = (name(Role::Stop), name(Role::Target));
        let sizing = self.sizing(side, quantity, false, io);
        let (trigger, price) = (protection.stop, protection.target);
        let ask = Ask::PlaceOco { stop, target, sizing, trigger, price };
        let request = io.ask(ask, false, self.version);
        for (name, partner, price) in [(stop, target, trigger), (target, stop, price)] {
            let leg = Leg::new(name, side, quantity, Phase::Sent(request));
            self.legs.insert(name, Leg { price, partner: Some(partner), ..leg });
        }
        self.placed_now(id, Role::Stop, io);
    }

    fn placed_now(&mut self, id: Id, role: Role, io: &Io<'_>) {
        if let Some(guard) = self.guards.get_mut(&id) {
            guard.placed_at = Some(io.now);
            guard.placing(role).take();
        }
    }

    fn guard_usdm(&mut self, id: Id, role: Role, want: Want, io: &mut Io<'_>) {
        let Some(guard) = self.guards.get(&id) else { return };
        let price = match role {
            Role::Stop => guard.protection.stop,
            _ => guard.protection.target,
        };
        let resting: Vec<&Leg> = self.resting(id).filter(|leg| leg.role() == role).collect();
        let quantity = match want {
            Want::Keep => return,
            Want::Nothing => {
                let names: Vec<_> = resting.iter().map(|leg| leg.name).collect();
                return self.cancel_all(&names, io);
            }
            Want::All(quantity) => quantity,
        };
        // One that is triggered is about to change what is held.
        if resting.iter().any(|leg| leg.triggered.is_some()) {
            return;
        }
        let fits = |leg: &&&Leg| leg.rests() && leg.quantity == quantity && leg.price == price;
        if let Some(kept) = resting.iter().find(fits).map(|leg| leg.name) {
            // The new one works: now the old ones may go.
            let others: Vec<_> =
                resting.iter().map(|leg| leg.name).filter(|name| *name != kept).collect();
            return self.cancel_all(&others, io);
        }
        // One old one stays until the new one works, the one that covers most.
        let waits = resting.iter().any(|leg| matches!(leg.phase, Phase::Sent(_)));
        let full = resting.len() >= STOPS_AT_ONCE;
        let working = resting.iter().filter(|leg| leg.rests());
        let most = working.clone().max_by_key(|leg| leg.quantity).map(|leg| leg.name);
        let lesser: Vec<_> =
            working.map(|leg| leg.name).filter(|name| Some(*name) != most).collect();
        self.cancel_all(&lesser, io);
        if waits || full {
            return;
        }
        let Some(guard) = self.guards.get_mut(&id) else { return };
        if !guard.placing(role).is_wanted() {
            guard.placing(role).want(io.now);
        }
        if !guard.placing(role).is_due(io.now) {
            return;
        }
        let (side, generation) = (guard.side, guard.next_generation(role));
        let name = VenueName { id: ClientOrderId::new(id, role), generation };
        let sizing = self.sizing(side, quantity, false, io);
        let ask = match role {
            Role::Stop => Ask::PlaceStop { name, sizing, trigger: price },
            _ => Ask::PlaceTarget { name, sizing, trigger: price },
        };
        let request = io.ask(ask, false, self.version);
        let leg = Leg::new(name, side, quantity, Phase::Sent(request));
        self.legs.insert(name, Leg { price, conditional: true, ..leg });
        self.placed_now(id, role, io);
    }

    /// What is being given up, by its stop, its target or an exit, is not to grow any more.
    pub(crate) fn stop_entering(&mut self, io: &mut Io<'_>) {
        let exits = self.is_under_way(Role::Exit);
        let given_up = |desk: &Self, entry: &Leg| {
            let id = entry.name.id.decision_id();
            let of_it = |leg: &&Leg| leg.protects() && leg.name.id.decision_id() == id;
            exits || desk.legs.values().filter(of_it).any(|leg| !leg.executed.is_zero())
        };
        let fills = |leg: &&Leg| leg.role() == Role::Entry && leg.phase == Phase::Working;
        let entries = self.legs.values().filter(fills).filter(|entry| given_up(self, entry));
        let names: Vec<_> = entries.map(|entry| entry.name).collect();
        self.cancel_all(&names, io);
    }

    /// Cancels what works of these; what is in question must prove first that it does.
    fn cancel_all(&mut self, names: &[VenueName], io: &mut Io<'_>) {
        for name in names {
            if let Some(leg) = self.legs.get_mut(name).filter(|leg| !leg.cancelling) {
                leg.cancelling = true;
                leg.cancel.want(io.now);
            }
            self.cancel(*name, io);
        }
    }

    /// Sends a cancel that is due.
    pub(crate) fn cancel(&mut self, name: VenueName, io: &mut Io<'_>) {
        let Some(leg) = self.legs.get(&name) else { return };
        let goes = leg.phase == Phase::Working && leg.triggered.is_none();
        if !goes || !leg.cancel.is_due(io.now) {
            return;
        }
        let instrument = self.instrument;
        let partner = leg.partner.filter(|partner| {
            self.legs.get(partner).is_some_and(|leg| leg.phase == Phase::Working)
        });
        let ask = match leg.conditional {
            true => Ask::CancelConditional { name, instrument },
            false => Ask::Cancel { name, instrument },
        };
        let request = io.ask(ask, false, self.version);
        // A pair goes together.
        for name in [Some(name), partner].into_iter().flatten() {
            if let Some(leg) = self.legs.get_mut(&name) {
                leg.cancelling = true;
                leg.uncancelled = false;
                leg.cancel.begin(request);
            }
        }
    }

    /// What is held, fills that are missing included.
    fn exposed(&self) -> Quantity {
        let known = self.closable();
        known.plus(self.missing_entries()).unwrap_or(known)
    }

    /// Whether stops that work cover all that is held.
    fn is_covered(&self) -> bool {
        let stops = self.legs.values().filter(|leg| {
            let stays = !leg.cancelling || leg.uncancelled;
            leg.role() == Role::Stop && leg.phase == Phase::Working && stays && !leg.is_missed()
        });
        let covered = stops.fold(Quantity::ZERO, |sum, leg| {
            let open = leg.quantity.minus_or_zero(leg.booked);
            sum.plus(open).unwrap_or(sum)
        });
        covered >= self.exposed()
    }

    /// Says what stays without a stop for too long.
    pub(crate) fn watch(&mut self, io: &mut Io<'_>) {
        let entered = |leg: &&Leg| leg.role() == Role::Entry && leg.misses_fills();
        let entering = self.legs.values().find(entered).map(|leg| leg.name.id.decision_id());
        let Some(id) = entering.or(self.holder) else { return };
        let (open, covered) = (self.is_open() || entering.is_some(), self.is_covered());
        let closing = self.is_under_way(Role::Exit);
        let instrument = self.instrument;
        let Some(guard) = self.guards.get_mut(&id) else { return };
        if !open || covered || closing {
            if let Some(since) = guard.bare_since.take().filter(|_| covered && open) {
                let after_ms = io.now.since(since);
                io.out.facts.push(Fact::Protected { instrument, after_ms });
            }
            if !closing {
                // An exit that is refused is not asked for again at once.
                guard.told_at = None;
            }
            let settled = guard.placed_at.is_some_and(|at| io.now.since(at) > io.terms.settle_ms);
            if open && settled {
                (guard.refusals, guard.refused) = ([0; 2], None);
            }
            if closing || !(open && guard.passed) {
                return;
            }
        }
        let since = if covered { io.now } else { *guard.bare_since.get_or_insert(io.now) };
        let late = io.now.since(since) >= io.terms.protect_within_ms;
        let told = guard.told_at.is_some_and(|at| io.now.since(at) < io.terms.settle_ms);
        if told || !(late || guard.is_hopeless()) {
            return;
        }
        guard.told_at = Some(io.now);
        let why = match &guard.refused {
            Some(refused) => format!("the venue refused: {refused}"),
            None => format!("none works at the venue {} ms after it was due", io.now.since(since)),
        };
        io.out.facts.push(Fact::Unprotected { instrument, since, why: why.clone() });
        io.out.interventions.push(Intervention::Unprotected { instrument, why });
    }
}
