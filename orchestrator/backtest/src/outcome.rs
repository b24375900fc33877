//! What a run brought: the one thing that reports, plots, searches and statistics are made of.

use decision::record::{Dated, OrderRecord};
use domain::fill::Fill;
use domain::instrument::{Asset, InstrumentId};
use domain::money::{Money, Price, Quantity};
use domain::signal::Direction;
use domain::time::UtcMs;
use domain::timeframe::Timeframe;
use domain::trade::Trade;
use rust_decimal::Decimal;

use crate::curve::Curve;

/// A position that was open when the history ended. It is marked, not closed.
#[derive(Debug, Clone, PartialEq)]
pub struct OpenPosition {
    /// Of what.
    pub instrument: InstrumentId,
    /// Long or short.
    pub direction: Direction,
    /// First fill.
    pub entry_time: UtcMs,
    /// Base units held.
    pub quantity: Quantity,
    /// Average price of opening.
    pub entry_price: Decimal,
    /// The last close.
    pub mark: Price,
    /// Profit at mark, net of the fees so far.
    pub pnl_quote: Money,
}

/// Candles that the history does not have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hole {
    /// Of what.
    pub instrument: InstrumentId,
    /// Of which timeframe.
    pub timeframe: Timeframe,
    /// Open of the first missing candle.
    pub from: UtcMs,
    /// How many are missing.
    pub missing: u64,
    /// Whether the session ended there: more than two days are missing.
    pub ended: bool,
}

/// An order's transition, dated.
#[derive(Debug, Clone, PartialEq)]
pub struct DatedOrder {
    /// The watermark.
    pub at: UtcMs,
    /// What happened, and the order after it.
    pub order: OrderRecord,
}

/// What a run brought.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome {
    /// The asset that the account counts in.
    pub quote: Asset,
    /// Cash at the start.
    pub capital_quote: Money,
    /// What was traded, or could have been.
    pub instruments: Vec<InstrumentId>,
    /// Open of the first candle.
    pub from: UtcMs,
    /// Close of the last candle.
    pub to: UtcMs,
    /// Candles of the base timeframe that were lived through.
    pub candles: u64,
    /// Closed round trips, in the order of their exits.
    pub trades: Vec<Trade>,
    /// What was open in the end.
    pub left_open: Vec<OpenPosition>,
    /// Every fill, in order.
    pub fills: Vec<Fill>,
    /// Every transition of an order, in order.
    pub orders: Vec<DatedOrder>,
    /// The account's worth over time.
    pub curve: Curve,
    /// What the history did not have, by instrument and time.
    pub holes: Vec<Hole>,
    /// Every record in order, where they were asked for; otherwise empty.
    pub records: Vec<Dated>,
}
