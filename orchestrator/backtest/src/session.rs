//! Sessions as the live collector cuts them, found in candles that are all there already.

use std::ops::Range;

use domain::candle::Candle;
use domain::time::{DAY_MS, HOUR_MS, UtcMs};
use domain::timeframe::Timeframe;

/// Instruments join at multiples of this.
const JOIN_GRID_MS: i64 = HOUR_MS;

/// A stretch of an instrument's candles without a break.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Session {
    /// The watermark at which it begins: the full hour at or after the first candle's close.
    pub(crate) at: UtcMs,
    /// Open of the first candle. What closed until then belongs to no session.
    pub(crate) since: UtcMs,
    /// Close of the last candle of the base timeframe.
    pub(crate) last_close: UtcMs,
    /// Its last moment: the first watermark after it tells the end.
    pub(crate) limit: UtcMs,
}

impl Session {
    /// The places of those ascending candles that belong to it: they close after its first candle
    /// opened and until its last moment.
    pub(crate) fn places(&self, candles: &[Candle]) -> Range<usize> {
        let until = |moment| candles.partition_point(|candle| candle.close_time() <= moment);
        until(self.since)..until(self.limit)
    }
}

/// So long nothing may close before a session ends.
fn break_ms(base: Timeframe) -> i64 {
    (2 * DAY_MS).max(2 * base.span_ms())
}

/// Cuts ascending candles of one timeframe into sessions.
pub(crate) fn sessions(candles: &[Candle]) -> Vec<Session> {
    let mut sessions = Vec::<Session>::new();
    for candle in candles {
        let last_close = candle.close_time();
        let limit = last_close.plus_ms(break_ms(candle.timeframe));
        match sessions.last_mut() {
            Some(session) if last_close <= session.limit => {
                session.last_close = last_close;
                session.limit = limit;
            }
            _ => sessions.push(Session {
                at: last_close.ceil(JOIN_GRID_MS),
                since: candle.open_time,
                last_close,
                limit,
            }),
        }
    }
    sessions
}
