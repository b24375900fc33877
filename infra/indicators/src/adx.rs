//! Average directional index with its two directional indicators (Wilder 1978).

use serde::{Deserialize, Serialize};

use crate::range::true_range;

/// How strongly the price moves one way, whichever way that is.
///
/// As in TA-Lib, the sums of directional movement and true range are seeded with N − 1 terms, not
/// N; the first ADX is the mean of N DX; and a candle whose DX doesn't exist (no range, or no
/// movement) leaves the ADX as it was.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Adx<const N: usize> {
    high_before: f64,
    low_before: f64,
    close_before: f64,
    plus_movement: f64,
    minus_movement: f64,
    range: f64,
    /// While warming, the sum of the DX so far.
    average: f64,
    seen: usize,
}

/// One reading, each 0 to 100.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AdxValue {
    /// +DI: 100 × upward movement / true range.
    pub plus_di: f64,
    /// −DI: 100 × downward movement / true range.
    pub minus_di: f64,
    /// ADX: Wilder's average of 100 × |+DI − −DI| / (+DI + −DI); it needs longer than the two.
    pub adx: Option<f64>,
}

impl<const N: usize> Adx<N> {
    /// Candles before the first ADX.
    pub const WARM_UP: usize = 2 * N;
    /// Candles before the first +DI and −DI.
    pub const WARM_UP_DI: usize = N + 1;

    const SHARE: f64 = 1.0 / N as f64;

    /// Without any candle yet.
    #[must_use]
    pub const fn new() -> Self {
        const { assert!(N > 1, "an average needs two movements") };
        Self {
            high_before: 0.0,
            low_before: 0.0,
            close_before: 0.0,
            plus_movement: 0.0,
            minus_movement: 0.0,
            range: 0.0,
            average: 0.0,
            seen: 0,
        }
    }

    /// Takes the newest candle; a reading, at first without the ADX, once there were N movements.
    #[inline]
    pub fn push(&mut self, high: f64, low: f64, close: f64) -> Option<AdxValue> {
        let up = high - self.high_before;
        let down = self.low_before - low;
        let range = true_range(high, low, self.close_before);
        (self.high_before, self.low_before, self.close_before) = (high, low, close);
        // Only the larger of the two counts, and only if it is one; equal ones cancel out. The
        // selects are nested so that no branch hangs on which way the price went.
        let up_larger = if up - down > 0.0 { up } else { 0.0 };
        let down_larger = if down - up > 0.0 { down } else { 0.0 };
        let plus = if up > 0.0 { up_larger } else { 0.0 };
        let minus = if down > 0.0 { down_larger } else { 0.0 };

        if self.seen < N {
            self.seen += 1;
            if self.seen > 1 {
                self.plus_movement += plus;
                self.minus_movement += minus;
                self.range += range;
            }
            return None;
        }
        self.plus_movement = self.plus_movement - self.plus_movement * Self::SHARE + plus;
        self.minus_movement = self.minus_movement - self.minus_movement * Self::SHARE + minus;
        self.range = self.range - self.range * Self::SHARE + range;

        let has_range = self.range > 0.0;
        let divisor = if has_range { self.range } else { 1.0 };
        let plus_di = if has_range { 100.0 * (self.plus_movement / divisor) } else { 0.0 };
        let minus_di = if has_range { 100.0 * (self.minus_movement / divisor) } else { 0.0 };
        let both = plus_di + minus_di;
        // The threshold is TA-Lib's: the two are ratios, so it has no unit.
        let index = (both >= 1e-14).then(|| 100.0 * ((minus_di - plus_di).abs() / both));
        Some(AdxValue { plus_di, minus_di, adx: self.smooth(index) })
    }

    #[inline]
    fn smooth(&mut self, index: Option<f64>) -> Option<f64> {
        if self.seen >= 2 * N {
            if let Some(index) = index {
                self.average -= (self.average - index) * Self::SHARE;
            }
            return Some(self.average);
        }
        self.seen += 1;
        self.average += index.unwrap_or(0.0);
        if self.seen < 2 * N {
            return None;
        }
        self.average /= N as f64;
        Some(self.average)
    }
}

impl<const N: usize> Default for Adx<N> {
    fn default() -> Self {
        Self::new()
    }
}
