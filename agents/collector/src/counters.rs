//! What the collector counts.

use std::collections::BTreeMap;

use domain::candle::Candle;
use domain::instrument::InstrumentId;
use domain::time::UtcMs;
use domain::timeframe::Timeframe;
use serde::Serialize;

use crate::messages::Output;

/// What happened to the candles of one timeframe, in this process; `missing` alone can be read
/// off what was released, and covers the whole run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct StreamCounters {
    /// Messages of the stream, copies included.
    pub heard: u64,
    /// Candles that were released.
    pub accepted: u64,
    /// Copies by the stream of what it had brought before (or of what is long forgotten).
    pub duplicates: u64,
    /// Released from a page because the stream left them out. Falls again where the stream only
    /// brings them later.
    pub repaired: u64,
    /// Released from a page because they closed before there was a stream.
    pub backfilled: u64,
    /// Candles that the venue does not have, though the session went on.
    pub missing: u64,
    /// Copies that differ from what was released.
    pub corrected: u64,
    /// Candles that came after they had been given up, or though the venue had denied them.
    pub late: u64,
}

/// All counters of a collector.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Counters {
    /// By timeframe.
    pub timeframes: BTreeMap<Timeframe, StreamCounters>,
    /// Missing candles, by instrument and timeframe.
    pub missing: BTreeMap<InstrumentId, BTreeMap<Timeframe, u64>>,
}

impl Counters {
    /// The counters of a timeframe.
    pub(crate) fn of(&mut self, timeframe: Timeframe) -> &mut StreamCounters {
        self.timeframes.entry(timeframe).or_default()
    }

    /// A run of missing candles ended.
    pub(crate) fn miss(&mut self, instrument: InstrumentId, timeframe: Timeframe, count: u64) {
        self.of(timeframe).missing += count;
        *self.missing.entry(instrument).or_default().entry(timeframe).or_default() += count;
    }
}

/// Where findings are written down.
pub(crate) struct Notes<'a> {
    pub(crate) counters: &'a mut Counters,
    /// Venue time of the first subscription.
    pub(crate) subscribed: Option<UtcMs>,
    pub(crate) out: &'a mut Vec<Output>,
}

impl Notes<'_> {
    pub(crate) fn corrected(&mut self, instrument: InstrumentId, before: Candle, after: Candle) {
        self.counters.of(after.timeframe).corrected += 1;
        self.out.push(Output::Corrected { instrument, before, after });
    }

    pub(crate) fn late(&mut self, instrument: InstrumentId, candle: Candle) {
        self.counters.of(candle.timeframe).late += 1;
        self.out.push(Output::Late { instrument, candle });
    }

    pub(crate) fn missing(&mut self, instrument: InstrumentId, gap: Gap) {
        let Gap { timeframe, from, to, count } = gap;
        self.counters.miss(instrument, timeframe, count);
        self.out.push(Output::Missing { instrument, timeframe, from, to, count });
    }
}

/// A run of candles that do not exist.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Gap {
    pub(crate) timeframe: Timeframe,
    pub(crate) from: UtcMs,
    pub(crate) to: UtcMs,
    pub(crate) count: u64,
}
