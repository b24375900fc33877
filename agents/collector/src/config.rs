//! What is collected, and with how much patience.

use std::collections::BTreeSet;

use domain::instrument::InstrumentId;
use domain::time::{DAY_MS, HOUR_MS, UtcMs};
use domain::timeframe::Timeframe;

/// All settings of a collector.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// Of what.
    pub instruments: Vec<InstrumentId>,
    /// Fine to coarse. The first, the base, decides when a session begins and ends.
    pub timeframes: Vec<Timeframe>,
    /// How many candles of each timeframe a session opens with, at most.
    pub history_candles: u32,
    /// A session ends when so long no base candle closed.
    pub session_break_ms: i64,
    /// Instruments join at multiples of this.
    pub join_grid_ms: i64,
    /// How long a stream may lag, in venue time, before a page is fetched. At least what the
    /// venue's history lags behind its clock.
    pub patience_ms: i64,
    /// The most candles of one page.
    pub page_limit: u32,
}

/// Why settings are refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// Nothing to collect.
    #[error("no instruments to collect")]
    NoInstruments,
    /// One is named twice.
    #[error("{0} is named twice")]
    Twice(InstrumentId),
    /// No timeframe.
    #[error("no timeframes to collect")]
    NoTimeframes,
    /// They are not in order.
    #[error("timeframes must be in order, fine to coarse, each once")]
    OutOfOrder,
    /// A coarse candle does not consist of whole base candles.
    #[error("{coarse} candles do not consist of whole {base} candles")]
    DoesNotNest {
        /// The finest.
        base: Timeframe,
        /// The one that does not fit.
        coarse: Timeframe,
    },
    /// A number that must be positive.
    #[error("{0} must be positive")]
    NotPositive(&'static str),
    /// Two base candles, or a step of the join grid, would not fit into a session's break.
    #[error("a session's break of {session_break_ms} ms is shorter than {least_ms} ms")]
    BreakTooShort {
        /// What was asked.
        session_break_ms: i64,
        /// What it takes.
        least_ms: i64,
    },
}

impl Config {
    /// The usual patience for these instruments and timeframes.
    pub fn new(instruments: Vec<InstrumentId>, timeframes: Vec<Timeframe>) -> Self {
        let base_ms = timeframes.first().map_or(0, |base| base.span_ms());
        Self {
            instruments,
            timeframes,
            history_candles: 300,
            session_break_ms: (2 * DAY_MS).max(2 * base_ms),
            join_grid_ms: HOUR_MS,
            patience_ms: 3000,
            page_limit: 1000,
        }
    }

    /// Whether a collector can work with this.
    pub(crate) fn check(&self) -> Result<(), ConfigError> {
        let mut seen = BTreeSet::new();
        if let Some(twice) = self.instruments.iter().find(|id| !seen.insert(**id)) {
            return Err(ConfigError::Twice(*twice));
        }
        if seen.is_empty() {
            return Err(ConfigError::NoInstruments);
        }
        let base = *self.timeframes.first().ok_or(ConfigError::NoTimeframes)?;
        if !self.timeframes.is_sorted_by(|fine, coarse| fine < coarse) {
            return Err(ConfigError::OutOfOrder);
        }
        // Nothing coarser than a day divides a week or a month.
        let nests = |coarse: Timeframe| {
            coarse == base || base <= Timeframe::D1 && coarse.span_ms() % base.span_ms() == 0
        };
        if let Some(coarse) = self.timeframes.iter().copied().find(|coarse| !nests(*coarse)) {
            return Err(ConfigError::DoesNotNest { base, coarse });
        }
        let positive = [
            ("history_candles", i64::from(self.history_candles)),
            ("session_break_ms", self.session_break_ms),
            ("join_grid_ms", self.join_grid_ms),
            ("patience_ms", self.patience_ms),
            ("page_limit", i64::from(self.page_limit)),
        ];
        if let Some((name, _)) = positive.into_iter().find(|(_, value)| *value <= 0) {
            return Err(ConfigError::NotPositive(name));
        }
        let least_ms = (2 * base.span_ms()).max(self.join_grid_ms);
        if self.session_break_ms < least_ms {
            let session_break_ms = self.session_break_ms;
            return Err(ConfigError::BreakTooShort { session_break_ms, least_ms });
        }
        Ok(())
    }

    /// The finest timeframe.
    pub(crate) fn base(&self) -> Timeframe {
        self.timeframes[0]
    }

    /// The last moment of a session whose last base candle closed at `last_close`.
    pub(crate) fn session_limit(&self, last_close: UtcMs) -> UtcMs {
        last_close.plus_ms(self.session_break_ms)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_can_not_work_is_named() {
        let btc: InstrumentId = "BTC/USDT".parse().unwrap();
        let with = |timeframes: &[Timeframe]| Config::new(vec![btc], timeframes.to_vec());
        use Timeframe::{D1, D3, H1, H8, H12, M1, M5, Mo1, W1};
        for good in [&[M1, M5, H1, D1, W1, Mo1][..], &[H1], &[W1], &[Mo1], &[H8, D1]] {
            assert_eq!(with(good).check(), Ok(()), "{good:?}");
        }
        let error = |config: Config| config.check().unwrap_err();
        assert_eq!(error(with(&[])), ConfigError::NoTimeframes);
        assert_eq!(error(with(&[M5, M1])), ConfigError::OutOfOrder);
        assert_eq!(error(with(&[M1, M1])), ConfigError::OutOfOrder);
        assert_eq!(error(with(&[H8, H12])), ConfigError::DoesNotNest { base: H8, coarse: H12 });
        assert_eq!(error(with(&[D3, W1])), ConfigError::DoesNotNest { base: D3, coarse: W1 });
        let config = Config { instruments: vec![], ..with(&[M1]) };
        assert_eq!(error(config), ConfigError::NoInstruments);
        let config = Config { instruments: vec![btc, btc], ..with(&[M1]) };
        assert_eq!(error(config), ConfigError::Twice(btc));
        let config = Config { page_limit: 0, ..with(&[M1]) };
        assert_eq!(error(config), ConfigError::NotPositive("page_limit"));
        let config = Config { session_break_ms: DAY_MS, ..with(&[D1]) };
        assert!(matches!(error(config), ConfigError::BreakTooShort { .. }));
    }
}
