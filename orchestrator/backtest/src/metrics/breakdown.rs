//! A run by the day, the week or the month.

use std::collections::BTreeMap;
use std::str::FromStr;

use domain::time::UtcMs;
use domain::timeframe::Timeframe;
use serde::Serialize;

use crate::metrics::daily::Day;
use crate::metrics::trades::{Round, TradeStats, infinity_as_text};

/// A span of the calendar, in UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Period {
    /// From midnight to midnight.
    Day,
    /// From Monday on.
    Week,
    /// The calendar's.
    Month,
}

impl Period {
    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::Week => "week",
            Self::Month => "month",
        }
    }

    /// The beginning of the period that holds `at`.
    pub fn begin(self, at: UtcMs) -> UtcMs {
        match self {
            Self::Day => Timeframe::D1.open_of(at),
            Self::Week => Timeframe::W1.open_of(at),
            Self::Month => Timeframe::Mo1.open_of(at),
        }
    }
}

/// Text that names no period.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("'{0}' is not a period: use day, week or month")]
pub struct ParsePeriodError(String);

impl FromStr for Period {
    type Err = ParsePeriodError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let named = |period: &Self| text.trim() == period.name();
        let found = [Self::Day, Self::Week, Self::Month].into_iter().find(named);
        found.ok_or_else(|| ParsePeriodError(text.chars().take(20).collect()))
    }
}

/// What a period brought.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Slice {
    /// Where the period begins (the run may begin within it), and the account in it.
    #[serde(flatten)]
    pub account: Day,
    /// Trades that were closed in it.
    pub trades: u64,
    /// Of which with a profit.
    pub wins: u64,
    /// With neither.
    pub draws: u64,
    /// With a loss.
    pub losses: u64,
    /// Profit of the closed trades.
    pub closed_profit_quote: f64,
    /// Of the closed trades; in JSON infinity is the text `"inf"`.
    #[serde(serialize_with = "infinity_as_text")]
    pub profit_factor: Option<f64>,
}

/// Every period of the run, also those in which nothing happened. A trade belongs to the period of
/// its exit; one that is closed at the very end belongs to the last.
pub fn breakdown(period: Period, capital_quote: f64, days: &[Day], rounds: &[Round]) -> Vec<Slice> {
    let mut periods: BTreeMap<UtcMs, (f64, Vec<Round>)> = BTreeMap::new();
    for day in days {
        periods.entry(period.begin(day.begin)).or_default().0 = day.equity_quote;
    }
    let Some(last) = periods.last_key_value().map(|(begin, _)| *begin) else {
        return Vec::new();
    };
    for round in rounds {
        if let Some((_, closed)) = periods.get_mut(&period.begin(round.exit_time).min(last)) {
            closed.push(*round);
        }
    }
    let mut slices = Vec::with_capacity(periods.len());
    let mut before_quote = capital_quote;
    for (begin, (equity_quote, closed)) in periods {
        let TradeStats { trades, wins, draws, losses, closed_profit_quote, profit_factor, .. } =
            TradeStats::of(&closed);
        let account = Day::between(begin, before_quote, equity_quote);
        before_quote = equity_quote;
        slices.push(Slice {
            account,
            trades,
            wins,
            draws,
            losses,
            closed_profit_quote,
            profit_factor,
        });
    }
    slices
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::time::DAY_MS;

    /// 2024-01-30, a Tuesday.
    const TUESDAY: i64 = 19_752;

    fn day(after: i64, equity_quote: f64) -> Day {
        Day::between(UtcMs::new((TUESDAY + after) * DAY_MS), 100.0, equity_quote)
    }

    fn closed(after: i64, pnl_quote: f64) -> Round {
        Round {
            instrument: "BTC/USDT".parse().unwrap(),
            entry_time: UtcMs::new(TUESDAY * DAY_MS),
            exit_time: UtcMs::new((TUESDAY + after) * DAY_MS),
            pnl_quote,
            pnl_ratio: pnl_quote / 100.0,
        }
    }

    #[test]
    fn weeks_begin_on_monday_and_months_are_the_calendar_s() {
        let days: Vec<_> = (0..8).map(|n| day(n, 101.0 + n as f64)).collect();
        // The last trade is closed when the last day ends.
        let rounds = [closed(0, 1.0), closed(1, -2.0), closed(2, 0.0), closed(8, 4.0)];
        let slices = |period| breakdown(period, 100.0, &days, &rounds);
        let seen = |period| -> Vec<_> {
            let shown =
                |s: &Slice| (s.account.begin.day() - TUESDAY, s.trades, s.account.pnl_quote);
            slices(period).iter().map(shown).collect()
        };
        assert_eq!(seen(Period::Month), [(-29, 2, 2.0), (2, 2, 6.0)]);
        assert_eq!(seen(Period::Week), [(-1, 3, 6.0), (6, 1, 2.0)]);
        assert_eq!(seen(Period::Day).len(), 8);
        assert_eq!(seen(Period::Day)[7], (7, 1, 1.0));
        let february = slices(Period::Month)[1];
        assert_eq!((february.wins, february.draws, february.losses), (1, 1, 0));
        assert_eq!(february.closed_profit_quote, 4.0);
        assert_eq!(february.account.return_ratio, 6.0 / 102.0);
    }
}
