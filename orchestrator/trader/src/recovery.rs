//! Start-up is the recovery path: the stored inputs run through the engine again, and every entry
//! that comes out must equal the stored one. Entries that say what came from outside are heard again
//! at their place.

use std::iter::Peekable;

use backtest::engine::Engine;
use backtest::input::Input;
use collector::collector::Collector;
use decision::outbox::Outbox;
use decision::record::{ConfigurationRecord, Dated, Record};
use domain::canonical;
use domain::ledger::{Entry, EntryKind, Head};
use domain::time::UtcMs;
use store::journal::Batch;
use store::store::Store;

use crate::desk::rows;
use crate::desk::tally::Tally;
use crate::ending::{Code, Failure, Outcome};
use crate::gateway::fills::Latest;

/// Entries that are read at once.
const PAGE: u64 = 20_000;

/// Where a run goes on.
pub struct Recovered {
    /// Agents, core and venue after the last stored event.
    pub engine: Engine,
    /// The chain's end after it.
    pub head: Head,
    /// What a crash left unwritten.
    pub batch: Batch,
    /// What was counted.
    pub tally: Tally,
    /// How many events were lived through again.
    pub events: u64,
    /// The latest fills of every instrument, and payments.
    pub fills: Latest,
}

/// Reads the stored ledger alongside the replay.
struct Stored<'a> {
    store: &'a Store,
    head: Head,
    page: Peekable<std::vec::IntoIter<Entry>>,
    next: u64,
}

impl Stored<'_> {
    async fn read_on(&mut self) -> Outcome<()> {
        if self.page.len() == 0 {
            let page = self.store.ledger_entries(self.next, self.next + PAGE - 1).await?;
            self.next += PAGE;
            self.page = page.into_iter().peekable();
        }
        Ok(())
    }

    /// What the next stored entry says came from outside after event `input_seq`.
    async fn input(
        &mut self,
        configuration: &ConfigurationRecord,
        input_seq: u64,
    ) -> Outcome<Option<Input>> {
        if self.next > self.head.seq && self.page.len() == 0 {
            return Ok(None);
        }
        self.read_on().await?;
        let next = self.page.peek().filter(|entry| entry.input_seq == input_seq);
        Ok(next.map(|entry| Input::of(entry, configuration)).transpose()?.flatten())
    }

    /// Holds an entry against the stored one. False where the ledger ends before it.
    async fn holds(&mut self, entry: &Entry) -> Outcome<bool> {
        if entry.seq > self.head.seq {
            return Ok(false);
        }
        self.read_on().await?;
        match self.page.next() {
            Some(stored) if stored.seq == entry.seq && stored.hash == entry.hash => Ok(true),
            stored => Err(diverged(entry, stored.as_ref())),
        }
    }
}

fn diverged(entry: &Entry, stored: Option<&Entry>) -> Failure {
    let found =
        stored.map_or("nothing".to_owned(), |stored| format!("{} {}", stored.kind, stored.hash));
    let message = format!(
        "replaying the stored candles gives another ledger entry {} ({}, {} {}) than is stored \
         ({found}); run `sextant verify` to see whether the ledger was altered, and start with the \
         program version that wrote it",
        entry.seq, entry.at, entry.kind, entry.hash
    );
    Failure::new(Code::Store, message)
}

/// The configuration that the store was begun with; none for an empty store.
pub async fn stored_configuration(store: &Store) -> Outcome<Option<ConfigurationRecord>> {
    let first = store.ledger_entries(1, 1).await?;
    let first = first.into_iter().next().filter(|entry| entry.kind == EntryKind::Configuration);
    Ok(first.map(|entry| canonical::decode(&entry.payload)).transpose()?)
}

/// Brings a run back to where its store ends; a new one to its first entry. `observed` hears every
/// stored watermark.
pub async fn recover(
    store: &Store,
    configuration: &ConfigurationRecord,
    collector: &mut Collector,
) -> Outcome<Recovered> {
    let mut stored = Stored {
        store,
        head: store.ledger_head().await?,
        page: Vec::new().into_iter().peekable(),
        next: 1,
    };
    let mut recovered = Recovered {
        engine: Engine::of(configuration)?,
        head: Head::GENESIS,
        batch: Batch::default(),
        tally: Tally { equity_quote: configuration.capital_quote, ..Tally::default() },
        events: 0,
        fills: Latest::default(),
    };
    let record = Record::Configuration(Box::new(configuration.clone()));
    let first = Dated { at: UtcMs::default(), input_seq: 0, record };
    take(&mut recovered, &mut stored, first).await?;
    let mut inputs = store.inputs(0).await?;
    let mut out = Outbox::default();
    hear_again(&mut recovered, &mut stored, configuration, &mut out).await?;
    while let Some(page) = inputs.next().await? {
        for released in page {
            collector.observe(&released);
            recovered.events += released.events.len() as u64;
            // Rows beside the ledger are written with their watermark: only those of the last one
            // can be missing, and to write them again changes nothing.
            let entries = std::mem::take(&mut recovered.batch.entries);
            recovered.batch = Batch { entries, ..Batch::default() };
            recovered.engine.step(released.view(), &mut out)?;
            keep(&mut recovered, &mut stored, &mut out).await?;
            hear_again(&mut recovered, &mut stored, configuration, &mut out).await?;
        }
    }
    if stored.head.seq > recovered.head.seq {
        let message = format!(
            "the ledger has {} entries, but the stored candles give only {}: candles were removed; \
             restore a backup",
            stored.head.seq, recovered.head.seq
        );
        return Err(Failure::new(Code::Store, message));
    }
    Ok(recovered)
}

/// Hears again what came from outside after the last watermark.
async fn hear_again(
    recovered: &mut Recovered,
    stored: &mut Stored<'_>,
    configuration: &ConfigurationRecord,
    out: &mut Outbox,
) -> Outcome<()> {
    let input_seq = recovered.engine.floor().core().input_seq();
    while let Some(input) = stored.input(configuration, input_seq).await? {
        let made = recovered.head.seq;
        recovered.engine.hear_again(&input, out)?;
        keep(recovered, stored, out).await?;
        if recovered.head.seq == made {
            let message = format!(
                "ledger entry {} tells what was heard before; run `sextant verify`",
                made.saturating_add(1)
            );
            return Err(Failure::new(Code::Store, message));
        }
    }
    Ok(())
}

/// Holds what came out against what is stored. Commands for a real venue are dropped: whoever works
/// them there begins with the book.
async fn keep(recovered: &mut Recovered, stored: &mut Stored<'_>, out: &mut Outbox) -> Outcome<()> {
    out.commands.clear();
    for dated in out.records.drain(..) {
        take(recovered, stored, dated).await?;
    }
    Ok(())
}

async fn take(recovered: &mut Recovered, stored: &mut Stored<'_>, dated: Dated) -> Outcome<()> {
    let entry = dated.chained(&mut recovered.head)?;
    recovered.tally.count(&dated);
    if let Record::Fill(fill) = &dated.record {
        recovered.fills.hear(fill);
    }
    if let Record::Funding(payment) = &dated.record {
        recovered.fills.pay(payment);
    }
    let held = match &entry {
        Some(entry) => stored.holds(entry).await?,
        None => false,
    };
    rows::add(&mut recovered.batch, dated, entry.clone(), recovered.head.seq);
    if held {
        recovered.batch.entries.pop();
    }
    Ok(())
}
