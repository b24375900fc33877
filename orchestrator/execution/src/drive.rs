//! After each input: ends what has ended, sends what may go out, asks what is due.

use domain::intervention::Intervention;
use domain::order::{ClientOrderId, Role};
use domain::venue_name::VenueName;
use rust_decimal::Decimal;

use crate::ask::Ask;
use crate::desk::Desk;
use crate::fact::Fact;
use crate::leg::{Leg, Phase};
use crate::question::Io;
use crate::story::End;
use crate::terms::Market;
use crate::wallet::Wallet;

/// An outcome that is unknown for this many settling times is a person's business.
const PATIENCE: i64 = 5;

/// More orders without a name than this are asked for as a list.
const CROWD: usize = 3;

impl Desk {
    pub(crate) fn drive(&mut self, wallet: &mut Wallet, io: &mut Io<'_>) {
        self.retry_parked(wallet, io);
        self.settle(io);
        // Until the venue has told what is there, nothing is added to it.
        if self.listed_at.is_some() && self.has_filled {
            self.stop_entering(io);
            self.drive_guards(io);
            self.drive_plain(io);
            self.settle(io);
            self.watch(io);
        } else {
            self.watch(io);
        }
        self.ask(io);
    }

    /// Ends the stories of orders of which nothing more can come.
    fn settle(&mut self, io: &mut Io<'_>) {
        let settled: Vec<VenueName> =
            self.legs.values().filter(|leg| leg.is_settled()).map(|leg| leg.name).collect();
        for name in settled {
            let Some(leg) = self.legs.remove(&name) else { continue };
            let Phase::Ended(end) = &leg.phase else { continue };
            self.version = self.version.saturating_add(1);
            if *end != End::Absent {
                self.bury(name, io.now);
            }
            if leg.protects() {
                self.guard_lost(&leg, end, io);
            } else {
                self.plain_ended(&leg, end, io);
            }
        }
        self.close_guards(io);
    }

    fn plain_ended(&mut self, leg: &Leg, end: &End, io: &mut Io<'_>) {
        let id = leg.name.id;
        if let Some(mut story) = self.stories.remove(&id) {
            story.end(end, leg.time_exchange, io.out);
        }
        let decision_id = id.decision_id();
        let entered = self.guards.get(&decision_id).is_some_and(|guard| guard.since.is_some());
        if id.role() == Role::Entry && !entered {
            self.guards.remove(&decision_id);
        }
        self.retire(decision_id);
        if id.role() == Role::Exit
            && let Some(why) = self.too_little.take()
        {
            let instrument = self.instrument;
            self.held = Decimal::ZERO;
            io.out.interventions.push(Intervention::TooLittle { instrument, why });
        }
        if self.refused_exits == 2 && matches!(end, End::Rejected(_)) {
            let why = format!("the venue refuses to close {}: {end:?}", self.instrument);
            io.out.interventions.push(Intervention::Halted { why });
        }
    }

    /// A stop or a target ended. If it was neither wanted nor its fill, it is placed again, but not
    /// without end.
    fn guard_lost(&mut self, leg: &Leg, end: &End, io: &mut Io<'_>) {
        let Some(guard) = self.guards.get_mut(&leg.name.id.decision_id()) else { return };
        let asked_for = leg.cancelling || !leg.executed.is_zero();
        let taken = matches!(end, End::Expired | End::Cancelled) && !asked_for;
        if taken && leg.role() == Role::Stop {
            // However late that was heard; half of the time is left to place another.
            let half = io.now.plus_ms(-io.terms.protect_within_ms / 2);
            guard.bare_since.get_or_insert(leg.time_exchange.max(half));
        }
        match end {
            // The answer to its placing has told already.
            End::Rejected(_) | End::Absent if leg.time_exchange == io.now => {}
            End::Rejected(reason) => guard.refuse(leg.role(), 0, reason, io.now, &io.terms),
            _ if taken && leg.partner.is_none() => {
                guard.placing(leg.role()).want_again(io.now, &io.terms, 0);
            }
            _ => {}
        }
    }

    /// Stops and targets end with their position.
    fn close_guards(&mut self, io: &mut Io<'_>) {
        for id in self.guards.keys().copied().collect::<Vec<_>>() {
            let holds = self.holder == Some(id) && self.is_open();
            let listed = self.listed_at;
            let sure = self.guards.get(&id).is_some_and(|guard| {
                listed.is_some_and(|at| at >= guard.not_before) && self.has_filled
            });
            let legs = self.legs.keys().any(|name| name.id.decision_id() == id);
            let under_way = holds
                || legs
                || self.is_entering(id)
                || (self.holder == Some(id)
                    && (self.is_under_way(Role::Exit) || self.misses_fills()));
            if under_way {
                continue;
            }
            if !sure {
                // A list that was asked for in vain is asked for again after its pause.
                let is_asked = self.listing.is_wanted() || self.listing.asked.is_some();
                if let Some(guard) = self.guards.get(&id).filter(|_| !is_asked) {
                    self.listing.want(guard.not_before);
                }
                continue;
            }
            for role in [Role::Stop, Role::Target] {
                if let Some(mut story) = self.stories.remove(&ClientOrderId::new(id, role)) {
                    story.close(io.now, io.out);
                }
            }
            self.guards.remove(&id);
            self.retire(id);
            if self.holder == Some(id) {
                self.holder = None;
            }
            self.version = self.version.saturating_add(1);
        }
    }

    /// Sends entries and exits that may go out.
    fn drive_plain(&mut self, io: &mut Io<'_>) {
        let due: Vec<VenueName> = self
            .legs
            .values()
            .filter(|leg| leg.phase == Phase::Due && (leg.cancelling || leg.send.is_due(io.now)))
            .map(|leg| leg.name)
            .collect();
        for name in due {
            match name.id.role() {
                Role::Entry => self.send_entry(name, io),
                _ => self.send_exit(name, io),
            }
        }
    }

    fn send_entry(&mut self, name: VenueName, io: &mut Io<'_>) {
        let (Some(story), Some(leg)) = (self.stories.get(&name.id), self.legs.get(&name)) else {
            return;
        };
        if leg.cancelling {
            return self.withdraw(name, io);
        }
        let (age_ms, stale_ms) = (io.now.since(story.decided_at), io.terms.stale_after_ms);
        if age_ms > stale_ms {
            let reason =
                format!("decided {age_ms} ms ago, more than {stale_ms} ms: stale, not sent");
            return self.refuse_unsent(name, reason, io);
        }
        // What an earlier position left at the venue could meet this one.
        let id = name.id.decision_id();
        let others = self.guards.keys().any(|other| *other != id)
            || self.legs.keys().any(|other| *other != name);
        if others || self.misses_fills() {
            return;
        }
        let sizing = self.sizing(leg.side, leg.quantity, true, io);
        let ask = Ask::PlaceMarket { name, sizing, reduce_only: false };
        let request = io.ask(ask, true, self.version);
        self.sent(name, request);
    }

    fn send_exit(&mut self, name: VenueName, io: &mut Io<'_>) {
        let Some(leg) = self.legs.get(&name) else { return };
        let (side, wanted) = (leg.side, leg.quantity);
        let spot = io.terms.market == Market::Spot;
        // A stop that executes, or that may, decides how much is left; so does another exit.
        let blocked = self.legs.values().any(|other| {
            let protects = other.protects() && (spot || other.triggered.is_some());
            let exits = other.role() == Role::Exit && other.phase != Phase::Due;
            other.name != name && (protects || exits) && !other.is_settled()
        });
        if blocked || self.misses_fills() {
            return;
        }
        let quantity = wanted.min(self.closable());
        if spot && !self.held.is_zero() && !self.is_open() {
            if self.is_under_way(Role::Entry) {
                return;
            }
            let reason = format!("{} is less than the venue's least order", self.held);
            self.too_little = Some(reason.clone());
            return self.refuse_unsent(name, reason, io);
        }
        if quantity.is_zero() || side != self.closing_side() {
            let reason = "nothing is left to close: the position ended meanwhile".to_owned();
            return self.refuse_unsent(name, reason, io);
        }
        let reduce_only = io.terms.market == Market::Usdm { hedge: false };
        let sizing = self.sizing(side, quantity, false, io);
        let request = io.ask(Ask::PlaceMarket { name, sizing, reduce_only }, false, self.version);
        if let Some(leg) = self.legs.get_mut(&name) {
            leg.quantity = quantity;
        }
        self.sent(name, request);
    }

    fn sent(&mut self, name: VenueName, request: crate::ask::RequestId) {
        self.version = self.version.saturating_add(1);
        if let Some(leg) = self.legs.get_mut(&name) {
            leg.phase = Phase::Sent(request);
            leg.send.take();
        }
    }

    /// Takes back an entry that is not at the venue.
    pub(crate) fn withdraw(&mut self, name: VenueName, io: &mut Io<'_>) {
        if let Some(leg) = self.legs.get_mut(&name) {
            leg.never_was(End::Cancelled);
        }
        if let Some(story) = self.stories.get_mut(&name.id) {
            story.close(io.now, io.out);
        }
    }

    fn refuse_unsent(&mut self, name: VenueName, reason: String, io: &Io<'_>) {
        if let Some(leg) = self.legs.get_mut(&name) {
            leg.never_was(End::Rejected(reason));
            leg.time_exchange = io.now;
        }
    }

    /// Asks whose orders those are that fills speak of: one by one, or many at once.
    fn ask_names(&mut self, io: &mut Io<'_>) {
        let (instrument, now, version) = (self.instrument, io.now, self.version);
        let mut crowd = self.lookups.iter().filter(|(_, lookup)| !lookup.alone);
        let first = crowd.next().map(|(order_id, _)| *order_id);
        let crowded = crowd.count() >= CROWD;
        if let Some(order_id) = first.filter(|_| crowded) {
            if !self.naming.is_wanted() {
                self.naming.want(now);
            }
            if self.naming.is_due(now) {
                let ask = Ask::OrdersFrom { order_id, instrument };
                self.naming.begin(io.ask(ask, false, version));
            }
        }
        for (order_id, lookup) in &mut self.lookups {
            if (lookup.alone || !crowded) && lookup.question.is_due(now) {
                let ask = Ask::OrderById { order_id: *order_id, instrument };
                lookup.question.begin(io.ask(ask, false, version));
            }
        }
    }

    /// Asks what is due.
    fn ask(&mut self, io: &mut Io<'_>) {
        let (instrument, now) = (self.instrument, io.now);
        if self.reconcile_at <= now {
            // Without its stream the venue is asked more often.
            let rarely = io.terms.reconcile_every_ms;
            let often = io.terms.ask_again_ms.saturating_mul(5).min(rarely);
            self.reconcile_at = now.plus_ms(if io.connected { rarely } else { often });
            self.trail.question.want(now);
            self.listing.want(now);
            self.holding.want(now);
        }
        if self.verify_at <= now && self.is_open() {
            // Whatever the stream keeps to itself, a stop that is gone is missed in time to place
            // another.
            self.verify_at = now.plus_ms(io.terms.protect_within_ms / 2);
            self.listing.want(now);
        }
        if self.trail.question.is_due(now) {
            let from = self.trail.cursor(now);
            self.trail.question.begin(io.ask(Ask::Fills { instrument, from }, false, self.version));
        }
        if self.has_filled && self.listing.is_due(now) {
            self.listing.begin(io.ask(Ask::OpenOrders { instrument }, false, self.version));
        }
        let futures = matches!(io.terms.market, Market::Usdm { .. });
        if futures && self.holding.is_due(now) && self.is_quiet() {
            self.holding.begin(io.ask(Ask::Position { instrument }, false, self.version));
        }
        if self.history.is_due(now) {
            self.history.begin(io.ask(Ask::Conditionals { instrument }, false, self.version));
        }
        self.ask_names(io);
        for leg in self.legs.values_mut() {
            if leg.query.is_due(now) && !matches!(leg.phase, Phase::Sent(_) | Phase::Due) {
                let name = leg.name;
                let ask = match (leg.conditional, leg.triggered) {
                    (true, Some(order_id)) => Ask::OrderById { order_id, instrument },
                    (true, None) => Ask::Conditional { name, instrument },
                    (false, _) => Ask::Order { name, instrument },
                };
                leg.query.begin(io.ask(ask, false, self.version));
            }
            let too_long = io.terms.settle_ms.saturating_mul(PATIENCE);
            let since = leg.unknown_since.filter(|since| io.now.since(*since) >= too_long);
            if let Some(since) = since.filter(|_| !std::mem::replace(&mut leg.told_unknown, true)) {
                let name = leg.name;
                io.out.facts.push(Fact::UnknownTooLong { name, since });
                let why = format!("the outcome of order {name} is unknown since {since}");
                io.out.interventions.push(Intervention::Halted { why });
            }
        }
        for name in self.legs.keys().copied().collect::<Vec<_>>() {
            if self.legs.get(&name).is_some_and(|leg| leg.cancelling) {
                self.cancel(name, io);
            }
        }
    }
}
