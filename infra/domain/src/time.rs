//! Moments in event time: milliseconds since 1970-01-01 00:00 UTC.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Milliseconds in a minute.
pub const MINUTE_MS: i64 = 60_000;
/// Milliseconds in an hour.
pub const HOUR_MS: i64 = 60 * MINUTE_MS;
/// Milliseconds in a day.
pub const DAY_MS: i64 = 24 * HOUR_MS;

/// A moment in UTC, in milliseconds since the epoch. It always came with an event.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct UtcMs(i64);

impl UtcMs {
    /// From milliseconds since the epoch.
    pub const fn new(ms: i64) -> Self {
        Self(ms)
    }

    /// Milliseconds since the epoch.
    pub const fn ms(self) -> i64 {
        self.0
    }

    /// Later by `ms` (earlier where negative); stays at the end of time rather than wrap.
    #[inline]
    pub const fn plus_ms(self, ms: i64) -> Self {
        Self(self.0.saturating_add(ms))
    }

    /// Milliseconds from `earlier` until this moment.
    #[inline]
    pub const fn since(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0)
    }

    /// The last multiple of `span_ms` at or before this moment (no positive span: itself). Stays at
    /// the beginning of time rather than wrap.
    pub const fn floor(self, span_ms: i64) -> Self {
        Self(self.0.saturating_sub(self.into_span(span_ms)))
    }

    /// The first multiple of `span_ms` at or after this moment (no positive span: itself). Stays at
    /// the end of time rather than wrap.
    pub const fn ceil(self, span_ms: i64) -> Self {
        match self.into_span(span_ms) {
            0 => self,
            into => Self(self.0.saturating_add(span_ms.saturating_sub(into))),
        }
    }

    /// How far it is past the last multiple of `span_ms`.
    const fn into_span(self, span_ms: i64) -> i64 {
        if span_ms > 0 { self.0.rem_euclid(span_ms) } else { 0 }
    }

    /// The UTC day: days since the epoch.
    #[inline]
    pub const fn day(self) -> i64 {
        self.0.div_euclid(DAY_MS)
    }
}

impl fmt::Display for UtcMs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match chrono::DateTime::from_timestamp_millis(self.0) {
            Some(t) if self.0 % 1000 == 0 => write!(f, "{}", t.format("%Y-%m-%dT%H:%M:%SZ")),
            Some(t) => write!(f, "{}", t.format("%Y-%m-%dT%H:%M:%S%.3fZ")),
            None => write!(f, "{} ms", self.0),
        }
    }
}

impl fmt::Debug for UtcMs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
