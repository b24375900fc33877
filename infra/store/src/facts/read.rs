//! Facts read back, and what there is of them.

use domain::instrument::InstrumentId;
use domain::time::UtcMs;
use serde::{Deserialize, Serialize};
use sqlx::AssertSqlSafe;

use super::rows::{
    BookRow, FundingRow, InterestRow, Kind, LiquidationRow, MarkRow, PublicTradeRow, RatioRow,
};
use crate::error::StoreError;
use crate::rows::{Filter, parse};
use crate::store::Store;

/// What there is of one kind for one instrument.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct FactCount {
    /// Of what.
    pub instrument: InstrumentId,
    /// Which kind.
    pub kind: Kind,
    /// How many rows.
    pub rows: u64,
    /// The first one's time.
    pub from: UtcMs,
    /// The last one's time.
    pub to: UtcMs,
}

const ORDER: (&str, &str) = ("t.at", "t.instrument");

impl Store {
    /// What there is of each kind, by instrument.
    ///
    /// # Errors
    /// Those of any read: [`StoreError::Lost`], [`StoreError::NotMigrated`].
    pub async fn fact_counts(&self) -> Result<Vec<FactCount>, StoreError> {
        let each: Vec<_> = Kind::ALL
            .iter()
            .map(|kind| {
                format!(
                    "select instrument, '{}' as kind, count(*) as rows, ms_of(min(at)) as \"from\", \
                     ms_of(max(at)) as \"to\" from {} group by 1",
                    kind.name(),
                    kind.table()
                )
            })
            .collect();
        let statement = format!("select to_json(r)::text from ({}) r", each.join(" union all "));
        let rows: Vec<String> =
            sqlx::query_scalar(AssertSqlSafe(statement)).fetch_all(&self.pool).await?;
        let counts: Result<Vec<FactCount>, _> = rows.iter().map(|row| parse(row)).collect();
        let mut counts = counts?;
        counts.sort_by_key(|count| (count.instrument, count.kind));
        Ok(counts)
    }

    /// Settlements of funding, by time.
    ///
    /// # Errors
    /// Those of any read.
    pub async fn funding_rates(&self, filter: &Filter) -> Result<Vec<FundingRow>, StoreError> {
        let columns = "instrument, ms_of(at) as at, rate_ratio::text, mark::text";
        self.list((columns, "funding_rates"), ORDER, filter).await
    }

    /// Mark prices, by time.
    ///
    /// # Errors
    /// Those of any read.
    pub async fn mark_prices(&self, filter: &Filter) -> Result<Vec<MarkRow>, StoreError> {
        let columns = "instrument, ms_of(at) as at, mark::text, index_price::text, \
                       estimated_settle::text, funding_ratio::text, \
                       ms_of(next_funding_at) as next_funding_at";
        self.list((columns, "mark_prices"), ORDER, filter).await
    }

    /// The best of order books, by time.
    ///
    /// # Errors
    /// Those of any read.
    pub async fn order_books(&self, filter: &Filter) -> Result<Vec<BookRow>, StoreError> {
        let columns = "instrument, ms_of(at) as at, last_update_id, \
                       bid_prices::text[], bid_quantities::text[], ask_prices::text[], \
                       ask_quantities::text[], bid_volume_base::text, ask_volume_base::text, \
                       full_bid_volume_base::text, full_ask_volume_base::text, \
                       spread_quote::text, imbalance_ratio";
        self.list((columns, "order_books"), ORDER, filter).await
    }

    /// Trades of everybody, by time.
    ///
    /// # Errors
    /// Those of any read.
    pub async fn public_trades(&self, filter: &Filter) -> Result<Vec<PublicTradeRow>, StoreError> {
        let columns = "instrument, venue_trade_id, ms_of(at) as at, \
                       price::text, quantity::text, is_buyer_maker";
        let order = ("t.at", "(t.instrument, t.venue_trade_id)");
        self.list((columns, "public_trades"), order, filter).await
    }

    /// Open interest, by time.
    ///
    /// # Errors
    /// Those of any read.
    pub async fn open_interest(&self, filter: &Filter) -> Result<Vec<InterestRow>, StoreError> {
        let columns = "instrument, ms_of(at) as at, open_interest_base::text";
        self.list((columns, "open_interest"), ORDER, filter).await
    }

    /// Ratios of long to short accounts, by time.
    ///
    /// # Errors
    /// Those of any read.
    pub async fn long_short_ratios(&self, filter: &Filter) -> Result<Vec<RatioRow>, StoreError> {
        let columns = "instrument, ms_of(at) as at, ratio::text";
        self.list((columns, "long_short_ratios"), ORDER, filter).await
    }

    /// Liquidations, by time.
    ///
    /// # Errors
    /// Those of any read.
    pub async fn liquidations(&self, filter: &Filter) -> Result<Vec<LiquidationRow>, StoreError> {
        let columns = "instrument, ms_of(at) as at, side, price::text, quantity::text";
        let order = ("t.at", "(t.instrument, t.side, t.price, t.quantity)");
        self.list((columns, "liquidations"), order, filter).await
    }
}
