//! What the venue says of an account on USD-M futures.

use domain::instrument::InstrumentId;
use domain::money::Money;
use domain::time::UtcMs;
use rust_decimal::Decimal;
use serde::Deserialize;

use crate::binance::number::{maybe, maybe_time, number};
use crate::binance::signed::call::Call;
use crate::binance::signed::params::Params;
use crate::binance::words::PositionSide;

/// The account's sums, assets and positions.
pub fn account() -> Call {
    Call::ask("fapi/v3/account", Params::new(), 5)
}

/// The assets alone.
pub fn balances() -> Call {
    Call::ask("fapi/v3/balance", Params::new(), 5)
}

/// The account's rights and modes.
pub fn config() -> Call {
    Call::ask("fapi/v1/accountConfig", Params::new(), 5)
}

/// The positions that there are, with their liquidation prices.
pub fn positions(instrument: Option<InstrumentId>) -> Call {
    Call::ask("fapi/v3/positionRisk", instrument.map(Params::of).unwrap_or_default(), 5)
}

/// What trading an instrument costs.
pub fn commission(instrument: InstrumentId) -> Call {
    Call::ask("fapi/v1/commissionRate", Params::of(instrument), 20)
}

/// How much of an asset there is.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UsdmBalance {
    /// The venue's name of it.
    pub asset: String,
    /// What was paid in and realised, without what open positions show.
    #[serde(alias = "balance", deserialize_with = "number")]
    pub wallet_balance: Money,
    /// The part of it that backs positions with crossed margin.
    #[serde(deserialize_with = "number")]
    pub cross_wallet_balance: Money,
    /// What new orders may use.
    #[serde(deserialize_with = "number")]
    pub available_balance: Money,
    /// What open positions would need to be kept, where the answer has it.
    #[serde(default, deserialize_with = "maybe")]
    pub maint_margin: Option<Money>,
}

/// An account on futures. Sums are in USD.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UsdmAccount {
    /// What was paid in and realised.
    #[serde(deserialize_with = "number")]
    pub total_wallet_balance: Money,
    /// The same with what open positions show.
    #[serde(deserialize_with = "number")]
    pub total_margin_balance: Money,
    /// What open positions show.
    #[serde(deserialize_with = "number")]
    pub total_unrealized_profit: Money,
    /// Below this the venue liquidates.
    #[serde(deserialize_with = "number")]
    pub total_maint_margin: Money,
    /// What new orders may use.
    #[serde(deserialize_with = "number")]
    pub available_balance: Money,
    /// What it holds.
    pub assets: Vec<UsdmBalance>,
    /// Its positions, in a shorter form than [`UsdmPosition`].
    pub positions: Vec<AccountPosition>,
}

/// A position in the account's own answer, without entry and liquidation.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AccountPosition {
    /// The venue's spelling of the instrument.
    pub symbol: String,
    /// Which side: `BOTH` in one-way mode.
    pub position_side: PositionSide,
    /// How much in base units; negative for a short one.
    #[serde(deserialize_with = "number")]
    pub position_amt: Decimal,
    /// What it shows.
    #[serde(deserialize_with = "number")]
    pub unrealized_profit: Money,
}

/// An open position, or one that has open orders.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UsdmPosition {
    /// The venue's spelling of the instrument.
    pub symbol: String,
    /// Which side: `BOTH` in one-way mode.
    pub position_side: PositionSide,
    /// How much in base units; negative for a short one.
    #[serde(deserialize_with = "number")]
    pub position_amt: Decimal,
    /// The mean price of its entries.
    #[serde(deserialize_with = "number")]
    pub entry_price: Decimal,
    /// What the venue values it at.
    #[serde(deserialize_with = "number")]
    pub mark_price: Decimal,
    /// Where the venue closes it; nought where the account backs it many times over.
    #[serde(deserialize_with = "number")]
    pub liquidation_price: Decimal,
    /// What it shows.
    #[serde(rename = "unRealizedProfit", deserialize_with = "number")]
    pub unrealized_profit: Money,
    /// What isolated margin backs it; nought for a crossed one.
    #[serde(default, deserialize_with = "maybe")]
    pub isolated_wallet: Option<Money>,
    /// What it must be backed with.
    #[serde(default, deserialize_with = "maybe")]
    pub maint_margin: Option<Money>,
    /// When it last changed.
    #[serde(default, deserialize_with = "maybe_time")]
    pub update_time: Option<UtcMs>,
}

impl UsdmPosition {
    /// Where the venue closes it, if anywhere.
    pub fn liquidation(&self) -> Option<Decimal> {
        (self.liquidation_price > Decimal::ZERO).then_some(self.liquidation_price)
    }
}

/// The account's rights and modes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UsdmConfig {
    /// Whether it may trade.
    pub can_trade: bool,
    /// Whether it may withdraw; the key that asks may do less.
    pub can_withdraw: bool,
    /// Whether long and short positions stand side by side.
    pub dual_side_position: bool,
    /// Whether all assets back all positions.
    pub multi_assets_margin: bool,
}

/// What trading an instrument costs on futures, as ratios of an execution's value.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UsdmCommission {
    /// The venue's spelling of the instrument.
    pub symbol: String,
    /// Of an order that rested; negative where the venue pays.
    #[serde(deserialize_with = "number")]
    pub maker_commission_rate: Decimal,
    /// Of an order that took.
    #[serde(deserialize_with = "number")]
    pub taker_commission_rate: Decimal,
}
