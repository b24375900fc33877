//! The columns of the whole set, and one row of them.

use crate::adx::Adx;
use crate::atr::Atr;
use crate::bollinger::Bollinger;
use crate::cci::Cci;
use crate::ema::Ema;
use crate::macd::Macd;
use crate::mfi::Mfi;
use crate::obv::Obv;
use crate::roc::Roc;
use crate::rsi::Rsi;
use crate::sma::Sma;
use crate::stochastic::Stochastic;
use crate::vwap::{RollingVwap, SessionVwap};
use crate::williams::WilliamsR;

macro_rules! readings {
    ($($variant:ident, $name:literal, $warm_up:expr, $doc:literal;)+) => {
        /// One column of the set.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Reading {
            $(#[doc = $doc] $variant,)+
        }

        impl Reading {
            /// All columns, in the order in which they are printed.
            pub const ALL: [Self; [$($name),+].len()] = [$(Self::$variant),+];

            /// The column's name in tables and files.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)+ }
            }

            /// Candles before the column's first value.
            #[must_use]
            pub const fn warm_up(self) -> usize {
                match self { $(Self::$variant => $warm_up,)+ }
            }
        }
    };
}

readings! {
    Sma50, "sma_50", Sma::<50>::WARM_UP, "Mean of 50 closes.";
    Ema9, "ema_9", Ema::<9>::WARM_UP, "Exponential average of the close, 9.";
    Ema21, "ema_21", Ema::<21>::WARM_UP, "Exponential average of the close, 21.";
    Ema50, "ema_50", Ema::<50>::WARM_UP, "Exponential average of the close, 50.";
    Ema200, "ema_200", Ema::<200>::WARM_UP, "Exponential average of the close, 200.";
    Macd, "macd", Macd::<12, 26, 9>::WARM_UP, "MACD 12/26/9, the line.";
    MacdSignal, "macd_signal", Macd::<12, 26, 9>::WARM_UP, "MACD 12/26/9, its signal.";
    MacdHistogram, "macd_histogram", Macd::<12, 26, 9>::WARM_UP, "MACD 12/26/9, line − signal.";
    Rsi14, "rsi_14", Rsi::<14>::WARM_UP, "Relative strength index, 0 to 100.";
    StochK, "stoch_k", Stochastic::<14, 3, 3>::WARM_UP, "Slow stochastic 14/3/3, %K, 0 to 100.";
    StochD, "stoch_d", Stochastic::<14, 3, 3>::WARM_UP, "Slow stochastic 14/3/3, %D, 0 to 100.";
    BbUpper, "bb_upper", Bollinger::<20>::WARM_UP, "Bollinger 20/2, upper band.";
    BbMiddle, "bb_middle", Bollinger::<20>::WARM_UP, "Bollinger 20/2, mean of 20 closes.";
    BbLower, "bb_lower", Bollinger::<20>::WARM_UP, "Bollinger 20/2, lower band.";
    Atr14, "atr_14", Atr::<14>::WARM_UP, "Average true range, in quote per base.";
    Adx14, "adx_14", Adx::<14>::WARM_UP, "Average directional index, 0 to 100.";
    PlusDi14, "plus_di_14", Adx::<14>::WARM_UP_DI, "Directional indicator upwards, 0 to 100.";
    MinusDi14, "minus_di_14", Adx::<14>::WARM_UP_DI, "Directional indicator downwards, 0 to 100.";
    Obv, "obv", Obv::WARM_UP, "On-balance volume, in base.";
    VwapSession, "vwap_session", SessionVwap::WARM_UP, "VWAP of the UTC day so far.";
    Vwap20, "vwap_20", RollingVwap::<20>::WARM_UP, "VWAP of 20 candles.";
    Roc10, "roc_10", Roc::<10>::WARM_UP, "Change of the close over 10 candles, percent.";
    Cci20, "cci_20", Cci::<20>::WARM_UP, "Commodity channel index.";
    Mfi14, "mfi_14", Mfi::<14>::WARM_UP, "Money flow index, 0 to 100.";
    Willr14, "willr_14", WilliamsR::<14>::WARM_UP, "Williams %R, −100 to 0.";
}

/// The readings after one candle.
#[derive(Clone, Copy, Debug)]
pub struct Readings {
    /// NaN where there is no reading: half the size of an `Option` each, and no indicator ever
    /// gives a NaN.
    values: [f64; Reading::ALL.len()],
}

impl Readings {
    pub(crate) const NONE: Self = Self { values: [f64::NAN; Reading::ALL.len()] };

    #[inline]
    pub(crate) fn put(&mut self, reading: Reading, value: Option<f64>) {
        self.values[reading as usize] = value.unwrap_or(f64::NAN);
    }

    /// One reading; `None` while it warms up (and for a VWAP over a span without trades).
    #[inline]
    #[must_use]
    pub fn get(&self, reading: Reading) -> Option<f64> {
        let value = self.values[reading as usize];
        (!value.is_nan()).then_some(value)
    }

    /// All readings in the order of [`Reading::ALL`].
    pub fn iter(&self) -> impl Iterator<Item = (Reading, Option<f64>)> + '_ {
        Reading::ALL.into_iter().map(|reading| (reading, self.get(reading)))
    }
}
