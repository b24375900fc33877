//! What futures tell beside candles: written in one go, read back, deleted when old.

pub mod read;
pub mod rows;

use domain::time::{DAY_MS, UtcMs};
use sqlx::{AssertSqlSafe, Connection};

use crate::error::StoreError;
use crate::rows::write;
use crate::store::Store;
use rows::{Facts, Kind};

impl Kind {
    /// For how long rows are kept; none: for ever.
    pub const fn kept_days(self) -> Option<i64> {
        match self {
            Self::Funding => None,
            Self::Book => Some(7),
            Self::Mark | Self::Trade => Some(30),
            Self::Interest | Self::Ratio | Self::Liquidation => Some(90),
        }
    }

    /// The table.
    pub(crate) const fn table(self) -> &'static str {
        match self {
            Self::Funding => "funding_rates",
            Self::Mark => "mark_prices",
            Self::Book => "order_books",
            Self::Trade => "public_trades",
            Self::Interest => "open_interest",
            Self::Ratio => "long_short_ratios",
            Self::Liquidation => "liquidations",
        }
    }
}

impl Store {
    /// Writes what was told, all of it or nothing. What is there already stays as it is.
    ///
    /// # Errors
    /// Those of any write: [`StoreError::Lost`], [`StoreError::NotMigrated`].
    pub async fn write_facts(&self, facts: &Facts) -> Result<(), StoreError> {
        if facts.is_empty() {
            return Ok(());
        }
        let mut connection = self.pool.acquire().await?;
        let mut transaction = connection.begin().await?;
        let to = &mut *transaction;
        write(to, INSERT_FUNDING, &facts.funding).await?;
        write(to, INSERT_MARKS, &facts.marks).await?;
        write(to, INSERT_BOOKS, &facts.books).await?;
        write(to, INSERT_TRADES, &facts.trades).await?;
        write(to, INSERT_INTEREST, &facts.interest).await?;
        write(to, INSERT_RATIOS, &facts.ratios).await?;
        write(to, INSERT_LIQUIDATIONS, &facts.liquidations).await?;
        // Facts can be asked for again; they need not wait for the disk as the ledger does.
        sqlx::query("set local synchronous_commit = off").execute(&mut *to).await?;
        Ok(transaction.commit().await?)
    }

    /// Deletes what is older than it is kept for, seen from `now`, and says how many rows that were.
    /// Where TimescaleDB is, its policies have done it before, chunk by chunk.
    ///
    /// # Errors
    /// Those of any write: [`StoreError::Lost`], [`StoreError::NotMigrated`].
    pub async fn prune_facts(&self, now: UtcMs) -> Result<u64, StoreError> {
        let mut deleted = 0;
        for kind in Kind::ALL {
            let Some(days) = kind.kept_days() else { continue };
            let statement = format!("delete from {} where at < utc_of($1)", kind.table());
            let before = now.plus_ms(-days * DAY_MS);
            let query = sqlx::query(AssertSqlSafe(statement)).bind(before.ms());
            deleted += query.execute(&self.pool).await?.rows_affected();
        }
        Ok(deleted)
    }
}

const INSERT_FUNDING: &str = "insert into funding_rates \
    select instrument, utc_of(at), rate_ratio, mark \
    from json_to_recordset($1::json) as r(instrument text, at bigint, rate_ratio numeric, \
        mark numeric) \
    on conflict do nothing";

const INSERT_MARKS: &str = "insert into mark_prices \
    select instrument, utc_of(at), mark, index_price, estimated_settle, funding_ratio, \
        utc_of(next_funding_at) \
    from json_to_recordset($1::json) as r(instrument text, at bigint, mark numeric, \
        index_price numeric, estimated_settle numeric, funding_ratio numeric, \
        next_funding_at bigint) \
    on conflict do nothing";

const INSERT_BOOKS: &str = "insert into order_books \
    select instrument, utc_of(at), last_update_id, bid_prices, bid_quantities, ask_prices, \
        ask_quantities, bid_volume_base, ask_volume_base, full_bid_volume_base, \
        full_ask_volume_base, spread_quote, imbalance_ratio \
    from json_to_recordset($1::json) as r(instrument text, at bigint, last_update_id numeric, \
        bid_prices numeric[], bid_quantities numeric[], ask_prices numeric[], \
        ask_quantities numeric[], bid_volume_base numeric, ask_volume_base numeric, \
        full_bid_volume_base numeric, full_ask_volume_base numeric, spread_quote numeric, \
        imbalance_ratio double precision) \
    on conflict do nothing";

const INSERT_TRADES: &str = "insert into public_trades \
    select instrument, venue_trade_id, utc_of(at), price, quantity, is_buyer_maker \
    from json_to_recordset($1::json) as r(instrument text, venue_trade_id numeric, at bigint, \
        price numeric, quantity numeric, is_buyer_maker boolean) \
    on conflict do nothing";

const INSERT_INTEREST: &str = "insert into open_interest \
    select instrument, utc_of(at), open_interest_base \
    from json_to_recordset($1::json) as r(instrument text, at bigint, \
        open_interest_base numeric) \
    on conflict do nothing";

const INSERT_RATIOS: &str = "insert into long_short_ratios \
    select instrument, utc_of(at), ratio \
    from json_to_recordset($1::json) as r(instrument text, at bigint, ratio numeric) \
    on conflict do nothing";

const INSERT_LIQUIDATIONS: &str = "insert into liquidations \
    select instrument, utc_of(at), side, price, quantity \
    from json_to_recordset($1::json) as r(instrument text, at bigint, side text, \
        price numeric, quantity numeric) \
    on conflict do nothing";
