//! What is kept of a run: enough to show it again, to list it and to plot it.

pub(crate) mod folder;

use std::collections::BTreeSet;

use backtest::curve::{Drawdown, Mark};
use backtest::metrics::missing::{Missing, missing};
use backtest::metrics::trades::Round;
use backtest::metrics::{Basis, Metrics};
use backtest::outcome::{Hole, OpenPosition, Outcome as Run};
use domain::instrument::{Asset, InstrumentId};
use domain::money::{Money, Price, Quantity};
use domain::signal::Direction;
use domain::time::{DAY_MS, UtcMs};
use domain::timeframe::Timeframe;
use domain::trade::Trade;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

/// Which form a kept run has; another one is not read.
const VERSION: u32 = 1;
/// A history that is longer is none.
const LONGEST_MS: i64 = 200 * 366 * DAY_MS;

/// What is known of a run beside what it brought.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Facts {
    /// `technical`, `ema-cross`.
    pub(crate) strategy: String,
    /// The risk profile, where the strategy has one.
    pub(crate) profile: Option<String>,
    /// What the strategy decides on.
    pub(crate) timeframe: Timeframe,
    /// Of the candles that it heard, which are finer or the same.
    pub(crate) timeframe_detail: Timeframe,
    /// Where orders fill: `next-open`, `close`, ….
    pub(crate) fill: String,
    /// Fee of an order that rested, of its notional.
    pub(crate) maker_fee_ratio: f64,
    /// Fee of an order that took.
    pub(crate) taker_fee_ratio: f64,
    /// Quote units per trade, where they are fixed.
    pub(crate) stake_quote: Option<f64>,
    /// Of the run.
    pub(crate) seed: u64,
    /// Hash of all that decides what the run brings, but the candles.
    pub(crate) configuration_hash: String,
    /// Which candles there were, by pair.
    pub(crate) candles: Vec<Coverage>,
    /// Buying and holding: the mean over the pairs of last close ÷ first close − 1.
    pub(crate) market_change_ratio: Option<f64>,
    /// Reading the candles took so long.
    pub(crate) read_seconds: f64,
    /// The engine took so long, from candles in memory to the result.
    pub(crate) engine_seconds: f64,
}

/// The candles of a pair.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Coverage {
    /// Of what.
    pub(crate) pair: InstrumentId,
    /// Open of the first.
    pub(crate) from: UtcMs,
    /// Close of the last.
    pub(crate) to: UtcMs,
    /// How many there are.
    pub(crate) candles: u64,
}

/// Candles that the history lacks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Gap {
    pub(crate) pair: InstrumentId,
    pub(crate) timeframe: Timeframe,
    /// Open of the first missing one.
    pub(crate) from: UtcMs,
    /// How many.
    pub(crate) missing: u64,
    /// Whether the pair's session ended there.
    pub(crate) session_ended: bool,
}

/// A position that was open in the end.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct LeftOpen {
    instrument: InstrumentId,
    direction: Direction,
    entry_time: UtcMs,
    quantity: Quantity,
    entry_price: Decimal,
    mark: Price,
    pnl_quote: Money,
}

/// The deepest drawdown: of these two moments and their worths the rest is made.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Deepest {
    ratio: f64,
    quote: f64,
    peak: (UtcMs, f64),
    trough: (UtcMs, f64),
}

/// What the listing shows, so that it need not be computed again.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Headline {
    /// Closed ones.
    pub(crate) trades: u64,
    /// Of the capital, with open positions at mark.
    pub(crate) profit_ratio: f64,
    /// As in the report.
    pub(crate) sharpe: Option<f64>,
    /// As in the report.
    pub(crate) max_drawdown_ratio: f64,
}

/// A run as it is kept.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Saved {
    version: u32,
    /// Names the run: when, which strategy, which configuration.
    pub(crate) id: String,
    /// When it ended, by the wall clock.
    pub(crate) saved_at: UtcMs,
    headline: Headline,
    /// What is known of it.
    pub(crate) facts: Facts,
    /// What the account counts in.
    pub(crate) quote: Asset,
    capital_quote: Money,
    /// What was traded, or could have been.
    pub(crate) instruments: Vec<InstrumentId>,
    /// Open of the first candle.
    pub(crate) from: UtcMs,
    /// Close of the last candle.
    pub(crate) to: UtcMs,
    /// Candles that were lived through.
    pub(crate) candles: u64,
    /// Closed, in the order of their exits.
    pub(crate) trades: Vec<Trade>,
    /// Open in the end.
    pub(crate) left_open: Vec<LeftOpen>,
    /// The last mark of each day.
    days: Vec<(UtcMs, f64)>,
    drawdown: Deepest,
    under_water_ms: i64,
    fees_quote: f64,
    volume_quote: f64,
    /// Candles that the history lacks, by pair and time.
    pub(crate) gaps: Vec<Gap>,
}

/// Why what was kept can't be shown.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum DamagedError {
    /// Kept by another version of the program.
    #[error("it was kept in form {0}, which this version of sextant does not read; run it again")]
    Version(u32),
    /// Its numbers can't be.
    #[error("its {0} can't be; it was altered, so run it again")]
    Impossible(&'static str),
}

impl Saved {
    /// Of a run that ended at `saved_at`.
    pub(crate) fn of(run: &Run, facts: Facts, saved_at: UtcMs) -> Self {
        let metrics = Metrics::of(run);
        let Basis { drawdown, under_water_ms, fees_quote, volume_quote, .. } = Basis::of(run);
        let pair = |mark: Mark| (mark.at, mark.equity_quote);
        Self {
            version: VERSION,
            id: id(&facts, saved_at),
            saved_at,
            headline: Headline {
                trades: metrics.closed.trades,
                profit_ratio: metrics.profit_ratio,
                sharpe: metrics.sharpe,
                max_drawdown_ratio: metrics.max_drawdown_ratio,
            },
            facts,
            quote: run.quote,
            capital_quote: run.capital_quote,
            instruments: run.instruments.clone(),
            from: run.from,
            to: run.to,
            candles: run.candles,
            trades: run.trades.clone(),
            left_open: run.left_open.iter().map(LeftOpen::of).collect(),
            days: run.curve.days().iter().copied().map(pair).collect(),
            drawdown: Deepest {
                ratio: drawdown.ratio,
                quote: drawdown.quote,
                peak: pair(drawdown.peak),
                trough: pair(drawdown.trough),
            },
            under_water_ms,
            fees_quote,
            volume_quote,
            gaps: run.holes.iter().map(Gap::of).collect(),
        }
    }

    /// What the metrics are made of.
    pub(crate) fn basis(&self) -> Basis {
        let mark = |(at, equity_quote): (UtcMs, f64)| Mark { at, equity_quote };
        let open = |open: &LeftOpen| Round::of_open(&open.position(), self.to);
        Basis {
            capital_quote: self.capital_quote.to_f64(),
            from: self.from,
            to: self.to,
            rounds: self.trades.iter().map(Round::of).collect(),
            open: self.left_open.iter().map(open).collect(),
            marks: self.days.iter().copied().map(mark).collect(),
            drawdown: Drawdown {
                ratio: self.drawdown.ratio,
                quote: self.drawdown.quote,
                peak: mark(self.drawdown.peak),
                trough: mark(self.drawdown.trough),
            },
            under_water_ms: self.under_water_ms,
            fees_quote: self.fees_quote,
            volume_quote: self.volume_quote,
        }
    }

    /// What is missing, summed up by pair.
    pub(crate) fn missing(&self) -> Vec<Missing> {
        missing(&self.gaps.iter().map(Gap::hole).collect::<Vec<_>>())
    }

    /// From candles in memory to the result; nought where no time could be measured.
    pub(crate) fn candles_per_second(&self) -> f64 {
        let seconds = self.facts.engine_seconds;
        if seconds > 0.0 { self.candles as f64 / seconds } else { 0.0 }
    }

    /// What a file holds may have been altered: refuses what no run leaves.
    fn checked(self) -> Result<Self, DamagedError> {
        let ordered = self.days.iter().map(|(at, _)| *at).is_sorted();
        let exits = self.trades.iter().map(|trade| trade.exit_time).is_sorted();
        let instruments: BTreeSet<_> = self.instruments.iter().collect();
        let known = |trade: &Trade| instruments.contains(&trade.instrument);
        let impossible = [
            ("range", self.from > self.to || self.to.since(self.from) > LONGEST_MS),
            ("capital", self.capital_quote <= Money::ZERO),
            ("equity", !ordered),
            ("trades", !exits || !self.trades.iter().all(known)),
        ];
        match impossible.into_iter().find(|(_, wrong)| *wrong) {
            _ if self.version != VERSION => Err(DamagedError::Version(self.version)),
            Some((what, _)) => Err(DamagedError::Impossible(what)),
            None => Ok(self),
        }
    }
}

impl Gap {
    fn of(hole: &Hole) -> Self {
        let Hole { instrument: pair, timeframe, from, missing, ended: session_ended } = *hole;
        Self { pair, timeframe, from, missing, session_ended }
    }

    fn hole(&self) -> Hole {
        let Self { pair: instrument, timeframe, from, missing, session_ended: ended } = *self;
        Hole { instrument, timeframe, from, missing, ended }
    }
}

impl LeftOpen {
    fn of(open: &OpenPosition) -> Self {
        let OpenPosition {
            instrument,
            direction,
            entry_time,
            quantity,
            entry_price,
            mark,
            pnl_quote,
        } = open.clone();
        Self { instrument, direction, entry_time, quantity, entry_price, mark, pnl_quote }
    }

    fn position(&self) -> OpenPosition {
        let Self { instrument, direction, entry_time, quantity, entry_price, mark, pnl_quote } =
            self.clone();
        OpenPosition { instrument, direction, entry_time, quantity, entry_price, mark, pnl_quote }
    }
}

/// `20240131T120000Z-ema-cross-0123abcd`: sorts by time, and is a file's name everywhere.
fn id(facts: &Facts, saved_at: UtcMs) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' };
    let time: String =
        saved_at.floor(1_000).to_string().chars().filter(|c| !matches!(c, '-' | ':')).collect();
    let strategy: String = facts.strategy.chars().take(40).map(plain).collect();
    let hash: String = facts.configuration_hash.chars().take(8).map(plain).collect();
    format!("{time}-{strategy}-{hash}")
}

#[cfg(test)]
pub(crate) mod tests;
