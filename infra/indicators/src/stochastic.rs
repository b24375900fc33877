//! Slow stochastic oscillator (Lane).

use serde::{Deserialize, Serialize};

use crate::range::Range;
use crate::scan::Scan;
use crate::sma::Sma;

/// Where the close lies in the range of the last N candles: 100 × (close − low) / (high − low),
/// smoothed by simple means of K and then D candles. A window without range counts as 0.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Stochastic<const N: usize, const K: usize, const D: usize> {
    range: Scan<Range, N>,
    k: Sma<K>,
    d: Sma<D>,
}

/// One reading, 0 to 100 but for the rounding of running sums.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct StochasticValue {
    /// %K, the slow one.
    pub k: f64,
    /// %D, the mean of %K.
    pub d: f64,
}

impl<const N: usize, const K: usize, const D: usize> Stochastic<N, K, D> {
    /// Candles before the first reading: %K and %D appear together.
    pub const WARM_UP: usize = N + K + D - 2;

    /// Without any candle yet.
    #[must_use]
    pub const fn new() -> Self {
        Self { range: Scan::new(Range::EMPTY), k: Sma::new(), d: Sma::new() }
    }

    /// Takes the newest candle; a reading once %D has one.
    #[inline]
    pub fn push(&mut self, high: f64, low: f64, close: f64) -> Option<StochasticValue> {
        let range = self.range.push(Range::of(high, low))?;
        let fast =
            if range.is_flat() { 0.0 } else { (close - range.low()) / range.width() * 100.0 };
        let k = self.k.push(fast)?;
        let d = self.d.push(k)?;
        Some(StochasticValue { k, d })
    }
}

impl<const N: usize, const K: usize, const D: usize> Default for Stochastic<N, K, D> {
    fn default() -> Self {
        Self::new()
    }
}
