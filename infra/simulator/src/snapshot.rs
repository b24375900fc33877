//! What really happened, whatever was told of it: the venue's own books of an account.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use serde::Serialize;

/// An account's books in all markets at one moment.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Snapshot {
    /// Market time.
    pub now_ms: i64,
    /// On spot, where the account trades there.
    pub spot: Option<MarketBooks>,
    /// On futures with USD as their margin, where the account trades there.
    pub usdm: Option<MarketBooks>,
}

/// An account's books in one market.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct MarketBooks {
    /// By asset. On futures what is locked is the margin of positions and orders, and both together
    /// are the wallet.
    pub balances: BTreeMap<String, BookedBalance>,
    /// All there ever were, by their number.
    pub orders: Vec<BookedOrder>,
    /// Futures' orders that wait for a price, or did, by the numbers of their own; none on spot.
    pub conditional: Vec<BookedOrder>,
    /// All there ever were, by their number.
    pub trades: Vec<BookedTrade>,
    /// Those that are open; none on spot.
    pub positions: Vec<BookedPosition>,
    /// Every change of futures' wallets, oldest first; none on spot.
    pub incomes: Vec<BookedIncome>,
}

/// How much of an asset there is.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct BookedBalance {
    /// What may be used.
    pub free: Decimal,
    /// What open orders hold.
    pub locked: Decimal,
}

/// An order.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct BookedOrder {
    /// The venue's number.
    pub id: u64,
    /// The client's name.
    pub client_order_id: String,
    /// The number of its list.
    pub list: Option<u64>,
    /// `BTCUSDT`
    pub symbol: String,
    /// `BUY` or `SELL`.
    pub side: String,
    /// `LIMIT`, …
    pub kind: String,
    /// `NEW`, …
    pub status: String,
    /// In base units.
    pub quantity: Decimal,
    /// Nought where it has no limit.
    pub price: Decimal,
    /// Nought where it has no trigger.
    pub stop: Decimal,
    /// In base units.
    pub filled: Decimal,
    /// In quote units.
    pub filled_quote: Decimal,
    /// Whether it can only make a position smaller.
    pub reduces_only: bool,
    /// Market time when it came.
    pub created_ms: i64,
    /// Market time of its last change.
    pub updated_ms: i64,
}

/// An execution.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct BookedTrade {
    /// The venue's number.
    pub id: u64,
    /// The order's number.
    pub order_id: u64,
    /// The client's name of the order.
    pub client_order_id: String,
    /// `BTCUSDT`
    pub symbol: String,
    /// `BUY` or `SELL`.
    pub side: String,
    /// In quote units.
    pub price: Decimal,
    /// In base units.
    pub quantity: Decimal,
    /// In quote units.
    pub quote: Decimal,
    /// In units of its asset.
    pub fee: Decimal,
    /// The fee's asset.
    pub fee_asset: String,
    /// Whether it rested.
    pub is_maker: bool,
    /// Market time.
    pub time_ms: i64,
}

/// A position.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct BookedPosition {
    /// `BTCUSDT`
    pub symbol: String,
    /// `BOTH`, `LONG` or `SHORT`.
    pub side: String,
    /// In base units, negative where it is short.
    pub quantity: Decimal,
    /// Its average, in quote units.
    pub entry_price: Decimal,
    /// What it cost, in quote units; negative where it is short.
    pub cost: Decimal,
}

/// An amount that came, or went where it is negative.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct BookedIncome {
    /// The venue's number.
    pub id: u64,
    /// `FUNDING_FEE`, …
    pub kind: String,
    /// `BTCUSDT`; empty where it has to do with none.
    pub symbol: String,
    /// Of what.
    pub asset: String,
    /// How much.
    pub amount: Decimal,
    /// Market time.
    pub time_ms: i64,
}
