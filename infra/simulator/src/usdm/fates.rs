//! What the venue does of its own accord: by a script of faults, at its time.

use domain::time::UtcMs;
use rust_decimal::Decimal;

use super::algo::AlgoStatus;
use super::order::{Kind, Origin, PositionSide, Status, TimeInForce};
use super::trading::Floor;
use crate::faults::names::FaultName;
use crate::faults::orders::fate;
use crate::faults::plan::Fault;
use crate::spot::order::Parts;

/// What is to become of an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Due {
    pub(crate) at: UtcMs,
    pub(crate) symbol: String,
    pub(crate) what: Doing,
}

/// What becomes of which order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Doing {
    /// It takes more of what it has begun to take.
    Takes(u64),
    /// The venue ends it.
    Dies(u64),
    /// Its time is over.
    Lapses(u64),
    /// The venue rejects a conditional order.
    Rejects(u64),
}

/// As on spot.
const PARTS: u32 = 3;
const LATER_MS: i64 = 1_000;

impl Floor<'_> {
    fn later(&mut self, delay_ms: i64, what: Doing) {
        self.at(self.venue.now.plus_ms(delay_ms), what);
    }

    /// Writes down what is to become of an order then.
    pub(crate) fn at(&mut self, at: UtcMs, what: Doing) {
        let symbol = self.symbol.to_owned();
        self.account.dues.push(Due { at, symbol, what });
    }

    /// Writes down what is to become of a new order; whether it is done with for now.
    pub(crate) fn ordain(&mut self, id: u64) -> bool {
        let dies = fate(&self.account.fates, FaultName::OrderRejectedLater);
        if let Some(delay_ms) = dies.map(|fault| fault.with.delay_ms.unwrap_or(LATER_MS)) {
            self.later(delay_ms, Doing::Dies(id));
            return true;
        }
        let Some(fault) = fate(&self.account.fates, FaultName::PartialFills) else { return false };
        let every_ms = fault.with.delay_ms.unwrap_or(LATER_MS);
        let parts = Decimal::from(fault.with.parts.unwrap_or(PARTS));
        let Some(order) = self.account.orders.get(&id) else { return false };
        let market = self.venue.history.perpetuals.get(self.symbol);
        let step = market.map_or(Decimal::ONE, |market| market.filters.step.to_decimal());
        let even = order.ticket.quantity.checked_div(parts).unwrap_or_default();
        let size = even - even.checked_rem(step).unwrap_or_default();
        let is_cut = !size.is_zero() && order.ticket.time_in_force != TimeInForce::Fok;
        if is_cut {
            self.account.parts.insert(id, Parts { size, every_ms });
        }
        false
    }

    /// Writes down what is to become of a new conditional order.
    pub(crate) fn ordain_algo(&mut self, id: u64) {
        let rejects = fate(&self.account.fates, FaultName::AlgoRejected);
        if let Some(delay_ms) = rejects.map(|fault| fault.with.delay_ms.unwrap_or(LATER_MS)) {
            self.later(delay_ms, Doing::Rejects(id));
        }
    }

    /// What is left of an order that fills in parts goes on without a limit, and rests with one.
    pub(crate) fn go_on(&mut self, id: u64, parts: Parts) {
        let kind = self.account.orders.get(&id).map(|order| order.ticket.kind);
        if kind == Some(Kind::Market) {
            self.later(parts.every_ms.max(1), Doing::Takes(id));
        }
    }

    /// What was to become of an order, becomes of it.
    pub(crate) fn come_due(&mut self, what: Doing) {
        match what {
            Doing::Takes(id) if self.account.open.contains(&id) => {
                let last = self.venue.mark(self.symbol);
                self.fill(id, last, false);
            }
            Doing::Takes(_) => {}
            Doing::Dies(id) | Doing::Lapses(id) => self.end(id, Status::Expired),
            Doing::Rejects(id) => {
                if self.account.waiting.contains(&id) {
                    let why = "Rejected by the matching engine.".to_owned();
                    self.turn(id, AlgoStatus::Rejected, Some(why));
                }
            }
        }
    }

    /// The venue ends the account's positions in this symbol as the fault has it.
    pub(crate) fn suffer(&mut self, fault: &Fault) {
        if fault.place.symbol.as_ref().is_some_and(|symbol| symbol != self.symbol) {
            return;
        }
        let mark = self.venue.mark(self.symbol);
        for side in PositionSide::ALL {
            match fault.name {
                FaultName::Liquidation => self.force(side, mark, Origin::Liquidation),
                _ => self.force(side, mark, Origin::Deleveraging),
            }
        }
    }
}
