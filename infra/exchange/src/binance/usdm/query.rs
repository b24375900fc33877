//! Questions about orders, executions and income on USD-M futures. Each is bounded; the caller goes
//! on from the last number or moment that it saw.

use domain::instrument::InstrumentId;
use domain::money::Money;
use domain::time::UtcMs;
use serde::Deserialize;

use crate::binance::number::{number, time};
use crate::binance::signed::call::Call;
use crate::binance::signed::paging::{Page, paged};
use crate::binance::signed::params::Params;

/// One order by its name, for as long as the venue keeps it.
pub fn order(instrument: InstrumentId, name: &str) -> Call {
    let params = Params::of(instrument).with("origClientOrderId", name);
    Call::ask("fapi/v1/order", params, 1)
}

/// One order by the venue's number.
pub fn order_by_number(instrument: InstrumentId, order_id: u64) -> Call {
    let params = Params::of(instrument).with("orderId", order_id);
    Call::ask("fapi/v1/order", params, 1)
}

/// The open orders of an instrument, or of all.
pub fn open_orders(instrument: Option<InstrumentId>) -> Call {
    let weight = if instrument.is_some() { 1 } else { 40 };
    Call::ask("fapi/v1/openOrders", instrument.map(Params::of).unwrap_or_default(), weight)
}

/// All orders of an instrument: open, filled, cancelled.
pub fn all_orders(instrument: InstrumentId, page: Page, limit: Option<u32>) -> Call {
    let params = paged(Params::of(instrument), "orderId", page, limit);
    Call::ask("fapi/v1/allOrders", params, 5)
}

/// The account's executions in an instrument.
pub fn trades(instrument: InstrumentId, page: Page, limit: Option<u32>) -> Call {
    let params = paged(Params::of(instrument), "fromId", page, limit);
    Call::ask("fapi/v1/userTrades", params, 5)
}

/// The executions of one order.
pub fn trades_of_order(instrument: InstrumentId, order_id: u64) -> Call {
    let params = Params::of(instrument).with("orderId", order_id);
    Call::ask("fapi/v1/userTrades", params, 5)
}

/// The orders with which the venue liquidated or deleveraged the account, lately or in a span.
pub fn forced_orders(span: Option<(UtcMs, UtcMs)>) -> Call {
    let params = Params::new()
        .with_some("startTime", span.map(|(from, _)| from.ms()))
        .with_some("endTime", span.map(|(_, to)| to.ms()))
        .with("limit", 100);
    Call::ask("fapi/v1/forceOrders", params, 50)
}

/// What came and went: funding, realised profit, commission, transfers, or of one kind alone, in the
/// venue's words. Oldest first, one page of [`INCOME_ROWS`] after the other, counted from one.
pub fn income(kind: Option<&str>, from: UtcMs, to: UtcMs, page: u32) -> Call {
    let params = Params::new()
        .with_some("incomeType", kind)
        .with("startTime", from.ms())
        .with("endTime", to.ms())
        .with("page", page.max(1))
        .with("limit", INCOME_ROWS);
    Call::ask("fapi/v1/income", params, 30)
}

/// Rows of a page of incomes.
pub const INCOME_ROWS: u32 = 1_000;

/// One amount that came or went.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Income {
    /// The venue's spelling of the instrument; empty where it has to do with none.
    #[serde(default)]
    pub symbol: String,
    /// What for, in the venue's words: `FUNDING_FEE`, `REALIZED_PNL`, `COMMISSION`, `TRANSFER`, …
    pub income_type: String,
    /// How much; negative where it went.
    #[serde(deserialize_with = "number")]
    pub income: Money,
    /// Of which asset.
    pub asset: String,
    /// When.
    #[serde(deserialize_with = "time")]
    pub time: UtcMs,
    /// The venue's number, unique within its kind and account.
    #[serde(deserialize_with = "number")]
    pub tran_id: i64,
    /// Of which execution, where it is one's.
    #[serde(default)]
    pub trade_id: String,
}
