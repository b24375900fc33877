//! The account over time.

use std::collections::BTreeMap;

use domain::money::Money;
use domain::time::UtcMs;
use serde::{Deserialize, Serialize};
use sqlx::postgres::PgConnection;

use crate::error::StoreError;
use crate::rows::{self, parse};
use crate::store::Store;

/// The account at one moment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PortfolioRow {
    /// Event time.
    pub at: UtcMs,
    /// Cash.
    pub cash_quote: Money,
    /// Cash and positions at mark.
    pub equity_quote: Money,
    /// What would be lost if every stop were hit, as a ratio of equity.
    pub heat_ratio: f64,
    /// Loss from the highest equity, 0…1.
    pub drawdown_ratio: f64,
    /// How many positions are open.
    pub open_positions: u32,
    /// Profit since the day opened.
    pub day_pnl_quote: Money,
    /// Profit of closed positions, net of fees.
    pub realised_quote: Money,
    /// Fees.
    pub fees_quote: Money,
    /// The open positions, for people to read.
    pub positions: serde_json::Value,
}

const COLUMNS: &str = "ms_of(at) as at, cash_quote::text as cash_quote, \
    equity_quote::text as equity_quote, heat_ratio, drawdown_ratio, open_positions, \
    day_pnl_quote::text as day_pnl_quote, realised_quote::text as realised_quote, \
    fees_quote::text as fees_quote, positions";

/// Of several states of one moment the last one stays.
pub(crate) async fn write(
    connection: &mut PgConnection,
    states: &[PortfolioRow],
) -> Result<(), StoreError> {
    let last: BTreeMap<UtcMs, &PortfolioRow> =
        states.iter().map(|state| (state.at, state)).collect();
    let last: Vec<&PortfolioRow> = last.into_values().collect();
    let statement = "insert into portfolio_states \
        select utc_of(at), cash_quote, equity_quote, heat_ratio, drawdown_ratio, open_positions, \
            day_pnl_quote, realised_quote, fees_quote, positions \
        from json_to_recordset($1::json) as r(at bigint, cash_quote numeric, \
            equity_quote numeric, heat_ratio double precision, drawdown_ratio double precision, \
            open_positions bigint, day_pnl_quote numeric, realised_quote numeric, \
            fees_quote numeric, positions json) \
        on conflict (at) do update set cash_quote = excluded.cash_quote, \
            equity_quote = excluded.equity_quote, heat_ratio = excluded.heat_ratio, \
            drawdown_ratio = excluded.drawdown_ratio, open_positions = excluded.open_positions, \
            day_pnl_quote = excluded.day_pnl_quote, realised_quote = excluded.realised_quote, \
            fees_quote = excluded.fees_quote, positions = excluded.positions";
    rows::write(connection, statement, &last).await
}

impl Store {
    /// The account as it stands; none before the first state.
    ///
    /// # Errors
    /// Those of any read: [`StoreError::Lost`], [`StoreError::NotMigrated`].
    pub async fn latest_portfolio(&self) -> Result<Option<PortfolioRow>, StoreError> {
        let statement =
            format!("select to_json(r)::text from (select {COLUMNS} from latest_portfolio) r");
        let row: Option<String> =
            sqlx::query_scalar(sqlx::AssertSqlSafe(statement)).fetch_optional(&self.pool).await?;
        row.map(|row| parse(&row)).transpose()
    }

    /// The account's states in `[from, to)`, oldest first.
    ///
    /// # Errors
    /// Those of any read: [`StoreError::Lost`], [`StoreError::NotMigrated`].
    pub async fn portfolio_states(
        &self,
        from: Option<UtcMs>,
        to: Option<UtcMs>,
    ) -> Result<Vec<PortfolioRow>, StoreError> {
        let statement = format!(
            "select to_json(r)::text from (
                select {COLUMNS} from portfolio_states t
                where ($1::bigint is null or at >= utc_of($1))
                  and ($2::bigint is null or at < utc_of($2))
                order by t.at
            ) r"
        );
        let found: Vec<String> = sqlx::query_scalar(sqlx::AssertSqlSafe(statement))
            .bind(from.map(UtcMs::ms))
            .bind(to.map(UtcMs::ms))
            .fetch_all(&self.pool)
            .await?;
        found.iter().map(|row| parse(row)).collect()
    }
}
