//! TimescaleDB where it is; plain tables and the same queries where it isn't.

use sqlx::postgres::PgConnection;
use sqlx::{Acquire, Executor};

use crate::error::StoreError;

const STEP: &str = include_str!("../../../migrations/timescaledb.sql");

/// Makes hypertables with compression and retention, as far as that is not done yet.
pub(crate) async fn apply(connection: &mut PgConnection) -> Result<(), StoreError> {
    if !is_present(connection).await? {
        tracing::info!(
            "TimescaleDB is not installed: plain tables, nothing is compressed or pruned"
        );
        return Ok(());
    }
    let mut transaction = connection.begin().await?;
    transaction.execute(sqlx::raw_sql(STEP)).await?;
    Ok(transaction.commit().await?)
}

/// Whether its functions are there.
pub(crate) async fn is_present(connection: &mut PgConnection) -> Result<bool, StoreError> {
    let found = sqlx::query_scalar(
        "select exists (select from pg_proc where proname = 'create_hypertable')",
    );
    Ok(found.fetch_one(connection).await?)
}
