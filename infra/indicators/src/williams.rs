//! Williams %R.

use serde::{Deserialize, Serialize};

use crate::range::Range;
use crate::scan::Scan;

/// −100 × (high − close) / (high − low) over the last N candles: −100 at the low, 0 at the high.
/// A window without range counts as 0.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct WilliamsR<const N: usize> {
    range: Scan<Range, N>,
}

impl<const N: usize> WilliamsR<N> {
    /// Candles before the first reading.
    pub const WARM_UP: usize = N;

    /// Without any candle yet.
    #[must_use]
    pub const fn new() -> Self {
        Self { range: Scan::new(Range::EMPTY) }
    }

    /// Takes the newest candle; a reading once there are N.
    #[inline]
    pub fn push(&mut self, high: f64, low: f64, close: f64) -> Option<f64> {
        let range = self.range.push(Range::of(high, low))?;
        if range.is_flat() {
            return Some(0.0);
        }
        Some((range.high() - close) / range.width() * -100.0)
    }
}

impl<const N: usize> Default for WilliamsR<N> {
    fn default() -> Self {
        Self::new()
    }
}
