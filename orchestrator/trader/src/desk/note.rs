//! What the collector has for the store beside its releases.

use domain::candle::Candle;
use domain::instrument::InstrumentId;
use domain::time::UtcMs;
use domain::timeframe::Timeframe;

/// What the collector has for the store beside its releases.
#[derive(Debug, Clone, PartialEq)]
pub enum Note {
    /// The venue has no such candles.
    Missing {
        /// Of what.
        instrument: InstrumentId,
        /// Of which timeframe.
        timeframe: Timeframe,
        /// Open of the first.
        from: UtcMs,
        /// Open of the next that exists.
        to: UtcMs,
        /// How many.
        count: u64,
    },
    /// The venue changed a candle after its release.
    Corrected {
        /// Of what.
        instrument: InstrumentId,
        /// What the venue says now.
        after: Candle,
    },
}
