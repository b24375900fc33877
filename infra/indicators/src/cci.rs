//! Commodity channel index (Lambert 1980).

use serde::{Deserialize, Serialize};

use crate::ohlcv::typical_price;
use crate::ring::Ring;

/// (typical price − its mean) / (0.015 × its mean deviation) over the last N candles; about ±100
/// for ordinary movement. 0 where the window doesn't move or the price lies on its mean.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Cci<const N: usize> {
    window: Ring<N>,
    /// Sum of the slots up to and with the newest price.
    head: f64,
    seen: usize,
}

impl<const N: usize> Cci<N> {
    /// Candles before the first reading.
    pub const WARM_UP: usize = N;

    /// Without any candle yet.
    #[must_use]
    pub const fn new() -> Self {
        const { assert!(N > 1, "one price has no deviation") };
        Self { window: Ring::new(), head: 0.0, seen: 0 }
    }

    /// Takes the newest candle; the index once there are N.
    #[inline]
    pub fn push(&mut self, high: f64, low: f64, close: f64) -> Option<f64> {
        let typical = typical_price(high, low, close);
        let (before, behind) = self.window.around();
        let head = if before.is_empty() { typical } else { self.head + typical };
        self.head = head;
        if self.seen < N - 1 {
            self.seen += 1;
            self.window.replace(typical);
            return None;
        }
        // The mean's sum runs in the order of the slots, as TA-Lib's does: where the price crosses
        // its mean, the index is nothing but the rounding of that mean. The deviations are all
        // positive, so their order is free.
        let mean = behind.iter().fold(head, |sum, slot| sum + slot) / N as f64;
        let add = |sum, slot: &f64| sum + (slot - mean).abs();
        let newer = before.iter().fold((typical - mean).abs(), add);
        let older = behind.iter().fold(0.0, add);
        let deviation = (newer + older) / N as f64;
        self.window.replace(typical);

        let distance = typical - mean;
        let noise = 1e-14 * mean.abs();
        let divisor = 0.015 * deviation;
        let is_flat = distance.abs() <= noise || deviation <= noise || divisor == 0.0;
        Some(if is_flat { 0.0 } else { distance / divisor })
    }
}

impl<const N: usize> Default for Cci<N> {
    fn default() -> Self {
        Self::new()
    }
}
