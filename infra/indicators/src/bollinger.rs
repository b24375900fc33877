//! Bollinger bands.

use serde::{Deserialize, Serialize};

/// Mean of the last N values, and that mean two population deviations up and down; in the unit of
/// the values.
///
/// TA-Lib keeps running sums around a shift that it renews when they lose digits. Here the sums are
/// made anew from the distances to the newest value, which lies at most √(N−1) deviations from the
/// mean (Samuelson 1968): so nothing cancels, nothing drifts, and a flat window has no width.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Bollinger<const N: usize> {
    /// A ring of the N − 1 values before the newest. The last slot stays unused, because a type
    /// can't have the length N − 1; storing the newest value only after the sums spares the loads
    /// a wait for that store.
    #[serde(with = "crate::array")]
    before: [f64; N],
    at: usize,
    seen: usize,
}

/// One reading, in the unit of the values.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BollingerValue {
    /// Mean + 2 deviations.
    pub upper: f64,
    /// Mean.
    pub middle: f64,
    /// Mean − 2 deviations.
    pub lower: f64,
}

impl<const N: usize> Bollinger<N> {
    /// Values before the first reading.
    pub const WARM_UP: usize = N;
    /// Half the width of the bands, in standard deviations.
    pub const DEVIATIONS: f64 = 2.0;

    /// Without any value yet.
    #[must_use]
    pub const fn new() -> Self {
        const { assert!(N > 1, "one value has no deviation") };
        Self { before: [0.0; N], at: 0, seen: 0 }
    }

    /// Takes the newest value; the bands once there are N.
    #[inline]
    pub fn push(&mut self, value: f64) -> Option<BollingerValue> {
        let bands = if self.seen < N - 1 {
            self.seen += 1;
            None
        } else {
            Some(self.bands(value))
        };
        let at = if self.at < N - 1 { self.at } else { 0 };
        self.before[at] = value;
        self.at = at + 1;
        bands
    }

    #[inline]
    fn bands(&self, value: f64) -> BollingerValue {
        // Four sums side by side, so that no addition waits for the one before. The newest value's
        // own distance is zero.
        let mut sums = [0.0; 4];
        let mut squares = [0.0; 4];
        let (chunks, rest) = self.before[..N - 1].as_chunks::<4>();
        for chunk in chunks {
            for lane in 0..4 {
                let distance = chunk[lane] - value;
                sums[lane] += distance;
                squares[lane] += distance * distance;
            }
        }
        for (lane, slot) in rest.iter().enumerate() {
            let distance = slot - value;
            sums[lane] += distance;
            squares[lane] += distance * distance;
        }
        let share = 1.0 / N as f64;
        let offset = ((sums[0] + sums[2]) + (sums[1] + sums[3])) * share;
        let square = ((squares[0] + squares[2]) + (squares[1] + squares[3])) * share;
        let variance = square - offset * offset;
        let width = if variance > 0.0 { Self::DEVIATIONS * variance.sqrt() } else { 0.0 };
        let middle = value + offset;
        BollingerValue { upper: middle + width, middle, lower: middle - width }
    }
}

impl<const N: usize> Default for Bollinger<N> {
    fn default() -> Self {
        Self::new()
    }
}
