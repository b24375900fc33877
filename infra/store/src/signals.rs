//! What the agents said.

use domain::ids::Id;
use domain::signal::{RiskWord, Signal};
use serde::{Deserialize, Serialize};
use sqlx::postgres::PgConnection;

use crate::error::StoreError;
use crate::rows::{self, Filter};
use crate::store::Store;

/// A signal with the id by which decisions name it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SignalRow {
    /// Its id.
    pub id: Id,
    /// The opinion.
    #[serde(flatten)]
    pub signal: Signal,
}

pub(crate) async fn write(
    connection: &mut PgConnection,
    signals: &[SignalRow],
) -> Result<(), StoreError> {
    let statement = "insert into signals \
        select id, agent, instrument, input_seq, utc_of(issued_at), direction, score, confidence, \
            expected_return_ratio, horizon_ms, utc_of(expires_at), atr_quote, basis \
        from json_to_recordset($1::json) as r(id text, agent text, instrument text, \
            input_seq bigint, issued_at bigint, direction text, score double precision, \
            confidence double precision, expected_return_ratio double precision, \
            horizon_ms bigint, expires_at bigint, atr_quote double precision, basis json) \
        on conflict do nothing";
    rows::write(connection, statement, signals).await
}

pub(crate) async fn write_risk_words(
    connection: &mut PgConnection,
    words: &[RiskWord],
) -> Result<(), StoreError> {
    let statement = "insert into risk_words \
        select instrument, input_seq, utc_of(issued_at), utc_of(expires_at), entries_allowed, \
            size_ratio, basis \
        from json_to_recordset($1::json) as r(instrument text, input_seq bigint, \
            issued_at bigint, expires_at bigint, entries_allowed boolean, \
            size_ratio double precision, basis json) \
        on conflict do nothing";
    rows::write(connection, statement, words).await
}

impl Store {
    /// The signals, by when they were issued.
    ///
    /// # Errors
    /// Those of any read: [`StoreError::Lost`], [`StoreError::NotMigrated`].
    pub async fn signals(&self, filter: &Filter) -> Result<Vec<SignalRow>, StoreError> {
        let columns = "id, agent, instrument, input_seq, ms_of(issued_at) as issued_at, \
            direction, score, confidence, expected_return_ratio, horizon_ms, \
            ms_of(expires_at) as expires_at, atr_quote, basis";
        self.list((columns, "signals"), ("t.issued_at", "(t.input_seq, t.id)"), filter).await
    }

    /// The risk agent's words, by when they were issued.
    ///
    /// # Errors
    /// Those of any read: [`StoreError::Lost`], [`StoreError::NotMigrated`].
    pub async fn risk_words(&self, filter: &Filter) -> Result<Vec<RiskWord>, StoreError> {
        let columns = "instrument, input_seq, ms_of(issued_at) as issued_at, \
            ms_of(expires_at) as expires_at, entries_allowed, size_ratio, basis";
        self.list((columns, "risk_words"), ("t.issued_at", "t.input_seq"), filter).await
    }
}
