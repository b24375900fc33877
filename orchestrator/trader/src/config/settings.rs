//! What the program is configured to do, typed and checked.

use std::net::SocketAddr;
use std::path::PathBuf;

use decision::policy::Policy;
use domain::ids::RunSeed;
use domain::instrument::{Asset, InstrumentId};
use domain::money::Money;
use domain::timeframe::Timeframe;
use exchange::binance::signed::verdict::Market;
use secrecy::SecretString;

use super::endpoints::{Addresses, Endpoints, Network};

/// Where orders go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    /// To the simulated venue, at real prices.
    Paper,
}

impl Mode {
    /// Its name in the ledger and in the data folder.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Paper => "paper",
        }
    }
}

/// Where everything is kept.
#[derive(Debug, Clone)]
pub(crate) enum StoreChoice {
    /// In the program's own PostgreSQL, in the data folder.
    Embedded,
    /// In the PostgreSQL or TimescaleDB at this address.
    Url(SecretString),
}

impl StoreChoice {
    /// The address of a database of one's own.
    pub(crate) const fn url(&self) -> Option<&SecretString> {
        match self {
            Self::Embedded => None,
            Self::Url(url) => Some(url),
        }
    }
}

/// How a log line looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LogFormat {
    /// One JSON object.
    Json,
    /// Text.
    Human,
}

impl LogFormat {
    /// As it is configured.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::Human => "human",
        }
    }
}

/// What is logged and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Log {
    /// Levels by target, as `info,sqlx=warn`.
    pub(crate) filter: String,
    /// How a line looks.
    pub(crate) format: LogFormat,
}

/// Where alerts go.
#[derive(Debug, Clone)]
pub(crate) enum Mail {
    /// Through this server.
    To(Box<notify::mailer::Settings>),
    /// Nowhere: these settings are missing. They wait in the store, where `status` shows them.
    Missing(Vec<&'static str>),
}

/// An API key with its secret half: text for HMAC, a PEM for Ed25519.
#[derive(Debug, Clone)]
pub(crate) struct ApiKeys {
    /// The public half.
    pub(crate) key: SecretString,
    /// The secret half.
    pub(crate) secret: SecretString,
}

/// What trading with real money takes.
#[derive(Debug, Clone)]
pub(crate) struct Live {
    /// Whether the keys are those of the venue's test network.
    pub(crate) testnet: bool,
    /// The account's keys.
    pub(crate) keys: Option<ApiKeys>,
    /// The words that say that a person means it.
    pub(crate) confirmation: Option<String>,
    /// Where the record of paper trading is.
    pub(crate) paper: StoreChoice,
    /// Overrides that 14 days of paper trading are asked for.
    pub(crate) without_paper_record: bool,
    /// Overrides that a fresh backup is asked for.
    pub(crate) without_backup: bool,
    /// The file that every backup touches; none: `backup.done` in the data folder.
    pub(crate) backup_marker: Option<PathBuf>,
    /// How old a backup may be.
    pub(crate) backup_max_days: u32,
}

/// Everything together.
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    /// Where orders go.
    pub(crate) mode: Mode,
    /// Capital at the first start, above nought, in `quote`.
    pub(crate) capital: Money,
    /// What all instruments are quoted in.
    pub(crate) quote: Asset,
    /// What is traded, as ordered by the person, without doubles; all of one market.
    pub(crate) instruments: Vec<InstrumentId>,
    /// What is collected, fine to coarse; the profile's decision timeframe is among them.
    pub(crate) timeframes: Vec<Timeframe>,
    /// The profile with its overrides, the weights, the costs.
    pub(crate) policy: Policy,
    /// Part of every id.
    pub(crate) seed: RunSeed,
    /// Where everything is kept.
    pub(crate) store: StoreChoice,
    /// Folder of the embedded store and the ledger's key and head; it may not exist yet.
    pub(crate) data_dir: PathBuf,
    /// The file of the key that seals the ledger; none: the key in `data_dir`, made there with the
    /// first ledger.
    pub(crate) ledger_key_file: Option<PathBuf>,
    /// Where the venue is.
    pub(crate) endpoints: Endpoints,
    /// Where metrics and health are served.
    pub(crate) metrics_addr: SocketAddr,
    /// What is logged and how.
    pub(crate) log: Log,
    /// Where alerts go.
    pub(crate) mail: Mail,
    /// Address of Redis, if one is used.
    pub(crate) redis: Option<SecretString>,
    /// What trading with real money takes.
    pub(crate) live: Live,
}

impl Settings {
    /// The one market of all `instruments`.
    pub(crate) fn market(&self) -> Market {
        self.instruments.first().map_or(Market::Spot, |first| Market::of(*first))
    }

    /// Where the market data of the pairs come from.
    pub(crate) fn addresses(&self, market: Market) -> Addresses {
        self.endpoints.of(market, Network::Live)
    }

    /// Where the account is, and the market that it trades at.
    pub(crate) fn account(&self) -> Addresses {
        let network = if self.live.testnet { Network::Testnet } else { Network::Live };
        self.endpoints.of(self.market(), network)
    }
}
