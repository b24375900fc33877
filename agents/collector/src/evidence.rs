//! How late it is at the venue, as far as is known.

use domain::candle::Candle;
use domain::time::{MINUTE_MS, UtcMs};

/// The end of the year 9999; no candle of any venue closes later.
const END_OF_TIME: UtcMs = UtcMs::new(253_402_300_799_999);

/// How far a venue's history may lag behind its clock.
const CREDIBLE_MS: i64 = MINUTE_MS;

/// The nearest moment that can be a venue's.
pub(crate) fn plausible(moment: UtcMs) -> UtcMs {
    moment.clamp(UtcMs::new(0), END_OF_TIME)
}

/// Whether a candle can be placed at all: calendars and grids are exact between these bounds.
pub(crate) fn is_sound(candle: &Candle) -> bool {
    let (open, close) = (candle.open_time, candle.close_time());
    open == plausible(open) && close == plausible(close) && candle.timeframe.opens_at(open)
}

/// The latest venue time that a stream's candle or the venue's clock gave proof of. Pages don't
/// count: in a fast replay they run hours ahead of what the socket still holds, and asking for
/// all of that again would help nobody.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Evidence(UtcMs);

impl Evidence {
    pub(crate) fn now(self) -> UtcMs {
        self.0
    }

    pub(crate) fn learn(&mut self, moment: UtcMs) {
        self.0 = self.0.max(plausible(moment));
    }

    /// A page that was asked for at `asked_at` told that the venue had only come to
    /// `complete_to`: what claimed far more was wrong.
    pub(crate) fn doubt(&mut self, asked_at: UtcMs, complete_to: UtcMs) {
        if asked_at > complete_to.plus_ms(CREDIBLE_MS) {
            self.0 = self.0.min(complete_to);
        }
    }
}
