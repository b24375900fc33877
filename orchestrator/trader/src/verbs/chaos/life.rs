//! One life of the process: a whole session on a thread of its own, which ends in order or is killed.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use domain::time::UtcMs;
use exchange::binance::signed::client::SignedOptions;
use exchange::binance::signed::keys::Keys;
use exchange::binance::spot::client::SpotClient;
use exchange::binance::stream::StreamOptions;
use exchange::binance::transport::RestOptions;
use exchange::binance::user_stream::stream::UserStreamOptions;
use execution::terms::{Market, Terms};
use secrecy::SecretString;
use telemetry::metrics::Metrics;
use telemetry::readiness::Readiness;
use tokio::runtime::Handle;
use tokio::sync::{oneshot, watch};

use crate::config::settings::Mail;
use crate::ending::{Code, Failure, Outcome};
use crate::gateway::account::Account;
use crate::gateway::open::Venue;
use crate::place::Place;
use crate::session::{Patience, Session, Until};
use crate::signals::Stop;
use crate::steps;
use crate::verbs::chaos::script::Script;
use crate::verbs::chaos::watch::Pulse;
use crate::verbs::chaos::world::{KEY, SECRET};

/// A life while it lasts.
pub(super) struct Life {
    pub(super) pulse: Pulse,
    stop: watch::Sender<bool>,
    kill: Option<oneshot::Sender<()>>,
    over: Arc<AtomicBool>,
    thread: Option<JoinHandle<Outcome<()>>>,
    arm: std::sync::mpsc::Sender<u32>,
    tell: watch::Sender<UtcMs>,
}

/// Where a life finds what it needs.
#[derive(Debug, Clone)]
pub(super) struct Surroundings {
    pub(super) database: String,
    pub(super) folder: PathBuf,
    /// `127.0.0.1:…`
    pub(super) address: String,
    /// The world's own.
    pub(super) runtime: Handle,
}

impl Life {
    /// Begins one.
    pub(super) fn begin(script: &Script, around: &Surroundings) -> Outcome<Self> {
        let pulse = Pulse::default();
        let (stop, asked) = Stop::by_hand();
        let (kill, killed) = oneshot::channel();
        let (arm, armed) = std::sync::mpsc::channel();
        let (tell, clock) = watch::channel(script.start_at);
        let over = Arc::new(AtomicBool::new(false));
        let thread = {
            let (script, around, pulse) = (script.clone(), around.clone(), pulse.clone());
            let over = Arc::clone(&over);
            let thread = std::thread::Builder::new().name(format!("life-{}", script.seed));
            thread.spawn(move || {
                let session = session(&script, &around, &pulse, clock)?;
                let system = actix::System::new();
                let outcome = system.block_on(async {
                    let died = steps::killed_by(armed);
                    tokio::select! {
                        ended = session.trade_until(&asked) => ended.map(|_| ()),
                        _ = killed => Ok(()),
                        () = died => Ok(()),
                    }
                });
                // Every task is dropped where it stands, as a kill would leave it. Connections to the
                // database hand themselves back then, for which there must be a runtime.
                let context = around.runtime.enter();
                drop(system);
                drop(context);
                over.store(true, Ordering::SeqCst);
                outcome
            })?
        };
        Ok(Self { pulse, stop, kill: Some(kill), over, thread: Some(thread), arm, tell })
    }

    /// Whether it has ended.
    pub(super) fn is_over(&self) -> bool {
        self.over.load(Ordering::SeqCst) || self.thread.as_ref().is_none_or(JoinHandle::is_finished)
    }

    /// Tells it the venue's time.
    pub(super) fn tell(&self, now: UtcMs) {
        self.tell.send_replace(now);
    }

    /// Has it die after so many further steps of its decision path.
    pub(super) fn arm(&self, steps: u32) {
        // A life that is over needs no killing.
        let _ = self.arm.send(steps);
    }

    /// Kills it where it stands, if it is not dead yet.
    pub(super) fn kill(mut self) -> Outcome<()> {
        if let Some(kill) = self.kill.take() {
            // A life that is over needs no killing.
            let _ = kill.send(());
        }
        self.join()
    }

    /// Ends it in order.
    pub(super) fn end(self) -> Outcome<()> {
        // One that is over has stopped.
        let _ = self.stop.send(true);
        self.join()
    }

    fn join(mut self) -> Outcome<()> {
        match self.thread.take().map(JoinHandle::join) {
            Some(Ok(outcome)) => outcome,
            Some(Err(_)) => Err(Failure::new(Code::Failed, "a life ended in a panic")),
            None => Ok(()),
        }
    }
}

fn session(
    script: &Script,
    around: &Surroundings,
    pulse: &Pulse,
    clock: watch::Receiver<UtcMs>,
) -> Outcome<Session> {
    let patience = RestOptions {
        timeout_ms: 250,
        deadline_ms: 600,
        settle_ms: 0,
        backoff_base_ms: 5,
        backoff_max_ms: 40,
        seed: script.seed,
        pace: 1_000,
    };
    let options = SignedOptions { rest: patience.clone(), recv_window_ms: 60_000 };
    let keys = Keys::new(KEY.into(), &SecretString::from(SECRET)).expect("a key and a secret");
    let rest_url = format!("http://{}", around.address);
    let decided = Arc::clone(&pulse.decided_ms);
    Ok(Session {
        begin: script.begin(),
        place: Place {
            key_file: None,
            folder: around.folder.clone(),
            url: Some(around.database.clone().into()),
        },
        data_dir: around.folder.clone(),
        mail: Mail::Missing(Vec::new()),
        stream_url: format!("ws://{}", around.address),
        market: exchange::binance::signed::verdict::Market::Spot,
        settle_ms: 0,
        until: Until::Stopped,
        metrics: Arc::new(Metrics::new(env!("CARGO_PKG_VERSION"))),
        readiness: Readiness::expecting(&[]),
        progress: Arc::new(move |tally| decided.store(tally.now.ms(), Ordering::SeqCst)),
        venue: Some(Venue {
            account: Account::Spot(SpotClient::new(&rest_url, keys, options)?),
            stream_url: format!("ws://{}/ws-api/v3", around.address),
            stream: UserStreamOptions {
                connect_timeout_ms: 250,
                ping_every_ms: 200,
                give_up_after_ms: 900,
                backoff_base_ms: 5,
                backoff_max_ms: 20,
                seed: script.seed,
                ..UserStreamOptions::default()
            },
            terms: Terms {
                protect_within_ms: super::world::PROTECT_WITHIN_MS,
                ..Terms::usual(Market::Spot)
            },
            gauge: Arc::clone(&pulse.gauge),
            clock: Some(clock),
        }),
        patience: Patience {
            rest: patience,
            reconciling: Duration::from_millis(200),
            farewell: Duration::from_millis(200),
            stream: StreamOptions {
                connect_timeout_ms: 250,
                silent_after_ms: 900,
                give_up_after_ms: 1_500,
                backoff_base_ms: 5,
                backoff_max_ms: 20,
                seed: script.seed,
                ..StreamOptions::default()
            },
        },
        one_thread: true,
        rest_url,
    })
}
