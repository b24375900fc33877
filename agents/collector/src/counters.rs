//! What was heard, mended and missed.

use std::collections::BTreeMap;

use domain::instrument::InstrumentId;
use domain::timeframe::Timeframe;

/// Counts of one timeframe, over all instruments.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct StreamCounters {
    /// Candles that the stream brought, doubles too.
    pub heard: u64,
    /// Candles that were accepted, each once.
    pub accepted: u64,
    /// Doubles.
    pub duplicates: u64,
    /// Candles that the stream should have brought and a page did.
    pub repaired: u64,
    /// Candles from before the stream was opened.
    pub backfilled: u64,
    /// Candles that the venue doesn't have, between two that it has.
    pub missing: u64,
    /// Candles that changed after their release.
    pub corrected: u64,
    /// Candles that came after they had been taken for missing.
    pub late: u64,
}

/// All counts.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Counters {
    /// Fine to coarse.
    pub by_timeframe: BTreeMap<Timeframe, StreamCounters>,
    /// Missing candles by instrument and timeframe.
    pub missing: BTreeMap<(InstrumentId, Timeframe), u64>,
}

impl Counters {
    /// Candles that all streams brought.
    pub fn heard(&self) -> u64 {
        self.by_timeframe.values().map(|stream| stream.heard).sum()
    }

    pub(crate) fn of(&mut self, timeframe: Timeframe) -> &mut StreamCounters {
        self.by_timeframe.entry(timeframe).or_default()
    }
}
