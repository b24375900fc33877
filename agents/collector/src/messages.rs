//! What the collector's shell tells it, and what it asks of its shell.

use domain::candle::Candle;
use domain::event::Released;
use domain::instrument::{Instrument, InstrumentId};
use domain::time::UtcMs;
use domain::timeframe::Timeframe;

/// A page of the venue's history: closed candles from an open time on, oldest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PageRequest {
    /// Of which instrument.
    pub instrument: InstrumentId,
    /// Of which timeframe.
    pub timeframe: Timeframe,
    /// The first candle opens at this moment or later.
    pub from: UtcMs,
    /// At most so many candles.
    pub limit: u32,
}

/// What the shell hears.
#[derive(Debug, Clone, PartialEq)]
pub enum Input {
    /// The process started, fresh or after what was stored had been observed. A fresh start that
    /// was killed before anything was stored is repeated exactly by giving the venue time of
    /// the first one again.
    Started {
        /// The venue's clock.
        venue_time: UtcMs,
        /// What it lists, with its filters; others are left alone.
        listed: Vec<Instrument>,
    },
    /// The stream brought a closed candle.
    Stream {
        /// Whose.
        instrument: InstrumentId,
        /// The candle.
        candle: Candle,
    },
    /// The stream is connected (again).
    Subscribed {
        /// The venue's clock then: what closed until now will not come by the stream.
        venue_time: UtcMs,
    },
    /// The venue's clock, told while the stream is silent.
    VenueTime(UtcMs),
    /// A request was answered.
    Page {
        /// The request.
        request: PageRequest,
        /// Closed candles, ascending, opening at `request.from` or later.
        candles: Vec<Candle>,
        /// Everything from `request.from` on that closed until this moment is among them.
        complete_to: UtcMs,
    },
    /// The shell no longer waits for an answer.
    GaveUp {
        /// The request.
        request: PageRequest,
    },
}

/// What the shell does.
#[derive(Debug, Clone, PartialEq)]
pub enum Output {
    /// Ask the venue, and answer with [`Input::Page`] or [`Input::GaveUp`].
    Fetch(PageRequest),
    /// Store and pass on.
    Release(Released),
    /// The venue has no candles here, though its session went on.
    Missing {
        /// Whose.
        instrument: InstrumentId,
        /// Of which timeframe.
        timeframe: Timeframe,
        /// Where the first of them would have opened.
        from: UtcMs,
        /// Where the next candle opens.
        to: UtcMs,
        /// How many.
        count: u64,
    },
    /// The venue changed a candle that was released already. It moves nothing.
    Corrected {
        /// Whose.
        instrument: InstrumentId,
        /// As it was known so far.
        before: Candle,
        /// As it is told now.
        after: Candle,
    },
    /// A candle came of which the venue had said that it does not exist, or without which the
    /// market had to go on. It moves nothing.
    Late {
        /// Whose.
        instrument: InstrumentId,
        /// The candle.
        candle: Candle,
    },
}
