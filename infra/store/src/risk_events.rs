//! When limits were met and what was done about it.

use domain::ids::Id;
use domain::instrument::InstrumentId;
use domain::time::UtcMs;
use serde::{Deserialize, Serialize};
use sqlx::postgres::PgConnection;

use crate::error::StoreError;
use crate::rows::{self, Filter};
use crate::store::Store;

/// How grave.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Good to know.
    Info,
    /// Trading is limited.
    Warning,
    /// Trading is halted.
    Critical,
}

/// One event.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RiskEventRow {
    /// Its id.
    pub id: Id,
    /// Event time.
    pub at: UtcMs,
    /// The last event before it.
    pub input_seq: u64,
    /// Which limit, such as `daily_loss`.
    pub kind: String,
    /// How grave.
    pub severity: Severity,
    /// Of what, if of one instrument.
    pub instrument: Option<InstrumentId>,
    /// Its numbers.
    pub details: serde_json::Value,
    /// What was done.
    pub action_taken: String,
}

pub(crate) async fn write(
    connection: &mut PgConnection,
    events: &[RiskEventRow],
) -> Result<(), StoreError> {
    let statement = "insert into risk_events \
        select id, utc_of(at), input_seq, kind, severity, instrument, details, action_taken \
        from json_to_recordset($1::json) as r(id text, at bigint, input_seq bigint, kind text, \
            severity text, instrument text, details json, action_taken text) \
        on conflict do nothing";
    rows::write(connection, statement, events).await
}

impl Store {
    /// The events in their order.
    ///
    /// # Errors
    /// Those of any read: [`StoreError::Lost`], [`StoreError::NotMigrated`].
    pub async fn risk_events(&self, filter: &Filter) -> Result<Vec<RiskEventRow>, StoreError> {
        let columns = "id, ms_of(at) as at, input_seq, kind, severity, instrument, details, \
            action_taken";
        self.list((columns, "risk_events"), ("t.at", "(t.input_seq, t.id)"), filter).await
    }
}
