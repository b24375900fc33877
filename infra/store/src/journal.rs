//! The single writer: one transaction per batch, on disk when it returns.

use std::collections::BTreeSet;
use std::time::Duration;

use domain::event::Released;
use domain::ledger::{Entry, Head, SealKey};
use domain::signal::RiskWord;
use domain::trade::Trade;
use sqlx::Connection;
use sqlx::postgres::PgConnection;

use crate::alerts::AlertRow;
use crate::decisions::DecisionRow;
use crate::error::StoreError;
use crate::executions::ExecutionRow;
use crate::fills::FillRow;
use crate::holes::{CorrectionRow, HoleRow};
use crate::orders::OrderRow;
use crate::portfolio::PortfolioRow;
use crate::risk_events::RiskEventRow;
use crate::rows::to_bigint;
use crate::seal::Seals;
use crate::signals::SignalRow;
use crate::store::Store;
use crate::{
    alerts, candles, decisions, executions, fills, holes, inputs, ledger, lookup, orders,
    portfolio, risk_events, signals, trades, verify,
};

/// The number under which a writer locks its database ("sextant" as bytes).
pub(crate) const LOCK: i64 = 0x0073_6578_7461_6e74;
/// How long a dead writer's connection may take to go away.
const PATIENCE: Duration = Duration::from_secs(3);
const PAUSE: Duration = Duration::from_millis(20);

/// All that one watermark, or several, brought.
#[derive(Debug, Clone, Default)]
#[allow(missing_docs, reason = "each row's type says what it is")]
pub struct Batch {
    pub released: Vec<Released>,
    pub holes: Vec<HoleRow>,
    pub corrections: Vec<CorrectionRow>,
    pub entries: Vec<Entry>,
    pub signals: Vec<SignalRow>,
    pub risk_words: Vec<RiskWord>,
    pub decisions: Vec<DecisionRow>,
    pub orders: Vec<OrderRow>,
    pub fills: Vec<FillRow>,
    pub trades: Vec<Trade>,
    pub portfolio: Vec<PortfolioRow>,
    pub risk_events: Vec<RiskEventRow>,
    pub executions: Vec<ExecutionRow>,
    pub alerts: Vec<AlertRow>,
}

impl Batch {
    /// Whether there is nothing that has to be on disk: rows beside these come with them.
    pub fn is_empty(&self) -> bool {
        self.released.is_empty() && self.entries.is_empty() && self.holes.is_empty()
    }
}

/// Writes batches over one connection of its own, which holds the database's lock: two writers
/// can't be, not even on two machines.
#[derive(Debug)]
pub struct Journal {
    store: Store,
    seals: Seals,
    key: SealKey,
    /// None after an error: the next batch starts from what is stored.
    live: Option<Live>,
}

#[derive(Debug)]
struct Live {
    connection: PgConnection,
    last_seq: u64,
    head: Head,
}

impl Journal {
    /// Opens a migrated store for writing. Makes the ledger's key where there is no ledger yet.
    ///
    /// # Errors
    /// [`StoreError::Held`] where another process writes; [`StoreError::KeyMissing`],
    /// [`StoreError::HeadMissing`], [`StoreError::CutTail`] or [`StoreError::Corrupt`] where the
    /// ledger is not as it was left.
    pub async fn open(store: &Store, seals: Seals) -> Result<Self, StoreError> {
        let mut connection = store.connect().await?;
        lock(&mut connection, store).await?;
        let empty = ledger::head(&mut connection).await? == Head::GENESIS;
        let key = match seals.key()? {
            Some(key) => key,
            None if empty && !seals.head_file().exists() => seals.make_key()?,
            None => return Err(StoreError::KeyMissing { file: seals.key_file() }),
        };
        let mut journal = Self { store: store.clone(), seals, key, live: None };
        journal.live = Some(journal.resume(connection).await?);
        Ok(journal)
    }

    /// The last entry that is on disk.
    ///
    /// # Errors
    /// After an error, those of [`Journal::open`].
    pub async fn head(&mut self) -> Result<Head, StoreError> {
        let live = self.live().await?;
        let head = live.head;
        self.live = Some(live);
        Ok(head)
    }

    /// Writes a batch, all of it or nothing. When it returns, the batch is on disk.
    ///
    /// The same batch again changes nothing, and so does a part of it; an order takes its newest
    /// state. After an error it is not known whether the batch was written: append it again.
    ///
    /// # Errors
    /// [`StoreError::Diverged`] where an entry contradicts the stored chain or leaves a hole;
    /// [`StoreError::Lost`] where the connection broke.
    pub async fn append(&mut self, batch: &Batch) -> Result<(), StoreError> {
        let mut live = self.live().await?;
        let before = live.head;
        let encoded = candles::encode(&batch.released)?;
        let span = span(&batch.released);
        let all_new = span.is_none_or(|[first, _]| first > live.last_seq);
        let head = match self.write(&mut live, batch, &encoded, all_new).await {
            // A candle that was released before, in another place of the order.
            Err(error) if all_new && error.is_taken() => {
                self.write(&mut live, batch, &encoded, false).await?
            }
            done => done?,
        };
        live.head = head;
        live.last_seq = live.last_seq.max(span.map_or(0, |[_, last]| last));
        if head != before {
            self.write_head(head).await?;
        }
        self.live = Some(live);
        Ok(())
    }

    /// Ends writing. Everything appended is on disk already; this frees the lock.
    ///
    /// # Errors
    /// [`StoreError::Lost`] where the connection broke; nothing is lost then.
    pub async fn close(self) -> Result<(), StoreError> {
        match self.live {
            Some(live) => Ok(live.connection.close().await?),
            None => Ok(()),
        }
    }

    async fn live(&mut self) -> Result<Live, StoreError> {
        match self.live.take() {
            Some(live) => Ok(live),
            None => {
                let mut connection = self.store.connect().await?;
                lock(&mut connection, &self.store).await?;
                self.resume(connection).await
            }
        }
    }

    /// Finds out where writing stopped, and that the ledger is as it was left.
    async fn resume(&self, mut connection: PgConnection) -> Result<Live, StoreError> {
        let last_seq = inputs::last_seq(&mut connection).await?;
        let head = ledger::head(&mut connection).await?;
        let noted = match self.seals.head(&self.key)? {
            Some(noted) => noted,
            None if head == Head::GENESIS => {
                self.write_head(head).await?;
                head
            }
            None => return Err(StoreError::HeadMissing { file: self.seals.head_file() }),
        };
        verify::tail(&mut connection, &self.key, noted, head).await?;
        // Killed between the commit and the note.
        if noted != head {
            self.write_head(head).await?;
        }
        Ok(Live { connection, last_seq, head })
    }

    async fn write_head(&self, head: Head) -> Result<(), StoreError> {
        let (seals, key) = (self.seals.clone(), self.key.clone());
        let file = self.seals.head_file();
        let written = tokio::task::spawn_blocking(move || seals.write_head(&key, head)).await;
        written.unwrap_or_else(|error| {
            Err(StoreError::Io { path: file, source: std::io::Error::other(error) })
        })
    }

    async fn write(
        &self,
        live: &mut Live,
        batch: &Batch,
        encoded: &[u8],
        all_new: bool,
    ) -> Result<Head, StoreError> {
        let mut transaction = live.connection.begin().await?;
        let to = &mut *transaction;
        let mut repeated = BTreeSet::new();
        match span(&batch.released) {
            Some(_) if all_new => candles::copy_new(to, encoded).await?,
            Some([first, last]) => {
                let span = [to_bigint(first, "input")?, to_bigint(last, "input")?];
                let found = candles::copy_missing(to, encoded, span).await?;
                repeated.extend(found.into_iter().filter_map(|seq| u64::try_from(seq).ok()));
            }
            None => {}
        }
        inputs::write(to, &batch.released, &repeated).await?;
        holes::write_holes(to, &batch.holes).await?;
        holes::write_corrections(to, &batch.corrections).await?;
        let head = ledger::write(to, &self.key, live.head, &batch.entries).await?;
        signals::write(to, &batch.signals).await?;
        signals::write_risk_words(to, &batch.risk_words).await?;
        decisions::write(to, &batch.decisions).await?;
        orders::write(to, &batch.orders).await?;
        fills::write(to, &batch.fills).await?;
        trades::write(to, &batch.trades).await?;
        portfolio::write(to, &batch.portfolio).await?;
        risk_events::write(to, &batch.risk_events).await?;
        executions::write(to, &batch.executions).await?;
        alerts::write(to, &batch.alerts).await?;
        transaction.commit().await?;
        Ok(head)
    }
}

/// Takes the database's lock for as long as the connection lives.
async fn lock(connection: &mut PgConnection, store: &Store) -> Result<(), StoreError> {
    let mut waited = Duration::ZERO;
    loop {
        let taken: bool = sqlx::query_scalar("select pg_try_advisory_lock($1)")
            .bind(LOCK)
            .fetch_one(&mut *connection)
            .await?;
        if taken {
            return Ok(());
        }
        if waited > PATIENCE {
            break;
        }
        tokio::time::sleep(PAUSE).await;
        waited += PAUSE;
    }
    let pid = lookup::writer(connection).await?;
    Err(StoreError::Held { pid: pid.unwrap_or(0), place: store.place() })
}

/// The first and the last `input_seq`.
fn span(released: &[Released]) -> Option<[u64; 2]> {
    let seqs = || released.iter().flat_map(|release| release.events.iter()).map(|s| s.input_seq);
    Some([seqs().min()?, seqs().max()?])
}
