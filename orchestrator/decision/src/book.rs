//! Orders and plans: what is under way, and what each report of the venue makes of it.

use std::collections::BTreeMap;

use domain::ids::Id;
use domain::instrument::InstrumentId;
use domain::money::{Money, Overflow};
use domain::order::{
    ClientOrderId, Order, OrderError, OrderEvent, OrderKind, OrderReport, OrderState, Role, Side,
    Ticket,
};
use domain::portfolio::BookError;
use domain::position::Position;
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
}

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

    /// Forgets orders that nothing can follow.
    pub fn prune(&mut self) {
        self.orders.retain(|_, order| !order.state.is_final());
    }

    /// Writes down an approved entry and its plan.
    pub fn intend_entry(
        &mut self,
        decision_id: Id,
        instrument: InstrumentId,
        reference: domain::money::Price,
        approved: &Approved,
    ) -> Result<Ticket, Overflow> {
        let ticket = self.intend(decision_id, Role::Entry, instrument, approved);
        if let Some(protection) = approved.protection() {
            let plan = Plan::entering(decision_id, approved.quantity(), reference, protection)?;
            self.plans.insert(instrument, plan);
        }
        Ok(ticket)
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

    /// Cash that entries under way will take, at their reference prices.
    pub fn reserved(&self) -> Result<Money, Overflow> {
        let entering = self.plans.values().filter(|plan| plan.stage == Stage::Entering);
        entering
            .map(|plan| plan.entry.times(plan.quantity))
            .try_fold(Money::ZERO, |sum, cost| sum.plus(cost?))
    }

    /// What is lost of the entry prices if every stop is hit.
    pub fn heat(&self, account: &Account) -> Result<Money, Overflow> {
        let positions = account.portfolio.positions();
        self.plans.iter().try_fold(Money::ZERO, |sum, (instrument, plan)| {
            let held = positions.get(instrument).map(Position::quantity).transpose()?;
            sum.plus(plan.heat(held.unwrap_or(plan.quantity))?)
        })
    }

    /// Books what the venue reports. Gives back the order after it and the trade that a closing
    /// fill completed.
    pub fn hear(
        &mut self,
        report: &OrderReport,
        account: &mut Account,
    ) -> Result<(Order, Option<Trade>), CoreError> {
        let id = report.client_order_id;
        let order = self.orders.get_mut(&id).ok_or(CoreError::UnknownOrder(id))?;
        order.apply(&report.event)?;
        let order = order.clone();
        let ticket = order.ticket;
        let mut trade = None;
        match &report.event {
            OrderEvent::Filled(fill) => {
                let closed = account.portfolio.book(fill)?;
                if id.role() == Role::Entry {
                    self.protect(ticket.instrument, account)?;
                } else if let Some(position) = closed {
                    trade = self.close(ticket.instrument, id.role(), &position, report)?;
                }
            }
            OrderEvent::Moved { trigger } => {
                if let Some(plan) = self.plans.get_mut(&ticket.instrument) {
                    plan.protection.stop = *trigger;
                    plan.trailed = true;
                }
            }
            OrderEvent::Rejected { .. } | OrderEvent::Cancelled | OrderEvent::Expired
                if id.role() == Role::Entry && order.filled.is_zero() =>
            {
                self.plans.remove(&ticket.instrument);
            }
            _ => {}
        }
        Ok((order, trade))
    }

    /// The entry filled: the stop and the target that went out with it now work at the venue.
    fn protect(&mut self, instrument: InstrumentId, account: &Account) -> Result<(), CoreError> {
        let position = account.portfolio.positions().get(&instrument);
        let (Some(plan), Some(position)) = (self.plans.get_mut(&instrument), position) else {
            return Ok(());
        };
        plan.open_at(position.entry_price().unwrap_or(plan.entry.to_decimal()));
        let quantity = position.quantity()?;
        let (stop, target) = (plan.protection.stop, plan.protection.target);
        for (role, kind) in [
            (Role::Stop, OrderKind::Stop { trigger: stop }),
            (Role::Target, OrderKind::Target { price: target }),
        ] {
            let client_order_id = ClientOrderId::new(plan.decision_id, role);
            let ticket = Ticket { client_order_id, instrument, side: Side::Sell, kind, quantity };
            let order = Order { state: OrderState::Submitted, ..Order::intended(ticket) };
            self.orders.entry(client_order_id).or_insert(order).ticket.quantity = quantity;
        }
        Ok(())
    }

    fn close(
        &mut self,
        instrument: InstrumentId,
        role: Role,
        position: &Position,
        report: &OrderReport,
    ) -> Result<Option<Trade>, Overflow> {
        let Some(plan) = self.plans.remove(&instrument) else { return Ok(None) };
        let exit_reason = match (role, plan.stage) {
            (Role::Target, _) => ExitReason::Roi,
            (Role::Stop, _) if plan.trailed => ExitReason::TrailingStopLoss,
            (Role::Stop, _) => ExitReason::StopLoss,
            (_, Stage::Closing(reason)) => reason,
            (_, Stage::Entering | Stage::Open) => ExitReason::ExitSignal,
        };
        let opened = if position.direction == domain::signal::Direction::Short {
            position.sold
        } else {
            position.bought
        };
        Ok(Some(Trade {
            decision_id: plan.decision_id,
            instrument,
            direction: position.direction,
            entry_time: position.opened_at,
            exit_time: report.time_exchange,
            quantity: opened,
            entry_price: position.entry_price().unwrap_or_default(),
            exit_price: position.exit_price().unwrap_or_default(),
            fees_quote: position.fees_quote,
            pnl_quote: position.cash_flow()?,
            exit_reason,
        }))
    }
}
