//! Decisions as rows; what they rest on is in the ledger.

use domain::ids::Id;
use domain::instrument::InstrumentId;
use domain::intent::Action;
use domain::money::{Price, Quantity};
use domain::time::UtcMs;
use serde::{Deserialize, Serialize};
use sqlx::postgres::PgConnection;

use crate::error::StoreError;
use crate::rows::{self, Filter, parse};
use crate::store::Store;

/// One decision.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DecisionRow {
    /// Its id.
    pub id: Id,
    /// Its entry in the ledger.
    pub seq: u64,
    /// Event time.
    pub at: UtcMs,
    /// The last event before it.
    pub input_seq: u64,
    /// For what.
    pub instrument: InstrumentId,
    /// What to do.
    pub action: Action,
    /// Why.
    pub reason: String,
    /// What the kernel said: approved, denied or none.
    pub verdict: String,
    /// Why it was denied.
    pub denial: Option<String>,
    /// Weighted score, −100…+100.
    pub score: Option<f64>,
    /// Weighted confidence, 0.5…1.
    pub confidence: Option<f64>,
    /// The last close.
    pub reference: Price,
    /// How much, where the kernel approved.
    pub quantity: Option<Quantity>,
    /// Where it is given up.
    pub stop: Option<Price>,
    /// Where its profit is taken.
    pub target: Option<Price>,
}

const COLUMNS: &str = "id, seq, ms_of(at) as at, input_seq, instrument, action, reason, verdict, \
    denial, score, confidence, reference::text as reference, quantity::text as quantity, \
    stop::text as stop, target::text as target";

pub(crate) async fn write(
    connection: &mut PgConnection,
    decisions: &[DecisionRow],
) -> Result<(), StoreError> {
    let statement = "insert into decisions \
        select id, seq, utc_of(at), input_seq, instrument, action, reason, verdict, denial, \
            score, confidence, reference, quantity, stop, target \
        from json_to_recordset($1::json) as r(id text, seq bigint, at bigint, input_seq bigint, \
            instrument text, action text, reason text, verdict text, denial text, \
            score double precision, confidence double precision, reference numeric, \
            quantity numeric, stop numeric, target numeric) \
        on conflict (id) do nothing";
    rows::write(connection, statement, decisions).await
}

impl Store {
    /// The decisions in their order.
    ///
    /// # Errors
    /// Those of any read: [`StoreError::Lost`], [`StoreError::NotMigrated`].
    pub async fn decisions(&self, filter: &Filter) -> Result<Vec<DecisionRow>, StoreError> {
        self.list((COLUMNS, "decisions"), ("t.at", "t.seq"), filter).await
    }

    /// One decision.
    ///
    /// # Errors
    /// Those of any read: [`StoreError::Lost`], [`StoreError::NotMigrated`].
    pub async fn decision(&self, id: Id) -> Result<Option<DecisionRow>, StoreError> {
        let statement = format!(
            "select to_json(r)::text from (select {COLUMNS} from decisions where id = $1) r"
        );
        let row: Option<String> = sqlx::query_scalar(sqlx::AssertSqlSafe(statement))
            .bind(id.to_string())
            .fetch_optional(&self.pool)
            .await?;
        row.map(|row| parse(&row)).transpose()
    }
}
