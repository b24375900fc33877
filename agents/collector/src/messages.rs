//! What the collector hears and says.

use domain::candle::Candle;
use domain::event::Released;
use domain::instrument::{Instrument, InstrumentId};
use domain::time::UtcMs;
use domain::timeframe::Timeframe;

/// A question to the venue: the closed candles that opened at or after `from`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PageRequest {
    /// Of what.
    pub instrument: InstrumentId,
    /// Of which timeframe.
    pub timeframe: Timeframe,
    /// From here on.
    pub from: UtcMs,
    /// At most so many.
    pub limit: u32,
}

/// What the collector hears.
#[derive(Debug, Clone, PartialEq)]
pub enum Input {
    /// The run begins, or goes on after [`crate::collector::Collector::observe`].
    Started {
        /// The venue's clock when the run began: the same again when it goes on.
        began_at: UtcMs,
        /// What the venue lists.
        listed: Vec<Instrument>,
    },
    /// The stream is about to be opened.
    Subscribed {
        /// The venue's clock.
        venue_time: UtcMs,
    },
    /// The stream brought a closed candle.
    Stream {
        /// Of what.
        instrument: InstrumentId,
        /// The candle.
        candle: Candle,
    },
    /// The venue's clock, while the stream is silent.
    VenueTime(UtcMs),
    /// The venue's answer.
    Page {
        /// To what.
        request: PageRequest,
        /// Ascending.
        candles: Vec<Candle>,
        /// Nothing that closed up to here is left out but what the venue doesn't have.
        complete_to: UtcMs,
    },
    /// The venue did not answer in time.
    GaveUp {
        /// What.
        request: PageRequest,
    },
}

/// What the collector says.
#[derive(Debug, Clone, PartialEq)]
pub enum Output {
    /// Ask the venue.
    Fetch(PageRequest),
    /// The next watermark.
    Release(Released),
    /// The venue has no such candles: recorded, never filled.
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
    /// The venue changed a candle after its release: recorded, moves nothing.
    Corrected {
        /// Of what.
        instrument: InstrumentId,
        /// As it was released.
        before: Candle,
        /// As it is now.
        after: Candle,
    },
    /// A candle that had been taken for missing: recorded, moves nothing.
    Late {
        /// Of what.
        instrument: InstrumentId,
        /// The candle.
        candle: Candle,
    },
}
