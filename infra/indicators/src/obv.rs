//! On-balance volume (Granville).

use serde::{Deserialize, Serialize};

/// Running sum of volume, added when the close rises and taken off when it falls; in the unit of
/// the volume. It starts at the first candle's volume.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Obv {
    close_before: f64,
    balance: f64,
    is_started: bool,
}

impl Obv {
    /// Candles before the first reading.
    pub const WARM_UP: usize = 1;

    /// Without any candle yet.
    #[must_use]
    pub const fn new() -> Self {
        Self { close_before: 0.0, balance: 0.0, is_started: false }
    }

    /// Takes the newest candle.
    #[inline]
    pub fn push(&mut self, close: f64, volume: f64) -> f64 {
        let added = if close > self.close_before { volume } else { 0.0 };
        let taken = if close < self.close_before { volume } else { 0.0 };
        self.balance = if self.is_started { self.balance + (added - taken) } else { volume };
        self.close_before = close;
        self.is_started = true;
        self.balance
    }
}
