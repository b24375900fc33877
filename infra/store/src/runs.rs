//! Runs of the engine.

use domain::ids::{Id, RunSeed};
use domain::time::UtcMs;
use serde::{Deserialize, Serialize};

use crate::error::StoreError;
use crate::rows::{self, parse};
use crate::store::Store;

/// One run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunRow {
    /// Its id.
    pub id: Id,
    /// The seed of every id that it made.
    #[serde(with = "seed")]
    pub seed: RunSeed,
    /// What kind of run: `demo`, `paper`, …
    pub mode: String,
    /// Hash of the configuration.
    pub config_hash: String,
    /// Wall time.
    pub started_at: UtcMs,
    /// Wall time; none while it runs, and for ever if it was killed.
    pub finished_at: Option<UtcMs>,
}

/// A seed as text: it may need all 64 bits, which not every reader of JSON numbers keeps.
mod seed {
    use domain::ids::RunSeed;
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub(super) fn serialize<S: Serializer>(seed: &RunSeed, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(&seed.0)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<RunSeed, D::Error> {
        String::deserialize(from)?.parse().map(RunSeed).map_err(D::Error::custom)
    }
}

impl Store {
    /// Writes down that a run began. The same run again (after a kill) changes nothing.
    ///
    /// # Errors
    /// Those of any write: [`StoreError::Lost`], [`StoreError::NotMigrated`].
    pub async fn begin_run(&self, run: &RunRow) -> Result<(), StoreError> {
        let mut connection = self.pool.acquire().await?;
        let statement = "insert into runs \
            select id, seed, mode, config_hash, utc_of(started_at), utc_of(finished_at) \
            from json_to_recordset($1::json) as r(id text, seed numeric, mode text, \
                config_hash text, started_at bigint, finished_at bigint) \
            on conflict do nothing";
        rows::write(&mut connection, statement, std::slice::from_ref(run)).await
    }

    /// Writes down that a run came to its end.
    ///
    /// # Errors
    /// Those of any write: [`StoreError::Lost`], [`StoreError::NotMigrated`].
    pub async fn finish_run(&self, id: Id, finished_at: UtcMs) -> Result<(), StoreError> {
        sqlx::query("update runs set finished_at = utc_of($2) where id = $1")
            .bind(id.to_string())
            .bind(finished_at.ms())
            .execute(&self.pool)
            .await?;
        Ok(())
    }

    /// All runs, by when they began.
    ///
    /// # Errors
    /// Those of any read: [`StoreError::Lost`], [`StoreError::NotMigrated`].
    pub async fn runs(&self) -> Result<Vec<RunRow>, StoreError> {
        let found: Vec<String> = sqlx::query_scalar(
            "select to_json(r)::text from (
                select id, seed::text as seed, mode, config_hash,
                       ms_of(t.started_at) as started_at, ms_of(t.finished_at) as finished_at
                from runs t order by t.started_at, t.id
            ) r",
        )
        .fetch_all(&self.pool)
        .await?;
        found.iter().map(|row| parse(row)).collect()
    }
}
