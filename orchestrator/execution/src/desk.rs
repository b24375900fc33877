//! All that is known and wanted of one instrument.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use domain::ids::Id;
use domain::instrument::{Filters, InstrumentId};
use domain::money::Quantity;
use domain::order::{ClientOrderId, Role, Side};
use domain::signal::Direction;
use domain::time::UtcMs;
use domain::venue_name::VenueName;
use rust_decimal::Decimal;

use crate::answer::FillSeen;
use crate::ask::Sizing;
use crate::guard::Guard;
use crate::leg::{Leg, Phase};
use crate::question::{Io, Question};
use crate::story::Story;
use crate::terms::{Market, Terms};
use crate::trail::Trail;

/// Owners of orders and ended decisions that are remembered per instrument.
const REMEMBERED: usize = 20_000;

/// Strangers that are told of per instrument; whoever trades that much beside us is known by then.
const STRANGERS: usize = 100;

/// The venue's code for an order that its filters don't let through.
const FILTER_FAILURE: i64 = -1013;

/// Ended orders that are remembered per instrument.
const GRAVES: usize = 256;

/// Whose a (plain) order is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Owner {
    Ours(VenueName),
    /// The venue's own, which closes what the account holds.
    Liquidation,
    Foreign,
}

/// A fill that can't be booked yet.
#[derive(Debug, Clone)]
pub(crate) struct Parked {
    pub(crate) fill: FillSeen,
    pub(crate) since: UtcMs,
}

/// An order whose name is asked for.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Lookup {
    pub(crate) question: Question,
    /// A list of many did not have it.
    pub(crate) alone: bool,
}

/// One instrument's desk.
#[derive(Debug)]
pub(crate) struct Desk {
    pub(crate) instrument: InstrumentId,
    pub(crate) filters: Option<Filters>,
    /// Orders as the core knows them.
    pub(crate) stories: BTreeMap<ClientOrderId, Story>,
    /// Orders at the venue.
    pub(crate) legs: BTreeMap<VenueName, Leg>,
    pub(crate) guards: BTreeMap<Id, Guard>,
    /// The decision whose entry filled last: the position is its.
    pub(crate) holder: Option<Id>,
    /// Base units held, as the core has booked them.
    pub(crate) held: Decimal,
    pub(crate) trail: Trail,
    pub(crate) owners: BTreeMap<u64, Owner>,
    /// What of each (plain) order is booked, as far as its fills were told since the start.
    pub(crate) counted: BTreeMap<u64, Quantity>,
    /// Orders whose names are asked for.
    pub(crate) lookups: BTreeMap<u64, Lookup>,
    /// The names of many orders, at once.
    pub(crate) naming: Question,
    /// Fills that wait, by their numbers.
    pub(crate) parked: BTreeMap<u64, Parked>,
    /// Those of them whose order isn't known, by that order.
    pub(crate) nameless: BTreeMap<u64, Vec<u64>>,
    /// The others.
    pub(crate) waiting: BTreeSet<u64>,
    /// The open orders, as a list.
    pub(crate) listing: Question,
    /// What conditional orders became, and when that was last told.
    pub(crate) history: Question,
    pub(crate) told_history_at: Option<UtcMs>,
    /// What is held, at the venue.
    pub(crate) holding: Question,
    /// When the open orders were last asked for, of which the answer has come.
    pub(crate) listed_at: Option<UtcMs>,
    /// Whether all fills since the start are known.
    pub(crate) has_filled: bool,
    /// Decisions that are done with, oldest first.
    pub(crate) done: VecDeque<Id>,
    /// Names whose orders have ended: a list that lags may still have them.
    pub(crate) graves: VecDeque<(VenueName, UtcMs)>,
    pub(crate) strangers: BTreeSet<u64>,
    pub(crate) reconcile_at: UtcMs,
    /// When the stop of what is held is looked for at the venue.
    pub(crate) verify_at: UtcMs,
    /// Counts changes of the books and of what is under way.
    pub(crate) version: u64,
    /// A difference of the books that was seen once, at this version.
    pub(crate) differs: Option<(u64, UtcMs)>,
    /// Exits that the venue refused in a row.
    pub(crate) refused_exits: u32,
    /// Why the venue takes no order for what is held: it is too little.
    pub(crate) too_little: Option<String>,
}

impl Desk {
    pub(crate) fn new(instrument: InstrumentId, since: UtcMs, now: UtcMs) -> Self {
        let mut listing = Question::default();
        listing.want(now);
        Self {
            instrument,
            filters: None,
            stories: BTreeMap::new(),
            legs: BTreeMap::new(),
            guards: BTreeMap::new(),
            holder: None,
            held: Decimal::ZERO,
            trail: Trail::new(since, now),
            owners: BTreeMap::new(),
            counted: BTreeMap::new(),
            lookups: BTreeMap::new(),
            naming: Question::default(),
            parked: BTreeMap::new(),
            nameless: BTreeMap::new(),
            waiting: BTreeSet::new(),
            listing,
            history: Question::default(),
            told_history_at: None,
            holding: Question::default(),
            listed_at: None,
            has_filled: false,
            done: VecDeque::new(),
            graves: VecDeque::new(),
            strangers: BTreeSet::new(),
            reconcile_at: now,
            verify_at: now,
            version: 0,
            differs: None,
            refused_exits: 0,
            too_little: None,
        }
    }

    /// What is held, without its sign, as far as an order can close it.
    pub(crate) fn closable(&self) -> Quantity {
        let held = Quantity::try_from(self.held.abs()).unwrap_or_default();
        match &self.filters {
            Some(filters) => held.floor_to(filters.step),
            None => held,
        }
    }

    /// The side that closes what is held.
    pub(crate) fn closing_side(&self) -> Side {
        if self.held.is_sign_negative() { Side::Buy } else { Side::Sell }
    }

    /// Whether a fill of an order that closes fits what is held, as far as is known.
    pub(crate) fn can_close(&self, side: Side, quantity: Quantity) -> bool {
        let held = Quantity::try_from(self.held.abs()).unwrap_or_default();
        !self.held.is_zero() && side == self.closing_side() && quantity <= held
    }

    /// Whether enough is held to be worth an order.
    pub(crate) fn is_open(&self) -> bool {
        let closable = self.closable();
        let least = self.filters.as_ref().map_or(Quantity::ZERO, |filters| filters.min_quantity);
        !closable.is_zero() && closable >= least
    }

    /// Whether what is held is less than the venue takes an order for, as it says with this code: by
    /// its least quantity, or by its least worth, of which no price is known better than the target.
    pub(crate) fn is_too_little(&self, code: i64) -> bool {
        let (false, Some(filters)) = (self.instrument.is_perpetual(), &self.filters) else {
            return false;
        };
        let target = self.holder.and_then(|id| self.guards.get(&id)).map(|g| g.protection.target);
        let worth = target.and_then(|target| target.times(self.closable()).ok());
        let least = filters.min_notional_quote;
        let small = worth.zip(least.plus(least).ok()).is_some_and(|(worth, limit)| worth < limit);
        // What an entry may still bring is sold with it.
        code == FILTER_FAILURE && small && !self.is_under_way(Role::Entry)
    }

    /// Base units that entries have executed, by the venue's word, and that no fill has told of yet.
    pub(crate) fn missing_entries(&self) -> Quantity {
        let entries = self.legs.values().filter(|leg| leg.role() == Role::Entry);
        entries.fold(Quantity::ZERO, |sum, leg| {
            sum.plus(leg.executed.minus_or_zero(leg.booked)).unwrap_or(sum)
        })
    }

    /// Whether fills are known of that are not booked yet.
    pub(crate) fn misses_fills(&self) -> bool {
        !self.parked.is_empty() || self.legs.values().any(Leg::misses_fills)
    }

    /// Whether an order of a role is under way.
    pub(crate) fn is_under_way(&self, role: Role) -> bool {
        self.stories.values().any(|story| story.id.role() == role && !story.ended)
    }

    /// Whether the entry of a decision may still fill.
    pub(crate) fn is_entering(&self, decision_id: Id) -> bool {
        let id = ClientOrderId::new(decision_id, Role::Entry);
        self.stories.get(&id).is_some_and(|story| !story.ended)
    }

    /// The protective orders of a decision that have not ended.
    pub(crate) fn resting(&self, decision_id: Id) -> impl Iterator<Item = &Leg> {
        self.legs.values().filter(move |leg| {
            leg.protects() && leg.name.id.decision_id() == decision_id && !leg.has_ended()
        })
    }

    /// Of which position an order is, where the account keeps two.
    pub(crate) fn sizing(
        &self,
        side: Side,
        quantity: Quantity,
        opens: bool,
        io: &Io<'_>,
    ) -> Sizing {
        let long = (side == Side::Buy) == opens;
        let direction = if long { Direction::Long } else { Direction::Short };
        let hedged = io.terms.market == Market::Usdm { hedge: true };
        let position_side = hedged.then_some(direction);
        Sizing { instrument: self.instrument, side, quantity, position_side }
    }

    pub(crate) fn own(&mut self, order_id: u64, owner: Owner) {
        self.owners.insert(order_id, owner);
        self.lookups.remove(&order_id);
        self.waiting.extend(self.nameless.remove(&order_id).into_iter().flatten());
        if self.owners.len() > REMEMBERED {
            self.owners.pop_first();
        }
    }

    /// A fill of an order is booked.
    pub(crate) fn count(&mut self, order_id: u64, quantity: Quantity) {
        let counted = self.counted.entry(order_id).or_default();
        *counted = counted.plus(quantity).unwrap_or(*counted);
        let counted = *counted;
        if self.counted.len() > REMEMBERED {
            self.counted.pop_first();
        }
        for leg in self.legs.values_mut().filter(|leg| leg.order_id == Some(order_id)) {
            leg.booked = leg.booked.max(counted);
            leg.executed = leg.executed.max(leg.booked);
        }
    }

    pub(crate) fn retire(&mut self, decision_id: Id) {
        self.done.push_back(decision_id);
        if self.done.len() > REMEMBERED {
            self.done.pop_front();
        }
    }

    pub(crate) fn bury(&mut self, name: VenueName, now: UtcMs) {
        self.graves.push_back((name, now));
        if self.graves.len() > GRAVES {
            self.graves.pop_front();
        }
    }

    /// Remembers a stranger. Gives back whether it is new, and one of not too many.
    pub(crate) fn is_stranger(&mut self, order_id: u64) -> bool {
        self.strangers.len() < STRANGERS && self.strangers.insert(order_id)
    }

    /// Asks for everything, soon.
    pub(crate) fn reconcile(&mut self, now: UtcMs) {
        self.reconcile_at = now;
    }

    /// Whether nothing is under way or in question here.
    pub(crate) fn is_quiet(&self) -> bool {
        let rests = |leg: &Leg| leg.rests() && !leg.query.is_wanted() && !leg.misses_fills();
        self.listed_at.is_some()
            && self.has_filled
            && self.parked.is_empty()
            && !self.is_under_way(Role::Entry)
            && !self.is_under_way(Role::Exit)
            && self.legs.values().all(rests)
            && self.guards.values().all(|guard| guard.bare_since.is_none())
    }

    /// When something is due.
    pub(crate) fn next_wake(&self, terms: &Terms) -> Option<UtcMs> {
        let legs = self.legs.values().flat_map(|leg| {
            let send = leg.send.next_wake().filter(|_| leg.phase == Phase::Due);
            [send, leg.query.next_wake(), leg.cancel.next_wake()]
        });
        let guards = self.guards.values().flat_map(|guard| {
            let bare = guard
                .told_at
                .map(|at| at.plus_ms(terms.settle_ms))
                .or_else(|| guard.bare_since.map(|since| since.plus_ms(terms.protect_within_ms)));
            [bare, guard.place[0].next_wake(), guard.place[1].next_wake()]
        });
        let questions = self.lookups.values().map(|lookup| lookup.question.next_wake());
        let lists = [
            Some(self.reconcile_at),
            self.is_open().then_some(self.verify_at),
            self.listing.next_wake(),
            self.holding.next_wake(),
            self.history.next_wake(),
            self.naming.next_wake(),
            self.trail.question.next_wake(),
        ];
        legs.chain(guards).chain(questions).chain(lists).flatten().min()
    }
}
