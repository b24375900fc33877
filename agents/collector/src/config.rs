//! What to collect, and how patiently.

use domain::instrument::InstrumentId;
use domain::time::{DAY_MS, HOUR_MS};
use domain::timeframe::Timeframe;

/// The collector's numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// What to collect.
    pub instruments: Vec<InstrumentId>,
    /// Which candles, fine to coarse. The finest is the base.
    pub timeframes: Vec<Timeframe>,
    /// How many candles of each timeframe an instrument that joins brings along at most.
    pub history_candles: u32,
    /// A hole longer than this ends an instrument's session.
    pub session_break_ms: i64,
    /// Instruments join at multiples of this.
    pub join_grid_ms: i64,
    /// A candle that closed so long ago and hasn't come is asked for.
    pub patience_ms: i64,
    /// The most candles that a page holds.
    pub page_limit: u32,
}

/// Nothing can be collected like this.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// No instruments.
    #[error("no pairs to collect: set CRYPTO_PAIRS")]
    NoInstruments,
    /// No timeframes, or not ordered from fine to coarse.
    #[error("timeframes must be given once each, fine to coarse: {0:?}")]
    Timeframes(Vec<Timeframe>),
}

impl Config {
    /// Two days end a session, full hours let join.
    pub const fn new(instruments: Vec<InstrumentId>, timeframes: Vec<Timeframe>) -> Self {
        Self {
            instruments,
            timeframes,
            history_candles: 300,
            session_break_ms: 2 * DAY_MS,
            join_grid_ms: HOUR_MS,
            patience_ms: 3_000,
            page_limit: 1_000,
        }
    }

    pub(crate) fn checked(mut self) -> Result<Self, ConfigError> {
        self.instruments.sort_unstable();
        self.instruments.dedup();
        if self.instruments.is_empty() {
            return Err(ConfigError::NoInstruments);
        }
        let ordered = self.timeframes.windows(2).all(|pair| pair[0] < pair[1]);
        match self.timeframes.first() {
            Some(base) if ordered => {
                // Coarse candles only: an instrument joins where one of them closes.
                self.join_grid_ms = self.join_grid_ms.max(base.span_ms());
                Ok(self)
            }
            _ => Err(ConfigError::Timeframes(self.timeframes)),
        }
    }
}
