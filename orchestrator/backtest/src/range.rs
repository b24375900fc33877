//! A part of history: `20240101-20240601`.

use std::fmt;
use std::str::FromStr;

use domain::candle::Candle;
use domain::time::UtcMs;

/// Candles that open at `from` or later and before `to`. Either end may be open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct TimeRange {
    /// The first moment.
    pub from: Option<UtcMs>,
    /// The first moment that is no longer part of it.
    pub to: Option<UtcMs>,
}

/// Text that names no range.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ParseRangeError {
    /// Not two days.
    #[error(
        "'{0}' is not a time range; write it as 20240101-20240601, 20240101- or -20240601 (UTC, the \
         last day not included)"
    )]
    Unreadable(String),
    /// Nothing lies in it.
    #[error("time range '{0}' is empty; its end must be later than its beginning")]
    Empty(String),
}

impl TimeRange {
    /// The ascending candles that open in it.
    pub fn cut(self, candles: &[Candle]) -> &[Candle] {
        let before = |end: UtcMs| candles.partition_point(|candle| candle.open_time < end);
        let start = self.from.map_or(0, before);
        let end = self.to.map_or(candles.len(), before);
        &candles[start.min(end)..end]
    }
}

impl FromStr for TimeRange {
    type Err = ParseRangeError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let shown = || text.chars().take(40).collect::<String>();
        let unreadable = || ParseRangeError::Unreadable(shown());
        let (from, to) = text.split_once('-').ok_or_else(unreadable)?;
        let end = |text: &str| match text {
            "" => Ok(None),
            text => midnight(text).map(Some).ok_or_else(unreadable),
        };
        let range = Self { from: end(from)?, to: end(to)? };
        match (range.from, range.to) {
            (None, None) => Err(unreadable()),
            (Some(from), Some(to)) if to <= from => Err(ParseRangeError::Empty(shown())),
            _ => Ok(range),
        }
    }
}

/// The beginning of a UTC day written as `20240131`.
fn midnight(text: &str) -> Option<UtcMs> {
    let digits = text.len() == 8 && text.bytes().all(|byte| byte.is_ascii_digit());
    let day = digits.then(|| chrono::NaiveDate::parse_from_str(text, "%Y%m%d").ok())??;
    Some(UtcMs::new(day.and_time(chrono::NaiveTime::MIN).and_utc().timestamp_millis()))
}

impl fmt::Display for TimeRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.from, self.to) {
            (Some(from), Some(to)) => write!(f, "{from} to {to}"),
            (Some(from), None) => write!(f, "{from} and later"),
            (None, Some(to)) => write!(f, "the time before {to}"),
            (None, None) => f.write_str("all time"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_read_and_the_last_is_not_part_of_it() {
        let range: TimeRange = "20240101-20240601".parse().unwrap();
        let at = |ms| Some(UtcMs::new(ms));
        assert_eq!((range.from, range.to), (at(1_704_067_200_000), at(1_717_200_000_000)));
        assert_eq!("20240101-".parse(), Ok(TimeRange { to: None, ..range }));
        assert_eq!("-20240601".parse(), Ok(TimeRange { from: None, ..range }));
        for text in ["", "-", "20240101", "2024-01-01", "20241301-", "+2024101-", "20240101-x"] {
            let refused = text.parse::<TimeRange>();
            assert!(matches!(refused, Err(ParseRangeError::Unreadable(_))), "{text}");
        }
        let refused = "20240101-20240101".parse::<TimeRange>();
        assert!(matches!(refused, Err(ParseRangeError::Empty(_))));
    }
}
