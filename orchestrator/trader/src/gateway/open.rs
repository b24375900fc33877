//! Opens the way to a real venue for a run.

use std::sync::Arc;
use std::time::Duration;

use actix::Addr;
use backtest::floor::Floor;
use domain::instrument::Instrument;
use domain::instrument::InstrumentId;
use domain::time::UtcMs;
use exchange::binance::clock::local_now;
use exchange::binance::handle::StreamHandle;
use exchange::binance::user_stream::stream::UserStreamOptions;
use execution::executor::Executor;
use execution::fact::Fact;
use execution::memory::{Memory, PlanKept};
use execution::terms::Terms;
use tokio::sync::{mpsc, oneshot, watch};

use super::account::Account;
use super::fills::Latest;
use super::pump::{News, Outlets, Pump, Word};
use super::turns::{Ears, Turns};
use crate::alerts::found;
use crate::alerts::raise::Alerts;
use crate::control::brake::Brake;
use crate::desk::orchestrator::{Heard, Orchestrator};
use crate::ending::Outcome;
use crate::steps::{self, Step};

/// What the run's account is, and how patiently it is worked.
#[derive(Debug, Clone)]
pub struct Venue {
    /// The account.
    pub account: Account,
    /// Address of its stream.
    pub stream_url: String,
    /// Patience with its stream.
    pub stream: UserStreamOptions,
    /// Patience with its orders.
    pub terms: Terms,
    /// Whether it works in turns, of a market that somebody moves by hand.
    pub in_turns: bool,
}

/// The way to the venue while it is open.
pub struct Way {
    words: mpsc::UnboundedSender<Word>,
    /// Ends the listening when it is dropped.
    _stream: StreamHandle,
}

/// What comes back: for the core, and for people.
pub struct Returns {
    /// For the core.
    pub news: mpsc::UnboundedReceiver<News>,
    /// For people.
    pub facts: mpsc::UnboundedReceiver<Fact>,
    /// How many parcels of news the core has booked.
    booked: watch::Sender<u64>,
}

impl Returns {
    /// Has the orchestrator book what the venue says, one after the other, and people hear the rest.
    pub fn pass_on(self, orchestrator: Addr<Orchestrator>, alerts: Alerts) {
        let Self { mut news, mut facts, booked } = self;
        actix::spawn(async move {
            while let Some(heard) = news.recv().await {
                steps::passed(Step::Reported).await;
                // After a failure, which has been told to whom it concerns, nothing is booked.
                let Ok(Some(())) = orchestrator.send(Heard(heard)).await else { return };
                booked.send_modify(|parcels| *parcels += 1);
            }
        });
        actix::spawn(async move {
            while let Some(fact) = facts.recv().await {
                match found::of_fact(local_now(), &fact) {
                    Some(alert) => {
                        tracing::warn!(?fact, "the venue");
                        alerts.raise(alert).await;
                    }
                    None => tracing::info!(?fact, "the venue"),
                }
            }
        });
    }
}

impl Venue {
    /// Begins to listen and to work, from what the recovered core believes. Orders that open pass
    /// the brake. Must be called within an actix system.
    pub async fn open(
        &self,
        memory: Memory,
        instruments: &[Instrument],
        brake: Arc<Brake>,
    ) -> Outcome<(Way, Returns)> {
        // What time it is at the venue has to be known before anything is asked by it.
        self.account.compare_clocks().await?;
        let (stream, messages) = self.account.listen(&self.stream_url, self.stream.clone())?;
        let (words, heard) = mpsc::unbounded_channel();
        let (news_out, news) = mpsc::unbounded_channel();
        let (facts_out, facts) = mpsc::unbounded_channel();
        let outlets = Outlets { news: news_out, facts: facts_out };
        let executor = Executor::new(self.terms);
        let pump = Pump::new(executor, self.account.clone(), brake, outlets);
        for instrument in instruments {
            // The task that hears it is started below.
            let _ = words.send(Word::Listed(*instrument));
        }
        let (booked, told) = watch::channel(0);
        if self.in_turns {
            let catch_up = stream.catch_up();
            let ears = Ears { words: heard, messages, catch_up, booked: told };
            actix::spawn(Turns::new(pump, ears).run(memory));
        } else {
            actix::spawn(pump.run(memory, heard, messages, told));
        }
        Ok((Way { words, _stream: stream }, Returns { news, facts, booked }))
    }
}

impl Way {
    /// Where commands go.
    pub fn words(&self) -> mpsc::UnboundedSender<Word> {
        self.words.clone()
    }

    /// Waits until nothing is under way or in question, and the core has booked all that it was told;
    /// false where that takes too long.
    pub async fn quiet(&self, patience: Duration) -> bool {
        let (tell, told) = oneshot::channel();
        if self.words.send(Word::WhenQuiet(tell)).is_err() {
            return false;
        }
        matches!(tokio::time::timeout(patience, told).await, Ok(Ok(())))
    }
}

/// Gives leave to do all that follows from what was said, at this time of the market; returns when
/// nothing more will happen until it moves on, and tells what is being closed then. A task that has
/// ended has nothing more to do.
pub async fn turn(words: &mpsc::UnboundedSender<Word>, at: UtcMs) -> Vec<InstrumentId> {
    let (over, told) = oneshot::channel();
    match words.send(Word::Turn { at, over }) {
        Ok(()) => told.await.unwrap_or_default(),
        Err(_) => Vec::new(),
    }
}

/// What the recovered core believes.
pub fn memory(floor: &Floor, fills: &Latest, began_at: UtcMs) -> Memory {
    let (book, portfolio) = (floor.core().book(), &floor.core().account().portfolio);
    let open = book.orders().filter(|order| !order.state.is_final());
    let plans = book.plans().iter().map(|(instrument, plan)| PlanKept {
        instrument: *instrument,
        decision_id: plan.decision_id,
        protection: plan.protection,
    });
    // What can't be told is beyond the decimal's range, and nothing of that kind can be booked.
    let held = portfolio.positions().iter().filter_map(|(id, p)| Some((*id, p.net_base().ok()?)));
    Memory {
        orders: open.cloned().collect(),
        plans: plans.collect(),
        held_base: held.collect(),
        fills: fills.kept(),
        payments: fills.payments(),
        began_at,
    }
}
