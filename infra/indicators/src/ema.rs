//! Exponential moving average.

use serde::{Deserialize, Serialize};

/// Exponential average with the weight 2 / (N + 1) for the newest value, seeded with the mean of
/// the first N; in the unit of the values.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Ema<const N: usize> {
    /// While warming, the sum of the values so far.
    average: f64,
    seen: usize,
}

impl<const N: usize> Ema<N> {
    /// Values before the first average.
    pub const WARM_UP: usize = N;

    const WEIGHT: f64 = 2.0 / (N + 1) as f64;

    /// Without any value yet.
    #[must_use]
    pub const fn new() -> Self {
        const { assert!(N > 1, "an average of one value is that value") };
        Self { average: 0.0, seen: 0 }
    }

    /// Takes the newest value; the average once there were N.
    #[inline]
    pub fn push(&mut self, value: f64) -> Option<f64> {
        if self.seen >= N {
            // In TA-Lib's form, so that differences of averages agree to the last bit.
            self.average += (value - self.average) * Self::WEIGHT;
            return Some(self.average);
        }
        self.average += value;
        self.seen += 1;
        if self.seen < N {
            return None;
        }
        self.average /= N as f64;
        Some(self.average)
    }
}

impl<const N: usize> Default for Ema<N> {
    fn default() -> Self {
        Self::new()
    }
}
