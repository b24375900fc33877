//! A person's word, and what only closing or halting can settle.

use domain::ids::{Id, RunSeed};
use domain::instrument::InstrumentId;
use domain::intervention::{Intervention, OperatorCommand};
use domain::order::{ClientOrderId, Role};
use domain::trade::ExitReason;

use super::Core;
use crate::account::StateChanged;
use crate::book::CoreError;
use crate::exits::{Stage, closing_side};
use crate::kernel;
use crate::outbox::Outbox;
use crate::record::Record;
use crate::snapshot::{Suspension, TradingState};

impl Core {
    /// Does what an intervention asks for. It comes between two watermarks, after the orders of the
    /// last one were sent, and its record is the first that it leaves.
    pub fn on_intervention(
        &mut self,
        intervention: &Intervention,
        out: &mut Outbox,
    ) -> Result<(), CoreError> {
        self.interventions = self.interventions.saturating_add(1);
        self.record(Record::Intervention(intervention.clone()), out);
        match intervention {
            Intervention::Operator { command, .. } => match command {
                OperatorCommand::Pause => {
                    self.suspend(TradingState::Reducing, intervention, out);
                }
                OperatorCommand::Reduce => {
                    self.suspend(TradingState::Reducing, intervention, out);
                    self.cancel_entries(out);
                }
                OperatorCommand::Halt => {
                    self.suspend(TradingState::Halted, intervention, out);
                    self.cancel_entries(out);
                }
                OperatorCommand::Resume => {
                    let changed = self.account.resume(&self.policy.profile)?;
                    self.record_change(changed, out);
                }
                OperatorCommand::Close { instrument: Some(instrument) } => {
                    self.leave(*instrument, ExitReason::ForceExit, out)?;
                }
                OperatorCommand::Close { instrument: None } => {
                    let planned: Vec<_> = self.book.plans().keys().copied().collect();
                    for instrument in planned {
                        self.leave(instrument, ExitReason::ForceExit, out)?;
                    }
                }
            },
            Intervention::Unprotected { instrument, .. } => {
                self.leave(*instrument, ExitReason::EmergencyExit, out)?;
            }
            Intervention::TooLittle { instrument, .. } => {
                let trade = self.book.leave(&mut self.account, *instrument, self.now)?;
                if let Some(trade) = trade {
                    self.record(Record::Trade(trade), out);
                }
            }
            Intervention::Halted { .. } => {
                self.suspend(TradingState::Halted, intervention, out);
                self.cancel_entries(out);
            }
        }
        Ok(())
    }

    fn suspend(&mut self, state: TradingState, why: &Intervention, out: &mut Outbox) {
        let suspension = Suspension { state, why: why.to_string(), since: self.now };
        let changed = self.account.suspend(suspension);
        self.record_change(changed, out);
    }

    fn record_change(&self, changed: Option<StateChanged>, out: &mut Outbox) {
        if let Some(changed) = changed {
            self.record(Record::StateChanged(changed), out);
        }
    }

    /// Asks the venue to cancel what may still open.
    fn cancel_entries(&mut self, out: &mut Outbox) {
        for entry in self.book.open_entries() {
            self.cancel(entry, out);
        }
    }

    /// Closes what is held of an instrument, and whatever its entry may still bring: a fill that
    /// crosses the cancel is closed when it comes.
    fn leave(
        &mut self,
        instrument: InstrumentId,
        reason: ExitReason,
        out: &mut Outbox,
    ) -> Result<(), CoreError> {
        let Some(plan) = self.book.plans().get(&instrument) else { return Ok(()) };
        if let Stage::Closing(_) = plan.stage {
            return Ok(());
        }
        self.cancel(ClientOrderId::new(plan.decision_id, Role::Entry), out);
        let Some(held) = self.account.portfolio.positions().get(&instrument) else {
            self.book.close_when_filled(instrument, reason);
            return Ok(());
        };
        // Several may come after one watermark.
        let subject = format!("{instrument} {}", self.interventions);
        let id = Id::of(RunSeed(self.seed), self.input_seq, reason.name(), &subject);
        let quantity = kernel::closable(held.quantity()?, self.step(instrument));
        let approved = kernel::approve_close(closing_side(held.direction), quantity);
        self.close(id, instrument, reason, &approved, out);
        Ok(())
    }
}
