//! Single facts that verbs look up: how far the store is, who writes to it, what speaks of a
//! decision.

use domain::ids::Id;
use domain::ledger::{Entry, EntryKind};
use domain::time::UtcMs;
use serde::{Deserialize, Serialize};
use sqlx::postgres::PgConnection;

use crate::decisions::DecisionRow;
use crate::error::StoreError;
use crate::journal::LOCK;
use crate::rows::{from_bigint, parse, to_bigint};
use crate::store::Store;
use crate::timescale;

/// How the tables were made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Schema {
    /// The last migration that was run; none where there are no tables.
    pub version: Option<i64>,
    /// Whether TimescaleDB is installed.
    pub timescale: bool,
}

/// How many rows there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "each is the table of its name")]
pub struct Counts {
    pub candles: u64,
    pub signals: u64,
    pub decisions: u64,
    pub orders: u64,
    pub fills: u64,
    pub trades: u64,
}

impl Store {
    /// How the tables were made; also of a database that has none.
    ///
    /// # Errors
    /// Those of any read.
    pub async fn schema(&self) -> Result<Schema, StoreError> {
        let mut connection = self.pool.acquire().await?;
        let statement = "select max(version) from _sqlx_migrations where success";
        let version = match sqlx::query_scalar(statement).fetch_one(&mut *connection).await {
            Ok(version) => version,
            Err(error) => match StoreError::from(error) {
                StoreError::NotMigrated => None,
                other => return Err(other),
            },
        };
        Ok(Schema { version, timescale: timescale::is_present(&mut connection).await? })
    }

    /// How many rows there are.
    ///
    /// # Errors
    /// Those of any read: [`StoreError::Lost`], [`StoreError::NotMigrated`].
    pub async fn counts(&self) -> Result<Counts, StoreError> {
        let row: String = sqlx::query_scalar(
            "select to_json(r)::text from (select \
                (select count(*) from candles) as candles, \
                (select count(*) from signals) as signals, \
                (select count(*) from decisions) as decisions, \
                (select count(*) from orders) as orders, \
                (select count(*) from fills) as fills, \
                (select count(*) from trades) as trades) r",
        )
        .fetch_one(&self.pool)
        .await?;
        parse(&row)
    }

    /// The last watermark of which something is stored.
    ///
    /// # Errors
    /// Those of any read: [`StoreError::Lost`], [`StoreError::NotMigrated`].
    pub async fn last_watermark(&self) -> Result<Option<UtcMs>, StoreError> {
        let ms: Option<i64> = sqlx::query_scalar(
            "select ms_of(watermark) from ( \
                (select input_seq, watermark from candles order by input_seq desc limit 1) \
                union all \
                (select input_seq, watermark from inputs order by input_seq desc limit 1) \
             ) last order by input_seq desc limit 1",
        )
        .fetch_optional(&self.pool)
        .await?;
        Ok(ms.map(UtcMs::new))
    }

    /// The process that writes to the store now; 0 where its number is not known.
    ///
    /// # Errors
    /// Those of any read.
    pub async fn writer(&self) -> Result<Option<u32>, StoreError> {
        let mut connection = self.pool.acquire().await?;
        writer(&mut connection).await
    }

    /// The first `limit` decisions whose id begins with `prefix`.
    ///
    /// # Errors
    /// Those of any read: [`StoreError::Lost`], [`StoreError::NotMigrated`].
    pub async fn decisions_beginning(
        &self,
        prefix: &str,
        limit: u32,
    ) -> Result<Vec<DecisionRow>, StoreError> {
        let ids: Vec<String> = sqlx::query_scalar(
            "select id from decisions where starts_with(id, $1) order by id limit $2",
        )
        .bind(prefix)
        .bind(i64::from(limit))
        .fetch_all(&self.pool)
        .await?;
        let mut found = Vec::new();
        for id in ids {
            let id = id.parse().map_err(|e| StoreError::corrupt(format!("decision {e}")))?;
            found.extend(self.decision(id).await?);
        }
        Ok(found)
    }

    /// The configuration under which entry `seq` was written.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] for a row that is no entry, and those of any read.
    pub async fn configuration_of(&self, seq: u64) -> Result<Option<Entry>, StoreError> {
        let found: Option<i64> = sqlx::query_scalar(
            "select seq from ledger where kind = $1 and seq <= $2 order by seq desc limit 1",
        )
        .bind(EntryKind::Configuration.name())
        .bind(to_bigint(seq, "ledger entry")?)
        .fetch_optional(&self.pool)
        .await?;
        match found {
            Some(seq) => self.entry(seq).await,
            None => Ok(None),
        }
    }

    /// The entries after `seq` that speak of the orders of a decision.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] for a row that is no entry, and those of any read.
    pub async fn orders_of(&self, decision: Id, seq: u64) -> Result<Vec<Entry>, StoreError> {
        let found: Vec<i64> = sqlx::query_scalar(
            "select seq from ledger where kind = $1 and seq > $2 and strpos(payload, $3) > 0 \
             order by seq",
        )
        .bind(EntryKind::Order.name())
        .bind(to_bigint(seq, "ledger entry")?)
        .bind(format!("\"sx{decision}"))
        .fetch_all(&self.pool)
        .await?;
        let mut entries = Vec::new();
        for seq in found {
            entries.extend(self.entry(seq).await?);
        }
        Ok(entries)
    }

    async fn entry(&self, seq: i64) -> Result<Option<Entry>, StoreError> {
        let seq = from_bigint(seq, "ledger entry")?;
        Ok(self.ledger_entries(seq, seq).await?.into_iter().next())
    }
}

/// The process that holds the writer's lock. Every connection of ours bears its process's number
/// as its name.
pub(crate) async fn writer(connection: &mut PgConnection) -> Result<Option<u32>, StoreError> {
    let holder: Option<String> = sqlx::query_scalar(
        "select application_name from pg_locks join pg_stat_activity using (pid) \
         where locktype = 'advisory' and database = \
             (select oid from pg_database where datname = current_database()) \
           and (classid::bigint << 32 | objid::bigint) = $1 and granted",
    )
    .bind(LOCK)
    .fetch_optional(connection)
    .await?;
    let pid = |name: &str| name.strip_prefix("sextant ")?.parse().ok();
    Ok(holder.map(|name| pid(&name).unwrap_or(0)))
}
