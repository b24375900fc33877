//! Simple moving average.

use serde::{Deserialize, Serialize};

use crate::ring::Ring;

/// Mean of the last N values, in the unit of the values.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Sma<const N: usize> {
    window: Ring<N>,
    total: f64,
    seen: usize,
}

impl<const N: usize> Sma<N> {
    /// Values before the first mean.
    pub const WARM_UP: usize = N;

    /// Without any value yet.
    #[must_use]
    pub const fn new() -> Self {
        Self { window: Ring::new(), total: 0.0, seen: 0 }
    }

    /// Takes the newest value; the mean once there are N.
    #[inline]
    pub fn push(&mut self, value: f64) -> Option<f64> {
        // TA-Lib's order: the value that leaves goes first. While filling, zeros leave.
        self.total -= self.window.replace(value);
        self.total += value;
        if self.seen < N {
            self.seen += 1;
        }
        (self.seen >= N).then(|| self.total / N as f64)
    }
}

impl<const N: usize> Default for Sma<N> {
    fn default() -> Self {
        Self::new()
    }
}
