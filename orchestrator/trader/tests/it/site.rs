//! One run: its folder, its store, and what it needs to begin and to go on.

use std::collections::BTreeMap;
use std::sync::OnceLock;
use std::time::Duration;

use serde_json::Value;

use crate::database::{self, Content};
use crate::harness::{Ended, Folder, Launch, now};
use crate::market::{Market, PAIRS};

pub(crate) struct Site {
    pub(crate) folder: Folder,
    /// An external database; none for the embedded store.
    pub(crate) url: Option<String>,
}

impl Site {
    /// On the embedded store.
    pub(crate) fn embedded(name: &str) -> Self {
        Self { folder: Folder::new(name), url: None }
    }

    /// On a PostgreSQL that runs for itself.
    pub(crate) fn external(name: &str) -> Self {
        Self { folder: Folder::new(name), url: Some(database::fresh()) }
    }

    /// Any verb.
    pub(crate) fn verb(&self, arguments: &[&str]) -> Launch {
        let launch = Launch::sextant(&self.folder, arguments).env("CRYPTO_PAIRS", PAIRS);
        match &self.url {
            Some(url) => launch.env("DATABASE_URL", url),
            None => launch,
        }
    }

    /// A run on `market` until its candles end.
    pub(crate) fn run(&self, market: &Market) -> Launch {
        self.trade(market, &["run", "--exit-at-end", "--json"])
    }

    /// A verb that trades on `market`.
    pub(crate) fn trade(&self, market: &Market, arguments: &[&str]) -> Launch {
        self.trade_at((&market.rest, &market.stream), arguments)
    }

    /// The same at the market of these addresses.
    pub(crate) fn trade_at(&self, (rest, stream): (&str, &str), arguments: &[&str]) -> Launch {
        self.verb(arguments).env("BINANCE_REST_URL", rest).env("BINANCE_STREAM_URL", stream)
    }

    /// Lets `work` use the database of `mode`, `paper` or `demo`.
    pub(crate) fn database<T>(&self, mode: &str, work: impl FnOnce(&str) -> T) -> T {
        match &self.url {
            Some(url) => work(url),
            None => database::embedded(&self.folder.path().join("data").join(mode), work),
        }
    }

    /// What is in the database of `mode`.
    pub(crate) fn content(&self, mode: &str) -> BTreeMap<&'static str, Content> {
        self.database(mode, database::content)
    }

    /// `sextant verify`.
    pub(crate) fn verify(&self) -> Ended {
        self.verb(&["verify", "--json"]).end()
    }
}

/// What a run that nobody disturbed ends with.
pub(crate) struct Undisturbed {
    pub(crate) summary: Value,
    pub(crate) content: BTreeMap<&'static str, Content>,
    pub(crate) took: Duration,
}

impl Undisturbed {
    /// On the standard market; made once for all tests.
    pub(crate) fn get() -> &'static Self {
        static UNDISTURBED: OnceLock<Undisturbed> = OnceLock::new();
        UNDISTURBED.get_or_init(|| {
            let site = Site::embedded("undisturbed");
            let market = Market::start(&site.folder, &[]);
            let started = now();
            let summary = site.run(&market).end().json();
            let took = started.elapsed();
            assert_eq!(site.verify().json()["holds"], true);
            Self { summary, content: site.content("paper"), took }
        })
    }

    pub(crate) fn head(&self) -> &str {
        head(&self.summary)
    }
}

/// Where a run's ledger ends.
pub(crate) fn head(summary: &Value) -> &str {
    summary["ledger_head_hash"].as_str().unwrap()
}
