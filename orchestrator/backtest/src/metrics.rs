//! What a run is worth, in numbers.
//!
//! Returns are of the account's worth by the UTC day, marked to market, and annualised by √365; a
//! drawdown counts every mark. What has no value is `None`, never a NaN or a large number instead.

pub mod breakdown;
pub mod daily;
pub mod missing;
pub mod ratios;
pub mod trades;

use domain::fill::Fill;
use domain::instrument::Asset;
use domain::time::{DAY_MS, UtcMs};
use serde::Serialize;

use crate::curve::{Drawdown, Mark};
use crate::metrics::daily::Day;
use crate::metrics::ratios::DAYS_PER_YEAR;
use crate::metrics::trades::{Round, TradeStats};
use crate::outcome::Outcome;

/// All that the metrics are made of: of a run that has just ended, or of one that was kept.
#[derive(Debug, Clone, PartialEq)]
pub struct Basis {
    /// Cash at the start.
    pub capital_quote: f64,
    /// Open of the first candle.
    pub from: UtcMs,
    /// Close of the last candle.
    pub to: UtcMs,
    /// Closed trades in the order of their exits.
    pub rounds: Vec<Round>,
    /// What was open in the end.
    pub open: Vec<Round>,
    /// The last mark of each day that has one.
    pub marks: Vec<Mark>,
    /// The deepest, by any mark.
    pub drawdown: Drawdown,
    /// The longest time below a peak, by any mark.
    pub under_water_ms: i64,
    /// Fees of every fill.
    pub fees_quote: f64,
    /// Price × quantity of every fill.
    pub volume_quote: f64,
}

impl Basis {
    /// Of a run.
    pub fn of(outcome: &Outcome) -> Self {
        let volume = |fill: &Fill| fill.price.to_f64() * fill.quantity.to_f64();
        Self {
            capital_quote: outcome.capital_quote.to_f64(),
            from: outcome.from,
            to: outcome.to,
            rounds: outcome.trades.iter().map(Round::of).collect(),
            open: outcome.left_open.iter().map(|open| Round::of_open(open, outcome.to)).collect(),
            marks: outcome.curve.days().to_vec(),
            drawdown: outcome.curve.drawdown(),
            under_water_ms: outcome.curve.under_water_ms(),
            fees_quote: ratios::sum(
                outcome.fills.iter().map(|fill| fee_quote(fill, outcome.quote)),
            ),
            volume_quote: ratios::sum(outcome.fills.iter().map(volume)),
        }
    }

    /// The account by the day.
    pub fn days(&self) -> Vec<Day> {
        daily::days(self.capital_quote, self.from, self.to, &self.marks)
    }
}

/// A fee in the quote asset: as it is, or at the fill's price where it was paid in what was bought.
/// In a third asset it can't be told, and counts as nothing.
fn fee_quote(fill: &Fill, quote: Asset) -> f64 {
    match fill.fee_asset.as_str() {
        asset if asset == quote.as_str() => fill.fee.to_f64(),
        asset if asset == fill.instrument.base() => fill.fee.to_f64() * fill.price.to_f64(),
        _ => 0.0,
    }
}

/// The numbers of a run.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Metrics {
    /// Cash at the start.
    pub capital_quote: f64,
    /// The account's last worth, open positions at mark.
    pub final_equity_quote: f64,
    /// What it changed by, open positions at mark.
    pub profit_quote: f64,
    /// The same as a ratio of the capital.
    pub profit_ratio: f64,
    /// From the first candle's open to the last one's close.
    pub days: f64,
    /// (end/start)^(365/days) − 1.
    pub cagr_ratio: Option<f64>,
    /// mean/σ of daily returns × √365.
    pub sharpe: Option<f64>,
    /// mean/√(mean(min(r, 0)²)) of daily returns × √365.
    pub sortino: Option<f64>,
    /// Annual growth over the deepest drawdown.
    pub calmar: Option<f64>,
    /// The deepest loss from a peak, as a ratio of the peak; nought where there was none.
    pub max_drawdown_ratio: f64,
    /// The same in quote units.
    pub max_drawdown_quote: f64,
    /// Its peak; `None` where there was no loss.
    pub drawdown_from: Option<UtcMs>,
    /// Its lowest point.
    pub drawdown_to: Option<UtcMs>,
    /// The account's worth at its peak.
    pub drawdown_high_quote: Option<f64>,
    /// The account's worth at its lowest point.
    pub drawdown_low_quote: Option<f64>,
    /// The longest time from a peak until it was passed again, or until the end.
    pub under_water_ms: i64,
    /// The part of the time in which a position was open.
    pub exposure_ratio: Option<f64>,
    /// Closed trades by the day.
    pub trades_per_day: Option<f64>,
    /// Fees of every fill.
    pub fees_quote: f64,
    /// Price × quantity of every fill.
    pub volume_quote: f64,
    /// The day that the account gained most in.
    pub best_day: Option<Day>,
    /// The day that the account lost most in.
    pub worst_day: Option<Day>,
    /// Days in which the account gained.
    pub days_won: u64,
    /// Days in which nothing changed.
    pub days_drawn: u64,
    /// Days in which it lost.
    pub days_lost: u64,
    /// Mean of the daily returns.
    pub avg_daily_return_ratio: Option<f64>,
    /// Positions that were open in the end.
    pub open_positions: u64,
    /// Their profit at mark.
    pub open_profit_quote: f64,
    /// Of the closed trades.
    #[serde(flatten)]
    pub closed: TradeStats,
}

impl Metrics {
    /// Of a run.
    pub fn of(outcome: &Outcome) -> Self {
        Self::of_basis(&Basis::of(outcome))
    }

    /// Of what a run left.
    pub fn of_basis(basis: &Basis) -> Self {
        let Basis { capital_quote, drawdown, .. } = *basis;
        let days = basis.days();
        let returns: Vec<_> = days.iter().map(|day| day.return_ratio).collect();
        let yearly = |daily: f64| daily * DAYS_PER_YEAR.sqrt();
        let final_equity_quote = basis.marks.last().map_or(capital_quote, |last| last.equity_quote);
        let profit_quote = final_equity_quote - capital_quote;
        let span = basis.to.since(basis.from).max(0) as f64 / DAY_MS as f64;
        let cagr_ratio = ratios::cagr(capital_quote, final_equity_quote, span);
        let lost = Some(drawdown).filter(|drawdown| drawdown.ratio > 0.0);
        let by_pnl = |a: &&Day, b: &&Day| a.pnl_quote.total_cmp(&b.pnl_quote);
        let count = |which: fn(f64) -> bool| days.iter().filter(|d| which(d.pnl_quote)).count();
        Self {
            capital_quote,
            final_equity_quote,
            profit_quote,
            profit_ratio: if capital_quote > 0.0 { profit_quote / capital_quote } else { 0.0 },
            days: span,
            cagr_ratio,
            sharpe: ratios::sharpe(&returns).map(yearly),
            sortino: ratios::sortino(&returns).map(yearly),
            calmar: cagr_ratio.and_then(|cagr| ratios::calmar(cagr, drawdown.ratio)),
            max_drawdown_ratio: drawdown.ratio,
            max_drawdown_quote: drawdown.quote,
            drawdown_from: lost.map(|drawdown| drawdown.peak.at),
            drawdown_to: lost.map(|drawdown| drawdown.trough.at),
            drawdown_high_quote: lost.map(|drawdown| drawdown.peak.equity_quote),
            drawdown_low_quote: lost.map(|drawdown| drawdown.trough.equity_quote),
            under_water_ms: basis.under_water_ms,
            exposure_ratio: exposure(basis),
            trades_per_day: (span > 0.0).then(|| basis.rounds.len() as f64 / span),
            fees_quote: basis.fees_quote,
            volume_quote: basis.volume_quote,
            // Of equals the first.
            best_day: days.iter().rev().max_by(by_pnl).copied(),
            worst_day: days.iter().min_by(by_pnl).copied(),
            days_won: count(|pnl| pnl > 0.0) as u64,
            days_drawn: count(|pnl| pnl == 0.0) as u64,
            days_lost: count(|pnl| pnl < 0.0) as u64,
            avg_daily_return_ratio: ratios::mean(&returns),
            open_positions: basis.open.len() as u64,
            open_profit_quote: ratios::sum(basis.open.iter().map(|open| open.pnl_quote)),
            closed: TradeStats::of(&basis.rounds),
        }
    }
}

/// The part of the time in which at least one position was open.
fn exposure(basis: &Basis) -> Option<f64> {
    let whole = Some(basis.to.since(basis.from)).filter(|whole| *whole > 0)?;
    let within = |at: UtcMs| at.max(basis.from).min(basis.to);
    let held = basis.rounds.iter().chain(&basis.open);
    let mut spans: Vec<_> = held.map(|r| (within(r.entry_time), within(r.exit_time))).collect();
    spans.sort_unstable();
    let (mut covered, mut until) = (0, basis.from);
    for (begin, end) in spans {
        covered += end.since(begin.max(until)).max(0);
        until = until.max(end);
    }
    Some(covered as f64 / whole as f64)
}

#[cfg(test)]
mod tests;
