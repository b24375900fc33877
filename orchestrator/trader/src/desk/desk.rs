//! What a watermark passes through: agents, floor, journal, venue.

use std::sync::Arc;
use std::time::Duration;

use actix::{Addr, Recipient};
use backtest::floor::Floor;
use decision::outbox::Outbox;
use domain::agent::Effect;
use domain::event::{Event, Released};
use domain::gateway::Command;
use domain::intervention::Intervention;
use domain::ledger::Head;
use domain::signal::AgentId;
use domain::time::UtcMs;
use futures_util::future::join_all;
use shell::agent::{Answer, Hear};
use store::journal::Batch;
use telemetry::metrics::Metrics;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use crate::alerts::{found, raise};
use crate::control::told::{self, Told};
use crate::desk::journal::{Append, JournalActor};
use crate::desk::rows;
use crate::desk::tally::{self, Tally};
use crate::desk::work::Work;
use crate::ending::{Code, Failure, Outcome};
use crate::gateway::pump::{News, Word};
use crate::steps::{self, Step};

/// A batch is written when it holds this many events.
const BATCH_EVENTS: usize = 8_000;
/// An agent is a function of its events: one that takes this long has a defect.
const ANSWER_DEADLINE: Duration = Duration::from_secs(10);

/// Everything that a watermark passes through.
pub struct Desk {
    agents: Vec<(AgentId, Recipient<Hear>)>,
    floor: Floor,
    journal: Addr<JournalActor>,
    pub(super) head: Head,
    pub(super) batch: Batch,
    events: usize,
    writing: Option<JoinHandle<Outcome<()>>>,
    pub(super) tally: Tally,
    work: Work,
    metrics: Arc<Metrics>,
    progress: Arc<dyn Fn(&Tally) + Send + Sync>,
    /// The way to a real venue; none where the floor has a simulated one.
    venue: Option<mpsc::UnboundedSender<Word>>,
    pub(super) writes: Writes,
}

/// When what need not be on disk before something else happens is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Writes {
    /// While the market goes on.
    Behind,
    /// Before anything else is heard.
    AtOnce,
    /// With what must be on disk, and not before.
    Late,
}

impl Desk {
    /// Puts the parts together. `tally` is what was counted before.
    pub fn new(
        agents: Vec<(AgentId, Recipient<Hear>)>,
        floor: Floor,
        journal: Addr<JournalActor>,
        (head, tally): (Head, Tally),
        metrics: Arc<Metrics>,
        progress: Arc<dyn Fn(&Tally) + Send + Sync>,
    ) -> Self {
        Self {
            agents,
            floor,
            journal,
            head,
            batch: Batch::default(),
            events: 0,
            writing: None,
            tally,
            work: Work::default(),
            metrics,
            progress,
            venue: None,
            writes: Writes::Behind,
        }
    }

    /// Has commands go to a real venue.
    pub fn at(self, venue: mpsc::UnboundedSender<Word>) -> Self {
        Self { venue: Some(venue), ..self }
    }

    /// Has it write at other times.
    pub fn writing(self, writes: Writes) -> Self {
        Self { writes, ..self }
    }

    /// Decides what a watermark released, and has it written and performed.
    pub(super) async fn watermark(&mut self, released: Released) -> Outcome<()> {
        let timer = self.metrics.decision_seconds.start_timer();
        steps::passed(Step::Heard).await;
        let mut out = Outbox::default();
        self.floor.open(released.view(), &mut out)?;
        let effects = self.gather(&released).await?;
        steps::passed(Step::Gathered).await;
        self.floor.decide(released.view(), &effects, &mut out)?;
        steps::passed(Step::Decided).await;
        timer.observe_duration();
        self.show(&released);
        self.events += released.events.len();
        let at = released.watermark;
        self.batch.released.push(released);
        if let Some(venue) = &self.venue {
            // A venue that is gone has said why to whom it concerns.
            let _ = venue.send(Word::Time(at));
        }
        self.settle_up(at, out).await?;
        if self.events >= BATCH_EVENTS || self.writes == Writes::AtOnce {
            self.write_soon().await?;
        }
        (self.progress)(&self.tally);
        Ok(())
    }

    /// Books what a real venue says, and what its executor can't settle alone.
    pub(super) async fn hear(
        &mut self,
        News { reports, payments, interventions }: News,
    ) -> Outcome<()> {
        let mut out = Outbox::default();
        reports.iter().try_for_each(|of| self.floor.report(of, &mut out))?;
        payments.iter().try_for_each(|of| self.floor.fund(of, &mut out))?;
        interventions.iter().try_for_each(|of| self.floor.intervene(of, &mut out))?;
        steps::passed(Step::Booked).await;
        self.settle_up(self.floor.core().now(), out).await?;
        // What the venue has booked is on its way to the disk before anything else is heard.
        self.write_soon().await
    }

    /// Notes what came out. Where orders follow, it is on disk before they leave.
    async fn settle_up(&mut self, at: UtcMs, mut out: Outbox) -> Outcome<()> {
        let commands = std::mem::take(&mut out.commands);
        self.note(&mut out)?;
        if commands.is_empty() {
            return Ok(());
        }
        // Persist before acting: no order overtakes its row.
        steps::passed(Step::Writing).await;
        self.flush().await?;
        steps::passed(Step::Committed).await;
        let commands = self.floor.execute(commands, &mut out)?;
        self.note(&mut out)?;
        self.dispatch(commands, at)?;
        steps::passed(Step::Dispatched).await;
        Ok(())
    }

    fn dispatch(&mut self, commands: Vec<Command>, decided_at: UtcMs) -> Outcome<()> {
        if commands.is_empty() {
            return Ok(());
        }
        let sent = self.venue.as_ref().map(|venue| venue.send(Word::Act { commands, decided_at }));
        let gone = || Failure::new(Code::Failed, "the way to the venue is closed");
        sent.ok_or_else(gone)?.map_err(|_| gone())
    }

    /// Writes a word down and then does it. It comes between two watermarks: no decision is under
    /// way. Persist before acting here too.
    pub(super) async fn intervene(&mut self, intervention: &Intervention) -> Outcome<Told> {
        let before = self.floor.core().account().state();
        let mut out = Outbox::default();
        self.floor.intervene(intervention, &mut out)?;
        let told = |command| told::order(command, &out.records);
        let orders = out.commands.iter().map(told).collect();
        let at = self.floor.core().now();
        self.settle_up(at, out).await?;
        self.flush().await?;
        let account = self.floor.core().account();
        let after = account.state();
        self.metrics.trading_state.set(after as i64);
        let note = account.suspension().map(|standing| format!("because of {}", standing.why));
        Ok(Told { done: true, before, after, orders, note })
    }

    /// Lets every agent hear the watermark and waits until each is done with it.
    async fn gather(&mut self, released: &Released) -> Outcome<Vec<Effect>> {
        let account = self.floor.account().copied();
        let asked = self.agents.iter().map(|(_, agent)| {
            let hear = Hear { account, released: released.clone() };
            tokio::time::timeout(ANSWER_DEADLINE, agent.send(hear))
        });
        let mut effects = Vec::new();
        for ((agent, _), answer) in self.agents.iter().zip(join_all(asked).await) {
            let Ok(Ok(Answer { effects: answered, took, .. })) = answer else {
                self.metrics.agent_faults.of(agent.name()).inc();
                let message = format!("the {agent} agent did not answer {}", released.watermark);
                return Err(Failure::new(Code::Failed, message));
            };
            self.work.add(*agent, released, took);
            effects.extend(answered.answers);
        }
        Ok(effects)
    }

    fn note(&mut self, out: &mut Outbox) -> Outcome<()> {
        for dated in out.records.drain(..) {
            let entry = dated.chained(&mut self.head)?;
            let told = self.batch.alerts.len();
            if let Some(drawdown_ratio) = self.tally.count(&dated) {
                self.batch.alerts.push(found::deep(self.head.seq, dated.at, drawdown_ratio));
            }
            tally::observe(&self.metrics, &self.tally, &dated, self.head);
            rows::add(&mut self.batch, dated, entry, self.head.seq);
            self.batch.alerts[told..].iter().for_each(|row| raise::log(&row.alert));
        }
        Ok(())
    }

    fn show(&self, released: &Released) {
        for sequenced in released.events.iter() {
            if let Event::CandleClosed { instrument, candle } = &sequenced.event {
                let seconds = candle.close_time().ms() as f64 / 1e3;
                self.metrics.candle_last_close.of(instrument.as_str()).set(seconds);
                self.metrics.candles_stored.of(candle.timeframe.name()).inc();
            }
        }
    }

    fn take_batch(&mut self) -> Batch {
        self.events = 0;
        self.batch.executions.extend(self.work.take());
        std::mem::take(&mut self.batch)
    }

    async fn write_soon(&mut self) -> Outcome<()> {
        match self.writes {
            Writes::Behind => self.write_behind().await,
            Writes::AtOnce => self.flush().await,
            Writes::Late => Ok(()),
        }
    }

    /// Writes the batch while the market goes on; at most one is on its way.
    pub(super) async fn write_behind(&mut self) -> Outcome<()> {
        self.written().await?;
        let batch = self.take_batch();
        let journal = self.journal.clone();
        self.writing = Some(actix::spawn(async move { append(&journal, batch).await }));
        Ok(())
    }

    /// Writes the batch and waits until it is on disk.
    pub(super) async fn flush(&mut self) -> Outcome<()> {
        self.written().await?;
        let batch = self.take_batch();
        append(&self.journal, batch).await
    }

    async fn written(&mut self) -> Outcome<()> {
        match self.writing.take() {
            Some(writing) => writing
                .await
                .map_err(|e| Failure::new(Code::Store, format!("the journal stopped: {e}")))?,
            None => Ok(()),
        }
    }
}

async fn append(journal: &Addr<JournalActor>, batch: Batch) -> Outcome<()> {
    let appended = journal.send(Append(batch)).await;
    appended.map_err(|e| Failure::new(Code::Store, format!("the journal stopped: {e}")))??;
    Ok(())
}
