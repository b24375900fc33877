//! What anyone may know of USD-M futures, without a key: marks, funding, books, trades, interest.

use std::sync::Arc;

use domain::instrument::InstrumentId;
use domain::money::{Price, Quantity};
use domain::time::UtcMs;
use rust_decimal::Decimal;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::binance::error::VenueError;
use crate::binance::number::{maybe, maybe_time, number, read, time};
use crate::binance::signed::call::Call;
use crate::binance::signed::params::Params;
use crate::binance::transport::{Request, RestOptions, Transport, USDM_TIME};
use crate::binance::weight::WeightLimit;

/// The most trades of one answer.
pub const MAX_TRADES: u32 = 1_000;

/// A client without a key. Calls may run side by side; each retries until its deadline.
#[derive(Debug, Clone)]
pub struct UsdmMarket {
    transport: Arc<Transport>,
}

impl UsdmMarket {
    /// A client of the venue at `rest_url`; nothing is sent yet.
    pub fn new(rest_url: &str, options: RestOptions) -> Result<Self, VenueError> {
        Ok(Self { transport: Arc::new(Transport::new(rest_url, options, USDM_TIME)?) })
    }

    /// Keeps to these limits from now on.
    pub fn keep_to(&self, limits: &[WeightLimit]) {
        self.transport.set_limits(limits);
    }

    /// How much of the venue's request weight is used, 0…1, by whoever shares the address.
    pub fn used_weight_ratio(&self) -> f64 {
        self.transport.used_weight_ratio()
    }

    async fn ask<T: DeserializeOwned>(&self, call: Call) -> Result<T, VenueError> {
        match call.params.instrument() {
            Some(instrument) if !instrument.is_perpetual() => {
                return Err(VenueError::NotPerpetual { instrument });
            }
            _ => {}
        }
        let query: Vec<_> = call.params.pairs().map(|(n, v)| (n, v.to_owned())).collect();
        let request = Request { path: call.path, query: &query, weight: call.weight };
        self.transport.ask(&request, self.transport.deadline(), |body| read(call.path, body)).await
    }

    /// The mark price, with the funding rate that stands for the time now running.
    pub async fn mark(&self, instrument: InstrumentId) -> Result<MarkPrice, VenueError> {
        self.ask(mark(instrument)).await
    }

    /// Funding rates that were settled from `from` on, oldest first, at most a thousand.
    pub async fn funding_rates(
        &self,
        instrument: InstrumentId,
        from: UtcMs,
    ) -> Result<Vec<FundingRate>, VenueError> {
        self.ask(funding_rates(instrument, from)).await
    }

    /// The order book: 5, 10, 20, 50, 100, 500 or 1,000 levels of each side.
    pub async fn depth(&self, instrument: InstrumentId, levels: u32) -> Result<Depth, VenueError> {
        self.ask(depth(instrument, levels)).await
    }

    /// The latest trades of everybody, oldest first.
    pub async fn trades(
        &self,
        instrument: InstrumentId,
        limit: u32,
    ) -> Result<Vec<PublicTrade>, VenueError> {
        self.ask(trades(instrument, limit)).await
    }

    /// How many contracts are open now, in base units.
    pub async fn open_interest(
        &self,
        instrument: InstrumentId,
    ) -> Result<OpenInterest, VenueError> {
        self.ask(open_interest(instrument)).await
    }

    /// How many accounts are long for each that is short, by periods such as `5m`, oldest first.
    pub async fn long_short_ratios(
        &self,
        instrument: InstrumentId,
        period: &str,
    ) -> Result<Vec<LongShortRatio>, VenueError> {
        self.ask(long_short_ratios(instrument, period)).await
    }
}

/// The mark price and the funding rate.
pub fn mark(instrument: InstrumentId) -> Call {
    Call::ask_public("fapi/v1/premiumIndex", Params::of(instrument), 1)
}

/// Funding rates that were settled.
pub fn funding_rates(instrument: InstrumentId, from: UtcMs) -> Call {
    let params = Params::of(instrument).with("startTime", from.ms()).with("limit", 1_000);
    Call::ask_public("fapi/v1/fundingRate", params, 1)
}

/// The order book.
pub fn depth(instrument: InstrumentId, levels: u32) -> Call {
    let weight = match levels {
        ..=50 => 2,
        51..=100 => 5,
        101..=500 => 10,
        _ => 20,
    };
    Call::ask_public("fapi/v1/depth", Params::of(instrument).with("limit", levels), weight)
}

/// The latest trades of everybody.
pub fn trades(instrument: InstrumentId, limit: u32) -> Call {
    let params = Params::of(instrument).with("limit", limit.clamp(1, MAX_TRADES));
    Call::ask_public("fapi/v1/trades", params, 5)
}

/// How many contracts are open.
pub fn open_interest(instrument: InstrumentId) -> Call {
    Call::ask_public("fapi/v1/openInterest", Params::of(instrument), 1)
}

/// How many accounts are long for each that is short.
pub fn long_short_ratios(instrument: InstrumentId, period: &str) -> Call {
    let params = Params::of(instrument).with("period", period).with("limit", 500);
    Call::ask_public("futures/data/globalLongShortAccountRatio", params, 0)
}

/// What positions are valued at.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MarkPrice {
    /// The venue's spelling of the instrument.
    #[serde(alias = "s")]
    pub symbol: String,
    /// Quote units per base unit.
    #[serde(alias = "p", deserialize_with = "number")]
    pub mark_price: Decimal,
    /// The mean of other venues.
    #[serde(alias = "i", deserialize_with = "number")]
    pub index_price: Decimal,
    /// What it would be settled at now.
    #[serde(default, alias = "P", deserialize_with = "maybe")]
    pub estimated_settle_price: Option<Decimal>,
    /// What longs pay to shorts at the next settlement, as a ratio of a position's value; negative
    /// where shorts pay. None is unknown, not nought.
    #[serde(default, alias = "r", deserialize_with = "maybe")]
    pub last_funding_rate: Option<Decimal>,
    /// When.
    #[serde(default, alias = "T", deserialize_with = "maybe_time")]
    pub next_funding_time: Option<UtcMs>,
    /// When all this held.
    #[serde(alias = "E", deserialize_with = "time")]
    pub time: UtcMs,
}

/// A funding rate that was settled.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FundingRate {
    /// The venue's spelling of the instrument.
    pub symbol: String,
    /// What longs paid to shorts, as a ratio of a position's value; negative where shorts paid.
    #[serde(deserialize_with = "number")]
    pub funding_rate: Decimal,
    /// When.
    #[serde(deserialize_with = "time")]
    pub funding_time: UtcMs,
    /// What positions were valued at.
    #[serde(default, deserialize_with = "maybe")]
    pub mark_price: Option<Decimal>,
}

/// A price of the book and how much stands there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub struct Level(
    /// The price.
    #[serde(deserialize_with = "number")]
    pub Price,
    /// How much, in base units; nought in an update takes the price out of the book.
    #[serde(deserialize_with = "number")]
    pub Quantity,
);

/// An order book, or the best of it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Depth {
    /// The last update that it holds.
    pub last_update_id: u64,
    /// The best bid first.
    pub bids: Vec<Level>,
    /// The best ask first.
    pub asks: Vec<Level>,
}

/// `depthUpdate`: what changed in an order book. On futures it follows on the one before where its
/// `previous_id` is that one's `last_id`; on spot where its `first_id` is one more.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct DepthUpdate {
    /// The venue's spelling of the instrument.
    #[serde(rename = "s")]
    pub symbol: String,
    /// The first change that it holds.
    #[serde(rename = "U")]
    pub first_id: u64,
    /// The last change that it holds.
    #[serde(rename = "u")]
    pub last_id: u64,
    /// The last change of the update before, on futures.
    #[serde(rename = "pu", default)]
    pub previous_id: Option<u64>,
    /// Bids that changed.
    #[serde(rename = "b")]
    pub bids: Vec<Level>,
    /// Asks that changed.
    #[serde(rename = "a")]
    pub asks: Vec<Level>,
    /// When the venue told.
    #[serde(rename = "E", deserialize_with = "time")]
    pub time: UtcMs,
}

/// A trade of anybody.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PublicTrade {
    /// The venue's number, unique within the instrument.
    #[serde(alias = "t", alias = "a")]
    pub id: u64,
    /// At what price.
    #[serde(alias = "p", deserialize_with = "number")]
    pub price: Price,
    /// How much, in base units.
    #[serde(rename = "qty", alias = "q", deserialize_with = "number")]
    pub quantity: Quantity,
    /// When.
    #[serde(alias = "T", deserialize_with = "time")]
    pub time: UtcMs,
    /// Whether the buyer's order rested in the book: then the seller took.
    #[serde(alias = "m")]
    pub is_buyer_maker: bool,
}

/// How many contracts are open.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OpenInterest {
    /// The venue's spelling of the instrument.
    pub symbol: String,
    /// In base units.
    #[serde(alias = "sumOpenInterest", deserialize_with = "number")]
    pub open_interest: Quantity,
    /// When.
    #[serde(alias = "timestamp", deserialize_with = "time")]
    pub time: UtcMs,
}

/// How many accounts, or how much of the positions, are long and short.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LongShortRatio {
    /// The venue's spelling of the instrument.
    pub symbol: String,
    /// Long for each short.
    #[serde(deserialize_with = "number")]
    pub long_short_ratio: Decimal,
    /// When.
    #[serde(rename = "timestamp", deserialize_with = "time")]
    pub time: UtcMs,
}

/// `forceOrder`: somebody was liquidated.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Liquidation {
    /// The venue's spelling of the instrument.
    #[serde(rename = "s")]
    pub symbol: String,
    /// Which side the venue took: it sells a long position.
    #[serde(rename = "S", deserialize_with = "crate::binance::words::side")]
    pub side: domain::order::Side,
    /// How much, in base units.
    #[serde(rename = "q", deserialize_with = "number")]
    pub quantity: Quantity,
    /// At what mean price.
    #[serde(rename = "ap", deserialize_with = "number")]
    pub avg_price: Decimal,
    /// When.
    #[serde(rename = "T", deserialize_with = "time")]
    pub time: UtcMs,
}

/// The best bid and ask.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BookTicker {
    /// The venue's spelling of the instrument.
    #[serde(alias = "s")]
    pub symbol: String,
    /// The best bid.
    #[serde(alias = "b", deserialize_with = "number")]
    pub bid_price: Price,
    /// How much is bid there.
    #[serde(alias = "B", deserialize_with = "number")]
    pub bid_qty: Quantity,
    /// The best ask.
    #[serde(alias = "a", deserialize_with = "number")]
    pub ask_price: Price,
    /// How much is asked there.
    #[serde(alias = "A", deserialize_with = "number")]
    pub ask_qty: Quantity,
}
