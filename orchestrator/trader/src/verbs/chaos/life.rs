//! One life of the process: a whole session on a thread of its own, which ends in order or is killed.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::Receiver;
use std::thread::JoinHandle;

use domain::instrument::InstrumentId;
use domain::time::UtcMs;
use exchange::binance::signed::client::SignedOptions;
use exchange::binance::signed::keys::Keys;
use exchange::binance::signed::verdict;
use exchange::binance::spot::client::SpotClient;
use exchange::binance::stream::StreamOptions;
use exchange::binance::transport::RestOptions;
use exchange::binance::usdm::client::UsdmClient;
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
use crate::lockstep::{Lockstep, Move};
use crate::place::Place;
use crate::session::{Patience, Session, Until};
use crate::signals::Stop;
use crate::steps;
use crate::verbs::chaos::script::Script;
use crate::verbs::chaos::world::{KEY, SECRET};

/// How long an answer may take. What hangs costs as much.
const TIMEOUT_MS: u64 = 400;
/// Streams are kept up when they are asked to catch up, not by the clock.
const NEVER_MS: u64 = 24 * 3_600_000;

/// A life while it lasts.
pub(super) struct Life {
    stop: watch::Sender<bool>,
    kill: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<Outcome<()>>>,
    moves: watch::Sender<Move>,
    done: Receiver<Vec<InstrumentId>>,
    closing: Vec<InstrumentId>,
    is_over: bool,
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
    /// Begins one at this time of the market, and waits until it has done all that it can.
    pub(super) fn begin(script: &Script, around: &Surroundings, at: UtcMs) -> Outcome<Self> {
        let (stop, asked) = Stop::by_hand();
        let (kill, killed) = oneshot::channel();
        let (moves, heard) = watch::channel(Move { at, dies_after: None });
        let (tell, done) = std::sync::mpsc::channel();
        let thread = {
            let (script, around) = (script.clone(), around.clone());
            let thread = std::thread::Builder::new().name(format!("life-{}", script.seed));
            thread.spawn(move || {
                let writes_late = script.writes_late;
                let lockstep = Lockstep { moves: heard, done: tell, writes_late };
                let session = session(&script, &around, lockstep)?;
                let system = actix::System::new();
                let outcome = system.block_on(async move {
                    tokio::select! {
                        ended = session.trade_until(&asked) => ended.map(|_| ()),
                        _ = killed => Ok(()),
                        () = steps::death() => Ok(()),
                    }
                });
                // Every task is dropped where it stands, as a kill would leave it. Connections to the
                // database hand themselves back then, for which there must be a runtime.
                let context = around.runtime.enter();
                drop(system);
                drop(context);
                outcome
            })?
        };
        let (kill, thread) = (Some(kill), Some(thread));
        let mut life =
            Self { stop, kill, thread, moves, done, closing: Vec::new(), is_over: false };
        life.wait();
        Ok(life)
    }

    /// Whether it is closing what is held of an instrument by an order of its own.
    pub(super) fn is_closing(&self, instrument: InstrumentId) -> bool {
        self.closing.contains(&instrument)
    }

    /// Whether it has ended.
    pub(super) const fn is_over(&self) -> bool {
        self.is_over
    }

    /// Tells it that the market has moved, and waits until it has done all that follows, or has
    /// ended; after so many further steps of its decision path it dies.
    pub(super) fn follow(&mut self, at: UtcMs, dies_after: Option<u32>) {
        self.moves.send_replace(Move { at, dies_after });
        self.wait();
    }

    fn wait(&mut self) {
        match self.done.recv() {
            Ok(closing) => self.closing = closing,
            Err(_) => self.is_over = true,
        }
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

fn session(script: &Script, around: &Surroundings, lockstep: Lockstep) -> Outcome<Session> {
    // What waits by the clock would not be the same every time: a call is tried so often, and what
    // the venue asks us to wait is over at once.
    let patience = RestOptions {
        timeout_ms: TIMEOUT_MS,
        deadline_ms: 60_000,
        tries: 3,
        settle_ms: 0,
        backoff_base_ms: 1,
        backoff_max_ms: 2,
        seed: script.seed,
        pace: u64::MAX,
    };
    let options = SignedOptions { rest: patience.clone(), recv_window_ms: 60_000 };
    let keys = Keys::new(KEY.into(), &SecretString::from(SECRET)).expect("a key and a secret");
    let (rest_url, stream_url) =
        (format!("http://{}", around.address), format!("ws://{}", around.address));
    let (account, market, account_stream) = match script.market {
        verdict::Market::Spot => {
            let client = SpotClient::new(&rest_url, keys, options)?;
            (Account::Spot(client), Market::Spot, format!("{stream_url}/ws-api/v3"))
        }
        verdict::Market::Usdm => {
            let client = UsdmClient::new(&rest_url, keys, options)?;
            (Account::Usdm(client), Market::Usdm { hedge: false }, stream_url.clone())
        }
    };
    Ok(Session {
        begin: script.begin(),
        place: Place {
            key_file: None,
            folder: around.folder.clone(),
            url: Some(around.database.clone().into()),
        },
        data_dir: around.folder.clone(),
        mail: Mail::Missing(Vec::new()),
        stream_url,
        market: script.market,
        settle_ms: 0,
        until: Until::Stopped,
        metrics: Arc::new(Metrics::new(env!("CARGO_PKG_VERSION"))),
        readiness: Readiness::expecting(&[]),
        progress: Arc::new(|_| {}),
        venue: Some(Venue {
            account,
            stream_url: account_stream,
            stream: UserStreamOptions {
                connect_timeout_ms: TIMEOUT_MS,
                ping_every_ms: NEVER_MS,
                give_up_after_ms: NEVER_MS,
                backoff_base_ms: NEVER_MS,
                backoff_max_ms: NEVER_MS,
                seed: script.seed,
                ..UserStreamOptions::default()
            },
            terms: Terms {
                protect_within_ms: super::world::PROTECT_WITHIN_MS,
                ..Terms::usual(market)
            },
            in_turns: true,
        }),
        patience: Patience {
            rest: patience,
            stream: StreamOptions {
                connect_timeout_ms: TIMEOUT_MS,
                silent_after_ms: NEVER_MS,
                give_up_after_ms: NEVER_MS,
                backoff_base_ms: NEVER_MS,
                backoff_max_ms: NEVER_MS,
                seed: script.seed,
                ..StreamOptions::default()
            },
            ..Patience::default()
        },
        lockstep: Some(lockstep),
        rest_url,
    })
}
