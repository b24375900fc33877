//! A trading session: store, recovery, actors, and an orderly end.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use actix::{Actor, Addr, Arbiter, ArbiterHandle};
use collector::collector::Collector;
use collector::counters::Counters;
use decision::record::ConfigurationRecord;
use decision::snapshot::TradingState;
use domain::ids::{Id, RunSeed};
use domain::instrument::{Instrument, InstrumentId};
use domain::ledger::Head;
use domain::time::UtcMs;
use exchange::binance::clock::local_now;
use exchange::binance::rest::RestClient;
use exchange::binance::signed::verdict;
use exchange::binance::stream::{StreamClient, StreamHandle, StreamOptions};
use exchange::binance::transport::RestOptions;
use exchange::binance::weight::WeightLimit;
use serde_json::json;
use shell::agent::AgentActor;
use shell::post::post;
use store::audit::AuditRow;
use store::candles::CandleCount;
use store::journal::Journal;
use store::runs::RunRow;
use store::store::Store;
use telemetry::metrics::Metrics;
use telemetry::readiness::Readiness;
use tokio::sync::mpsc;

use crate::alerts::post::{self, Post};
use crate::alerts::raise::Alerts;
use crate::config::settings::Mail;
use crate::control::brake::Brake;
use crate::control::obey;
use crate::desk::journal::JournalActor;
use crate::desk::orchestrator::{Desk, Orchestrator, Settle, Writes};
use crate::desk::tally::{self, Tally};
use crate::ending::{Code, Ending, Failure, Outcome};
use crate::gateway::open::{self, Venue, Way};
use crate::lockstep::Lockstep;
use crate::market::actor::{Ask, Close, Market, Open};
use crate::market::facts::collect::{Collecting, Wanted};
use crate::market::feed;
use crate::place::Place;
use crate::recovery::{self, Recovered};
use crate::setup::{self, Begin};
use crate::signals::Stop;
use crate::watch;

/// What an orderly end may take: below the ten seconds that a service manager grants.
const SETTLING: Duration = Duration::from_secs(8);

/// How long the venue may take to answer at the start: whoever waits there wants to know.
const START_DEADLINE_MS: u64 = 20_000;

/// When a session ends by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Until {
    /// Never.
    Stopped,
    /// When a replaying simulator has no more candles.
    EndOfData,
    /// When what had closed at its start is decided.
    Once,
}

/// What a session needs to know.
pub struct Session {
    /// What a new run is begun with.
    pub begin: Begin,
    /// Where its store is.
    pub place: Place,
    /// Where a person leaves words, and the file that halts.
    pub data_dir: PathBuf,
    /// Which of the venue's markets is traded.
    pub market: verdict::Market,
    /// The venue's REST address.
    pub rest_url: String,
    /// The venue's stream address.
    pub stream_url: String,
    /// How far the venue's candles trail its clock.
    pub settle_ms: u64,
    /// Where alerts go.
    pub mail: Mail,
    /// When it ends by itself.
    pub until: Until,
    /// Metrics of the process.
    pub metrics: Arc<Metrics>,
    /// Health of the process.
    pub readiness: Readiness,
    /// Where progress is shown.
    pub progress: Arc<dyn Fn(&Tally) + Send + Sync>,
    /// The real venue that orders go to; none for the simulated one.
    pub venue: Option<Venue>,
    /// Patience with the venue.
    pub patience: Patience,
    /// What keeps it in step with a market that somebody moves by hand. Then the actors share the
    /// caller's thread, so that what happens is one sequence.
    pub lockstep: Option<Lockstep>,
}

/// Patience with the venue.
#[derive(Debug, Clone)]
pub struct Patience {
    /// With its market data's answers.
    pub rest: RestOptions,
    /// With their stream.
    pub stream: StreamOptions,
    /// With orders in question at the start.
    pub reconciling: Duration,
    /// With orders under way at the end.
    pub farewell: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            rest: RestOptions::default(),
            stream: StreamOptions::default(),
            reconciling: Duration::from_secs(15),
            farewell: Duration::from_secs(3),
        }
    }
}

/// What a session leaves behind.
pub struct Summary {
    /// Whether it ended by itself.
    pub finished: bool,
    /// What was counted, over the whole ledger.
    pub tally: Tally,
    /// The chain's end.
    pub head: Head,
    /// What the collector counted in this session.
    pub counters: Counters,
    /// Candles in the store.
    pub stored: Vec<CandleCount>,
    /// Pairs that the venue does not trade.
    pub not_trading: Vec<String>,
    /// Where the store is.
    pub folder: PathBuf,
    /// What the simulator says of itself, where the venue is one.
    pub simulator: Option<serde_json::Value>,
}

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

    /// The configuration of the run that the store holds, if it is the one that is asked for; of
    /// a new run where it holds none.
    async fn agree(&self, store: &Store, rest: &RestClient) -> Outcome<ConfigurationRecord> {
        let Some(stored) = recovery::stored_configuration(store).await? else {
            return Ok(setup::configuration(&self.begin, self.clock(rest).await?));
        };
        let differs =
            setup::difference(&stored, &setup::configuration(&self.begin, stored.began_at));
        if differs.is_empty() {
            return Ok(stored);
        }
        let message = format!(
            "{} holds a run with another configuration: {}; go on with that one, or use another \
             SEXTANT_DATA_DIR (or database) for a new run",
            self.place,
            differs.join("; ")
        );
        Err(Failure::new(Code::Refused, message))
    }

    /// Writes down that the run begins, or goes on.
    async fn note_start(
        &self,
        store: &Store,
        configuration: &ConfigurationRecord,
        recovered: u64,
    ) -> Outcome<Id> {
        let ConfigurationRecord { seed, mode, policy_hash, .. } = configuration;
        let id = Id::of(RunSeed(*seed), 0, "run", mode);
        let (seed, mode, config_hash) = (RunSeed(*seed), mode.clone(), policy_hash.clone());
        let (started_at, finished_at) = (local_now(), None);
        store.begin_run(&RunRow { id, seed, mode, config_hash, started_at, finished_at }).await?;
        let action = if recovered == 0 { "run begun" } else { "run continued" };
        self.audit(store, action, json!({ "run": id, "recovered_events": recovered })).await?;
        Ok(id)
    }

    /// Writes down how the run ended.
    async fn note_end(&self, store: &Store, run: Id, finished: bool, head: Head) -> Outcome<()> {
        if finished {
            store.finish_run(run, local_now()).await?;
        }
        let action = if finished { "run finished" } else { "run stopped" };
        self.audit(store, action, json!({ "run": run, "ledger_head": head })).await
    }

    async fn audit(&self, store: &Store, action: &str, details: serde_json::Value) -> Outcome<()> {
        let (actor, action) = (format!("sextant {}", self.begin.mode), action.to_owned());
        Ok(store
            .audit(&AuditRow { at: local_now(), actor, action, details, success: true })
            .await?)
    }

    /// The venue's clock; for a single cycle the last close, which is what a scheduler asks for.
    async fn clock(&self, rest: &RestClient) -> Outcome<UtcMs> {
        let now = rest.time().await?;
        let timeframe = self.begin.policy.profile.decision_timeframe;
        Ok(if self.until == Until::Once { timeframe.open_of(now) } else { now })
    }

    fn status_url(&self) -> String {
        format!("{}/sim/status", self.rest_url.trim_end_matches('/'))
    }

    fn rest(&self, deadline_ms: u64) -> Outcome<RestClient> {
        let settle_ms = self.settle_ms;
        let options = RestOptions { settle_ms, deadline_ms, ..self.patience.rest.clone() };
        Ok(RestClient::new(&self.rest_url, self.market, options)?)
    }

    /// What the venue lists of the configured instruments, and what it does not trade now.
    async fn list(
        &self,
        rest: &RestClient,
        wanted: &[InstrumentId],
    ) -> Outcome<(Vec<Instrument>, Vec<WeightLimit>, Vec<String>)> {
        let listing = rest.instruments(wanted).await?;
        let mut not_trading = Vec::new();
        for (instrument, status) in &listing.not_trading {
            tracing::warn!(%instrument, status, "the venue lists this pair but does not trade it now");
            not_trading.push(format!("{instrument} ({status})"));
        }
        for instrument in &listing.unknown {
            tracing::warn!(%instrument, "the venue does not know this pair");
            not_trading.push(format!("{instrument} (unknown)"));
        }
        if listing.instruments.is_empty() {
            let names: Vec<_> = wanted.iter().map(InstrumentId::to_string).collect();
            let message = format!(
                "{} trades none of {}: check CRYPTO_PAIRS",
                self.rest_url,
                names.join(", ")
            );
            return Err(Failure::new(Code::Venue, message));
        }
        Ok((listing.instruments, listing.limits, not_trading))
    }

    /// Collects what futures tell beside candles, for as long as the session lasts.
    async fn collect(
        &self,
        listed: &[Instrument],
        limits: Vec<WeightLimit>,
        store: &Store,
    ) -> Outcome<Option<Collecting>> {
        // In one thread everything is to happen in one order; what is told beside has none.
        let pointless = self.until == Until::Once || self.lockstep.is_some();
        if self.market == verdict::Market::Spot || pointless {
            return Ok(None);
        }
        let wanted = Wanted {
            rest_url: self.rest_url.clone(),
            stream_url: self.stream_url.clone(),
            instruments: listed.iter().map(|instrument| instrument.id).collect(),
            limits,
        };
        Ok(Some(Collecting::start(wanted, store, &self.metrics).await?))
    }

    /// Reads the venue's clock, opens the stream and watches for the session's own end.
    async fn begin(
        &self,
        configuration: &ConfigurationRecord,
        rest: &Arc<RestClient>,
        market: &Addr<Market>,
        listed: Vec<Instrument>,
        endings: mpsc::UnboundedSender<Ending>,
        store: &Store,
    ) -> Outcome<StreamHandle> {
        let clock = rest.clock().await?;
        self.metrics.clock_offset.set(clock.offset_ms as f64 / 1e3);
        let venue_time = self.clock(rest).await?;
        let began_at = configuration.began_at;
        let streams: Vec<_> = listed
            .iter()
            .flat_map(|instrument| configuration.timeframes.iter().map(|t| (instrument.id, *t)))
            .collect();
        send(market.send(Open { began_at, venue_time, listed }).await)?;
        let (handle, messages) = StreamClient::spawn(
            &self.stream_url,
            self.market,
            streams,
            self.patience.stream.clone(),
        )?;
        actix::spawn(feed::read(messages, market.clone(), Arc::clone(rest)));
        let (market, until) = (market.clone(), self.until.clone());
        let status_url = self.status_url();
        let (readiness, alerts) = (self.readiness.clone(), Alerts::new(store));
        actix::spawn(async move {
            let watched =
                watch::watch(&market, &until, venue_time, &status_url, &readiness, &alerts);
            let outcome = watched.await;
            let ending = outcome.map_or_else(Ending::Failed, |()| Ending::Finished);
            // Gone means that the session is over already.
            let _ = endings.send(ending);
        });
        Ok(handle)
    }

    /// Waits until the venue has proven what the ledger believes. What stays in question counts as
    /// exposure, so trading may begin without it.
    async fn reconcile(&self, way: Option<&Way>) {
        let Some(way) = way else { return };
        if let Some(lockstep) = &self.lockstep {
            open::turn(&way.words(), lockstep.now()).await;
        } else if !way.quiet(self.patience.reconciling).await {
            tracing::warn!("the venue has not proven every order's state yet");
        }
    }

    async fn settle(
        &self,
        market: &Addr<Market>,
        orchestrator: &Addr<Orchestrator>,
        way: Option<&Way>,
        ended: &mut mpsc::UnboundedReceiver<Ending>,
    ) -> Outcome<(Counters, Tally, Head)> {
        post(market, Close).map_err(|refused| {
            self.metrics.mailbox_refusals.of("collector").inc();
            Failure::new(Code::Failed, format!("the collector can't be closed: {refused}"))
        })?;
        let state = send(market.send(Ask { settled_to: UtcMs::default() }).await)?;
        // What is not quiet by then, the next start asks the venue for.
        if let Some(way) = way
            && !way.quiet(self.patience.farewell).await
        {
            tracing::warn!("orders are still under way; the next start asks the venue for them");
        }
        let settled = send(orchestrator.send(Settle).await)?;
        while let Ok(ending) = ended.try_recv() {
            if let Ending::Failed(failure) = ending {
                return Err(failure);
            }
        }
        let (tally, head) = settled
            .ok_or_else(|| Failure::new(Code::Failed, "the orchestrator has failed before"))?;
        Ok((state.counters, tally, head))
    }
}

fn send<T>(answered: Result<T, actix::MailboxError>) -> Outcome<T> {
    answered.map_err(|error| Failure::new(Code::Failed, format!("an actor stopped: {error}")))
}
