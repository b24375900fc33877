//! What agents hear: immutable facts, each with its own time.

use std::sync::Arc;

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::candle::Candle;
use crate::instrument::{Instrument, InstrumentId};
use crate::money::Money;
use crate::text::normal_decimal;
use crate::time::UtcMs;
use crate::timeframe::Timeframe;

/// A fact that the collector released.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Event {
    /// Trading data of an instrument begins, or begins again after [`Event::SessionEnded`].
    /// Candles from before may follow at once as history to warm up with.
    SessionStarted {
        /// With the filters that hold for the session.
        instrument: Instrument,
    },
    /// More than two days passed without a candle: what was known of the instrument is stale.
    SessionEnded {
        /// Whose session.
        instrument: InstrumentId,
        /// Close of the last candle.
        last_close: UtcMs,
    },
    /// A candle closed.
    CandleClosed {
        /// Whose candle.
        instrument: InstrumentId,
        /// The candle.
        candle: Candle,
    },
    /// The venue did not say in time whether this candle exists; the market went on without it.
    DeadlineMissed {
        /// Whose candle.
        instrument: InstrumentId,
        /// Of which timeframe.
        timeframe: Timeframe,
        /// Where it would have opened.
        open_time: UtcMs,
    },
    /// A candle of a perpetual's mark price closed, after its own candle of that time.
    MarkClosed {
        /// Whose mark price.
        instrument: InstrumentId,
        /// The candle; its volume says nothing.
        candle: Candle,
    },
    /// The venue settled funding of a perpetual, after the candles that closed then.
    FundingSettled {
        /// Of what.
        instrument: InstrumentId,
        /// When.
        time_exchange: UtcMs,
        /// Of notional; longs pay shorts where it is positive.
        #[serde(with = "normal_decimal")]
        rate_ratio: Decimal,
    },
    /// The account after the last watermark, valued at the last closes.
    AccountMarked {
        /// Cash and positions at mark, in quote units.
        equity_quote: Money,
        /// Loss from the highest equity, 0…1.
        drawdown_ratio: f64,
    },
}

impl Event {
    /// The instrument it speaks of, if one.
    pub fn instrument(&self) -> Option<InstrumentId> {
        match self {
            Self::SessionStarted { instrument } => Some(instrument.id),
            Self::SessionEnded { instrument, .. }
            | Self::CandleClosed { instrument, .. }
            | Self::MarkClosed { instrument, .. }
            | Self::FundingSettled { instrument, .. }
            | Self::DeadlineMissed { instrument, .. } => Some(*instrument),
            Self::AccountMarked { .. } => None,
        }
    }
}

/// An event with its place in the one total order.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Sequenced {
    /// 1, 2, 3, … without a hole.
    pub input_seq: u64,
    /// The fact.
    pub event: Event,
}

/// All that became known at one watermark: sessions that ended, sessions that started, then
/// candles by close time, timeframe (fine first) and instrument. Never empty.
#[derive(Debug, Clone, PartialEq)]
pub struct Released {
    /// Now, in event time.
    pub watermark: UtcMs,
    /// The events, `input_seq` ascending.
    pub events: Arc<[Sequenced]>,
}

/// What became known at one watermark, borrowed: [`Released`] or a part of a history in memory.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Watermark<'a> {
    /// Now, in event time.
    pub at: UtcMs,
    /// The events, `input_seq` ascending.
    pub events: &'a [Sequenced],
}

impl Released {
    /// The same, borrowed.
    pub fn view(&self) -> Watermark<'_> {
        Watermark { at: self.watermark, events: &self.events }
    }
}
