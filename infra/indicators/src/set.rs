//! Every indicator at once, with the parameters that the system shows and trades by.

use serde::{Deserialize, Serialize};

use crate::adx::Adx;
use crate::atr::Atr;
use crate::bollinger::Bollinger;
use crate::cci::Cci;
use crate::ema::Ema;
use crate::macd::Macd;
use crate::mfi::Mfi;
use crate::obv::Obv;
use crate::ohlcv::Ohlcv;
use crate::reading::{Reading, Readings};
use crate::roc::Roc;
use crate::rsi::Rsi;
use crate::sma::Sma;
use crate::stochastic::Stochastic;
use crate::vwap::{RollingVwap, SessionVwap};
use crate::williams::WilliamsR;

/// The state of all indicators for one stream of candles.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct IndicatorSet {
    sma_50: Sma<50>,
    ema_9: Ema<9>,
    ema_21: Ema<21>,
    ema_50: Ema<50>,
    ema_200: Ema<200>,
    macd: Macd<12, 26, 9>,
    rsi_14: Rsi<14>,
    stochastic: Stochastic<14, 3, 3>,
    bollinger: Bollinger<20>,
    atr_14: Atr<14>,
    adx_14: Adx<14>,
    obv: Obv,
    vwap_session: SessionVwap,
    vwap_20: RollingVwap<20>,
    roc_10: Roc<10>,
    cci_20: Cci<20>,
    mfi_14: Mfi<14>,
    willr_14: WilliamsR<14>,
}

impl IndicatorSet {
    /// Without any candle yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes the next closed candle, which must be valid ([`Ohlcv::is_valid`]) and later than the
    /// one before; the readings after it.
    pub fn push(&mut self, candle: &Ohlcv) -> Readings {
        debug_assert!(candle.is_valid(), "the callers check their candles: {candle:?}");
        let Ohlcv { high, low, close, volume, .. } = *candle;
        let mut row = Readings::NONE;

        row.put(Reading::Sma50, self.sma_50.push(close));
        row.put(Reading::Ema9, self.ema_9.push(close));
        row.put(Reading::Ema21, self.ema_21.push(close));
        row.put(Reading::Ema50, self.ema_50.push(close));
        row.put(Reading::Ema200, self.ema_200.push(close));
        let macd = self.macd.push(close);
        row.put(Reading::Macd, macd.map(|macd| macd.line));
        row.put(Reading::MacdSignal, macd.map(|macd| macd.signal));
        row.put(Reading::MacdHistogram, macd.map(|macd| macd.histogram));
        row.put(Reading::Rsi14, self.rsi_14.push(close));
        let stochastic = self.stochastic.push(high, low, close);
        row.put(Reading::StochK, stochastic.map(|stochastic| stochastic.k));
        row.put(Reading::StochD, stochastic.map(|stochastic| stochastic.d));
        let bollinger = self.bollinger.push(close);
        row.put(Reading::BbUpper, bollinger.map(|bands| bands.upper));
        row.put(Reading::BbMiddle, bollinger.map(|bands| bands.middle));
        row.put(Reading::BbLower, bollinger.map(|bands| bands.lower));
        row.put(Reading::Atr14, self.atr_14.push(high, low, close));
        let adx = self.adx_14.push(high, low, close);
        row.put(Reading::Adx14, adx.and_then(|adx| adx.adx));
        row.put(Reading::PlusDi14, adx.map(|adx| adx.plus_di));
        row.put(Reading::MinusDi14, adx.map(|adx| adx.minus_di));
        row.put(Reading::Obv, Some(self.obv.push(close, volume)));
        row.put(Reading::VwapSession, self.vwap_session.push(candle));
        row.put(Reading::Vwap20, self.vwap_20.push(candle));
        row.put(Reading::Roc10, self.roc_10.push(close));
        row.put(Reading::Cci20, self.cci_20.push(high, low, close));
        row.put(Reading::Mfi14, self.mfi_14.push(high, low, close, volume));
        row.put(Reading::Willr14, self.willr_14.push(high, low, close));
        row
    }
}
