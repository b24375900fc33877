//! A trading session: store, recovery, actors, and an orderly end.

mod end;
mod noted;
mod start;
mod trade;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use collector::counters::Counters;
use domain::ledger::Head;
use exchange::binance::signed::verdict;
use exchange::binance::stream::StreamOptions;
use exchange::binance::transport::RestOptions;
use store::candles::CandleCount;
use telemetry::metrics::Metrics;
use telemetry::readiness::Readiness;

use crate::config::settings::Mail;
use crate::desk::tally::Tally;
use crate::ending::{Code, Failure, Outcome};
use crate::gateway::open::Venue;
use crate::lockstep::Lockstep;
use crate::place::Place;
use crate::setup::Begin;

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
            // The venue answers most questions at once. That an order never reached it only time can
            // prove, and meanwhile what is open wants to be looked after.
            reconciling: Duration::from_secs(2),
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

fn send<T>(answered: Result<T, actix::MailboxError>) -> Outcome<T> {
    answered.map_err(|error| Failure::new(Code::Failed, format!("an actor stopped: {error}")))
}
