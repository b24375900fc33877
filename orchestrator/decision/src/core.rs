//! The orchestrator's pure core: what it knows between watermarks, and what follows from each.

mod closing;
mod funding;
mod intervention;
mod sight;

use domain::agent::Effect;
use domain::by_instrument::ByInstrument;
use domain::candle::Candle;
use domain::event::{Event, Sequenced, Watermark};
use domain::gateway::{Command, Protection};
use domain::ids::{Id, RunSeed};
use domain::instrument::InstrumentId;
use domain::intent::{Action, IntentReason};
use domain::money::{Price, Quantity};
use domain::order::{ClientOrderId, Order, OrderEvent, OrderReport, Role, Ticket};
use domain::signal::Signal;
use domain::time::UtcMs;
use domain::timeframe::Timeframe;
use domain::trade::ExitReason;
use serde::{Deserialize, Serialize};

use crate::account::Account;
use crate::book::{Book, CoreError};
use crate::decide::decide;
use crate::kernel::{self, Approved, Verdict};
use crate::outbox::Outbox;
use crate::policy::Policy;
use crate::record::{AccountMark, Dated, DecisionRecord, OrderRecord, OrderStep, Record};
use crate::session::Session;
use crate::snapshot::Snapshot;

/// The state between watermarks.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Core {
    seed: u64,
    policy: Policy,
    policy_hash: String,
    /// The finest timeframe that is heard: its candles move the exits.
    base: Timeframe,
    account: Account,
    book: Book,
    sessions: ByInstrument<Session>,
    now: UtcMs,
    input_seq: u64,
    /// How many interventions there have been: several may come after one watermark.
    interventions: u64,
}

impl Core {
    /// A core that has heard nothing.
    pub fn new(seed: RunSeed, policy: Policy, base: Timeframe, account: Account) -> Self {
        let policy_hash = policy.hash();
        let sessions = ByInstrument::new();
        let book = Book::default();
        let now = UtcMs::default();
        Self {
            seed: seed.0,
            policy,
            policy_hash,
            base,
            account,
            book,
            sessions,
            now,
            input_seq: 0,
            interventions: 0,
        }
    }

    /// The account.
    #[inline]
    pub const fn account(&self) -> &Account {
        &self.account
    }

    /// Orders and plans.
    pub const fn book(&self) -> &Book {
        &self.book
    }

    /// The last watermark.
    #[inline]
    pub const fn now(&self) -> UtcMs {
        self.now
    }

    /// The last event.
    pub const fn input_seq(&self) -> u64 {
        self.input_seq
    }

    /// Books a report of the venue.
    pub fn on_report(&mut self, report: &OrderReport, out: &mut Outbox) -> Result<(), CoreError> {
        let order = self.book.order(report.client_order_id);
        let step = order.map_or(Quantity::ZERO, |order| self.step(order.ticket.instrument));
        let Some((order, trade)) = self.book.hear(report, &mut self.account, step)? else {
            return Ok(());
        };
        self.record_order(OrderStep::Reported(report.event.clone()), order, out);
        if let OrderEvent::Filled(fill) = &report.event {
            self.record(Record::Fill(fill.clone()), out);
        }
        if let Some(trade) = trade {
            self.record(Record::Trade(trade), out);
        }
        Ok(())
    }

    /// Moves on to a watermark, before the venue's reports of its candles are booked.
    #[inline]
    pub fn advance(&mut self, watermark: Watermark<'_>) {
        self.now = watermark.at;
        self.input_seq = watermark.events.last().map_or(self.input_seq, |last| last.input_seq);
        self.book.prune();
    }

    /// Decides, after every report and every agent's answer at this watermark is in. Gives back
    /// whether any decision was due.
    pub fn on_watermark(
        &mut self,
        watermark: Watermark<'_>,
        effects: &[Effect],
        out: &mut Outbox,
    ) -> Result<bool, CoreError> {
        self.hear(watermark.events, out)?;
        self.close_rests(out)?;
        self.collect(effects, out);
        if let Some(changed) = self.account.mark(self.now, &self.policy.profile)? {
            self.record(Record::StateChanged(changed), out);
        }
        let mut decided = false;
        // Among candles of one timeframe and close, the one total order is that of instruments.
        for Sequenced { input_seq, event } in watermark.events {
            if let Some(instrument) = self.due(event) {
                self.decide_for(instrument, *input_seq, out)?;
                decided = true;
            }
        }
        if decided && out.keeps_all() {
            let mark = AccountMark {
                view: self.view()?,
                realised_quote: self.account.portfolio.realised_quote(),
                fees_quote: self.account.portfolio.fees_quote(),
            };
            self.record(Record::Marked(Box::new(mark)), out);
        }
        Ok(decided)
    }

    /// The instrument whose decision an event makes due: a candle of the decision timeframe that
    /// closes now, and not one of a session's history.
    fn due(&self, event: &Event) -> Option<InstrumentId> {
        let Event::CandleClosed { instrument, candle } = event else { return None };
        let decides = candle.timeframe == self.policy.profile.decision_timeframe;
        (decides && candle.close_time() == self.now).then_some(*instrument)
    }

    /// Takes note of events and lets fine candles move exits.
    fn hear(&mut self, events: &[Sequenced], out: &mut Outbox) -> Result<(), CoreError> {
        for Sequenced { input_seq, event } in events {
            match event {
                Event::SessionStarted { instrument } => {
                    self.sessions.insert(instrument.id, Session::begin(*instrument));
                }
                Event::SessionEnded { instrument, .. } => {
                    self.end_session(*instrument, *input_seq, out)?
                }
                Event::CandleClosed { instrument, candle } if candle.timeframe == self.base => {
                    self.hear_candle(*instrument, candle, out);
                }
                Event::CandleClosed { .. }
                | Event::DeadlineMissed { .. }
                | Event::MarkClosed { .. }
                | Event::FundingSettled { .. }
                | Event::AccountMarked { .. } => {}
            }
        }
        Ok(())
    }

    fn collect(&mut self, effects: &[Effect], out: &mut Outbox) {
        for effect in effects {
            match effect {
                Effect::Signal(signal) => {
                    if out.keeps_all() {
                        let id = self.signal_id(signal);
                        self.record(Record::Signal(id, signal.clone()), out);
                    }
                    if let Some(session) = self.sessions.get_mut(signal.instrument) {
                        session.hear(signal);
                    }
                }
                Effect::RiskWord(word) => {
                    if out.keeps_all() {
                        self.record(Record::RiskWord(word.clone()), out);
                    }
                    if let Some(session) = self.sessions.get_mut(word.instrument) {
                        session.heed(word);
                    }
                }
            }
        }
    }

    fn decide_for(
        &mut self,
        instrument: InstrumentId,
        input_seq: u64,
        out: &mut Outbox,
    ) -> Result<(), CoreError> {
        let Some(session) = self.sessions.get(instrument) else { return Ok(()) };
        let Some(sight) = self.sight(session)? else { return Ok(()) };
        let intent = decide(&sight, &self.policy);
        if intent.action == Action::Hold && !out.keeps_all() {
            return Ok(());
        }
        let account = self.view()?;
        let verdict = kernel::check(&intent, &sight, &account, &self.policy);
        let approved = match &verdict {
            Verdict::Approved(approved) => Some(approved.clone()),
            Verdict::Hold | Verdict::Denied(_) => None,
        };
        if approved.is_none() && !out.keeps_all() {
            return Ok(());
        }
        let id = Id::of(RunSeed(self.seed), input_seq, "decision", instrument.as_str());
        let (reason, reference) = (intent.reason, intent.reference);
        if out.keeps_all() {
            let snapshot = Snapshot::of(sight, account);
            let record = DecisionRecord {
                id,
                policy_hash: self.policy_hash.clone(),
                weights_version: self.policy.weights.version,
                signal_ids: snapshot.signals.iter().map(|signal| self.signal_id(signal)).collect(),
                snapshot,
                intent,
                verdict,
            };
            self.record(Record::Decision(Box::new(record)), out);
        }
        match approved {
            Some(entry) if entry.protection().is_some() => {
                self.enter(id, instrument, reference, &entry, out)?;
            }
            Some(exit) => {
                let reason = match reason {
                    IntentReason::EarlyStop => ExitReason::StopLoss,
                    _ => ExitReason::ExitSignal,
                };
                self.close(id, instrument, reason, &exit, out);
            }
            None => {}
        }
        Ok(())
    }

    fn enter(
        &mut self,
        id: Id,
        instrument: InstrumentId,
        reference: Price,
        approved: &Approved,
        out: &mut Outbox,
    ) -> Result<(), CoreError> {
        let ticket = self.book.intend_entry(id, instrument, reference, approved)?;
        self.account.note_entry();
        self.submit(ticket, approved.protection(), out);
        Ok(())
    }

    fn submit(&mut self, ticket: Ticket, protection: Option<Protection>, out: &mut Outbox) {
        self.record_order(OrderStep::Intended { protection }, Order::intended(ticket), out);
        out.commands.push(Command::Submit { ticket, protection });
    }

    fn cancel(&mut self, client_order_id: ClientOrderId, out: &mut Outbox) {
        let order = self.book.order(client_order_id).filter(|order| !order.state.is_final());
        let Some(order) = order.cloned() else { return };
        self.record_order(OrderStep::CancelIntended, order, out);
        out.commands.push(Command::Cancel { client_order_id });
    }

    /// Values the instrument at a candle's close and lets the stop follow. What an ended session
    /// left open is closed at the last price known of that session, whatever the next one brings.
    fn hear_candle(&mut self, instrument: InstrumentId, candle: &Candle, out: &mut Outbox) {
        let plan = self.book.plan_mut(instrument);
        if !plan.as_ref().is_some_and(|plan| plan.session_over) {
            self.account.portfolio.set_mark(instrument, candle.close);
        }
        let (Some(plan), Some(trailing)) = (plan, self.policy.profile.trailing) else { return };
        let Some(session) = self.sessions.get(instrument) else { return };
        let tick = session.instrument.filters.tick;
        let Some(trigger) = plan.trail(candle, &trailing, tick) else { return };
        let client_order_id = ClientOrderId::new(plan.decision_id, Role::Stop);
        let Some(order) = self.book.order(client_order_id).cloned() else { return };
        self.record_order(OrderStep::MoveIntended { trigger }, order, out);
        out.commands.push(Command::Move { client_order_id, trigger });
    }

    fn signal_id(&self, signal: &Signal) -> Id {
        let subject = format!("{}@{}", signal.agent, signal.instrument);
        Id::of(RunSeed(self.seed), signal.input_seq, "signal", &subject)
    }

    fn record(&self, record: Record, out: &mut Outbox) {
        out.records.push(Dated { at: self.now, input_seq: self.input_seq, record });
    }

    fn record_order(&self, step: OrderStep, order: Order, out: &mut Outbox) {
        self.record(Record::Order(OrderRecord { step, order }), out);
    }
}
