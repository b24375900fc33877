//! Timeframes with exact UTC boundaries, as the venue cuts them.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Datelike, NaiveDate, NaiveTime};

use crate::text::serde_as_text;
use crate::time::{DAY_MS, HOUR_MS, MINUTE_MS, UtcMs};

/// The span of a candle, ordered from fine to coarse.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[allow(missing_docs, reason = "the names say it: minutes, hours, days, week, month")]
pub enum Timeframe {
    M1,
    M3,
    M5,
    M15,
    M30,
    H1,
    H2,
    H4,
    H6,
    H8,
    H12,
    D1,
    D3,
    W1,
    Mo1,
}

/// Text that names no timeframe.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("'{0}' is not a timeframe; use one of 1m 3m 5m 15m 30m 1h 2h 4h 6h 8h 12h 1d 3d 1w 1M")]
pub struct ParseTimeframeError(String);

impl Timeframe {
    /// All of them, fine to coarse.
    pub const ALL: [Self; 15] = [
        Self::M1,
        Self::M3,
        Self::M5,
        Self::M15,
        Self::M30,
        Self::H1,
        Self::H2,
        Self::H4,
        Self::H6,
        Self::H8,
        Self::H12,
        Self::D1,
        Self::D3,
        Self::W1,
        Self::Mo1,
    ];

    /// The name that venues use.
    pub const fn name(self) -> &'static str {
        match self {
            Self::M1 => "1m",
            Self::M3 => "3m",
            Self::M5 => "5m",
            Self::M15 => "15m",
            Self::M30 => "30m",
            Self::H1 => "1h",
            Self::H2 => "2h",
            Self::H4 => "4h",
            Self::H6 => "6h",
            Self::H8 => "8h",
            Self::H12 => "12h",
            Self::D1 => "1d",
            Self::D3 => "3d",
            Self::W1 => "1w",
            Self::Mo1 => "1M",
        }
    }

    /// Length in ms; for a month, which has none, that of 30 days.
    #[inline]
    pub const fn span_ms(self) -> i64 {
        match self {
            Self::M1 => MINUTE_MS,
            Self::M3 => 3 * MINUTE_MS,
            Self::M5 => 5 * MINUTE_MS,
            Self::M15 => 15 * MINUTE_MS,
            Self::M30 => 30 * MINUTE_MS,
            Self::H1 => HOUR_MS,
            Self::H2 => 2 * HOUR_MS,
            Self::H4 => 4 * HOUR_MS,
            Self::H6 => 6 * HOUR_MS,
            Self::H8 => 8 * HOUR_MS,
            Self::H12 => 12 * HOUR_MS,
            Self::D1 => DAY_MS,
            Self::D3 => 3 * DAY_MS,
            Self::W1 => 7 * DAY_MS,
            Self::Mo1 => 30 * DAY_MS,
        }
    }

    /// The open of the candle that holds `at`. Weeks begin on Monday; three-day candles count from
    /// the epoch; months are the calendar's, and of 30 days where it ends (262,000 years from now).
    pub fn open_of(self, at: UtcMs) -> UtcMs {
        match self {
            Self::W1 => {
                // The epoch was a Thursday, three days into its week.
                let days_into = at.day().saturating_add(3).rem_euclid(7);
                at.floor(DAY_MS).plus_ms(days_into.saturating_mul(-DAY_MS))
            }
            Self::Mo1 => month(at).and_then(month_open).unwrap_or(at.floor(self.span_ms())),
            _ => at.floor(self.span_ms()),
        }
    }

    /// The close of the candle that opened at `open`: the open of the next one.
    #[inline]
    pub fn close_of(self, open: UtcMs) -> UtcMs {
        match self {
            Self::Mo1 => month(open)
                .and_then(|month| month_open(month.checked_add(1)?))
                .unwrap_or(open.plus_ms(self.span_ms())),
            _ => open.plus_ms(self.span_ms()),
        }
    }

    /// Whether a candle may open at `at`.
    pub fn opens_at(self, at: UtcMs) -> bool {
        self.open_of(at) == at
    }

    /// How many candles open in `[from, to)`, both on the grid; none where `to` is earlier.
    pub fn count_between(self, from: UtcMs, to: UtcMs) -> u64 {
        if to <= from {
            return 0;
        }
        match (self, month(from), month(to)) {
            (Self::Mo1, Some(from), Some(to)) => from.abs_diff(to).into(),
            _ => to.ms().abs_diff(from.ms()).div_euclid(self.span_ms().unsigned_abs()),
        }
    }
}

/// Calendar months since year nought; none beyond the calendar.
fn month(at: UtcMs) -> Option<i32> {
    let date = DateTime::from_timestamp_millis(at.ms())?;
    date.year().checked_mul(12)?.checked_add_unsigned(date.month0())
}

fn month_open(month: i32) -> Option<UtcMs> {
    let first = NaiveDate::from_ymd_opt(
        month.div_euclid(12),
        month.rem_euclid(12).unsigned_abs().checked_add(1)?,
        1,
    )?;
    Some(UtcMs::new(first.and_time(NaiveTime::MIN).and_utc().timestamp_millis()))
}

impl FromStr for Timeframe {
    type Err = ParseTimeframeError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let found = Self::ALL.into_iter().find(|t| t.name() == text);
        found.ok_or_else(|| ParseTimeframeError(text.chars().take(20).collect()))
    }
}

impl fmt::Display for Timeframe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

serde_as_text!(Timeframe);

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> UtcMs {
        UtcMs::new(text.parse::<DateTime<chrono::Utc>>().unwrap().timestamp_millis())
    }

    #[test]
    fn weeks_begin_on_monday_and_months_on_the_first() {
        assert_eq!(Timeframe::W1.open_of(at("2024-02-29T12:00:00Z")), at("2024-02-26T00:00:00Z"));
        assert_eq!(Timeframe::Mo1.open_of(at("2024-02-29T12:00:00Z")), at("2024-02-01T00:00:00Z"));
        assert_eq!(Timeframe::Mo1.close_of(at("2024-02-01T00:00:00Z")), at("2024-03-01T00:00:00Z"));
        assert_eq!(Timeframe::H4.open_of(at("2024-02-29T13:59:59Z")), at("2024-02-29T12:00:00Z"));
    }

    #[test]
    fn every_moment_lies_in_its_candle() {
        for timeframe in Timeframe::ALL {
            for ms in [-1, 0, 1, 1_617_321_659_999, 1_709_164_800_000, 4_102_444_799_999] {
                let moment = UtcMs::new(ms);
                let open = timeframe.open_of(moment);
                assert!(
                    open <= moment && moment < timeframe.close_of(open),
                    "{timeframe} {moment}"
                );
                assert!(timeframe.opens_at(open));
            }
        }
    }

    #[test]
    fn names_round_trip() {
        for timeframe in Timeframe::ALL {
            assert_eq!(timeframe.name().parse(), Ok(timeframe));
        }
        assert!("7m".parse::<Timeframe>().is_err());
    }
}
