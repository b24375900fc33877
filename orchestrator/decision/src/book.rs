//! Orders and plans: what is under way, and what each report of the venue makes of it.

use std::collections::{BTreeMap, BTreeSet};

use domain::ids::Id;
use domain::instrument::InstrumentId;
use domain::money::{Money, Overflow, Quantity};
use domain::order::{
    ClientOrderId, Order, OrderError, OrderEvent, OrderKind, OrderReport, OrderState, Role, Side,
    Ticket,
};
use domain::portfolio::BookError;
use domain::position::Position;
use domain::signal::Direction;
use domain::time::UtcMs;
use domain::trade::{ExitReason, Trade};
use serde::{Deserialize, Serialize};

use crate::account::Account;
use crate::exits::{Plan, Stage};
use crate::kernel::Approved;

/// What can't be: a report that fits nothing, or numbers beyond the decimal's range.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum CoreError {
    /// A report of an order that was never intended.
    #[error("the venue reports order {0}, which was never intended")]
    UnknownOrder(ClientOrderId),
    /// A report that the order's state does not allow.
    #[error(transparent)]
    Order(#[from] OrderError),
    /// A fill that can't be booked.
    #[error(transparent)]
    Book(#[from] BookError),
    /// Numbers beyond the decimal's range.
    #[error(transparent)]
    Overflow(#[from] Overflow),
}

/// Orders under way and the plans of positions.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Book {
    orders: BTreeMap<ClientOrderId, Order>,
    plans: BTreeMap<InstrumentId, Plan>,
    /// The venue's numbers of the fills that were booked while orders of the instrument are under
    /// way: the venue may report one twice.
    booked: BTreeMap<InstrumentId, BTreeSet<u64>>,
    /// Whether an order has ended since the last time that ended ones were forgotten.
    ended: bool,
    /// Positions that an exit left a rest of.
    rests: Vec<InstrumentId>,
}

/// What a report changed: the order after it, and the trade that a closing fill completed.
pub type Heard = (Order, Option<Trade>);

impl Book {
    /// The plans, by instrument.
    pub const fn plans(&self) -> &BTreeMap<InstrumentId, Plan> {
        &self.plans
    }

    /// An instrument's plan.
    pub fn plan_mut(&mut self, instrument: InstrumentId) -> Option<&mut Plan> {
        self.plans.get_mut(&instrument)
    }

    /// An order under way.
    pub fn order(&self, id: ClientOrderId) -> Option<&Order> {
        self.orders.get(&id)
    }

    /// Every order under way, and those that ended since the last watermark.
    pub fn orders(&self) -> impl Iterator<Item = &Order> {
        self.orders.values()
    }

    /// Forgets orders that nothing can follow.
    #[inline]
    pub fn prune(&mut self) {
        if std::mem::take(&mut self.ended) {
            self.forget_ended();
        }
    }

    fn forget_ended(&mut self) {
        let plans = &self.plans;
        // The venue may take a position in several orders, which are one to the book.
        let grows = |ticket: &Ticket| {
            let id = ticket.client_order_id;
            let plan = plans.get(&ticket.instrument);
            id.role() == Role::Liquidation
                && plan.is_some_and(|plan| plan.decision_id == id.decision_id())
        };
        self.orders.retain(|_, order| !order.state.is_final() || grows(&order.ticket));
        let orders = &self.orders;
        self.booked.retain(|instrument, _| {
            orders.values().any(|order| order.ticket.instrument == *instrument)
        });
    }

    /// Writes down an approved entry and its plan.
    pub fn intend_entry(
        &mut self,
        decision_id: Id,
        instrument: InstrumentId,
        reference: domain::money::Price,
        approved: &Approved,
    ) -> Result<Ticket, Overflow> {
        if let Some(protection) = approved.protection() {
            let size = (approved.quantity(), approved.cost_quote());
            let direction = match approved.side() {
                Side::Buy => Direction::Long,
                Side::Sell => Direction::Short,
            };
            let plan = Plan::entering(decision_id, direction, size, reference, protection)?;
            self.plans.insert(instrument, plan);
        }
        Ok(self.intend(decision_id, Role::Entry, instrument, approved))
    }

    /// Writes down an approved exit.
    pub fn intend_exit(
        &mut self,
        decision_id: Id,
        instrument: InstrumentId,
        reason: ExitReason,
        approved: &Approved,
    ) -> Ticket {
        if let Some(plan) = self.plans.get_mut(&instrument) {
            plan.stage = Stage::Closing(reason);
        }
        self.intend(decision_id, Role::Exit, instrument, approved)
    }

    /// Nothing is held yet, but an entry may still fill: what it brings is closed when it comes.
    pub fn close_when_filled(&mut self, instrument: InstrumentId, reason: ExitReason) {
        if let Some(plan) = self.plans.get_mut(&instrument) {
            plan.stage = Stage::Closing(reason);
        }
    }

    /// No price of the instrument's next session is the worth of what this one left.
    pub fn leave_session(&mut self, instrument: InstrumentId) {
        if let Some(plan) = self.plans.get_mut(&instrument) {
            plan.session_over = true;
        }
    }

    /// Entries that may still fill.
    pub fn open_entries(&self) -> Vec<ClientOrderId> {
        let open = |order: &&Order| !order.state.is_final();
        let orders = self.orders.values().filter(open).map(|order| order.ticket.client_order_id);
        orders.filter(|id| id.role() == Role::Entry).collect()
    }

    fn intend(
        &mut self,
        decision_id: Id,
        role: Role,
        instrument: InstrumentId,
        approved: &Approved,
    ) -> Ticket {
        let client_order_id = ClientOrderId::new(decision_id, role);
        let (side, quantity) = (approved.side(), approved.quantity());
        let ticket =
            Ticket { client_order_id, instrument, side, kind: OrderKind::Market, quantity };
        self.orders.insert(client_order_id, Order::intended(ticket));
        ticket
    }

    /// Positions that are to be closed and that no exit is under way of, since they were last asked
    /// for: their entry had filled on while one was, or after it was given up.
    pub fn take_rests(&mut self) -> Vec<InstrumentId> {
        std::mem::take(&mut self.rests)
    }

    /// Cash, or margin, that entries under way may still take, costs included.
    pub fn reserved(&self) -> Result<Money, Overflow> {
        self.plans.values().try_fold(Money::ZERO, |sum, plan| {
            let entry = self.orders.get(&ClientOrderId::new(plan.decision_id, Role::Entry));
            match entry.map_or(Quantity::ZERO, Order::open_quantity) {
                _ if plan.stage == Stage::Entering => sum.plus(plan.cost_quote),
                rest if rest.is_zero() => Ok(sum),
                // A part has filled and is paid.
                rest => {
                    let whole = plan.quantity.to_decimal();
                    let share = rest.to_decimal().checked_div(whole).ok_or(Overflow)?;
                    sum.plus(plan.cost_quote.scaled(share)?)
                }
            }
        })
    }

    /// What is lost of the entry prices if every stop is hit.
    pub fn heat(&self, account: &Account) -> Result<Money, Overflow> {
        let positions = account.portfolio.positions();
        self.plans.iter().try_fold(Money::ZERO, |sum, (instrument, plan)| {
            let held = positions.get(instrument).map(Position::quantity).transpose()?;
            sum.plus(plan.heat(held.unwrap_or(plan.quantity))?)
        })
    }

    /// Books what the venue reports; `step` is the venue's for quantities of the instrument. None
    /// where the report is of a fill that was booked before. On an error nothing has changed.
    pub fn hear(
        &mut self,
        report: &OrderReport,
        account: &mut Account,
        step: Quantity,
    ) -> Result<Option<Heard>, CoreError> {
        let id = report.client_order_id;
        let known = self.orders.get(&id);
        let taken = liquidating(report, known)?;
        let mut order = taken.or_else(|| known.cloned()).ok_or(CoreError::UnknownOrder(id))?;
        let instrument = order.ticket.instrument;
        let OrderEvent::Filled(fill) = &report.event else {
            order.apply(&report.event)?;
            self.keep(&order);
            self.follow(&order, &report.event);
            return Ok(Some((order, None)));
        };
        let known = |ids: &BTreeSet<u64>| ids.contains(&fill.venue_fill_id);
        if fill.instrument == instrument && self.booked.get(&instrument).is_some_and(known) {
            return Ok(None);
        }
        order.apply(&report.event)?;
        let closed = match account.portfolio.book(fill)? {
            // What can't be sold any more holds nothing open.
            None if id.role() != Role::Entry => account.portfolio.leave_dust(instrument, step)?,
            closed => closed,
        };
        self.booked.entry(instrument).or_default().insert(fill.venue_fill_id);
        self.keep(&order);
        let mut trade = None;
        if id.role() == Role::Entry {
            self.protect(id.decision_id(), instrument, account, step)?;
        } else if let Some(position) = closed {
            trade = self.close(account, instrument, id.role(), &position, fill.time_exchange)?;
        } else if id.role() == Role::Exit
            && order.state == OrderState::Filled
            && !self.rests.contains(&instrument)
        {
            self.rests.push(instrument);
        }
        Ok(Some((order, trade)))
    }

    /// An order after a report of it.
    fn keep(&mut self, order: &Order) {
        self.ended |= order.state.is_final();
        self.orders.insert(order.ticket.client_order_id, order.clone());
    }

    /// What a report that is no fill means for the instrument's plan. One of an order that belongs
    /// to an earlier plan means nothing for the one of now.
    fn follow(&mut self, order: &Order, event: &OrderEvent) {
        let (id, instrument) = (order.ticket.client_order_id, order.ticket.instrument);
        let closing = self.is_closing(instrument);
        let Some(plan) = self.plans.get_mut(&instrument) else { return };
        let own = plan.decision_id == id.decision_id();
        let ended = matches!(
            event,
            OrderEvent::Rejected { .. }
                | OrderEvent::Cancelled
                | OrderEvent::Expired
                | OrderEvent::ProvenAbsent
        );
        match (event, id.role()) {
            (OrderEvent::Moved { trigger }, Role::Stop) if own => {
                plan.protection.stop = *trigger;
                plan.trailed = true;
            }
            (_, Role::Entry) if ended && own && order.filled.is_zero() => {
                self.plans.remove(&instrument);
            }
            // The exit came to nothing: the next decision may close the position again.
            (_, Role::Exit) if ended && !closing && matches!(plan.stage, Stage::Closing(_)) => {
                plan.stage = Stage::Open;
            }
            _ => {}
        }
    }

    /// Whether an order that closes the instrument's position is under way.
    fn is_closing(&self, instrument: InstrumentId) -> bool {
        self.orders.values().any(|order| {
            let ticket = &order.ticket;
            ticket.instrument == instrument
                && ticket.client_order_id.role() == Role::Exit
                && !order.state.is_final()
        })
    }

    /// The entry filled: the stop and the target that went out with it now work at the venue.
    fn protect(
        &mut self,
        decision_id: Id,
        instrument: InstrumentId,
        account: &Account,
        step: Quantity,
    ) -> Result<(), CoreError> {
        let position = account.portfolio.positions().get(&instrument);
        let plan = self.plans.get_mut(&instrument).filter(|plan| plan.decision_id == decision_id);
        let (Some(plan), Some(position)) = (plan, position) else { return Ok(()) };
        let stage = plan.stage;
        plan.open_at(position.entry_price().unwrap_or(plan.entry.to_decimal()));
        let closing = matches!(stage, Stage::Closing(_));
        if closing {
            plan.stage = stage;
        }
        // A fee in base units may have left less than the venue's step.
        let quantity = position.quantity()?.floor_to(step);
        let (stop, target) = (plan.protection.stop, plan.protection.target);
        for (role, kind) in [
            (Role::Stop, OrderKind::Stop { trigger: stop }),
            (Role::Target, OrderKind::Target { price: target }),
        ] {
            let client_order_id = ClientOrderId::new(plan.decision_id, role);
            let side = plan.closing_side();
            let ticket = Ticket { client_order_id, instrument, side, kind, quantity };
            let order = Order { state: OrderState::Submitted, ..Order::intended(ticket) };
            self.orders.entry(client_order_id).or_insert(order).ticket.quantity = quantity;
        }
        if closing && !self.is_closing(instrument) && !self.rests.contains(&instrument) {
            self.rests.push(instrument);
        }
        Ok(())
    }

    /// Ends a position that can't be closed at the venue: what is left stays owned beside it.
    pub fn leave(
        &mut self,
        account: &mut Account,
        instrument: InstrumentId,
        now: UtcMs,
    ) -> Result<Option<Trade>, Overflow> {
        let Some(position) = account.portfolio.leave(instrument)? else { return Ok(None) };
        if let Some(plan) = self.plans.get_mut(&instrument) {
            plan.stage = Stage::Closing(ExitReason::ForceExit);
        }
        self.close(account, instrument, Role::Exit, &position, now)
    }

    fn close(
        &mut self,
        account: &mut Account,
        instrument: InstrumentId,
        role: Role,
        position: &Position,
        exit_time: UtcMs,
    ) -> Result<Option<Trade>, Overflow> {
        let Some(plan) = self.plans.remove(&instrument) else { return Ok(None) };
        account.note_trade(position.cash_flow()?);
        let exit_reason = match (role, plan.stage) {
            (Role::Target, _) => ExitReason::Roi,
            (Role::Stop, _) if plan.trailed => ExitReason::TrailingStopLoss,
            (Role::Stop, _) => ExitReason::StopLoss,
            (Role::Liquidation, _) => ExitReason::Liquidation,
            (_, Stage::Closing(reason)) => reason,
            (_, Stage::Entering | Stage::Open) => ExitReason::ExitSignal,
        };
        let opened =
            if position.direction == Direction::Short { position.sold } else { position.bought };
        Ok(Some(Trade {
            decision_id: plan.decision_id,
            instrument,
            direction: position.direction,
            entry_time: position.opened_at,
            exit_time,
            quantity: opened,
            entry_price: position.entry_price().unwrap_or_default(),
            exit_price: position.exit_price().unwrap_or_default(),
            fees_quote: position.fees_quote,
            pnl_quote: position.cash_flow()?,
            exit_reason,
        }))
    }
}

/// The venue's own order that closes a position whose margin is used up: nobody intended it. It is as
/// large as what it has filled so far.
fn liquidating(report: &OrderReport, known: Option<&Order>) -> Result<Option<Order>, Overflow> {
    let client_order_id = report.client_order_id;
    let OrderEvent::Filled(fill) = &report.event else { return Ok(None) };
    if client_order_id.role() != Role::Liquidation {
        return Ok(None);
    }
    let (instrument, side) = (fill.instrument, fill.side);
    let filled = known.map_or(Quantity::ZERO, |order| order.filled);
    let quantity = filled.plus(fill.quantity)?;
    let ticket = Ticket { client_order_id, instrument, side, kind: OrderKind::Market, quantity };
    Ok(Some(Order { ticket, state: OrderState::Accepted, filled }))
}
