//! The account by the day, marked to market: what Sharpe, Sortino and the best day are made of.

use domain::time::{DAY_MS, UtcMs};
use serde::Serialize;

use crate::curve::Mark;

/// A UTC day of the account; in a breakdown, a week or a month.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Day {
    /// The midnight that it begins with.
    pub begin: UtcMs,
    /// The account's worth at its end, in quote units.
    pub equity_quote: f64,
    /// What it changed by.
    pub pnl_quote: f64,
    /// The same as a ratio of the worth at the beginning; nought where that was nothing.
    pub return_ratio: f64,
}

impl Day {
    /// From its worth at both ends.
    pub fn between(begin: UtcMs, before_quote: f64, equity_quote: f64) -> Self {
        let pnl_quote = equity_quote - before_quote;
        let return_ratio = if before_quote > 0.0 { pnl_quote / before_quote } else { 0.0 };
        Self { begin, equity_quote, pnl_quote, return_ratio }
    }
}

/// Every day from `from` until `to`. A day without a mark carries the last worth on, so that its
/// return is nought; the first day's return is on the capital. `marks` holds the last mark of each
/// day, ascending; one at midnight belongs to the day that it ends.
pub fn days(capital_quote: f64, from: UtcMs, to: UtcMs, marks: &[Mark]) -> Vec<Day> {
    let mut days = Vec::new();
    if from >= to {
        return days;
    }
    let mut marks = marks.iter().peekable();
    let mut equity_quote = capital_quote;
    for day in from.day()..=to.plus_ms(-1).day() {
        let before_quote = equity_quote;
        while let Some(mark) = marks.next_if(|mark| mark.at.plus_ms(-1).day() <= day) {
            equity_quote = mark.equity_quote;
        }
        let midnight = UtcMs::new(day.saturating_mul(DAY_MS));
        days.push(Day::between(midnight, before_quote, equity_quote));
    }
    days
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::time::HOUR_MS;

    fn mark(hour: i64, equity_quote: f64) -> Mark {
        Mark { at: UtcMs::new(hour * HOUR_MS), equity_quote }
    }

    #[test]
    fn a_day_without_candles_carries_on() {
        let marks = [mark(24, 110.0), mark(80, 99.0)];
        let days = days(100.0, UtcMs::new(0), UtcMs::new(4 * DAY_MS), &marks);
        let returns: Vec<_> = days.iter().map(|d| (d.begin.day(), d.return_ratio)).collect();
        assert_eq!(returns, [(0, 0.1), (1, 0.0), (2, 0.0), (3, -0.1)]);
        let pnl: Vec<_> = days.iter().map(|d| (d.equity_quote, d.pnl_quote)).collect();
        assert_eq!(pnl, [(110.0, 10.0), (110.0, 0.0), (110.0, 0.0), (99.0, -11.0)]);
    }

    #[test]
    fn an_account_that_is_worth_nothing_has_no_returns() {
        let marks = [mark(1, -5.0), mark(30, 5.0)];
        let days = days(100.0, UtcMs::new(0), UtcMs::new(2 * DAY_MS), &marks);
        let returns: Vec<_> = days.iter().map(|d| d.return_ratio).collect();
        assert_eq!(returns, [-1.05, 0.0]);
    }

    #[test]
    fn no_time_has_no_days() {
        assert_eq!(days(100.0, UtcMs::new(5), UtcMs::new(5), &[]), []);
    }
}
