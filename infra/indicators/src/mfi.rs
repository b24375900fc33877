//! Money flow index (Quong and Soudack 1989).

use serde::{Deserialize, Serialize};

use crate::ohlcv::typical_price;
use crate::ring::Ring;

/// 100 × positive flow / (positive + negative flow) over the last N candles, 0 to 100, where a
/// candle's flow is typical price × volume and its sign is that of the typical price's change.
/// 0 where nothing flowed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Mfi<const N: usize> {
    /// Signed flows; a candle that flows neither way is 0.
    flows: Ring<N>,
    typical_before: f64,
    positive: f64,
    negative: f64,
    /// Candles without flow at the end of the stream, counted up to N.
    still: usize,
    seen: usize,
}

impl<const N: usize> Mfi<N> {
    /// Candles before the first reading: N changes.
    pub const WARM_UP: usize = N + 1;

    /// Without any candle yet.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            flows: Ring::new(),
            typical_before: 0.0,
            positive: 0.0,
            negative: 0.0,
            still: 0,
            seen: 0,
        }
    }

    /// Takes the newest candle; the index once there were N changes.
    #[inline]
    pub fn push(&mut self, high: f64, low: f64, close: f64, volume: f64) -> Option<f64> {
        let typical = typical_price(high, low, close);
        let before = self.typical_before;
        self.typical_before = typical;
        if self.seen == 0 {
            self.seen = 1;
            return None;
        }
        let change = typical - before;
        // A change within the rounding of the two prices is none.
        let is_noise = change.abs() <= 1e-14 * (typical.abs() + before.abs());
        let flow = if is_noise { 0.0 } else { typical * volume };
        let rising = if change < 0.0 { 0.0 } else { flow };
        let falling = flow - rising;
        let gone = self.flows.replace(rising - falling);
        let gone_rising = if gone > 0.0 { gone } else { 0.0 };
        self.positive = self.positive - gone_rising + rising;
        self.negative = self.negative - (gone_rising - gone) + falling;

        // Running sums keep rounding behind: once the window is empty they are put back to zero.
        self.still = if flow == 0.0 { self.still.min(N - 1) + 1 } else { 0 };
        if self.still >= N {
            self.positive = 0.0;
            self.negative = 0.0;
        }
        if self.seen <= N {
            self.seen += 1;
        }
        if self.seen <= N {
            return None;
        }
        let total = self.positive + self.negative;
        // The same rounding can push a sum below zero or above the total.
        let capped = if self.positive > total { total } else { self.positive };
        let positive = if capped < 0.0 { 0.0 } else { capped };
        Some(if total > 0.0 { 100.0 * (positive / total) } else { 0.0 })
    }
}

impl<const N: usize> Default for Mfi<N> {
    fn default() -> Self {
        Self::new()
    }
}
