//! What the venue booked.

use domain::fill::Fill;
use serde::{Deserialize, Serialize};
use sqlx::postgres::PgConnection;

use crate::error::StoreError;
use crate::rows::{self, Filter};
use crate::store::Store;

/// A fill with its place in the ledger.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FillRow {
    /// Its entry in the ledger.
    pub seq: u64,
    /// The fill.
    #[serde(flatten)]
    pub fill: Fill,
}

pub(crate) async fn write(
    connection: &mut PgConnection,
    fills: &[FillRow],
) -> Result<(), StoreError> {
    let statement = "insert into fills \
        select venue_fill_id, instrument, seq, client_order_id, side, price, quantity, fee, \
            fee_asset, liquidity, utc_of(time_exchange) \
        from json_to_recordset($1::json) as r(venue_fill_id numeric, instrument text, \
            seq bigint, client_order_id text, side text, price numeric, quantity numeric, \
            fee numeric, fee_asset text, liquidity text, time_exchange bigint) \
        on conflict (instrument, venue_fill_id) do nothing";
    rows::write(connection, statement, fills).await
}

impl Store {
    /// The fills, by the venue's time.
    ///
    /// # Errors
    /// Those of any read: [`StoreError::Lost`], [`StoreError::NotMigrated`].
    pub async fn fills(&self, filter: &Filter) -> Result<Vec<FillRow>, StoreError> {
        let columns = "venue_fill_id, instrument, seq, client_order_id, side, \
            price::text as price, quantity::text as quantity, fee::text as fee, fee_asset, \
            liquidity, ms_of(time_exchange) as time_exchange";
        self.list((columns, "fills"), ("t.time_exchange", "t.seq"), filter).await
    }
}
