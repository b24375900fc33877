//! The task between the executor and the venue: it performs requests side by side, hears the
//! account's stream, and lets time pass. What the executor has for the core goes out in order.

use std::sync::Arc;
use std::time::Duration;

use domain::funding::FundingPayment;
use domain::gateway::Command;
use domain::instrument::Instrument;
use domain::intervention::Intervention;
use domain::order::OrderReport;
use domain::time::UtcMs;
use exchange::binance::user_stream::stream::UserMessage;
use execution::answer::{AccountEvent, Answer, Failure};
use execution::ask::{Request, RequestId};
use execution::executor::Executor;
use execution::fact::{Fact, Out};
use execution::memory::Memory;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinSet;

use super::account::{Account, Performed};
use super::clock::VenueTime;
use super::gauge::Gauge;
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
    /// Asks to be told as soon as nothing is under way or in question.
    WhenQuiet(oneshot::Sender<()>),
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
    executor: Executor,
    account: Account,
    brake: Arc<Brake>,
    outlets: Outlets,
    time: VenueTime,
    out: Out,
    performing: JoinSet<(RequestId, Performed)>,
    waiting: Vec<oneshot::Sender<()>>,
    gauge: Arc<Gauge>,
}

/// What woke the task.
enum Woken {
    Word(Option<Word>),
    Message(Option<UserMessage>),
    Performed(RequestId, Performed),
    Time,
}

impl Pump {
    /// Puts the parts together.
    pub fn new(
        executor: Executor,
        account: Account,
        brake: Arc<Brake>,
        outlets: Outlets,
        gauge: Arc<Gauge>,
    ) -> Self {
        Self {
            executor,
            account,
            brake,
            outlets,
            time: VenueTime::default(),
            out: Out::default(),
            performing: JoinSet::new(),
            waiting: Vec::new(),
            gauge,
        }
    }

    /// Works until nobody can send it anything any more, or nobody hears it.
    pub async fn run(
        mut self,
        memory: Memory,
        mut words: mpsc::UnboundedReceiver<Word>,
        mut messages: mpsc::Receiver<UserMessage>,
        mut clock: Option<watch::Receiver<UtcMs>>,
    ) {
        let now = self.now();
        self.executor.resume(&memory, now, &mut self.out);
        drop(memory);
        let mut answered = false;
        let mut compare_at = tokio::time::Instant::now() + COMPARE_EVERY;
        loop {
            if !self.hand_out() {
                return;
            }
            // Only now: what follows from the answer is under way.
            if std::mem::take(&mut answered) {
                self.gauge.answer();
            }
            self.gauge.time(self.time.latest());
            let pause = self.until_wake();
            let woken = tokio::select! {
                word = words.recv() => Woken::Word(word),
                message = messages.recv() => Woken::Message(message),
                Some(done) = self.performing.join_next(), if !self.performing.is_empty() => {
                    let (id, performed) = done.expect("a request's task neither panics nor is cancelled");
                    Woken::Performed(id, performed)
                }
                at = told(&mut clock) => {
                    self.time.hear(at);
                    Woken::Time
                }
                () = tokio::time::sleep(pause) => Woken::Time,
            };
            let now = self.now();
            match woken {
                Woken::Word(None) | Woken::Message(None) => return,
                Woken::Word(Some(word)) => self.hear_word(word),
                Woken::Message(Some(message)) => {
                    self.gauge.hear();
                    for event in seen::heard(message) {
                        self.executor.on_event(event, now, &mut self.out);
                    }
                }
                Woken::Performed(id, Performed { answer, fills }) => {
                    for fill in fills {
                        self.executor.on_event(AccountEvent::Fill(fill), now, &mut self.out);
                    }
                    self.executor.on_answer(id, answer, now, &mut self.out);
                    answered = true;
                }
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

    fn hear_word(&mut self, word: Word) {
        match word {
            Word::Act { commands, decided_at } => {
                let now = self.time.hear(decided_at);
                for command in &commands {
                    self.executor.on_command(command, decided_at, now, &mut self.out);
                }
            }
            Word::Listed(instrument) => {
                let now = self.now();
                self.executor.list(instrument, now, &mut self.out);
            }
            Word::Time(at) => {
                let now = self.time.hear(at);
                self.executor.on_tick(now, &mut self.out);
            }
            Word::WhenQuiet(tell) => self.waiting.push(tell),
        }
    }

    /// Passes on what follows; false where nobody hears it any more.
    fn hand_out(&mut self) -> bool {
        let Out { requests, reports, payments, interventions, facts } = &mut self.out;
        if !(reports.is_empty() && payments.is_empty() && interventions.is_empty()) {
            let news = News {
                reports: std::mem::take(reports),
                payments: std::mem::take(payments),
                interventions: std::mem::take(interventions),
            };
            self.gauge.tell();
            if self.outlets.news.send(news).is_err() {
                return false;
            }
        }
        for fact in facts.drain(..) {
            if self.outlets.facts.send(fact).is_err() {
                return false;
            }
        }
        for request in std::mem::take(requests) {
            self.perform(request);
        }
        if self.executor.is_quiet() && self.performing.is_empty() {
            for tell in self.waiting.drain(..) {
                // Whoever asked may have stopped waiting.
                let _ = tell.send(());
            }
        }
        true
    }

    fn perform(&mut self, Request { id, ask, opens }: Request) {
        self.gauge.begin();
        if opens && !self.brake.entries_allowed() {
            let reason = "the kill switch is on".to_owned();
            let refused = Failure::Refused { code: 0, reason };
            let answer = Answer::Failed(refused);
            self.performing.spawn(async move { (id, answer.into()) });
            return;
        }
        let (account, now) = (self.account.clone(), self.now());
        self.performing.spawn(async move {
            steps::passed(Step::Sending).await;
            let performed = account.perform(ask, now).await;
            tracing::debug!(id = id.0, ?ask, answer = ?performed.answer, "the venue answered");
            steps::passed(Step::Answered).await;
            (id, performed)
        });
    }
}

/// The next moment that is told; never where none is.
async fn told(clock: &mut Option<watch::Receiver<UtcMs>>) -> UtcMs {
    if let Some(clock) = clock
        && clock.changed().await.is_ok()
    {
        return *clock.borrow_and_update();
    }
    std::future::pending().await
}
