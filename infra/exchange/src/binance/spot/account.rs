//! What the venue says of an account on spot and of the key that asks.

use domain::instrument::InstrumentId;
use domain::money::Quantity;
use domain::time::UtcMs;
use rust_decimal::Decimal;
use serde::Deserialize;

use crate::binance::number::{maybe_time, number};
use crate::binance::signed::call::Call;
use crate::binance::signed::params::Params;
use crate::binance::signed::verdict::Market;

/// The account and its balances.
pub fn account() -> Call {
    Call::ask("api/v3/account", Params::new().with("omitZeroBalances", "true"), 20)
}

/// What the key may do. Served by the live venue only.
pub fn key_rights() -> Call {
    Call::ask("sapi/v1/account/apiRestrictions", Params::new(), 1)
}

/// What trading an instrument costs.
pub fn commission(instrument: InstrumentId) -> Call {
    let params = Params::of(instrument);
    Call::ask("api/v3/account/commission", params, 20)
}

/// How much of an asset there is.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Balance {
    /// The venue's name of it; not every one is an asset of ours.
    #[serde(alias = "a")]
    pub asset: String,
    /// What orders may use.
    #[serde(alias = "f", deserialize_with = "number")]
    pub free: Quantity,
    /// What open orders hold.
    #[serde(alias = "l", deserialize_with = "number")]
    pub locked: Quantity,
}

/// An account on spot.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SpotAccount {
    /// Whether it may trade.
    pub can_trade: bool,
    /// Whether it may withdraw; the key that asks may do less.
    pub can_withdraw: bool,
    /// When it last changed.
    #[serde(default, deserialize_with = "maybe_time")]
    pub update_time: Option<UtcMs>,
    /// What it holds.
    pub balances: Vec<Balance>,
}

/// Maker's and taker's commission as ratios of an execution's value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub struct Rates {
    /// Of an order that rested.
    #[serde(deserialize_with = "number")]
    pub maker: Decimal,
    /// Of an order that took.
    #[serde(deserialize_with = "number")]
    pub taker: Decimal,
}

/// What trading an instrument costs on spot. What an execution pays is the sum of all three.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SpotCommission {
    /// The venue's spelling of the instrument.
    pub symbol: String,
    /// What everybody pays.
    pub standard_commission: Rates,
    /// On top.
    #[serde(default)]
    pub special_commission: Option<Rates>,
    /// Taxes.
    #[serde(default)]
    pub tax_commission: Option<Rates>,
    /// What paying in the venue's own asset saves.
    #[serde(default)]
    pub discount: Option<Discount>,
}

/// What paying in the venue's own asset saves.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Discount {
    /// Whether the account wants it.
    pub enabled_for_account: bool,
    /// Whether the instrument allows it.
    pub enabled_for_symbol: bool,
    /// In which asset.
    #[serde(default)]
    pub discount_asset: Option<String>,
    /// What the standard commission is multiplied with.
    #[serde(default, deserialize_with = "crate::binance::number::maybe")]
    pub discount: Option<Decimal>,
}

/// What a key may do. A right that the venue does not mention is one that nobody has proved absent,
/// so the first three must be there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct KeyRights {
    /// Whether it is held to a list of addresses.
    pub ip_restrict: bool,
    /// Whether it may ask.
    pub enable_reading: bool,
    /// Whether it may move assets off the venue.
    pub enable_withdrawals: bool,
    /// Whether it may move assets to other accounts of the venue.
    #[serde(default)]
    pub enable_internal_transfer: bool,
    /// Whether it may move assets between the wallets of its account.
    #[serde(default)]
    pub permits_universal_transfer: bool,
    /// Whether it may trade on spot.
    #[serde(default)]
    pub enable_spot_and_margin_trading: bool,
    /// Whether it may trade futures.
    #[serde(default)]
    pub enable_futures: bool,
}

/// Why a key is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RightsError {
    /// Whoever steals it takes everything.
    #[error("the API key may withdraw; make one that may not, and delete this one")]
    MayWithdraw,
    /// The same by way of another account.
    #[error("the API key may transfer to other accounts; make one that may not")]
    MayTransfer,
    /// It can't do what it is for.
    #[error("the API key may not trade this market; allow it at the venue")]
    MayNotTrade,
}

impl KeyRights {
    /// Takes a key that may trade `market` and can't carry anything away.
    pub const fn admit(&self, market: Market) -> Result<(), RightsError> {
        let trades = match market {
            Market::Spot => self.enable_spot_and_margin_trading,
            Market::Usdm => self.enable_futures,
        };
        match (self.enable_withdrawals, self.enable_internal_transfer, trades) {
            (true, _, _) => Err(RightsError::MayWithdraw),
            (_, true, _) => Err(RightsError::MayTransfer),
            (_, _, false) => Err(RightsError::MayNotTrade),
            _ => Ok(()),
        }
    }
}
