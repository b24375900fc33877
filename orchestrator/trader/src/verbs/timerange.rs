//! `--timerange`, `--timeframe` and `--pairs`: which candles.

use std::fmt;
use std::str::FromStr;

use chrono::{NaiveDate, NaiveTime};
use domain::instrument::InstrumentId;
use domain::time::UtcMs;
use domain::timeframe::Timeframe;

use crate::ending::{Code, Failure, Outcome};

/// From a moment on, until before another; either may be open, not both.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Timerange {
    /// The first moment.
    pub from: Option<UtcMs>,
    /// The moment after the last.
    pub to: Option<UtcMs>,
}

/// Text that names no range of time.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TimerangeError {
    /// Not two moments.
    #[error(
        "'{0}' is not a range of time; write it as 20240101-20240601, 20240101- or -20240601 (UTC, \
         the last day not included)"
    )]
    NotARange(String),
    /// Nothing lies in it.
    #[error("'{0}' is empty: its end is not after its beginning")]
    Empty(String),
}

impl FromStr for Timerange {
    type Err = TimerangeError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let shown = || text.chars().take(60).collect::<String>();
        let not_one = || TimerangeError::NotARange(shown());
        let (from, to) = text.trim().split_once('-').ok_or_else(not_one)?;
        let end = |text: &str| match text {
            "" => Ok(None),
            text => moment(text).map(Some).ok_or_else(not_one),
        };
        let range = Self { from: end(from)?, to: end(to)? };
        match (range.from, range.to) {
            (None, None) => Err(not_one()),
            (Some(from), Some(to)) if from >= to => Err(TimerangeError::Empty(shown())),
            _ => Ok(range),
        }
    }
}

/// A day, or seconds or milliseconds since the epoch, told apart by their digits.
fn moment(text: &str) -> Option<UtcMs> {
    if !text.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    match text.len() {
        8 => {
            let day = NaiveDate::parse_from_str(text, "%Y%m%d").ok()?;
            let ms = day.and_time(NaiveTime::MIN).and_utc().timestamp_millis();
            (ms >= 0).then_some(UtcMs::new(ms))
        }
        10 => text.parse::<i64>().ok().map(|seconds| UtcMs::new(seconds * 1_000)),
        13 => text.parse().ok().map(UtcMs::new),
        _ => None,
    }
}

impl Timerange {
    /// Whether it holds a moment.
    pub fn contains(&self, at: UtcMs) -> bool {
        self.from.is_none_or(|from| from <= at) && self.to.is_none_or(|to| at < to)
    }

    /// The flag's value.
    pub fn of_flag(text: Option<&str>) -> Outcome<Self> {
        let range = text.map(str::parse).transpose();
        let range = range.map_err(|e: TimerangeError| usage(format!("--timerange: {e}")))?;
        Ok(range.unwrap_or_default())
    }
}

impl fmt::Display for Timerange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.from, self.to) {
            (Some(from), Some(to)) => write!(f, "from {from} to {to}"),
            (Some(from), None) => write!(f, "from {from} on"),
            (None, Some(to)) => write!(f, "until {to}"),
            (None, None) => f.write_str("at any time"),
        }
    }
}

/// The pairs of a flag, without doubles, in their order; none where it is not given.
pub fn pairs(text: Option<&str>) -> Outcome<Option<Vec<InstrumentId>>> {
    list("--pairs", text)
}

/// The timeframes of a flag, likewise.
pub fn timeframes(text: Option<&str>) -> Outcome<Option<Vec<Timeframe>>> {
    list("--timeframe", text)
}

fn list<T>(flag: &str, text: Option<&str>) -> Outcome<Option<Vec<T>>>
where
    T: FromStr<Err: fmt::Display> + PartialEq,
{
    let Some(text) = text else { return Ok(None) };
    let mut found = Vec::new();
    for part in text.split(',').map(str::trim) {
        let one = part.parse().map_err(|e: T::Err| usage(format!("{flag}: {e}")))?;
        if !found.contains(&one) {
            found.push(one);
        }
    }
    Ok(Some(found))
}

fn usage(message: String) -> Failure {
    Failure::new(Code::Usage, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_days_or_moments() {
        let january = UtcMs::new(1_704_067_200_000);
        let both: Timerange = "20240101-20240102".parse().unwrap();
        assert_eq!(both.from, Some(january));
        assert!(both.contains(january) && !both.contains(january.plus_ms(86_400_000)));
        assert_eq!("1704067200-".parse(), Ok(Timerange { from: Some(january), to: None }));
        assert_eq!("-1704067200000".parse(), Ok(Timerange { from: None, to: Some(january) }));
        for text in ["", "-", "20240101", "20241301-", "2024-01-01", "20240101-x", "19600101-"] {
            let refused = text.parse::<Timerange>().unwrap_err();
            assert!(matches!(refused, TimerangeError::NotARange(_)), "{text}");
        }
        for text in ["20240101-20240101", "20240102-20240101"] {
            let refused = text.parse::<Timerange>().unwrap_err();
            assert!(matches!(refused, TimerangeError::Empty(_)), "{text}");
        }
    }

    #[test]
    fn lists_have_no_doubles() {
        let found = pairs(Some("BTC/USDT, btcusdt,ETH-USDT")).unwrap().unwrap();
        assert_eq!(
            found.iter().map(InstrumentId::as_str).collect::<Vec<_>>(),
            ["BTC/USDT", "ETH/USDT"]
        );
        assert!(pairs(None).unwrap().is_none());
        for text in ["", "1h,", "7m"] {
            assert_eq!(timeframes(Some(text)).unwrap_err().code, Code::Usage, "{text}");
        }
    }
}
