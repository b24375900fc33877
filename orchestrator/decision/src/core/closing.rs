//! How positions are closed, by whatever reason.

use domain::ids::{Id, RunSeed};
use domain::instrument::InstrumentId;
use domain::money::Quantity;
use domain::order::{ClientOrderId, Role};
use domain::trade::ExitReason;

use super::Core;
use crate::book::CoreError;
use crate::exits::{Stage, closing_side};
use crate::kernel::{self, Approved};
use crate::outbox::Outbox;

impl Core {
    /// Cancels stop and target and sends an order that closes the position.
    pub(super) fn close(
        &mut self,
        id: Id,
        instrument: InstrumentId,
        reason: ExitReason,
        approved: &Approved,
        out: &mut Outbox,
    ) {
        let plan = self.book.plans().get(&instrument);
        if let Some(stop) = plan.map(|plan| ClientOrderId::new(plan.decision_id, Role::Stop)) {
            self.cancel(stop, out);
        }
        let ticket = self.book.intend_exit(id, instrument, reason, approved);
        self.submit(ticket, None, out);
    }

    /// The venue's step for quantities of an instrument; nought where it is unknown.
    pub(super) fn step(&self, instrument: InstrumentId) -> Quantity {
        let session = self.sessions.get(instrument);
        session.map_or(Quantity::ZERO, |session| session.instrument.filters.step)
    }

    /// Sends another exit for what an exit has left open, for the same reason.
    pub(super) fn close_rests(&mut self, out: &mut Outbox) -> Result<(), CoreError> {
        for instrument in self.book.take_rests() {
            let stage = self.book.plans().get(&instrument).map(|plan| plan.stage);
            let held = self.account.portfolio.positions().get(&instrument);
            let Some((Stage::Closing(reason), held)) = stage.zip(held) else { continue };
            let quantity = kernel::closable(held.quantity()?, self.step(instrument));
            let approved = kernel::approve_close(closing_side(held.direction), quantity);
            let seed = RunSeed(self.seed);
            let id = Id::of(seed, self.input_seq, "rest_exit", instrument.as_str());
            self.close(id, instrument, reason, &approved, out);
        }
        Ok(())
    }

    /// Nothing more will be heard of the instrument: what is open of it is closed.
    pub(super) fn end_session(
        &mut self,
        instrument: InstrumentId,
        input_seq: u64,
        out: &mut Outbox,
    ) -> Result<(), CoreError> {
        let step = self.step(instrument);
        self.sessions.remove(instrument);
        let Some(plan) = self.book.plans().get(&instrument) else { return Ok(()) };
        match plan.stage {
            Stage::Entering => self.cancel(ClientOrderId::new(plan.decision_id, Role::Entry), out),
            Stage::Closing(_) => {}
            Stage::Open => {
                if let Some(held) = self.account.portfolio.positions().get(&instrument) {
                    let side = closing_side(held.direction);
                    let quantity = kernel::closable(held.quantity()?, step);
                    let id =
                        Id::of(RunSeed(self.seed), input_seq, "force_exit", instrument.as_str());
                    let approved = kernel::approve_close(side, quantity);
                    self.close(id, instrument, ExitReason::ForceExit, &approved, out);
                    self.book.leave_session(instrument);
                }
            }
        }
        Ok(())
    }
}
