//! Relative strength index (Wilder 1978).

use serde::{Deserialize, Serialize};

/// 100 × average gain / (average gain + average loss), 0 to 100.
///
/// The averages begin as means of the first N changes and go on with Wilder's smoothing. Without
/// any change at all the answer is 50, as in TA-Lib since 0.8 (older versions say 0).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Rsi<const N: usize> {
    value_before: f64,
    /// While warming, sums.
    gain: f64,
    loss: f64,
    seen: usize,
}

impl<const N: usize> Rsi<N> {
    /// Values before the first reading: N changes.
    pub const WARM_UP: usize = N + 1;

    /// Without any value yet.
    #[must_use]
    pub const fn new() -> Self {
        const { assert!(N > 1, "an average needs two changes") };
        Self { value_before: 0.0, gain: 0.0, loss: 0.0, seen: 0 }
    }

    /// Takes the newest value; the index once there were N changes.
    #[inline]
    pub fn push(&mut self, value: f64) -> Option<f64> {
        let change = value - self.value_before;
        self.value_before = value;
        let gain = if change > 0.0 { change } else { 0.0 };
        let loss = gain - change;
        if self.seen > N {
            self.gain = (self.gain * (N - 1) as f64 + gain) * (1.0 / N as f64);
            self.loss = (self.loss * (N - 1) as f64 + loss) * (1.0 / N as f64);
            return Some(self.index());
        }
        self.seen += 1;
        if self.seen > 1 {
            self.gain += gain;
            self.loss += loss;
        }
        if self.seen <= N {
            return None;
        }
        self.gain *= 1.0 / N as f64;
        self.loss *= 1.0 / N as f64;
        Some(self.index())
    }

    #[inline]
    fn index(&self) -> f64 {
        let movement = self.gain + self.loss;
        if movement > 0.0 { 100.0 * (self.gain / movement) } else { 50.0 }
    }
}

impl<const N: usize> Default for Rsi<N> {
    fn default() -> Self {
        Self::new()
    }
}
