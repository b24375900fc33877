//! Volume-weighted average price: Σ(typical price × volume) / Σ volume, in the unit of the prices.
//!
//! Two spans: the UTC day so far, and the last N candles. TA-Lib has neither. Where nothing was
//! traded in the span there is no such price: the answer is `None`, and not the last one carried
//! on.

use serde::{Deserialize, Serialize};

use crate::ohlcv::{Ohlcv, typical_price};
use crate::scan::{Join, Scan};

const DAY_MS: i64 = 86_400_000;

/// Sums of one span.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Traded {
    value: f64,
    volume: f64,
}

impl Traded {
    const NOTHING: Self = Self { value: 0.0, volume: 0.0 };

    #[inline]
    fn of(candle: &Ohlcv) -> Self {
        let typical = typical_price(candle.high, candle.low, candle.close);
        Self { value: typical * candle.volume, volume: candle.volume }
    }

    #[inline]
    fn price(self) -> Option<f64> {
        (self.volume > 0.0).then(|| self.value / self.volume)
    }
}

impl Join for Traded {
    #[inline]
    fn join(self, other: Self) -> Self {
        Self { value: self.value + other.value, volume: self.volume + other.volume }
    }
}

/// VWAP since the beginning of the candle's UTC day.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SessionVwap {
    traded: Traded,
    day: i64,
}

impl SessionVwap {
    /// Candles before the first reading, given that something is traded in the first.
    pub const WARM_UP: usize = 1;

    /// Without any candle yet.
    #[must_use]
    pub const fn new() -> Self {
        Self { traded: Traded::NOTHING, day: i64::MIN }
    }

    /// Takes the newest candle; a candle that opens on another day than the one before starts a
    /// new session.
    #[inline]
    pub fn push(&mut self, candle: &Ohlcv) -> Option<f64> {
        let day = candle.open_time_ms.div_euclid(DAY_MS);
        if day != self.day {
            *self = Self { traded: Traded::NOTHING, day };
        }
        self.traded = self.traded.join(Traded::of(candle));
        self.traded.price()
    }
}

impl Default for SessionVwap {
    fn default() -> Self {
        Self::new()
    }
}

/// VWAP of the last N candles.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RollingVwap<const N: usize> {
    traded: Scan<Traded, N>,
}

impl<const N: usize> RollingVwap<N> {
    /// Candles before the first reading, given that something is traded in them.
    pub const WARM_UP: usize = N;

    /// Without any candle yet.
    #[must_use]
    pub const fn new() -> Self {
        Self { traded: Scan::new(Traded::NOTHING) }
    }

    /// Takes the newest candle; the price once there are N, if anything was traded in them.
    #[inline]
    pub fn push(&mut self, candle: &Ohlcv) -> Option<f64> {
        self.traded.push(Traded::of(candle))?.price()
    }
}

impl<const N: usize> Default for RollingVwap<N> {
    fn default() -> Self {
        Self::new()
    }
}
