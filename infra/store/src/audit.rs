//! What people and verbs did to the system.

use domain::time::UtcMs;
use serde::{Deserialize, Serialize};

use crate::error::StoreError;
use crate::rows::{self, parse};
use crate::store::Store;

/// One deed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AuditRow {
    /// Wall time.
    pub at: UtcMs,
    /// Who: a user or a verb.
    pub actor: String,
    /// What was done.
    pub action: String,
    /// With what.
    pub details: serde_json::Value,
    /// Whether it worked.
    pub success: bool,
}

impl Store {
    /// Writes down a deed.
    ///
    /// # Errors
    /// Those of any write: [`StoreError::Lost`], [`StoreError::NotMigrated`].
    pub async fn audit(&self, deed: &AuditRow) -> Result<(), StoreError> {
        let mut connection = self.pool.acquire().await?;
        let statement = "insert into audit_log (at, actor, action, details, success) \
            select utc_of(at), actor, action, details, success \
            from json_to_recordset($1::json) as r(at bigint, actor text, action text, \
                details json, success boolean)";
        rows::write(&mut connection, statement, std::slice::from_ref(deed)).await
    }

    /// The latest `limit` deeds, oldest first.
    ///
    /// # Errors
    /// Those of any read: [`StoreError::Lost`], [`StoreError::NotMigrated`].
    pub async fn audit_log(&self, limit: u32) -> Result<Vec<AuditRow>, StoreError> {
        let found: Vec<String> = sqlx::query_scalar(
            "select to_json(r)::text from (
                select ms_of(t.at) as at, actor, action, details, success
                from audit_log t order by t.id desc limit $1
            ) r",
        )
        .bind(i64::from(limit))
        .fetch_all(&self.pool)
        .await?;
        found.iter().rev().map(|row| parse(row)).collect()
    }
}
