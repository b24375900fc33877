//! How long agents worked.

use domain::signal::AgentId;
use domain::time::UtcMs;
use serde::{Deserialize, Serialize};
use sqlx::postgres::PgConnection;

use crate::error::StoreError;
use crate::rows::{self, parse};
use crate::store::Store;

/// One agent's work on a stretch of events.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExecutionRow {
    /// Who worked.
    pub agent: AgentId,
    /// The first event.
    pub first_input_seq: u64,
    /// The last event.
    pub last_input_seq: u64,
    /// Wall time.
    pub started_at: UtcMs,
    /// How long.
    pub duration_us: u64,
    /// Why it failed; none where it didn't.
    pub error: Option<String>,
}

pub(crate) async fn write(
    connection: &mut PgConnection,
    executions: &[ExecutionRow],
) -> Result<(), StoreError> {
    let statement = "insert into agent_executions \
        select agent, first_input_seq, last_input_seq, utc_of(started_at), duration_us, error \
        from json_to_recordset($1::json) as r(agent text, first_input_seq bigint, \
            last_input_seq bigint, started_at bigint, duration_us bigint, error text) \
        on conflict do nothing";
    rows::write(connection, statement, executions).await
}

impl Store {
    /// The latest `limit` stretches of work, oldest first.
    ///
    /// # Errors
    /// Those of any read: [`StoreError::Lost`], [`StoreError::NotMigrated`].
    pub async fn executions(&self, limit: u32) -> Result<Vec<ExecutionRow>, StoreError> {
        let found: Vec<String> = sqlx::query_scalar(
            "select to_json(r)::text from (
                select agent, first_input_seq, last_input_seq, ms_of(t.started_at) as started_at,
                       duration_us, error
                from agent_executions t
                order by t.started_at desc, t.first_input_seq desc, t.agent desc limit $1
            ) r",
        )
        .bind(i64::from(limit))
        .fetch_all(&self.pool)
        .await?;
        found.iter().rev().map(|row| parse(row)).collect()
    }
}
