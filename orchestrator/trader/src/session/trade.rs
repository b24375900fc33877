//! A session from its opening to its orderly end.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use actix::{Actor, Arbiter, ArbiterHandle};
use collector::collector::Collector;
use decision::record::ConfigurationRecord;
use decision::snapshot::TradingState;
use shell::agent::AgentActor;
use store::journal::Journal;
use tokio::sync::mpsc;

use crate::alerts::post::{self, Post};
use crate::alerts::raise::Alerts;
use crate::control::brake::Brake;
use crate::control::obey;
use crate::desk::desk::{Desk, Writes};
use crate::desk::journal::JournalActor;
use crate::desk::orchestrator::Orchestrator;
use crate::desk::tally;
use crate::ending::{Code, Ending, Failure, Outcome};
use crate::gateway::open::{self, Way};
use crate::lockstep::Lockstep;
use crate::market::actor::Market;
use crate::recovery::{self, Recovered};
use crate::session::start::START_DEADLINE_MS;
use crate::session::{Session, Summary, Until};
use crate::signals::Stop;
use crate::watch;

/// What an orderly end may take: below the ten seconds that a service manager grants.
const SETTLING: Duration = Duration::from_secs(8);

impl Session {
    /// Trades until it is over; none where it was stopped before it could begin. The caller runs
    /// an actix system.
    pub async fn trade(self) -> Outcome<Option<Summary>> {
        self.trade_until(&Stop::listen()?).await
    }

    /// The same until this says stop.
    pub async fn trade_until(self, stop: &Stop) -> Outcome<Option<Summary>> {
        let brake = Brake::armed()?;
        let open = self.place.open().await?;
        let trading = AtomicBool::new(false);
        let before_trading = async {
            stop.asked().await;
            if trading.load(Ordering::Relaxed) {
                // The session itself hears it and settles.
                std::future::pending::<()>().await;
            }
        };
        // What start-up leaves half done, the next one does: writing is all or nothing.
        let summary = tokio::select! {
            summary = self.trade_in(&open, stop, &trading, &brake) => summary.map(Some),
            () = before_trading => Ok(None),
        };
        if let Err(failure) = &summary
            && (failure.code, trading.load(Ordering::Relaxed)) == (Code::Store, true)
        {
            let why = failure.to_string();
            post::tell_past_the_store(&self.mail, self.begin.mode, &why).await;
        }
        // Stopped even where trading failed: what is acknowledged is on disk in any case.
        let stopped = open.close().await;
        let summary = summary?;
        stopped?;
        Ok(summary)
    }

    async fn trade_in(
        &self,
        open: &crate::place::Opened,
        stop: &Stop,
        trading: &AtomicBool,
        brake: &Arc<Brake>,
    ) -> Outcome<Summary> {
        let store = &open.store;
        store.migrate().await?;
        tally::prepare(&self.metrics, &self.begin.timeframes);
        let hurried = self.rest(START_DEADLINE_MS)?;
        hurried.ping().await?;
        let configuration = self.agree(store, &hurried).await?;
        let ConfigurationRecord { instruments, timeframes, .. } = &configuration;
        let wanted = collector::config::Config::new(instruments.clone(), timeframes.clone());
        let mut collector = Collector::new(wanted)?;
        let Recovered { engine, head, batch, tally, events, fills } =
            recovery::recover(store, &configuration, &mut collector).await?;
        if events > 0 {
            tracing::info!(events, at = %tally.now, head = %head.hash, "recovered");
        }
        if engine.floor().core().account().state() == TradingState::Halted {
            brake.pull();
        }
        let metrics = &self.metrics;
        let mut journal = Journal::open(store, self.place.seals()?).await?;
        // What a crash left unwritten, and for a new run the moment it began, before anything else.
        journal.append(&batch).await?;
        self.readiness.ready("store");
        let post = Post::begin(store, &self.mail, self.begin.mode, metrics);
        let run = self.note_start(store, &configuration, events).await?;

        // The client that lists also learns the venue's limits.
        let rest = Arc::new(self.rest(self.patience.rest.deadline_ms)?);
        let (listed, limits, not_trading) = self.list(&rest, &configuration.instruments).await?;
        let facts = self.collect(&listed, limits, store).await?;
        let (endings, mut ended) = mpsc::unbounded_channel();
        let (agents, floor) = engine.into_parts();
        let (desk_thread, journal_thread) = (self.thread(), self.thread());
        let journal = {
            let metrics = Arc::clone(metrics);
            JournalActor::start_in_arbiter(&journal_thread, |_| JournalActor::new(journal, metrics))
        };
        let agents = agents.into_iter().map(|agent| {
            let id = agent.id();
            let actor = AgentActor::start_in_arbiter(&desk_thread, |_| AgentActor::new(agent));
            (id, actor.recipient())
        });
        let memory = (head, tally);
        let progress = Arc::clone(&self.progress);
        let way = match &self.venue {
            Some(venue) => {
                let known = open::memory(&floor, &fills, configuration.began_at);
                Some(venue.open(known, &listed, Arc::clone(brake)).await?)
            }
            None => None,
        };
        let mut desk =
            Desk::new(agents.collect(), floor, journal, memory, Arc::clone(metrics), progress);
        if let Some((way, _)) = &way {
            desk = desk.at(way.words());
        }
        if let Some(Lockstep { writes_late, .. }) = &self.lockstep {
            desk = desk.writing(if *writes_late { Writes::Late } else { Writes::AtOnce });
        }
        let orchestrator = {
            let endings = endings.clone();
            Orchestrator::start_in_arbiter(&desk_thread, |_| Orchestrator::new(desk, endings))
        };
        let market = {
            let (rest, metrics) = (Arc::clone(&rest), Arc::clone(metrics));
            let market =
                Market::new(collector, rest, orchestrator.clone(), endings.clone(), metrics);
            if self.lockstep.is_some() { market.one_by_one().start() } else { market.start() }
        };

        let way = way.map(|(way, returns)| {
            returns.pass_on(orchestrator.clone(), Alerts::new(store));
            way
        });
        self.reconcile(way.as_ref()).await;
        let mode = self.begin.mode;
        let switch = obey::begin(&self.data_dir, mode, Arc::clone(brake), &orchestrator).await?;
        let stream =
            self.begin(&configuration, &rest, &market, listed, endings.clone(), store).await?;
        if let Some(lockstep) = &self.lockstep {
            let words = way.as_ref().map(Way::words);
            actix::spawn(lockstep.clone().keep(market.clone(), stream.catch_up(), words));
        }
        trading.store(true, Ordering::Relaxed);
        let ending = tokio::select! {
            () = stop.asked() => Ending::Stopped,
            ending = ended.recv() => ending.unwrap_or(Ending::Stopped),
        };
        drop(stream);
        if let Some(facts) = facts {
            facts.stop().await;
        }
        let finished = match ending {
            Ending::Failed(failure) => return Err(failure),
            Ending::Finished => true,
            Ending::Stopped => false,
        };
        if !finished {
            tracing::info!("stopping: no more entries, settling what is under way");
        }
        // What is asked for from here on waits for the next start.
        drop(switch);
        let settling = self.settle(&market, &orchestrator, way.as_ref(), &mut ended);
        let (counters, tally, head) =
            tokio::time::timeout(SETTLING, settling).await.map_err(|_| {
                Failure::new(Code::Failed, "could not settle in time; the next start recovers")
            })??;
        if self.lockstep.is_none() {
            desk_thread.stop();
            journal_thread.stop();
        }
        self.note_end(store, run, finished, head).await?;
        post.finish().await;
        let stored = store.candle_counts().await?;
        let folder = self.place.folder.clone();
        let simulator = match self.until {
            Until::EndOfData if finished => Some(watch::status(&self.status_url()).await?),
            _ => None,
        };
        Ok(Summary { simulator, finished, tally, head, counters, stored, not_trading, folder })
    }

    fn thread(&self) -> ArbiterHandle {
        if self.lockstep.is_some() { Arbiter::current() } else { Arbiter::new().handle() }
    }
}
