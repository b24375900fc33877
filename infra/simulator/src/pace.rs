//! How market time follows wall time.

use std::time::Duration;

use domain::time::UtcMs;

use crate::options::Speed;

/// Market time as a function of wall time, in one piece since the last jump.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pace {
    speed: Speed,
    market: UtcMs,
    wall_ms: i64,
}

impl Pace {
    pub(crate) fn new(speed: Speed, market: UtcMs) -> Self {
        Self { speed, market, wall_ms: 0 }
    }

    pub(crate) fn is_max(&self) -> bool {
        self.speed == Speed::Max
    }

    /// Whether wall time moves it.
    pub(crate) fn is_paced(&self) -> bool {
        matches!(self.speed, Speed::Factor(_))
    }

    /// Market milliseconds per wall millisecond; one where wall time doesn't
    /// move the market, which holds while it stands.
    pub(crate) fn factor(&self) -> f64 {
        match self.speed {
            Speed::Max | Speed::Manual => 1.0,
            Speed::Factor(factor) => factor,
        }
    }

    /// Market time at `wall_ms`, if wall time moves it.
    pub(crate) fn market_at(&self, wall_ms: i64) -> Option<UtcMs> {
        let Speed::Factor(factor) = self.speed else { return None };
        let passed = (wall_ms - self.wall_ms) as f64 * factor;
        Some(self.market.plus_ms(passed as i64))
    }

    /// How long until market time reaches `market`.
    pub(crate) fn wall_until(&self, market: UtcMs, wall_ms: i64) -> Duration {
        let ahead = market.since(self.market_at(wall_ms).unwrap_or(market)).max(0) as f64;
        Duration::from_millis((ahead / self.factor()).ceil() as u64)
    }

    /// Goes on from `market`.
    pub(crate) fn jump(&mut self, market: UtcMs, wall_ms: i64) {
        (self.market, self.wall_ms) = (market, wall_ms);
    }
}
