//! A closed candle, sane by construction.

use serde::{Deserialize, Serialize};

use crate::money::Price;
use crate::time::UtcMs;
use crate::timeframe::Timeframe;

/// One closed candle. Outside numbers become one through [`Candle::new`], stored ones too, so
/// whoever holds one may rely on: it opens on the grid, prices are positive,
/// `low ≤ open, close ≤ high`, and the volume is finite and not negative.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Unchecked")]
pub struct Candle {
    /// Its span.
    pub timeframe: Timeframe,
    /// When it opened; on the timeframe's grid.
    pub open_time: UtcMs,
    /// First price.
    pub open: Price,
    /// Highest price.
    pub high: Price,
    /// Lowest price.
    pub low: Price,
    /// Last price.
    pub close: Price,
    /// Traded base units. A statistic, hence a float.
    pub volume_base: f64,
}

/// What is wrong with a candle's numbers.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum CandleError {
    /// It does not open on the timeframe's grid.
    #[error("a {timeframe} candle can't open at {open_time}")]
    OffGrid {
        /// Its timeframe.
        timeframe: Timeframe,
        /// Where it says it opened.
        open_time: UtcMs,
    },
    /// A price of nought or less.
    #[error("candle at {open_time} has a price that is not positive")]
    PriceNotPositive {
        /// Which candle.
        open_time: UtcMs,
    },
    /// Not `low ≤ open, close ≤ high`.
    #[error("candle at {open_time} has open {open}, high {high}, low {low}, close {close}")]
    OutOfOrder {
        /// Which candle.
        open_time: UtcMs,
        /// First price.
        open: Price,
        /// Highest price.
        high: Price,
        /// Lowest price.
        low: Price,
        /// Last price.
        close: Price,
    },
    /// A volume that is negative or not a number.
    #[error("candle at {open_time} has volume {volume_base}")]
    BadVolume {
        /// Which candle.
        open_time: UtcMs,
        /// Its volume.
        volume_base: f64,
    },
}

impl Candle {
    /// Checks the numbers and makes a candle of them. `ohlc` is open, high, low, close.
    pub fn new(
        timeframe: Timeframe,
        open_time: UtcMs,
        [open, high, low, close]: [Price; 4],
        volume_base: f64,
    ) -> Result<Self, CandleError> {
        if !timeframe.opens_at(open_time) {
            return Err(CandleError::OffGrid { timeframe, open_time });
        }
        if low <= Price::ZERO {
            return Err(CandleError::PriceNotPositive { open_time });
        }
        if low > open.min(close) || high < open.max(close) {
            return Err(CandleError::OutOfOrder { open_time, open, high, low, close });
        }
        if !volume_base.is_finite() || volume_base < 0.0 {
            return Err(CandleError::BadVolume { open_time, volume_base });
        }
        // −0 equals 0, so it must have the same bytes.
        let volume_base = volume_base.abs();
        Ok(Self { timeframe, open_time, open, high, low, close, volume_base })
    }

    /// When it closed: the open of the next one.
    #[inline]
    pub fn close_time(&self) -> UtcMs {
        self.timeframe.close_of(self.open_time)
    }
}

/// A candle as it was stored.
#[derive(Deserialize)]
struct Unchecked {
    timeframe: Timeframe,
    open_time: UtcMs,
    open: Price,
    high: Price,
    low: Price,
    close: Price,
    volume_base: f64,
}

impl TryFrom<Unchecked> for Candle {
    type Error = CandleError;

    fn try_from(stored: Unchecked) -> Result<Self, CandleError> {
        let Unchecked { timeframe, open_time, open, high, low, close, volume_base } = stored;
        Self::new(timeframe, open_time, [open, high, low, close], volume_base)
    }
}
