//! What happened to an account: balances, positions, margin, lists.

use domain::money::Money;
use domain::time::UtcMs;
use rust_decimal::Decimal;
use serde::Deserialize;

use crate::binance::number::{maybe, number, time};
use crate::binance::spot::account::Balance;
use crate::binance::spot::list::ListedOrder;
use crate::binance::words::{Contingency, ListEvent, ListStatus, PositionSide};

/// `outboundAccountPosition`: what assets there are now, of those that changed, on spot.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct SpotBalances {
    /// When they changed.
    #[serde(rename = "u", deserialize_with = "time")]
    pub time: UtcMs,
    /// Them.
    #[serde(rename = "B")]
    pub balances: Vec<Balance>,
}

/// `balanceUpdate`: a deposit, a withdrawal or a transfer, on spot.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct BalanceChange {
    /// Of what.
    #[serde(rename = "a")]
    pub asset: String,
    /// How much; negative where it went.
    #[serde(rename = "d", deserialize_with = "number")]
    pub delta: Money,
    /// When.
    #[serde(rename = "T", deserialize_with = "time")]
    pub time: UtcMs,
}

/// `listStatus`: what happened to an order list, on spot.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct ListUpdate {
    /// The venue's spelling of the instrument.
    #[serde(rename = "s")]
    pub symbol: String,
    /// The venue's number.
    #[serde(rename = "g")]
    pub order_list_id: u64,
    /// How its orders hang together.
    #[serde(rename = "c")]
    pub contingency: Contingency,
    /// What happened.
    #[serde(rename = "l")]
    pub event: ListEvent,
    /// Where it stands.
    #[serde(rename = "L")]
    pub status: ListStatus,
    /// What is wrong, in the venue's words; `NONE` where nothing is.
    #[serde(rename = "r", default)]
    pub reason: String,
    /// Its name.
    #[serde(rename = "C")]
    pub name: String,
    /// When.
    #[serde(rename = "T", deserialize_with = "time")]
    pub time: UtcMs,
    /// Its orders.
    #[serde(rename = "O")]
    pub orders: Vec<ListedOrder>,
}

/// `ACCOUNT_UPDATE`: balances and positions that changed, on futures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountUpdate {
    /// When.
    pub time: UtcMs,
    /// Why, in the venue's words: `ORDER`, `FUNDING_FEE`, `DEPOSIT`, …
    pub reason: String,
    /// Balances that changed.
    pub balances: Vec<WalletBalance>,
    /// Positions that changed.
    pub positions: Vec<PositionUpdate>,
}

/// A balance that changed, on futures.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct WalletBalance {
    /// Of what.
    #[serde(rename = "a")]
    pub asset: String,
    /// What was paid in and realised.
    #[serde(rename = "wb", deserialize_with = "number")]
    pub wallet_balance: Money,
    /// The part of it that backs positions with crossed margin.
    #[serde(rename = "cw", deserialize_with = "number")]
    pub cross_wallet_balance: Money,
    /// By how much it changed for other reasons than profit and commission.
    #[serde(rename = "bc", default, deserialize_with = "maybe")]
    pub change: Option<Money>,
}

/// A position that changed, on futures.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct PositionUpdate {
    /// The venue's spelling of the instrument.
    #[serde(rename = "s")]
    pub symbol: String,
    /// How much in base units; negative for a short one.
    #[serde(rename = "pa", deserialize_with = "number")]
    pub amount: Decimal,
    /// The mean price of its entries.
    #[serde(rename = "ep", deserialize_with = "number")]
    pub entry_price: Decimal,
    /// What it shows.
    #[serde(rename = "up", default, deserialize_with = "maybe")]
    pub unrealized_profit: Option<Money>,
    /// What isolated margin backs it.
    #[serde(rename = "iw", default, deserialize_with = "maybe")]
    pub isolated_wallet: Option<Money>,
    /// The side of the position.
    #[serde(rename = "ps")]
    pub position_side: PositionSide,
}

#[derive(Debug, Deserialize)]
pub(crate) struct AccountReport {
    #[serde(rename = "T", deserialize_with = "time")]
    time: UtcMs,
    a: AccountData,
}

#[derive(Debug, Deserialize)]
struct AccountData {
    #[serde(rename = "m", default)]
    reason: String,
    #[serde(rename = "B", default)]
    balances: Vec<WalletBalance>,
    #[serde(rename = "P", default)]
    positions: Vec<PositionUpdate>,
}

impl From<AccountReport> for AccountUpdate {
    fn from(report: AccountReport) -> Self {
        let AccountData { reason, balances, positions } = report.a;
        Self { time: report.time, reason, balances, positions }
    }
}

/// `MARGIN_CALL`: positions that are close to their liquidation.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct MarginCall {
    /// When.
    #[serde(rename = "E", deserialize_with = "time")]
    pub time: UtcMs,
    /// Them.
    #[serde(rename = "p")]
    pub positions: Vec<CalledPosition>,
}

/// A position that is close to its liquidation.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct CalledPosition {
    /// The venue's spelling of the instrument.
    #[serde(rename = "s")]
    pub symbol: String,
    /// The side of the position.
    #[serde(rename = "ps")]
    pub position_side: PositionSide,
    /// How much in base units.
    #[serde(rename = "pa", deserialize_with = "number")]
    pub amount: Decimal,
    /// What the venue values it at.
    #[serde(rename = "mp", deserialize_with = "number")]
    pub mark_price: Decimal,
    /// What it must be backed with.
    #[serde(rename = "mm", deserialize_with = "number")]
    pub maint_margin: Money,
}

/// `ACCOUNT_CONFIG_UPDATE`: somebody changed the leverage of an instrument, or the margin's mode.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct ConfigUpdate {
    /// When.
    #[serde(rename = "T", deserialize_with = "time")]
    pub time: UtcMs,
    /// The leverage that was changed.
    #[serde(rename = "ac", default)]
    pub leverage: Option<LeverageUpdate>,
    /// The margin's mode that was changed.
    #[serde(rename = "ai", default)]
    pub margin: Option<MarginUpdate>,
}

/// The leverage that was changed.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct LeverageUpdate {
    /// The venue's spelling of the instrument.
    #[serde(rename = "s")]
    pub symbol: String,
    /// How many times.
    #[serde(rename = "l")]
    pub leverage: u8,
}

/// The margin's mode that was changed.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct MarginUpdate {
    /// Whether all assets back all positions.
    #[serde(rename = "j")]
    pub multi_assets: bool,
}
