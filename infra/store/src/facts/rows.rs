//! One row of each table of facts.

use domain::instrument::InstrumentId;
use domain::money::{Price, Quantity};
use domain::order::Side;
use domain::time::UtcMs;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

/// The kinds of facts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Settlements of funding.
    Funding,
    /// Mark prices.
    Mark,
    /// The best of order books.
    Book,
    /// Trades of everybody.
    Trade,
    /// Open interest.
    Interest,
    /// Ratios of long to short accounts.
    Ratio,
    /// Liquidations.
    Liquidation,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Funding,
        Self::Mark,
        Self::Book,
        Self::Trade,
        Self::Interest,
        Self::Ratio,
        Self::Liquidation,
    ];

    /// Its name for people and metrics.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Funding => "funding",
            Self::Mark => "mark",
            Self::Book => "book",
            Self::Trade => "trade",
            Self::Interest => "interest",
            Self::Ratio => "ratio",
            Self::Liquidation => "liquidation",
        }
    }
}

/// A settlement of funding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FundingRow {
    /// Of what.
    pub instrument: InstrumentId,
    /// When, by the venue's clock.
    pub at: UtcMs,
    /// Of notional; longs pay shorts where it is positive.
    pub rate_ratio: Decimal,
    /// What positions were valued at, where the venue said.
    pub mark: Option<Decimal>,
}

/// A mark price.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MarkRow {
    /// Of what.
    pub instrument: InstrumentId,
    /// When, by the venue's clock.
    pub at: UtcMs,
    /// What positions are valued at.
    pub mark: Decimal,
    /// The mean of other venues.
    pub index_price: Decimal,
    /// What it would be settled at.
    pub estimated_settle: Option<Decimal>,
    /// What would be paid at the next settlement, of notional; none is unknown.
    pub funding_ratio: Option<Decimal>,
    /// When that is.
    pub next_funding_at: Option<UtcMs>,
}

/// The best of an order book.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BookRow {
    /// Of what.
    pub instrument: InstrumentId,
    /// When, by the venue's clock.
    pub at: UtcMs,
    /// The last change that it holds.
    pub last_update_id: u64,
    /// The best bid first.
    pub bid_prices: Vec<Price>,
    /// How much is bid there, in base units.
    pub bid_quantities: Vec<Quantity>,
    /// The best ask first.
    pub ask_prices: Vec<Price>,
    /// How much is asked there, in base units.
    pub ask_quantities: Vec<Quantity>,
    /// Sum of the bids above.
    pub bid_volume_base: Decimal,
    /// Sum of the asks above.
    pub ask_volume_base: Decimal,
    /// Sum of all bids that are known.
    pub full_bid_volume_base: Decimal,
    /// Sum of all asks that are known.
    pub full_ask_volume_base: Decimal,
    /// Best ask minus best bid.
    pub spread_quote: Decimal,
    /// (bid − ask) / (bid + ask) of the volumes above, −1…1.
    pub imbalance_ratio: f64,
}

/// A trade of anybody.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublicTradeRow {
    /// Of what.
    pub instrument: InstrumentId,
    /// The venue's own number, unique within the instrument.
    pub venue_trade_id: u64,
    /// When, by the venue's clock.
    pub at: UtcMs,
    /// At what price.
    pub price: Price,
    /// How much, in base units.
    pub quantity: Quantity,
    /// Whether the buyer's order rested in the book: then the seller took.
    pub is_buyer_maker: bool,
}

/// How many contracts are open.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InterestRow {
    /// Of what.
    pub instrument: InstrumentId,
    /// When, by the venue's clock.
    pub at: UtcMs,
    /// In base units.
    pub open_interest_base: Quantity,
}

/// How many accounts are long for each that is short.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RatioRow {
    /// Of what.
    pub instrument: InstrumentId,
    /// When, by the venue's clock.
    pub at: UtcMs,
    /// Long for each short.
    pub ratio: Decimal,
}

/// Somebody was liquidated.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LiquidationRow {
    /// Of what.
    pub instrument: InstrumentId,
    /// When, by the venue's clock.
    pub at: UtcMs,
    /// Which side the venue took: it sells a long position.
    pub side: Side,
    /// At what mean price.
    pub price: Decimal,
    /// How much, in base units.
    pub quantity: Quantity,
}

/// Facts that are written together.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Facts {
    /// Settlements of funding.
    pub funding: Vec<FundingRow>,
    /// Mark prices.
    pub marks: Vec<MarkRow>,
    /// The best of order books.
    pub books: Vec<BookRow>,
    /// Trades of everybody.
    pub trades: Vec<PublicTradeRow>,
    /// Open interest.
    pub interest: Vec<InterestRow>,
    /// Ratios of long to short accounts.
    pub ratios: Vec<RatioRow>,
    /// Liquidations.
    pub liquidations: Vec<LiquidationRow>,
}

impl Facts {
    /// How many rows there are of each kind.
    pub fn counts(&self) -> [(Kind, usize); 7] {
        [
            (Kind::Funding, self.funding.len()),
            (Kind::Mark, self.marks.len()),
            (Kind::Book, self.books.len()),
            (Kind::Trade, self.trades.len()),
            (Kind::Interest, self.interest.len()),
            (Kind::Ratio, self.ratios.len()),
            (Kind::Liquidation, self.liquidations.len()),
        ]
    }

    /// Whether there is nothing.
    pub fn is_empty(&self) -> bool {
        self.counts().iter().all(|(_, count)| *count == 0)
    }
}
