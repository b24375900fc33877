//! Rate of change.

use serde::{Deserialize, Serialize};

use crate::ring::Ring;

/// Change against the value N candles ago, in percent: (value / before − 1) × 100; 0 where that
/// value is 0.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Roc<const N: usize> {
    window: Ring<N>,
    seen: usize,
}

impl<const N: usize> Roc<N> {
    /// Values before the first reading.
    pub const WARM_UP: usize = N + 1;

    /// Without any value yet.
    #[must_use]
    pub const fn new() -> Self {
        Self { window: Ring::new(), seen: 0 }
    }

    /// Takes the newest value; the change once there is a value N candles ago.
    #[inline]
    pub fn push(&mut self, value: f64) -> Option<f64> {
        let before = self.window.replace(value);
        if self.seen < N {
            self.seen += 1;
            return None;
        }
        Some(if before == 0.0 { 0.0 } else { (value / before - 1.0) * 100.0 })
    }
}

impl<const N: usize> Default for Roc<N> {
    fn default() -> Self {
        Self::new()
    }
}
