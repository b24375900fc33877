//! What came of a run: its ledger, read again, and the venue's own books.

use std::collections::BTreeMap;

use collector::collector::Collector;
use decision::record::{ConfigurationRecord, OrderRecord};
use domain::canonical;
use domain::fill::Fill;
use domain::instrument::InstrumentId;
use domain::ledger::EntryKind;
use domain::order::Order;
use exchange::binance::signed::verdict::Market;
use serde::Serialize;
use simulator::snapshot::{MarketBooks, Snapshot};
use store::store::Store;

use crate::ending::{Code, Failure, Outcome};
use crate::recovery;
use crate::verbs::chaos::exposure::{Exposure, length_ms};
use crate::verbs::chaos::invariants;
use crate::verbs::chaos::script::Script;

/// What came of a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Verdict {
    pub(super) seed: u64,
    /// Which market was traded.
    pub(super) market: &'static str,
    pub(super) minutes: u32,
    /// How often the process was killed.
    pub(super) kills: u32,
    /// Orders at the venue.
    pub(super) orders: usize,
    /// Executions at the venue.
    pub(super) fills: usize,
    /// Entries of the ledger.
    pub(super) entries: u64,
    /// Its last hash: the same seed ends with the same.
    pub(super) head: String,
    /// The longest that anything was held without a working stop and without being closed, in ms of
    /// market time.
    pub(super) unprotected_ms: i64,
    /// How trading stood at the end.
    pub(super) state: &'static str,
    /// Names of the faults that were in the script.
    pub(super) faults: Vec<String>,
    /// Everything that should not be.
    pub(super) lost: Vec<String>,
    pub(super) doubled: Vec<String>,
    pub(super) denied: Vec<String>,
    pub(super) unprotected: Vec<String>,
    pub(super) unequal: Vec<String>,
    pub(super) took_ms: u64,
}

impl Verdict {
    /// Whether every invariant holds.
    pub(super) fn holds(&self) -> bool {
        [&self.lost, &self.doubled, &self.denied, &self.unprotected, &self.unequal]
            .into_iter()
            .all(Vec::is_empty)
    }
}

/// What came of all runs, by seed.
#[derive(Default)]
pub(super) struct Runs {
    pub(super) verdicts: Vec<Verdict>,
    /// What a run failed of, so that there is nothing to judge.
    pub(super) failed: BTreeMap<u64, String>,
}

impl Runs {
    pub(super) fn add(&mut self, seed: u64, lived: Outcome<Verdict>) {
        match lived {
            Ok(verdict) => self.verdicts.push(verdict),
            Err(failure) => drop(self.failed.insert(seed, failure.to_string())),
        }
    }
}

/// The books of the market that a run trades.
pub(super) fn of_market(books: Snapshot, market: Market) -> Option<MarketBooks> {
    match market {
        Market::Spot => books.spot,
        Market::Usdm => books.usdm,
    }
}

/// What is judged.
pub(super) struct Facts<'a> {
    pub(super) script: &'a Script,
    pub(super) books: Snapshot,
    pub(super) exposures: BTreeMap<InstrumentId, Exposure>,
    pub(super) kills: u32,
    pub(super) failures: Vec<String>,
}

/// What the ledger says.
pub(super) struct Ledger {
    pub(super) fills: Vec<Fill>,
    /// By their last entry.
    pub(super) orders: BTreeMap<String, Order>,
    entries: u64,
    head: String,
}

/// Judges a run by the venue's books and by what its store holds.
pub(super) async fn judge(facts: Facts<'_>, database: &str) -> Outcome<Verdict> {
    let store = Store::open(database).await?;
    let configuration = recovery::stored_configuration(&store).await?;
    let nothing = || Failure::new(Code::Failed, "the run wrote nothing");
    let configuration = configuration.ok_or_else(nothing)?;
    let ledger = Ledger::read(&store).await?;
    // Recovery holds every entry against what comes out of the stored inputs.
    let core = recovered(&store, &configuration).await?;
    store.close().await;
    let Facts { script, books, exposures, kills, failures } = facts;
    let venue = &of_market(books, script.market).unwrap_or_default();
    let core = core.floor().core();
    let state = core.account().state();
    let left_alone = invariants::left_alone(&exposures, &core.account().portfolio);
    let longest = left_alone.values().map(|span| length_ms(*span)).max();
    let mut faults: Vec<String> =
        script.plan.faults.iter().map(|fault| fault.name.to_string()).collect();
    faults.extend(failures.iter().map(|failure| format!("restarted: {failure}")));
    Ok(Verdict {
        seed: script.seed,
        market: match script.market {
            Market::Spot => "spot",
            Market::Usdm => "usdm",
        },
        minutes: script.minutes,
        kills,
        orders: venue.orders.len() + venue.conditional.len(),
        fills: venue.trades.len(),
        entries: ledger.entries,
        head: ledger.head.clone(),
        unprotected_ms: longest.unwrap_or(0),
        state: state.name(),
        faults,
        lost: invariants::lost(venue, &ledger),
        doubled: invariants::doubled(venue, &ledger),
        denied: invariants::denied(venue, &ledger),
        unprotected: invariants::unprotected(&left_alone, state),
        unequal: invariants::unequal(venue, core, script)?,
        took_ms: 0,
    })
}

async fn recovered(
    store: &Store,
    configuration: &ConfigurationRecord,
) -> Outcome<backtest::engine::Engine> {
    let ConfigurationRecord { instruments, timeframes, .. } = configuration;
    let wanted = collector::config::Config::new(instruments.clone(), timeframes.clone());
    let mut collector = Collector::new(wanted)?;
    Ok(recovery::recover(store, configuration, &mut collector).await?.engine)
}

impl Ledger {
    async fn read(store: &Store) -> Outcome<Self> {
        let head = store.ledger_head().await?;
        let (mut fills, mut orders) = (Vec::new(), BTreeMap::new());
        for entry in store.ledger_entries(1, head.seq).await? {
            match entry.kind {
                EntryKind::Fill => fills.push(canonical::decode(&entry.payload)?),
                EntryKind::Order => {
                    let OrderRecord { order, .. } = canonical::decode(&entry.payload)?;
                    orders.insert(order.ticket.client_order_id.to_string(), order);
                }
                _ => {}
            }
        }
        Ok(Self { fills, orders, entries: head.seq, head: head.hash.to_string() })
    }
}
