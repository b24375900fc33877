//! What the indicators are fed with.

/// One closed candle in plain floats; the callers convert from their decimals.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ohlcv {
    /// Start of the candle, milliseconds since the Unix epoch, UTC.
    pub open_time_ms: i64,
    /// First price, in quote per base like all four prices.
    pub open: f64,
    /// Highest price.
    pub high: f64,
    /// Lowest price.
    pub low: f64,
    /// Last price.
    pub close: f64,
    /// Volume traded, in base.
    pub volume: f64,
}

impl Ohlcv {
    /// Lowest price for which every reading is sure to be finite.
    pub const MIN_PRICE: f64 = 1e-15;
    /// Highest price for which every reading is sure to be finite.
    pub const MAX_PRICE: f64 = 1e15;
    /// Largest volume for which every reading is sure to be finite.
    pub const MAX_VOLUME: f64 = 1e30;

    /// Whether the candle is one that the indicators are made for: finite, low ≤ open, close ≤
    /// high, no negative volume, all within the bounds above.
    #[must_use]
    pub fn is_valid(&self) -> bool {
        let Self { open, high, low, close, volume, .. } = *self;
        low >= Self::MIN_PRICE
            && high <= Self::MAX_PRICE
            && (low..=high).contains(&open)
            && (low..=high).contains(&close)
            && (0.0..=Self::MAX_VOLUME).contains(&volume)
    }
}

/// (high + low + close) / 3, the price that stands for the whole candle.
#[inline]
#[must_use]
pub fn typical_price(high: f64, low: f64, close: f64) -> f64 {
    (high + low + close) / 3.0
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: Ohlcv =
        Ohlcv { open_time_ms: 0, open: 2.0, high: 4.0, low: 1.0, close: 3.0, volume: 0.0 };

    #[test]
    fn a_candle_with_one_wrong_number_is_not_valid() {
        assert!(GOOD.is_valid());
        let bad = [
            Ohlcv { high: f64::NAN, ..GOOD },
            Ohlcv { low: f64::NAN, ..GOOD },
            Ohlcv { close: f64::NAN, ..GOOD },
            Ohlcv { volume: f64::NAN, ..GOOD },
            Ohlcv { volume: -1.0, ..GOOD },
            Ohlcv { high: f64::INFINITY, ..GOOD },
            Ohlcv { low: 0.0, ..GOOD },
            Ohlcv { open: 5.0, ..GOOD },
            Ohlcv { close: 0.5, ..GOOD },
        ];
        for candle in bad {
            assert!(!candle.is_valid(), "{candle:?}");
        }
    }
}
