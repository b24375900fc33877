//! Highest high and lowest low of the last N candles, for the two oscillators that rest on them.

use serde::{Deserialize, Serialize};

use crate::scan::Join;

/// The low is kept with its sign turned, so that both ends are maxima and one vector instruction
/// joins them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Range {
    high: f64,
    minus_low: f64,
}

impl Range {
    pub(crate) const EMPTY: Self = Self { high: 0.0, minus_low: 0.0 };

    #[inline]
    pub(crate) fn of(high: f64, low: f64) -> Self {
        Self { high, minus_low: -low }
    }

    #[inline]
    pub(crate) fn high(self) -> f64 {
        self.high
    }

    #[inline]
    pub(crate) fn low(self) -> f64 {
        -self.minus_low
    }

    #[inline]
    pub(crate) fn width(self) -> f64 {
        self.high + self.minus_low
    }

    /// TA-Lib's test for a window without movement: the width against its own two ends.
    #[inline]
    pub(crate) fn is_flat(self) -> bool {
        self.width().abs() <= 1e-14 * (self.high.abs() + self.minus_low.abs())
    }
}

impl Join for Range {
    // Comparisons rather than `f64::max`, which pays for NaNs that never come.
    #[inline]
    fn join(self, other: Self) -> Self {
        Self {
            high: if other.high > self.high { other.high } else { self.high },
            minus_low: if other.minus_low > self.minus_low {
                other.minus_low
            } else {
                self.minus_low
            },
        }
    }
}

/// Greatest of the candle's range and its two distances from the close before (Wilder 1978).
#[inline]
pub(crate) fn true_range(high: f64, low: f64, close_before: f64) -> f64 {
    let mut range = high - low;
    for distance in [(high - close_before).abs(), (low - close_before).abs()] {
        range = if distance > range { distance } else { range };
    }
    range
}
