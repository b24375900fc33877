//! The five invariants, held against the venue's own books.

use std::collections::BTreeMap;

use collector::collector::Collector;
use decision::core::Core;
use decision::record::{ConfigurationRecord, OrderRecord};
use decision::snapshot::TradingState;
use domain::canonical;
use domain::fill::Fill;
use domain::instrument::InstrumentId;
use domain::ledger::EntryKind;
use domain::order::{Order, OrderState, Role};
use domain::time::UtcMs;
use domain::venue_name::VenueName;
use rust_decimal::Decimal;
use serde::Serialize;
use simulator::snapshot::{BookedOrder, MarketBooks, Snapshot};
use store::store::Store;

use crate::ending::{Code, Failure, Outcome};
use crate::recovery;
use crate::verbs::chaos::script::Script;
use crate::verbs::chaos::world::PROTECT_WITHIN_MS;

/// What came of a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Verdict {
    pub(super) seed: u64,
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
    /// The longest that anything was held without a working stop, in ms of market time.
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

/// How long something was held bare.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Exposure {
    since: Option<UtcMs>,
    longest_ms: i64,
}

impl Exposure {
    pub(super) fn look(&mut self, now: UtcMs, bare: bool) {
        self.since = bare.then(|| self.since.unwrap_or(now));
        if let Some(since) = self.since {
            self.longest_ms = self.longest_ms.max(now.ms() - since.ms());
        }
    }
}

/// What is judged.
pub(super) struct Facts<'a> {
    pub(super) script: &'a Script,
    pub(super) books: &'a Snapshot,
    pub(super) exposures: BTreeMap<InstrumentId, Exposure>,
    pub(super) kills: u32,
    pub(super) failures: Vec<String>,
}

/// What the ledger says.
struct Ledger {
    fills: Vec<Fill>,
    /// By their last entry.
    orders: BTreeMap<String, Order>,
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
    let none = MarketBooks::default();
    let venue = books.spot.as_ref().unwrap_or(&none);
    let core = core.floor().core();
    let state = core.account().state();
    let longest = exposures.values().map(|exposure| exposure.longest_ms).max().unwrap_or(0);
    let mut faults: Vec<String> =
        script.plan.faults.iter().map(|fault| fault.name.to_string()).collect();
    faults.extend(failures.iter().map(|failure| format!("restarted: {failure}")));
    Ok(Verdict {
        seed: script.seed,
        minutes: script.minutes,
        kills,
        orders: venue.orders.len(),
        fills: venue.trades.len(),
        entries: ledger.entries,
        head: ledger.head.clone(),
        unprotected_ms: longest,
        state: state.name(),
        faults,
        lost: lost(venue, &ledger),
        doubled: doubled(venue, &ledger),
        denied: denied(venue, &ledger),
        unprotected: unprotected(&exposures, state),
        unequal: unequal(venue, core, script)?,
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

/// Every fill that the venue booked is in the ledger, with the same numbers.
fn lost(venue: &MarketBooks, ledger: &Ledger) -> Vec<String> {
    let mut lost = Vec::new();
    for trade in &venue.trades {
        let booked = ledger.fills.iter().find(|fill| {
            fill.venue_fill_id == trade.id && fill.instrument.symbol() == trade.symbol
        });
        let same = booked.is_some_and(|fill| {
            fill.price.to_decimal() == trade.price
                && fill.quantity.to_decimal() == trade.quantity
                && fill.fee.to_decimal() == trade.fee
                && fill.fee_asset.as_str() == trade.fee_asset
                && fill.side.to_string().eq_ignore_ascii_case(&trade.side)
        });
        if !same {
            let what =
                if booked.is_some() { "is booked otherwise" } else { "is not in the ledger" };
            let name = &trade.client_order_id;
            lost.push(format!("fill {} of {name} ({}) {what}", trade.id, trade.symbol));
        }
    }
    lost
}

/// No intent leads to two orders; no fill is booked twice.
fn doubled(venue: &MarketBooks, ledger: &Ledger) -> Vec<String> {
    let mut doubled = Vec::new();
    let mut fills: BTreeMap<(String, u64), u32> = BTreeMap::new();
    for fill in &ledger.fills {
        *fills.entry((fill.instrument.symbol(), fill.venue_fill_id)).or_default() += 1;
    }
    for ((symbol, id), times) in fills.into_iter().filter(|(_, times)| *times > 1) {
        doubled.push(format!("fill {id} of {symbol} is booked {times} times"));
    }
    for fill in &ledger.fills {
        let (symbol, id) = (fill.instrument.symbol(), fill.venue_fill_id);
        if !venue.trades.iter().any(|trade| trade.id == id && trade.symbol == symbol) {
            doubled.push(format!("fill {id} of {symbol} is in the ledger alone"));
        }
    }
    let mut names: BTreeMap<&str, u32> = BTreeMap::new();
    for order in &venue.orders {
        *names.entry(order.client_order_id.as_str()).or_default() += 1;
    }
    for (name, times) in names.into_iter().filter(|(_, times)| *times > 1) {
        doubled.push(format!("{name} was placed {times} times"));
    }
    // An entry or an exit that is replaced at the venue could have been filled twice.
    let filled = |order: &&BookedOrder| order.filled > Decimal::ZERO;
    let mut opened: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for order in venue.orders.iter().filter(filled) {
        if let Ok(name) = order.client_order_id.parse::<VenueName>()
            && matches!(name.id.role(), Role::Entry | Role::Exit)
        {
            opened.entry(name.id.to_string()).or_default().push(&order.client_order_id);
        }
    }
    for (name, orders) in opened.into_iter().filter(|(_, orders)| orders.len() > 1) {
        doubled.push(format!("{name} was filled by several orders: {}", orders.join(", ")));
    }
    doubled
}

/// What the ledger calls refused or ended, the venue does too; nothing of ours is in question.
fn denied(venue: &MarketBooks, ledger: &Ledger) -> Vec<String> {
    let mut denied = Vec::new();
    for order in ledger.orders.values() {
        let id = order.ticket.client_order_id;
        let at_venue = venue.orders.iter().filter(|booked| {
            booked.client_order_id.parse::<VenueName>().is_ok_and(|name| name.id == id)
        });
        let filled: Decimal = at_venue.clone().map(|booked| booked.filled).sum();
        let open = at_venue.clone().any(|booked| {
            matches!(booked.status.as_str(), "NEW" | "PARTIALLY_FILLED" | "PENDING_NEW")
        });
        if filled != order.filled.to_decimal() {
            let ours = order.filled;
            denied.push(format!("{id}: {ours} filled in the ledger, {filled} at the venue"));
        }
        if order.state.is_final() && open {
            denied.push(format!(
                "{id} is {} in the ledger and open at the venue",
                order.state.name()
            ));
        }
        if matches!(order.state, OrderState::Unknown | OrderState::Intended | OrderState::Submitted)
            && id.role() == Role::Entry
        {
            denied.push(format!("{id} is still {}", order.state.name()));
        }
    }
    denied
}

/// Nothing was held without a working stop for longer than is allowed, unless trading is halted
/// and a person was told.
fn unprotected(exposures: &BTreeMap<InstrumentId, Exposure>, state: TradingState) -> Vec<String> {
    // What is found missing then is closed, for which the same time is granted again.
    let limit = PROTECT_WITHIN_MS * 2;
    let bare = exposures.iter().filter(|(_, exposure)| exposure.longest_ms > limit);
    if state == TradingState::Halted {
        return Vec::new();
    }
    let seconds = |exposure: &Exposure| exposure.longest_ms / 1_000;
    bare.map(|(id, exposure)| format!("{id} was bare for {} s", seconds(exposure))).collect()
}

/// Balances, positions and average prices equal the venue's, to the last digit.
fn unequal(venue: &MarketBooks, core: &Core, script: &Script) -> Outcome<Vec<String>> {
    let mut unequal = Vec::new();
    let portfolio = &core.account().portfolio;
    let total = |asset: &str| {
        venue.balances.get(asset).map_or(Decimal::ZERO, |balance| balance.free + balance.locked)
    };
    let mut compare = |what: String, ours: Decimal, theirs: Decimal| {
        if ours != theirs {
            let (ours, theirs) = (ours.normalize(), theirs.normalize());
            unequal.push(format!("{what}: {ours} in the ledger, {theirs} at the venue"));
        }
    };
    compare("cash".to_owned(), portfolio.cash().to_decimal(), total("USDT"));
    for instrument in &script.pairs {
        let position = portfolio.positions().get(instrument);
        let held = position.map_or(Ok(Decimal::ZERO), |position| position.net_base())?;
        let asset = instrument.base();
        let beside = asset.parse().ok().and_then(|asset| portfolio.others().get(&asset));
        let ours = held + beside.map_or(Decimal::ZERO, |money| money.to_decimal());
        compare(format!("{asset} held"), ours, total(asset));
    }
    Ok(unequal)
}
