//! The one total order.

use domain::candle::Candle;
use domain::event::{Event, Released, Sequenced};
use domain::instrument::{Instrument, InstrumentId};
use domain::time::UtcMs;
use domain::timeframe::Timeframe;

/// What becomes known at one watermark, gathered instrument by instrument.
#[derive(Debug, Default)]
pub(crate) struct Batch {
    ended: Vec<Event>,
    started: Vec<Event>,
    rows: Vec<(UtcMs, Timeframe, InstrumentId, Event)>,
}

impl Batch {
    pub(crate) fn end(&mut self, instrument: InstrumentId, last_close: UtcMs) {
        self.ended.push(Event::SessionEnded { instrument, last_close });
    }

    pub(crate) fn start(&mut self, instrument: Instrument) {
        self.started.push(Event::SessionStarted { instrument });
    }

    pub(crate) fn candle(&mut self, instrument: InstrumentId, candle: Candle) {
        let event = Event::CandleClosed { instrument, candle };
        self.rows.push((candle.close_time(), candle.timeframe, instrument, event));
    }

    pub(crate) fn missed(&mut self, instrument: InstrumentId, timeframe: Timeframe, open: UtcMs) {
        let event = Event::DeadlineMissed { instrument, timeframe, open_time: open };
        self.rows.push((timeframe.close_of(open), timeframe, instrument, event));
    }
}

/// Numbers events, and remembers where it came to.
#[derive(Debug, Default)]
pub(crate) struct Sequencer {
    last_seq: u64,
    last_watermark: Option<UtcMs>,
    batch: Batch,
}

impl Sequencer {
    pub(crate) fn last_watermark(&self) -> Option<UtcMs> {
        self.last_watermark
    }

    /// Goes on after what was released before.
    pub(crate) fn observe(&mut self, released: &Released, watermark: UtcMs) {
        self.last_seq = released.events.last().map_or(self.last_seq, |last| last.input_seq);
        self.last_watermark = self.last_watermark.max(Some(watermark));
    }

    /// Gathers what becomes known at `watermark` and puts it in order. None if that is nothing.
    pub(crate) fn release(
        &mut self,
        watermark: UtcMs,
        gather: impl FnOnce(&mut Batch),
    ) -> Option<Released> {
        let batch = &mut self.batch;
        gather(batch);
        batch.rows.sort_unstable_by_key(|(close, timeframe, instrument, _)| {
            (*close, *timeframe, *instrument)
        });
        let candles = batch.rows.drain(..).map(|(.., event)| event);
        let first_seq = self.last_seq + 1;
        let sequenced = batch.ended.drain(..).chain(batch.started.drain(..)).chain(candles);
        let events: Vec<_> = sequenced
            .zip(first_seq..)
            .map(|(event, input_seq)| Sequenced { input_seq, event })
            .collect();
        self.last_seq = events.last()?.input_seq;
        self.last_watermark = Some(watermark);
        Some(Released { watermark, events: events.into() })
    }
}
