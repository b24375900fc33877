//! The task between the executor and the venue: it performs requests side by side, hears the
//! account's stream, and lets time pass. What the executor has for the core goes out in order.

use std::sync::Arc;
use std::time::Duration;

use domain::funding::FundingPayment;
use domain::gateway::Command;
use domain::instrument::Instrument;
use domain::instrument::InstrumentId;
use domain::intervention::Intervention;
use domain::order::OrderReport;
use domain::time::UtcMs;
use exchange::binance::user_stream::message::UserMessage;
use execution::answer::{AccountEvent, Answer, Failure};
use execution::ask::{Ask, Request, RequestId};
use execution::executor::Executor;
use execution::fact::{Fact, Out};
use execution::memory::Memory;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinSet;

use super::account::{Account, Performed};
use super::clock::VenueTime;
use super::seen;
use crate::control::brake::Brake;
use crate::steps::{self, Step};

/// Time passes at least this often.
const TICK: Duration = Duration::from_secs(1);
/// How often the clocks are compared.
const COMPARE_EVERY: Duration = Duration::from_secs(60);

/// What the session tells the task.
#[derive(Debug)]
pub enum Word {
    /// Commands of the core, on disk by now.
    Act {
        /// What to do, in order.
        commands: Vec<Command>,
        /// The watermark that they were decided at.
        decided_at: UtcMs,
    },
    /// The venue lists an instrument.
    Listed(Instrument),
    /// The market's time.
    Time(UtcMs),
    /// Asks to be told as soon as nothing is under way or in question, and the core has booked all
    /// that it was told.
    WhenQuiet(oneshot::Sender<()>),
    /// The market's time, and the leave to do all that follows from what was said before; answered
    /// when nothing more will happen until it moves on, with what is being closed then. Whoever works
    /// by the clock waits for no leave.
    Turn {
        /// The time.
        at: UtcMs,
        /// Where the answer goes.
        over: oneshot::Sender<Vec<InstrumentId>>,
    },
}

/// What the executor has for the core, to be booked in order: reports, payments, interventions.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct News {
    /// What became of orders.
    pub reports: Vec<OrderReport>,
    /// What was paid and got beside fills.
    pub payments: Vec<FundingPayment>,
    /// What the executor can't settle alone.
    pub interventions: Vec<Intervention>,
}

/// Where what follows goes.
#[derive(Debug, Clone)]
pub struct Outlets {
    /// To the core. Nothing of it may be lost, so the channel has no bound; an order has a few
    /// reports.
    pub news: mpsc::UnboundedSender<News>,
    /// To people.
    pub facts: mpsc::UnboundedSender<Fact>,
}

/// The task's state.
pub struct Pump {
    pub(super) executor: Executor,
    account: Account,
    brake: Arc<Brake>,
    pub(super) outlets: Outlets,
    pub(super) time: VenueTime,
    pub(super) out: Out,
    performing: JoinSet<(RequestId, Performed)>,
    pub(super) waiting: Vec<oneshot::Sender<()>>,
    /// How many parcels of news the core was told.
    pub(super) told: u64,
}

/// What woke the task.
enum Woken {
    Word(Option<Word>),
    Message(Option<UserMessage>),
    Performed(RequestId, Performed),
    Booked,
    Time,
}

impl Pump {
    /// Puts the parts together.
    pub fn new(executor: Executor, account: Account, brake: Arc<Brake>, outlets: Outlets) -> Self {
        Self {
            executor,
            account,
            brake,
            outlets,
            time: VenueTime::default(),
            out: Out::default(),
            performing: JoinSet::new(),
            waiting: Vec::new(),
            told: 0,
        }
    }

    /// Works until nobody can send it anything any more, or nobody hears it. `booked` is how many
    /// parcels of news the core has booked.
    pub async fn run(
        mut self,
        memory: Memory,
        mut words: mpsc::UnboundedReceiver<Word>,
        mut messages: mpsc::Receiver<UserMessage>,
        mut booked: watch::Receiver<u64>,
    ) {
        let now = self.now();
        self.executor.resume(&memory, now, &mut self.out);
        drop(memory);
        let mut compare_at = tokio::time::Instant::now() + COMPARE_EVERY;
        loop {
            if !self.hand_out(*booked.borrow_and_update()) {
                return;
            }
            let pause = self.until_wake();
            let woken = tokio::select! {
                word = words.recv() => Woken::Word(word),
                message = messages.recv() => Woken::Message(message),
                Some(done) = self.performing.join_next(), if !self.performing.is_empty() => {
                    let (id, performed) = done.expect("a request's task neither panics nor is cancelled");
                    Woken::Performed(id, performed)
                }
                Ok(()) = booked.changed() => Woken::Booked,
                () = tokio::time::sleep(pause) => Woken::Time,
            };
            let now = self.now();
            match woken {
                Woken::Word(None) | Woken::Message(None) => return,
                Woken::Word(Some(word)) => self.hear_word(word, now),
                Woken::Message(Some(message)) => self.hear_message(message, now),
                Woken::Performed(id, performed) => self.hear_answer(id, performed, now),
                // Whoever waits for it is answered above.
                Woken::Booked => {}
                Woken::Time => self.executor.on_tick(now, &mut self.out),
            }
            if tokio::time::Instant::now() >= compare_at {
                compare_at = tokio::time::Instant::now() + COMPARE_EVERY;
                let account = self.account.clone();
                tokio::spawn(async move {
                    if let Err(error) = account.compare_clocks().await {
                        tracing::warn!(%error, "the venue's clock could not be compared");
                    }
                });
            }
        }
    }

    fn now(&mut self) -> UtcMs {
        self.time.hear(self.account.venue_now())
    }

    fn until_wake(&mut self) -> Duration {
        let now = self.now();
        let wake = self.executor.next_wake().map(|at| at.ms().saturating_sub(now.ms()).max(1));
        wake.map_or(TICK, |ms| Duration::from_millis(ms.unsigned_abs()).min(TICK))
    }

    pub(super) fn hear_message(&mut self, message: UserMessage, now: UtcMs) {
        for event in seen::heard(message) {
            self.executor.on_event(event, now, &mut self.out);
        }
    }

    pub(super) fn hear_answer(&mut self, id: RequestId, performed: Performed, now: UtcMs) {
        let Performed { answer, fills } = performed;
        for fill in fills {
            self.executor.on_event(AccountEvent::Fill(fill), now, &mut self.out);
        }
        self.executor.on_answer(id, answer, now, &mut self.out);
    }

    pub(super) fn hear_word(&mut self, word: Word, now: UtcMs) {
        match word {
            Word::Act { commands, decided_at } => {
                let now = now.max(self.time.hear(decided_at));
                for command in &commands {
                    self.executor.on_command(command, decided_at, now, &mut self.out);
                }
            }
            Word::Listed(instrument) => {
                self.executor.list(instrument, now, &mut self.out);
            }
            Word::Time(at) => {
                let now = now.max(self.time.hear(at));
                self.executor.on_tick(now, &mut self.out);
            }
            Word::WhenQuiet(tell) => self.waiting.push(tell),
            Word::Turn { .. } => {}
        }
    }

    /// Passes on what follows; false where nobody hears it any more.
    fn hand_out(&mut self, booked: u64) -> bool {
        if self.tell().is_none() {
            return false;
        }
        for Request { id, ask, opens } in std::mem::take(&mut self.out.requests) {
            let asked = self.asked(ask, opens);
            self.performing.spawn(async move { (id, asked.await) });
        }
        // What the core has not booked yet may have it say more.
        if self.executor.is_quiet() && self.performing.is_empty() && booked >= self.told {
            self.answer_the_waiting();
        }
        true
    }

    /// Tells the core and people what there is; whether the core was told anything, and nothing
    /// where nobody hears it any more.
    pub(super) fn tell(&mut self) -> Option<bool> {
        let Out { reports, payments, interventions, facts, .. } = &mut self.out;
        let is_news = !(reports.is_empty() && payments.is_empty() && interventions.is_empty());
        if is_news {
            let news = News {
                reports: std::mem::take(reports),
                payments: std::mem::take(payments),
                interventions: std::mem::take(interventions),
            };
            self.outlets.news.send(news).ok()?;
            self.told += 1;
        }
        for fact in facts.drain(..) {
            self.outlets.facts.send(fact).ok()?;
        }
        Some(is_news)
    }

    pub(super) fn answer_the_waiting(&mut self) {
        for tell in self.waiting.drain(..) {
            // Whoever asked may have stopped waiting.
            let _ = tell.send(());
        }
    }

    /// What becomes of a request.
    pub(super) fn asked(&self, ask: Ask, opens: bool) -> impl Future<Output = Performed> + use<> {
        let is_braked = opens && !self.brake.entries_allowed();
        let (account, now) = (self.account.clone(), self.time.latest());
        async move {
            if is_braked {
                let reason = "the kill switch is on".to_owned();
                return Answer::Failed(Failure::Refused { code: 0, reason }).into();
            }
            steps::passed(Step::Sending).await;
            let performed = account.perform(ask, now).await;
            tracing::debug!(?ask, answer = ?performed.answer, "the venue answered");
            steps::passed(Step::Answered).await;
            performed
        }
    }
}
