//! Moving average convergence/divergence (Appel).

use serde::{Deserialize, Serialize};

use crate::ema::Ema;

/// Fast minus slow exponential average, and the average of that difference.
///
/// Both averages give their first value at the same candle: the fast one is seeded with the last
/// FAST of the first SLOW values, as in TA-Lib.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Macd<const FAST: usize, const SLOW: usize, const SIGNAL: usize> {
    fast: Ema<FAST>,
    slow: Ema<SLOW>,
    signal: Ema<SIGNAL>,
    skipped: usize,
}

/// One reading, all in the unit of the values.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MacdValue {
    /// Fast average − slow average.
    pub line: f64,
    /// Average of the line.
    pub signal: f64,
    /// Line − signal.
    pub histogram: f64,
}

impl<const FAST: usize, const SLOW: usize, const SIGNAL: usize> Macd<FAST, SLOW, SIGNAL> {
    /// Values before the first reading: line and signal appear together.
    pub const WARM_UP: usize = SLOW + SIGNAL - 1;

    /// Without any value yet.
    #[must_use]
    pub const fn new() -> Self {
        const { assert!(FAST < SLOW, "the fast average is the shorter one") };
        Self { fast: Ema::new(), slow: Ema::new(), signal: Ema::new(), skipped: 0 }
    }

    /// Takes the newest value; a reading once the signal has one.
    #[inline]
    pub fn push(&mut self, value: f64) -> Option<MacdValue> {
        let slow = self.slow.push(value);
        if self.skipped < SLOW - FAST {
            self.skipped += 1;
            return None;
        }
        let line = self.fast.push(value)? - slow?;
        let signal = self.signal.push(line)?;
        Some(MacdValue { line, signal, histogram: line - signal })
    }
}

impl<const FAST: usize, const SLOW: usize, const SIGNAL: usize> Default
    for Macd<FAST, SLOW, SIGNAL>
{
    fn default() -> Self {
        Self::new()
    }
}
