//! The ledger's rows: written once, read in order.

use domain::ledger::{Entry, EntryHash, Head, SealKey};
use domain::time::UtcMs;
use sqlx::postgres::PgConnection;

use crate::error::StoreError;
use crate::rows::{from_bigint, to_bigint};
use crate::store::Store;

/// An entry with its seal, as stored: not checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Sealed {
    pub(crate) entry: Entry,
    pub(crate) seal: EntryHash,
}

/// A row as it is, and the entry that it holds, if it holds one.
pub(crate) struct Stored {
    pub(crate) seq: i64,
    pub(crate) sealed: Result<Sealed, StoreError>,
}

type Row = (i64, String, String, String, String, i64, bool, i64, String);

/// Entries of one page.
const PAGE: i64 = 2_000;

/// Writes entries that follow `head` and checks those before it against what is stored. Gives the
/// new head.
pub(crate) async fn write(
    connection: &mut PgConnection,
    key: &SealKey,
    mut head: Head,
    entries: &[Entry],
) -> Result<Head, StoreError> {
    let known = entries.iter().take_while(|entry| entry.seq <= head.seq).count();
    let (known, new) = entries.split_at(known);
    check_known(connection, known).await?;
    if new.is_empty() {
        return Ok(head);
    }
    for entry in new {
        if entry.seq != head.seq + 1 || entry.prev_hash != head.hash {
            return Err(StoreError::Diverged { seq: entry.seq });
        }
        head = Head { seq: entry.seq, hash: entry.hash };
    }
    let numbers = |of: fn(&Entry) -> u64| -> Result<Vec<i64>, StoreError> {
        new.iter().map(|entry| to_bigint(of(entry), "ledger entry")).collect()
    };
    let texts = |of: fn(&Entry) -> String| -> Vec<String> { new.iter().map(of).collect() };
    let payloads: Vec<&str> = new.iter().map(|entry| entry.payload.as_str()).collect();
    let moments: Vec<i64> = new.iter().map(|entry| entry.at.ms()).collect();
    let seals: Vec<String> = new.iter().map(|entry| key.seal(entry.hash).to_string()).collect();
    let written = sqlx::query(
        "insert into ledger (seq, prev_hash, hash, seal, kind, at, input_seq, payload) \
         select seq, prev_hash, hash, seal, kind, utc_of(at), input_seq, payload \
         from unnest($1::bigint[], $2::text[], $3::text[], $4::text[], $5::text[], $6::bigint[], \
                     $7::bigint[], $8::text[]) \
              as r(seq, prev_hash, hash, seal, kind, at, input_seq, payload)",
    )
    .bind(numbers(|entry| entry.seq)?)
    .bind(texts(|entry| entry.prev_hash.to_string()))
    .bind(texts(|entry| entry.hash.to_string()))
    .bind(seals)
    .bind(texts(|entry| entry.kind.name().to_owned()))
    .bind(moments)
    .bind(numbers(|entry| entry.input_seq)?)
    .bind(payloads)
    .execute(connection)
    .await
    .map_err(StoreError::from);
    match written {
        // Somebody put an entry there behind our back.
        Err(error) if error.is_taken() => Err(StoreError::Diverged { seq: new[0].seq }),
        Err(error) => Err(error),
        Ok(_) => Ok(head),
    }
}

async fn check_known(connection: &mut PgConnection, known: &[Entry]) -> Result<(), StoreError> {
    let (Some(first), Some(last)) = (known.first(), known.last()) else { return Ok(()) };
    let stored: Vec<(i64, String)> =
        sqlx::query_as("select seq, hash from ledger where seq between $1 and $2 order by seq")
            .bind(to_bigint(first.seq, "ledger entry")?)
            .bind(to_bigint(last.seq, "ledger entry")?)
            .fetch_all(connection)
            .await?;
    for entry in known {
        let seq = to_bigint(entry.seq, "ledger entry")?;
        let found = stored.binary_search_by_key(&seq, |(seq, _)| *seq);
        let same = found.is_ok_and(|at| stored[at].1 == entry.hash.to_string());
        if !same {
            return Err(StoreError::Diverged { seq: entry.seq });
        }
    }
    Ok(())
}

/// The last entry's place, as the table has it.
pub(crate) async fn head(connection: &mut PgConnection) -> Result<Head, StoreError> {
    let last: Option<(i64, String)> =
        sqlx::query_as("select seq, hash from ledger order by seq desc limit 1")
            .fetch_optional(connection)
            .await?;
    let Some((seq, hash)) = last else { return Ok(Head::GENESIS) };
    Ok(Head { seq: from_bigint(seq, "ledger entry")?, hash: parse_hash(&hash, seq)? })
}

/// The next page of rows after `after_seq`, at most to `last_seq`.
pub(crate) async fn page(
    connection: &mut PgConnection,
    after_seq: i64,
    last_seq: i64,
) -> Result<Vec<Stored>, StoreError> {
    let rows: Vec<Row> = sqlx::query_as(
        "select seq, prev_hash, hash, seal, kind, ms_of(at), at = utc_of(ms_of(at)), input_seq, \
             payload \
         from ledger where seq > $1 and seq <= $2 order by seq limit $3",
    )
    .bind(after_seq)
    .bind(last_seq)
    .bind(PAGE)
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().map(|row| Stored { seq: row.0, sealed: sealed(row) }).collect())
}

fn sealed(row: Row) -> Result<Sealed, StoreError> {
    let (number, prev_hash, hash, seal, kind, at, whole_ms, input_seq, payload) = row;
    if !whole_ms {
        return Err(StoreError::corrupt(format!("entry {number}: a moment between milliseconds")));
    }
    let entry = Entry {
        seq: from_bigint(number, "ledger entry")?,
        kind: kind
            .parse()
            .map_err(|error| StoreError::corrupt(format!("entry {number}: {error}")))?,
        at: UtcMs::new(at),
        input_seq: from_bigint(input_seq, "input")?,
        payload,
        prev_hash: parse_hash(&prev_hash, number)?,
        hash: parse_hash(&hash, number)?,
    };
    Ok(Sealed { entry, seal: parse_hash(&seal, number)? })
}

/// In the one form that is written: another spelling of the same hash is an alteration.
fn parse_hash(text: &str, seq: i64) -> Result<EntryHash, StoreError> {
    let hash = text.parse().ok().filter(|hash: &EntryHash| hash.to_string() == text);
    hash.ok_or_else(|| StoreError::corrupt(format!("ledger entry {seq} holds a hash that is none")))
}

impl Store {
    /// The end of the chain, as the table has it.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] for a hash that is none, and those of any read.
    pub async fn ledger_head(&self) -> Result<Head, StoreError> {
        let mut connection = self.pool.acquire().await?;
        head(&mut connection).await
    }

    /// The entries `from..=to` that are there, in order, not checked.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] for a row that is no entry, and those of any read.
    pub async fn ledger_entries(&self, from: u64, to: u64) -> Result<Vec<Entry>, StoreError> {
        let mut connection = self.pool.acquire().await?;
        let last = i64::try_from(to).unwrap_or(i64::MAX);
        let mut after = to_bigint(from.max(1) - 1, "ledger entry")?;
        let mut entries = Vec::new();
        loop {
            let found = page(&mut connection, after, last).await?;
            let Some(end) = found.last() else { return Ok(entries) };
            after = end.seq;
            for stored in found {
                entries.push(stored.sealed?.entry);
            }
        }
    }
}
