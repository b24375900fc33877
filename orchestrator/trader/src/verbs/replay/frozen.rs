//! Decisions made again from what they saw: snapshot and policy, as the ledger has them.

use std::collections::BTreeMap;

use decision::decide::decide;
use decision::kernel;
use decision::policy::Policy;
use decision::record::{ConfigurationRecord, Dated, DecisionRecord, Record};
use domain::canonical;
use domain::ids::{Id, RunSeed};
use domain::ledger::{Entry, EntryKind};
use domain::signal::Signal;
use store::decisions::DecisionRow;
use store::journal::Batch;
use store::rows::Filter;
use store::store::Store;

use crate::desk::rows;
use crate::ending::{Code, Failure, Outcome};
use crate::verbs::replay::Compared;
use crate::verbs::replay::difference::fields;

/// Entries that are read at once.
const PAGE: u64 = 5_000;

/// Makes the decision of entry `seq` again.
pub(crate) async fn one(store: &Store, row: DecisionRow) -> Outcome<Compared> {
    let configuration = store.configuration_of(row.seq).await?;
    let mut under = configuration.map(|entry| Under::of(&entry)).transpose()?;
    let entry = store.ledger_entries(row.seq, row.seq).await?;
    let mut compared = Compared::default();
    let mut rows = BTreeMap::from([(row.seq, row)]);
    again(&entry, &mut under, &mut rows, &mut compared)?;
    missing(rows, &mut compared);
    Ok(compared)
}

/// Makes every decision of the ledger again.
pub(crate) async fn all(store: &Store) -> Outcome<Compared> {
    let rows = store.decisions(&Filter::default()).await?;
    let mut rows: BTreeMap<_, _> = rows.into_iter().map(|row| (row.seq, row)).collect();
    let last = store.ledger_head().await?.seq;
    let mut under = None;
    let mut compared = Compared::default();
    let mut from = 1;
    while from <= last {
        let to = last.min(from + PAGE - 1);
        let page = store.ledger_entries(from, to).await?;
        again(&page, &mut under, &mut rows, &mut compared)?;
        from = to + 1;
    }
    // While the system runs, rows may be newer than the head that was asked for first.
    rows.retain(|seq, _| *seq <= last);
    missing(rows, &mut compared);
    Ok(compared)
}

/// What a decision is made under, beside its snapshot.
struct Under {
    seed: RunSeed,
    policy: Policy,
    policy_hash: String,
}

impl Under {
    fn of(entry: &Entry) -> Outcome<Self> {
        let record: ConfigurationRecord = canonical::decode(&entry.payload)?;
        let policy_hash = record.policy.hash();
        Ok(Self { seed: RunSeed(record.seed), policy: record.policy, policy_hash })
    }

    /// The record as it comes out now, with nothing of the stored one but what it saw and its id,
    /// which is made of the candle's number: that is found again from candles.
    fn decide(&self, stored: DecisionRecord) -> DecisionRecord {
        let snapshot = stored.snapshot;
        let intent = decide(&snapshot.sight(), &self.policy);
        let verdict = kernel::check(&intent, &snapshot.sight(), &snapshot.account, &self.policy);
        let signal_id = |signal: &Signal| {
            let subject = format!("{}@{}", signal.agent, signal.instrument);
            Id::of(self.seed, signal.input_seq, "signal", &subject)
        };
        DecisionRecord {
            id: stored.id,
            policy_hash: self.policy_hash.clone(),
            weights_version: self.policy.weights.version,
            signal_ids: snapshot.signals.iter().map(signal_id).collect(),
            snapshot,
            intent,
            verdict,
        }
    }
}

fn again(
    entries: &[Entry],
    under: &mut Option<Under>,
    rows: &mut BTreeMap<u64, DecisionRow>,
    compared: &mut Compared,
) -> Outcome<()> {
    for entry in entries {
        match entry.kind {
            EntryKind::Configuration => *under = Some(Under::of(entry)?),
            EntryKind::Decision => {
                let Some(under) = &*under else {
                    let message = format!(
                        "ledger entry {} has no configuration before it; run `sextant verify`",
                        entry.seq
                    );
                    return Err(Failure::new(Code::Store, message));
                };
                compare(entry, under, rows.remove(&entry.seq), compared)?;
            }
            EntryKind::Order | EntryKind::Fill | EntryKind::Funding | EntryKind::Intervention => {}
        }
    }
    Ok(())
}

fn compare(
    entry: &Entry,
    under: &Under,
    row: Option<DecisionRow>,
    compared: &mut Compared,
) -> Outcome<()> {
    let what = |id: &str| format!("decision {id}");
    let stored: DecisionRecord = match canonical::decode(&entry.payload) {
        Ok(stored) => stored,
        Err(error) => {
            let found = vec![("record".to_owned(), error.to_string(), "a decision".to_owned())];
            compared.decision(entry, what(""), found);
            return Ok(());
        }
    };
    let made = under.decide(stored);
    let id = made.id.to_string();
    let mut found = fields(&entry.payload, &canonical::encode(&made)?);
    // The row that lists it must show the same.
    let (at, input_seq) = (entry.at, entry.input_seq);
    let dated = Dated { at, input_seq, record: Record::Decision(Box::new(made)) };
    let mut batch = Batch::default();
    rows::add(&mut batch, dated, Some(entry.clone()), entry.seq);
    let shows = canonical::encode(&batch.decisions.pop())?;
    let row = fields(&canonical::encode(&row)?, &shows);
    found.extend(row.into_iter().map(|(name, a, b)| (format!("(table) {name}"), a, b)));
    compared.decision(entry, what(&id), found);
    Ok(())
}

/// Rows that are listed as decisions but have no entry.
fn missing(rows: BTreeMap<u64, DecisionRow>, compared: &mut Compared) {
    for row in rows.into_values() {
        let found = vec![("entry".to_owned(), "none".to_owned(), "a decision".to_owned())];
        compared.found(row.seq, format!("decision {}", row.id), row.at, found);
        compared.replayed += 1;
        compared.differ += 1;
    }
}
