//! Average true range (Wilder 1978).

use serde::{Deserialize, Serialize};

use crate::range::true_range;

/// Wilder's average of the true range, seeded with the mean of the first N; in the unit of the
/// prices. The first candle has no true range: it lacks a close before.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Atr<const N: usize> {
    close_before: f64,
    /// While warming, the sum of the true ranges so far.
    average: f64,
    seen: usize,
}

impl<const N: usize> Atr<N> {
    /// Candles before the first reading: N true ranges.
    pub const WARM_UP: usize = N + 1;

    const KEEP: f64 = (N - 1) as f64 / N as f64;
    const TAKE: f64 = 1.0 - Self::KEEP;

    /// Without any candle yet.
    #[must_use]
    pub const fn new() -> Self {
        const { assert!(N > 1, "an average needs two ranges") };
        Self { close_before: 0.0, average: 0.0, seen: 0 }
    }

    /// Takes the newest candle; the average once there were N true ranges.
    #[inline]
    pub fn push(&mut self, high: f64, low: f64, close: f64) -> Option<f64> {
        let range = true_range(high, low, self.close_before);
        self.close_before = close;
        if self.seen > N {
            self.average = Self::KEEP * self.average + Self::TAKE * range;
            return Some(self.average);
        }
        self.seen += 1;
        if self.seen > 1 {
            self.average += range;
        }
        if self.seen <= N {
            return None;
        }
        self.average /= N as f64;
        Some(self.average)
    }
}

impl<const N: usize> Default for Atr<N> {
    fn default() -> Self {
        Self::new()
    }
}
