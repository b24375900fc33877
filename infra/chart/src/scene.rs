//! What is drawn: plain series, whoever made them.

use domain::candle::Candle;
use domain::signal::Direction;
use domain::time::UtcMs;

/// Everything that a page or a picture shows.
#[derive(Debug, Clone, Default)]
pub struct Scene {
    /// One line: what was run.
    pub title: String,
    /// One line: on what and how.
    pub subtitle: String,
    /// The asset that the account counts in, `USDT`.
    pub quote: String,
    /// The account's worth in quote units, ascending in time; the first one is the capital.
    pub equity: Vec<(UtcMs, f64)>,
    /// The same capital bought and held, in quote units, ascending; empty where there is none.
    pub hold: Vec<(UtcMs, f64)>,
    /// What was traded.
    pub pairs: Vec<Pair>,
    /// Names and values, the most telling first: the first six are set large.
    pub metrics: Vec<(String, String)>,
    /// Sentences to know before believing any of it.
    pub notes: Vec<String>,
}

/// One instrument and what was done with it.
#[derive(Debug, Clone, Default)]
pub struct Pair {
    /// Its name, `BTC/USDT`.
    pub name: String,
    /// Its candles, all of one timeframe, ascending.
    pub candles: Vec<Candle>,
    /// Its round trips.
    pub trades: Vec<TradeMark>,
    /// What its history does not have.
    pub holes: Vec<Hole>,
}

/// A span without candles, `[from, to)`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hole {
    /// Open of the first missing candle.
    pub from: UtcMs,
    /// Open of the first candle after them.
    pub to: UtcMs,
}

/// A round trip, or a position that was open in the end.
#[derive(Debug, Clone, PartialEq)]
pub struct TradeMark {
    /// First fill.
    pub entry_time: UtcMs,
    /// Last fill; the end of the run where it was left open.
    pub exit_time: UtcMs,
    /// Average price of opening.
    pub entry_price: f64,
    /// Average price of closing; the mark where it was left open.
    pub exit_price: f64,
    /// Long or short.
    pub direction: Direction,
    /// Net of fees, in quote units.
    pub profit_quote: f64,
    /// The same as a ratio of what was paid in.
    pub profit_ratio: f64,
    /// Why it was closed, `stop_loss`.
    pub reason: String,
    /// Whether it was open in the end, so that it has no exit.
    pub left_open: bool,
}
