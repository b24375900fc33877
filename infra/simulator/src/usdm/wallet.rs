//! What comes and goes: every change of a wallet is one of these rows.

use domain::time::UtcMs;
use rust_decimal::Decimal;

use super::account::{Account, Ids};

/// An amount that came, or went where it is negative.
#[derive(Debug, Clone)]
pub(crate) struct Income {
    /// The venue's number of it.
    pub(crate) id: u64,
    /// The venue's word for what it is.
    pub(crate) kind: &'static str,
    /// Empty where it has to do with none.
    pub(crate) symbol: String,
    pub(crate) asset: String,
    pub(crate) amount: Decimal,
    /// Of which execution.
    pub(crate) trade: Option<u64>,
    pub(crate) time: UtcMs,
}

impl Account {
    /// Takes in an amount, with the row that says why. Nothing is said of nothing.
    pub(crate) fn receive(
        &mut self,
        ids: &mut Ids,
        kind: &'static str,
        (asset, symbol): (&str, &str),
        amount: Decimal,
        trade: Option<u64>,
        time: UtcMs,
    ) {
        *self.wallets.entry(asset.to_owned()).or_default() += amount;
        if amount.is_zero() {
            return;
        }
        self.incomes.push(Income {
            id: Ids::next(&mut ids.transfer),
            kind,
            symbol: symbol.to_owned(),
            asset: asset.to_owned(),
            amount,
            trade,
            time,
        });
    }
}
