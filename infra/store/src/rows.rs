//! How rows travel: written as one JSON array per statement, read as one JSON object per row, in
//! which moments are milliseconds since the epoch and decimals are text.

use domain::instrument::InstrumentId;
use domain::time::UtcMs;
use serde::Serialize;
use serde::de::DeserializeOwned;
use sqlx::AssertSqlSafe;
use sqlx::postgres::PgConnection;

use crate::error::StoreError;
use crate::store::Store;

/// Which rows to list. The default is all.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Filter {
    /// Of one instrument only.
    pub instrument: Option<InstrumentId>,
    /// At or after.
    pub from: Option<UtcMs>,
    /// Before.
    pub to: Option<UtcMs>,
    /// The latest so many.
    pub limit: Option<u32>,
}

/// Writes rows by a statement that takes them as `$1`, a JSON array. Nothing for no rows.
pub(crate) async fn write<T: Serialize>(
    connection: &mut PgConnection,
    statement: &'static str,
    rows: &[T],
) -> Result<(), StoreError> {
    if rows.is_empty() {
        return Ok(());
    }
    let unwritable = |e: serde_json::Error| StoreError::OutOfRange { what: e.to_string() };
    let mut json = serde_json::to_string(rows).map_err(unwritable)?;
    // The one character that text in PostgreSQL can't hold; a venue's words may.
    if json.contains("\\u0000") {
        json = json.replace("\\u0000", "\\ufffd");
    }
    sqlx::query(statement).bind(json).execute(connection).await?;
    Ok(())
}

/// Reads one JSON row.
pub(crate) fn parse<T: DeserializeOwned>(json: &str) -> Result<T, StoreError> {
    serde_json::from_str(json).map_err(|error| {
        let row: String = json.chars().take(200).collect();
        StoreError::corrupt(format!("row {row} can't be read: {error}"))
    })
}

impl Store {
    /// Lists rows, oldest first. `columns` and `table` name what to read; `time` is the column
    /// that the filter's span and the order go by, ties by `tie`.
    pub(crate) async fn list<T: DeserializeOwned>(
        &self,
        (columns, table): (&'static str, &'static str),
        (time, tie): (&'static str, &'static str),
        filter: &Filter,
    ) -> Result<Vec<T>, StoreError> {
        let statement = format!(
            "select to_json(r)::text from (
                select {columns} from {table} t
                where ($1::text is null or instrument = $1)
                  and ($2::bigint is null or {time} >= utc_of($2))
                  and ($3::bigint is null or {time} < utc_of($3))
                order by {time} desc, {tie} desc
                limit $4
            ) r"
        );
        let rows: Vec<String> = sqlx::query_scalar(AssertSqlSafe(statement))
            .bind(filter.instrument.map(|id| id.to_string()))
            .bind(filter.from.map(UtcMs::ms))
            .bind(filter.to.map(UtcMs::ms))
            .bind(filter.limit.map(i64::from))
            .fetch_all(&self.pool)
            .await?;
        rows.iter().rev().map(|row| parse(row)).collect()
    }
}

/// A number that PostgreSQL keeps as `bigint`.
pub(crate) fn to_bigint(number: u64, what: &str) -> Result<i64, StoreError> {
    i64::try_from(number).map_err(|_| StoreError::OutOfRange { what: format!("{what} {number}") })
}

/// The number that a `bigint` stands for.
pub(crate) fn from_bigint(number: i64, what: &str) -> Result<u64, StoreError> {
    u64::try_from(number).map_err(|_| StoreError::corrupt(format!("{what} {number} is negative")))
}
