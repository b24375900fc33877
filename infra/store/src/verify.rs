//! Walks the ledger from its first entry to its last and names the first place that is not as it
//! was written.

use std::fmt;

use domain::ledger::{Entry, EntryHash, Head, SealKey};
use serde::Serialize;
use sqlx::Connection;
use sqlx::postgres::PgConnection;

use crate::error::StoreError;
use crate::ledger::{self, Sealed, Stored};
use crate::rows::to_bigint;
use crate::seal::Seals;
use crate::store::Store;

/// The first place where the store is not as it was written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "fault")]
pub enum Fault {
    /// An entry's content, links or place were changed.
    Altered {
        /// Which.
        seq: i64,
    },
    /// An entry is gone.
    Removed {
        /// Which.
        seq: i64,
    },
    /// A row is there that was never written.
    Inserted {
        /// Where.
        seq: i64,
    },
    /// The entries after one are gone.
    CutTail {
        /// The last one that was acknowledged.
        expected_seq: u64,
        /// The last one that is there.
        found_seq: u64,
    },
    /// The hashes fit, but the seal is not the key's: the chain was computed anew without it.
    ForgedSeal {
        /// Of which.
        seq: i64,
    },
    /// The file that says where the ledger ends is gone.
    HeadMissing,
    /// The file that says where the ledger ends is not what was written.
    HeadAltered {
        /// What is wrong with it.
        what: String,
    },
    /// The key is gone.
    KeyMissing,
    /// An entry has no row in the table that shows it.
    RowMissing {
        /// The table.
        table: &'static str,
        /// The entry.
        seq: i64,
    },
    /// A row shows an entry that is not there.
    RowExtra {
        /// The table.
        table: &'static str,
        /// The entry that it names.
        seq: i64,
    },
    /// An event is missing among those that were heard.
    InputMissing {
        /// Which.
        input_seq: i64,
    },
    /// An event is there twice among those that were heard.
    InputDoubled {
        /// Which.
        input_seq: i64,
    },
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Altered { seq } => write!(f, "ledger entry {seq} was altered"),
            Self::Removed { seq } => write!(f, "ledger entry {seq} was removed"),
            Self::Inserted { seq } => write!(f, "ledger entry {seq} was inserted"),
            Self::CutTail { expected_seq, found_seq } => write!(
                f,
                "the ledger's tail was cut: it ends at entry {found_seq}, {expected_seq} was \
                 acknowledged"
            ),
            Self::ForgedSeal { seq } => {
                write!(f, "ledger entry {seq} was forged: its seal is not the key's")
            }
            Self::HeadMissing => write!(f, "the file that says where the ledger ends is missing"),
            Self::HeadAltered { what } => write!(f, "the ledger's head file was altered: {what}"),
            Self::KeyMissing => write!(f, "the ledger's key is missing"),
            Self::RowMissing { table, seq } => {
                write!(f, "ledger entry {seq} has no row in table {table}")
            }
            Self::RowExtra { table, seq } => {
                write!(f, "table {table} shows ledger entry {seq}, which is no such entry")
            }
            Self::InputMissing { input_seq } => write!(f, "input {input_seq} is missing"),
            Self::InputDoubled { input_seq } => write!(f, "input {input_seq} is there twice"),
        }
    }
}

/// What a walk found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Report {
    /// How many entries were found good.
    pub entries: u64,
    /// The last of them.
    pub head: Head,
    /// The first fault; none where all is as it was written.
    pub fault: Option<Fault>,
}

impl Store {
    /// Walks the whole ledger, then holds against it the tables that show it. May run while a
    /// journal writes.
    ///
    /// # Errors
    /// Those of any read. What is wrong with the ledger is no error but in the report.
    pub async fn verify(&self, seals: &Seals) -> Result<Report, StoreError> {
        let mut report = Report { entries: 0, head: Head::GENESIS, fault: None };
        let mut connection = self.pool.acquire().await?;
        // The file first: entries that are committed from here on come on top of it.
        let key = seals.key()?;
        let noted = match key.as_ref().map(|key| seals.head(key)).transpose() {
            Ok(noted) => noted.flatten(),
            Err(StoreError::Corrupt { what }) => {
                report.fault = Some(Fault::HeadAltered { what });
                return Ok(report);
            }
            Err(other) => return Err(other),
        };
        let mut snapshot = connection.begin().await?;
        sqlx::query("set transaction isolation level repeatable read, read only")
            .execute(&mut *snapshot)
            .await?;
        let empty = ledger::page(&mut snapshot, i64::MIN, i64::MAX).await?.is_empty();
        report.fault = match (key, noted) {
            (None, None) if empty => None,
            (None, _) => Some(Fault::KeyMissing),
            (Some(_), None) if !empty => Some(Fault::HeadMissing),
            (Some(key), noted) => {
                let noted = noted.unwrap_or(Head::GENESIS);
                let walk = Walk { key: &key, noted, report: &mut report };
                walk.all(&mut snapshot).await?
            }
        };
        if report.fault.is_none() {
            report.fault = rows_fault(&mut snapshot).await?;
        }
        Ok(report)
    }
}

/// Checks what a journal relies on when it resumes: that the ledger holds the noted entry and,
/// after it, nothing but sealed entries up to `head`.
pub(crate) async fn tail(
    connection: &mut PgConnection,
    key: &SealKey,
    noted: Head,
    head: Head,
) -> Result<(), StoreError> {
    if head.seq < noted.seq {
        return Err(StoreError::CutTail { expected_seq: noted.seq, found_seq: head.seq });
    }
    let from = to_bigint(noted.seq, "ledger entry")?;
    if noted != Head::GENESIS {
        let last = ledger::page(connection, from - 1, from).await?;
        let same = matches!(&last[..], [Stored { sealed: Ok(last), .. }]
            if last.entry.hash == noted.hash);
        if !same {
            let what = format!("ledger entry {from} is not the one that was acknowledged");
            return Err(StoreError::Corrupt { what });
        }
    }
    let mut report = Report { entries: noted.seq, head: noted, fault: None };
    let mut walk = Walk { key, noted, report: &mut report };
    match walk.entries(connection, from).await? {
        Some(fault) => Err(StoreError::Corrupt { what: fault.to_string() }),
        None => Ok(()),
    }
}

struct Walk<'a> {
    key: &'a SealKey,
    noted: Head,
    report: &'a mut Report,
}

impl Walk<'_> {
    async fn all(mut self, connection: &mut PgConnection) -> Result<Option<Fault>, StoreError> {
        let fault = self.entries(connection, i64::MIN).await?;
        let found_seq = self.report.head.seq;
        let expected_seq = self.noted.seq;
        Ok(match fault {
            None if found_seq < expected_seq => Some(Fault::CutTail { expected_seq, found_seq }),
            other => other,
        })
    }

    /// Walks on from the report's head over the rows after `after`.
    async fn entries(
        &mut self,
        connection: &mut PgConnection,
        mut after: i64,
    ) -> Result<Option<Fault>, StoreError> {
        let mut page = ledger::page(connection, after, i64::MAX).await?;
        while let Some(last) = page.last() {
            after = last.seq;
            // A fault is told by its neighbour too, so the next page must be at hand.
            let next = ledger::page(connection, after, i64::MAX).await?;
            for (at, row) in page.iter().enumerate() {
                if let Some(fault) = self.step(row, page.get(at + 1).or(next.first())) {
                    return Ok(Some(fault));
                }
            }
            page = next;
        }
        Ok(None)
    }

    fn step(&mut self, row: &Stored, next: Option<&Stored>) -> Option<Fault> {
        let Head { seq: last, hash: prev_hash } = self.report.head;
        let expected = last as i64 + 1;
        let seq = row.seq;
        if seq > expected {
            // What is behind the acknowledged end was never ours.
            let removed = expected <= self.noted.seq as i64;
            return Some(if removed {
                Fault::Removed { seq: expected }
            } else {
                Fault::Inserted { seq }
            });
        }
        if seq < expected {
            return Some(Fault::Inserted { seq });
        }
        let Ok(Sealed { entry, seal }) = &row.sealed else { return Some(Fault::Altered { seq }) };
        let whole = entry.expected_hash() == entry.hash;
        let ours = self.key.seal(entry.hash) == *seal;
        if whole && ours && entry.prev_hash == prev_hash {
            let noted = self.noted;
            if entry.seq == noted.seq && entry.hash != noted.hash {
                let what = format!("it names another hash for entry {seq}");
                return Some(Fault::HeadAltered { what });
            }
            self.report.head = Head { seq: entry.seq, hash: entry.hash };
            self.report.entries += 1;
            return None;
        }
        if entry.seq > self.noted.seq {
            return Some(Fault::Inserted { seq });
        }
        let next = next.and_then(|next| next.sealed.as_ref().ok());
        Some(self.explain(row.seq, entry, whole, prev_hash, next))
    }

    /// Entries that were moved still fit their old places: that tells what was done.
    fn explain(
        &self,
        seq: i64,
        entry: &Entry,
        whole: bool,
        prev_hash: EntryHash,
        next: Option<&Sealed>,
    ) -> Fault {
        let place = entry.seq;
        let moved_up =
            next.is_some_and(|next| next.entry.prev_hash == prev_hash && self.fits(next, place));
        let moved_down = !whole && fits_unsealed(entry, place + 1);
        match (moved_up, moved_down) {
            (true, false) => Fault::Inserted { seq },
            (false, true) => Fault::Removed { seq },
            _ if whole && entry.prev_hash == prev_hash => Fault::ForgedSeal { seq },
            _ => Fault::Altered { seq },
        }
    }

    fn fits(&self, sealed: &Sealed, seq: u64) -> bool {
        fits_unsealed(&sealed.entry, seq) && self.key.seal(sealed.entry.hash) == sealed.seal
    }
}

/// Whether an entry's hash is right for the place `seq`.
fn fits_unsealed(entry: &Entry, seq: u64) -> bool {
    Entry { seq, ..entry.clone() }.expected_hash() == entry.hash
}

/// Holds the tables that show the ledger against it, and the events against their numbers.
async fn rows_fault(connection: &mut PgConnection) -> Result<Option<Fault>, StoreError> {
    let tables = [
        (
            "decisions",
            "select coalesce(l.seq, p.seq), l.seq is null from decisions p \
             full join (select seq from ledger where kind = 'decision') l using (seq) \
             where l.seq is null or p.seq is null order by 1 limit 1",
        ),
        (
            "fills",
            "select coalesce(l.seq, p.seq), l.seq is null from fills p \
             full join (select seq from ledger where kind = 'fill') l using (seq) \
             where l.seq is null or p.seq is null order by 1 limit 1",
        ),
    ];
    for (table, statement) in tables {
        let found: Option<(i64, bool)> =
            sqlx::query_as(statement).fetch_optional(&mut *connection).await?;
        match found {
            Some((seq, true)) => return Ok(Some(Fault::RowExtra { table, seq })),
            Some((seq, false)) => return Ok(Some(Fault::RowMissing { table, seq })),
            None => {}
        }
    }
    let found: Option<(i64, i64)> = sqlx::query_as(
        "select before, input_seq from (
             select input_seq, lag(input_seq, 1, 0::bigint) over (order by input_seq) as before
             from (select input_seq from candles union all select input_seq from inputs) heard
         ) pairs
         where input_seq <> before + 1 order by input_seq limit 1",
    )
    .fetch_optional(connection)
    .await?;
    Ok(found.map(|(before, input_seq)| {
        if before == input_seq {
            Fault::InputDoubled { input_seq }
        } else {
            Fault::InputMissing { input_seq: before + 1 }
        }
    }))
}
