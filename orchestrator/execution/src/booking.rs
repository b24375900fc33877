//! Fills: whose they are, and each once.

use domain::fill::Fill;
use domain::intervention::Intervention;
use domain::money::Quantity;
use domain::order::{ClientOrderId, OrderEvent, OrderReport, Role, Side};
use domain::time::UtcMs;
use domain::venue_name::VenueName;
use rust_decimal::Decimal;

use crate::answer::FillSeen;
use crate::desk::{Desk, Owner, Parked};
use crate::fact::Fact;
use crate::leg::{Leg, Phase, Sought};
use crate::question::Io;
use crate::story::{End, Story};
use crate::wallet::Wallet;

/// Fills that wait per instrument. What is beyond is not lost: the cursor waits for it.
const PARKED: usize = 20_000;

/// What can be done with a fill now.
enum Fate {
    Book(VenueName),
    /// The venue closes the position of this decision.
    Liquidate(ClientOrderId),
    /// Its order isn't known yet, or what it closes.
    Wait,
    Foreign,
    /// One of ours that had ended.
    Late(VenueName),
}

impl Desk {
    /// Hears a fill. Gives back whether it was new.
    pub(crate) fn hear_fill(
        &mut self,
        fill: FillSeen,
        wallet: &mut Wallet,
        io: &mut Io<'_>,
    ) -> bool {
        if self.trail.knows(fill.venue_fill_id) {
            if self.trail.was_recalled(fill.venue_fill_id) {
                self.count(fill.order_id, fill.quantity);
            }
            return false;
        }
        self.learn_owner(&fill);
        let since = self.parked.get(&fill.venue_fill_id).map_or(io.now, |parked| parked.since);
        match self.fate(&fill, since, io) {
            Fate::Wait => {
                if self.parked.len() < PARKED {
                    self.trail.question.want(io.now);
                    return self.park(fill, since);
                }
                return false;
            }
            fate => self.settle_fill(fill, fate, wallet, io),
        }
        true
    }

    /// Lets a fill wait. Gives back whether it is new.
    fn park(&mut self, fill: FillSeen, since: UtcMs) -> bool {
        let (id, order_id) = (fill.venue_fill_id, fill.order_id);
        let new = self.parked.insert(id, Parked { fill, since }).is_none();
        if self.owners.contains_key(&order_id) {
            self.waiting.insert(id);
        } else if new {
            self.nameless.entry(order_id).or_default().push(id);
        }
        new
    }

    /// Tries what waits again, in the order of the venue's numbers, for as long as that helps.
    pub(crate) fn retry_parked(&mut self, wallet: &mut Wallet, io: &mut Io<'_>) {
        loop {
            let mut booked = false;
            for id in self.waiting.iter().copied().collect::<Vec<_>>() {
                let Some(Parked { fill, since }) = self.parked.get(&id).cloned() else {
                    self.waiting.remove(&id);
                    continue;
                };
                let fate = self.fate(&fill, since, io);
                if !matches!(fate, Fate::Wait) {
                    self.parked.remove(&id);
                    self.settle_fill(fill, fate, wallet, io);
                    booked = true;
                }
            }
            if !booked {
                return;
            }
        }
    }

    fn learn_owner(&mut self, fill: &FillSeen) {
        let known = matches!(self.owners.get(&fill.order_id), Some(Owner::Ours(_)));
        if let Some(name) = fill.name.as_deref().filter(|_| !known) {
            let owner = owner_of(name);
            self.own(fill.order_id, owner);
        }
    }

    fn fate(&mut self, fill: &FillSeen, since: UtcMs, io: &Io<'_>) -> Fate {
        let passed = self.trail.passed.is_some_and(|passed| passed > since);
        let Some(owner) = self.owners.get(&fill.order_id).copied() else {
            self.lookups.entry(fill.order_id).or_default().question.want(io.now);
            return Fate::Wait;
        };
        let closes = |desk: &Self| desk.can_close(fill.side, fill.quantity) || passed;
        // What it takes from a position that still fills shows when that has ended.
        let late = |desk: &Self, name| match desk.holder {
            Some(holder) if desk.is_entering(holder) => Fate::Wait,
            _ => Fate::Late(name),
        };
        match owner {
            Owner::Foreign => {
                // A conditional order may have become one whose name is not its own.
                let least = since.plus_ms(io.terms.ask_again_ms);
                let told = self.told_history_at.is_some_and(|at| at >= least);
                if !self.instrument.is_perpetual() || self.guards.is_empty() || told {
                    return Fate::Foreign;
                }
                if !self.history.is_wanted() {
                    self.history.want(least.max(io.now));
                }
                Fate::Wait
            }
            // The core's stop and target have the size of what their entry filled: its end first.
            Owner::Liquidation if self.holder.is_some_and(|id| self.is_entering(id)) => Fate::Wait,
            Owner::Ours(name) if name.id.role() != Role::Exit && self.precedes(name) => Fate::Wait,
            Owner::Liquidation => match self.holder {
                Some(holder) if closes(self) => {
                    Fate::Liquidate(ClientOrderId::new(holder, Role::Liquidation))
                }
                Some(_) => Fate::Wait,
                // The venue may show it before the entry's own fills.
                None if passed && self.missing_entries().is_zero() => Fate::Foreign,
                None => Fate::Wait,
            },
            Owner::Ours(name) => match self.stories.get(&name.id) {
                Some(story) if story.ended => late(self, name),
                Some(_) if name.id.role() == Role::Entry || closes(self) => Fate::Book(name),
                Some(_) => Fate::Wait,
                // A stop before the fill that it protects.
                None if self.guards.contains_key(&name.id.decision_id()) && !passed => Fate::Wait,
                None => late(self, name),
            },
        }
    }

    /// Whether the entry that a stop or a target belongs to may still fill.
    fn precedes(&self, name: VenueName) -> bool {
        name.id.role() != Role::Entry && self.is_entering(name.id.decision_id())
    }

    fn settle_fill(&mut self, fill: FillSeen, fate: Fate, wallet: &mut Wallet, io: &mut Io<'_>) {
        self.parked.remove(&fill.venue_fill_id);
        self.waiting.remove(&fill.venue_fill_id);
        self.trail.note(fill.venue_fill_id, fill.time_exchange);
        self.version = self.version.saturating_add(1);
        match fate {
            Fate::Wait => {}
            Fate::Book(name) => {
                let order_id = fill.order_id;
                let booked = self.fill_of(fill, name.id);
                let before = self.legs.get_mut(&name).map(|leg| {
                    leg.order_id = Some(order_id);
                    if leg.conditional {
                        leg.triggered = leg.order_id;
                    }
                    leg.booked
                });
                self.count(order_id, booked.quantity);
                if let (Some(leg), Some(before)) = (self.legs.get_mut(&name), before) {
                    let after = before.plus(booked.quantity).unwrap_or(before);
                    leg.booked = leg.booked.max(after);
                    leg.executed = leg.executed.max(leg.booked);
                    leg.time_exchange = leg.time_exchange.max(booked.time_exchange);
                    if !leg.has_ended() {
                        let all = leg.booked >= leg.quantity;
                        leg.phase = if all { Phase::Ended(End::Filled) } else { Phase::Working };
                        leg.unknown_since = None;
                        // Whether that was all of it, its order tells.
                        leg.query.want_again(io.now, &io.terms, 0);
                    }
                }
                self.book(&booked, wallet);
                if let Some(story) = self.stories.get_mut(&name.id) {
                    story.filled(booked.clone(), io.out);
                }
                if name.id.role() == Role::Entry {
                    self.entered(name.id, io);
                }
            }
            Fate::Liquidate(id) => self.liquidate(fill, id, wallet, io),
            Fate::Foreign => self.tell_foreign(fill.order_id, fill.name, &fill.symbol, io),
            Fate::Late(name) => {
                let why = format!(
                    "fill {} of {name} came after that order had ended: {} {} at {}",
                    fill.venue_fill_id, fill.side, fill.quantity, fill.price
                );
                io.out.interventions.push(Intervention::Halted { why });
                // A stop that the venue had disowned closes whatever is held when it is met.
                match self.holder.filter(|_| self.can_close(fill.side, fill.quantity)) {
                    Some(id) => {
                        let id = ClientOrderId::new(id, Role::Liquidation);
                        self.liquidate(fill, id, wallet, io);
                    }
                    None => {
                        let name = Some(name.to_string());
                        self.tell_foreign(fill.order_id, name, &fill.symbol, io);
                    }
                }
            }
        }
    }

    /// Books what closed (a part of) the position without being an order of its own.
    fn liquidate(
        &mut self,
        fill: FillSeen,
        client_order_id: ClientOrderId,
        wallet: &mut Wallet,
        io: &mut Io<'_>,
    ) {
        let booked = self.fill_of(fill, client_order_id);
        self.book(&booked, wallet);
        let time_exchange = booked.time_exchange;
        let event = OrderEvent::Filled(booked);
        io.out.reports.push(OrderReport { client_order_id, time_exchange, event });
    }

    pub(crate) fn tell_foreign(
        &mut self,
        order_id: u64,
        name: Option<String>,
        symbol: &str,
        io: &mut Io<'_>,
    ) {
        if self.is_stranger(order_id) {
            io.out.facts.push(Fact::ForeignOrder { symbol: symbol.to_owned(), order_id, name });
        }
    }

    fn fill_of(&self, fill: FillSeen, client_order_id: ClientOrderId) -> Fill {
        let instrument = self.instrument;
        let quote = || instrument.quote().parse().ok();
        Fill {
            venue_fill_id: fill.venue_fill_id,
            client_order_id,
            instrument,
            side: fill.side,
            price: fill.price,
            quantity: fill.quantity,
            fee: fill.fee,
            fee_asset: fill.fee_asset.or_else(quote).expect("an instrument's quote is an asset"),
            liquidity: fill.liquidity,
            time_exchange: fill.time_exchange,
        }
    }

    /// Units as the core's position has them: a fee in what a spot market just sold comes out of
    /// them, where that leaves some.
    fn book(&mut self, fill: &Fill, wallet: &mut Wallet) {
        let quantity = fill.quantity.to_decimal();
        let signed = if fill.side == Side::Buy { quantity } else { -quantity };
        self.held = self.held.saturating_add(signed);
        let units = !self.instrument.is_perpetual()
            && fill.side == Side::Buy
            && fill.fee_asset.as_str() == self.instrument.base();
        let fee = fill.fee.to_decimal();
        if units && self.held > fee.max(Decimal::ZERO) {
            self.held = self.held.saturating_sub(fee);
        }
        // As the core does: what can't be sold any more holds nothing open.
        let step = self.filters.as_ref().map_or(Decimal::ZERO, |filters| filters.step.to_decimal());
        let closes = fill.client_order_id.role() != Role::Entry;
        if closes && !self.instrument.is_perpetual() && self.held < step {
            self.held = Decimal::ZERO;
        }
        wallet.book(fill);
    }

    /// An entry filled (on): its position must be protected.
    fn entered(&mut self, entry: ClientOrderId, io: &mut Io<'_>) {
        let decision_id = entry.decision_id();
        self.holder = Some(decision_id);
        let quantity = self.closable();
        let Some(guard) = self.guards.get_mut(&decision_id) else { return };
        // The core's book makes both with the first fill, and sizes them with each. One that has
        // ended while its entry filled on is not made again: what follows has no stop.
        let first = guard.since.is_none();
        guard.since.get_or_insert(io.now);
        let trigger = guard.protection.stop;
        for role in [Role::Stop, Role::Target] {
            let id = ClientOrderId::new(decision_id, role);
            if first {
                let trigger = (role == Role::Stop).then_some(trigger);
                self.stories.insert(id, Story { trigger, ..Story::new(id, Quantity::ZERO) });
            }
            if let Some(story) = self.stories.get_mut(&id) {
                story.quantity = story.filled.plus(quantity).unwrap_or(quantity);
            }
        }
    }

    /// Hears a page of the account's fills.
    pub(crate) fn hear_page(
        &mut self,
        fills: Vec<FillSeen>,
        complete: bool,
        wallet: &mut Wallet,
        io: &mut Io<'_>,
    ) {
        let last = fills.last().map(|fill| fill.venue_fill_id);
        if last.is_none() && !complete {
            // Nothing in it made sense.
            return self.trail.question.want_again(io.now, &io.terms, 0);
        }
        let mut found = 0;
        for fill in fills {
            found += u64::from(self.hear_fill(fill, wallet, io));
        }
        if found > 0 {
            let instrument = self.instrument;
            io.out.facts.push(Fact::Recovered { instrument, fills: found });
        }
        let parked = self.parked.keys().next().copied();
        let patience = (io.now, io.terms.settle_ms);
        let Some(began) = self.trail.turn(last, complete, parked, patience) else { return };
        self.has_filled = true;
        if self.misses_fills() {
            self.trail.question.want_again(io.now, &io.terms, 0);
        } else {
            self.trail.question.rest();
        }
        self.not_among(Sought::Fills, began, io);
    }

    /// A list does not have the orders that are sought.
    pub(crate) fn not_among(&mut self, sought: Sought, asked: UtcMs, io: &mut Io<'_>) {
        let terms = io.terms;
        let absent = |leg: &mut Leg| {
            leg.booked.is_zero() && leg.executed.is_zero() && leg.not_among(sought, asked, &terms)
        };
        let gone: Vec<_> =
            self.legs.values_mut().filter_map(|leg| absent(leg).then_some(leg.name)).collect();
        for name in gone {
            self.prove_absent(name, io);
        }
    }
}

/// Whose an order of this name is.
pub(crate) fn owner_of(name: &str) -> Owner {
    if let Ok(name) = name.parse() {
        return Owner::Ours(name);
    }
    // Of the venue: to liquidate, to deleverage, to settle a contract that ends.
    let venues = ["autoclose", "adl_autoclose", "settlement_autoclose", "delivery_autoclose"];
    match venues.iter().any(|own| name.starts_with(own)) {
        true => Owner::Liquidation,
        false => Owner::Foreign,
    }
}
