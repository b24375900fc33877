//! What a person must be told, until a mail server has taken it.

use domain::alert::{Alert, AlertKind, AlertSeverity};
use domain::ids::Id;
use domain::time::UtcMs;
use serde::{Deserialize, Serialize};
use sqlx::postgres::PgConnection;

use crate::error::StoreError;
use crate::rows::{self, parse};
use crate::store::Store;

/// An alert on its way out. The same id is told once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AlertRow {
    /// Its id.
    pub id: Id,
    /// What to tell.
    #[serde(flatten)]
    pub alert: Alert,
}

/// An alert with what came of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AlertState {
    /// Its id.
    pub id: Id,
    /// Event time.
    pub at: UtcMs,
    /// What it is about.
    pub kind: AlertKind,
    /// How grave it is.
    pub severity: AlertSeverity,
    /// One line.
    pub subject: String,
    /// How often it was handed to the mail server.
    pub attempts: u32,
    /// What the mail server said last.
    pub last_error: Option<String>,
    /// Refused for good.
    pub failed: bool,
    /// When the mail server took it.
    pub sent_at: Option<UtcMs>,
}

/// How many are on their way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct AlertCounts {
    /// Not taken yet, those refused for good included.
    pub unsent: u64,
    /// Refused for good.
    pub failed: u64,
}

#[derive(Serialize)]
struct Written<'a> {
    #[serde(flatten)]
    row: &'a AlertRow,
    severity: AlertSeverity,
}

/// Alerts of the kind and instrument of one that was raised within ten minutes are not raised again;
/// a halt always is. The same id again changes nothing.
pub(crate) async fn write(
    connection: &mut PgConnection,
    alerts: &[AlertRow],
) -> Result<(), StoreError> {
    let statement = "insert into alerts (id, at, kind, severity, instrument, subject, text) \
        select id, utc_of(at), kind, severity, instrument, subject, text \
        from json_to_recordset($1::json) as r(id text, at bigint, kind text, severity text, \
            instrument text, subject text, text text) \
        where kind = 'halted' or not exists ( \
            select from alerts a where a.kind = r.kind \
                and a.instrument is not distinct from r.instrument \
                and a.raised_at > clock_timestamp() - interval '10 minutes') \
        on conflict do nothing";
    let written: Vec<_> =
        alerts.iter().map(|row| Written { row, severity: row.alert.kind.severity() }).collect();
    rows::write(connection, statement, &written).await
}

impl Store {
    /// Raises alerts that follow from no decision.
    ///
    /// # Errors
    /// Those of any write: [`StoreError::Lost`], [`StoreError::NotMigrated`].
    pub async fn raise(&self, alerts: &[AlertRow]) -> Result<(), StoreError> {
        let mut connection = self.pool.acquire().await?;
        write(&mut connection, alerts).await
    }

    /// The first `limit` that nobody has taken and nobody has refused for good, oldest first.
    ///
    /// # Errors
    /// Those of any read: [`StoreError::Lost`], [`StoreError::NotMigrated`].
    pub async fn unsent_alerts(&self, limit: u32) -> Result<Vec<AlertRow>, StoreError> {
        let found: Vec<String> = sqlx::query_scalar(
            "select to_json(r)::text from (
                select id, ms_of(a.at) as at, kind, instrument, subject, text
                from alerts a where sent_at is null and not failed order by number limit $1
            ) r",
        )
        .bind(i64::from(limit))
        .fetch_all(&self.pool)
        .await?;
        found.iter().map(|row| parse(row)).collect()
    }

    /// The latest `limit`, oldest first.
    ///
    /// # Errors
    /// Those of any read: [`StoreError::Lost`], [`StoreError::NotMigrated`].
    pub async fn alerts(&self, limit: u32) -> Result<Vec<AlertState>, StoreError> {
        let found: Vec<String> = sqlx::query_scalar(
            "select to_json(r)::text from (
                select id, ms_of(a.at) as at, kind, severity, subject, attempts, last_error,
                       failed, ms_of(a.sent_at) as sent_at
                from alerts a order by number desc limit $1
            ) r",
        )
        .bind(i64::from(limit))
        .fetch_all(&self.pool)
        .await?;
        found.iter().rev().map(|row| parse(row)).collect()
    }

    /// How many are on their way.
    ///
    /// # Errors
    /// Those of any read: [`StoreError::Lost`], [`StoreError::NotMigrated`].
    pub async fn alert_counts(&self) -> Result<AlertCounts, StoreError> {
        let row: String = sqlx::query_scalar(
            "select to_json(r)::text from (
                select count(*) as unsent, count(*) filter (where failed) as failed
                from alerts where sent_at is null
            ) r",
        )
        .fetch_one(&self.pool)
        .await?;
        parse(&row)
    }

    /// Notes that the mail server took one.
    ///
    /// # Errors
    /// Those of any write.
    pub async fn alert_sent(&self, id: Id) -> Result<(), StoreError> {
        sqlx::query(
            "update alerts set sent_at = clock_timestamp(), attempts = attempts + 1, failed = false \
             where id = $1 and sent_at is null",
        )
        .bind(id.to_string())
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    /// Notes why the mail server did not take one, and whether it is of any use to try again.
    ///
    /// # Errors
    /// Those of any write.
    pub async fn alert_refused(&self, id: Id, why: &str, for_good: bool) -> Result<(), StoreError> {
        sqlx::query(
            "update alerts set attempts = attempts + 1, last_error = $2, failed = $3 \
             where id = $1 and sent_at is null",
        )
        .bind(id.to_string())
        .bind(why.replace('\0', "\u{fffd}"))
        .bind(for_good)
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    /// Lets be tried again what was refused for good: settings may have changed since.
    ///
    /// # Errors
    /// Those of any write.
    pub async fn retry_alerts(&self) -> Result<(), StoreError> {
        let statement = "update alerts set failed = false where failed and sent_at is null";
        sqlx::query(statement).execute(&self.pool).await?;
        Ok(())
    }
}
