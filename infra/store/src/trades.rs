//! Closed round trips.

use domain::trade::Trade;
use sqlx::postgres::PgConnection;

use crate::error::StoreError;
use crate::rows::{self, Filter};
use crate::store::Store;

pub(crate) async fn write(
    connection: &mut PgConnection,
    trades: &[Trade],
) -> Result<(), StoreError> {
    let statement = "insert into trades \
        select decision_id, instrument, direction, utc_of(entry_time), utc_of(exit_time), \
            quantity, entry_price, exit_price, fees_quote, pnl_quote, exit_reason \
        from json_to_recordset($1::json) as r(decision_id text, instrument text, \
            direction text, entry_time bigint, exit_time bigint, quantity numeric, \
            entry_price numeric, exit_price numeric, fees_quote numeric, pnl_quote numeric, \
            exit_reason text) \
        on conflict do nothing";
    rows::write(connection, statement, trades).await
}

impl Store {
    /// The trades, by when they were closed.
    ///
    /// # Errors
    /// Those of any read: [`StoreError::Lost`], [`StoreError::NotMigrated`].
    pub async fn trades(&self, filter: &Filter) -> Result<Vec<Trade>, StoreError> {
        let columns = "decision_id, instrument, direction, ms_of(entry_time) as entry_time, \
            ms_of(exit_time) as exit_time, quantity::text as quantity, \
            entry_price::text as entry_price, exit_price::text as exit_price, \
            fees_quote::text as fees_quote, pnl_quote::text as pnl_quote, exit_reason";
        let order = ("t.exit_time", "(t.entry_time, t.instrument)");
        self.list((columns, "trades"), order, filter).await
    }
}
