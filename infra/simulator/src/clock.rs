//! The only reader of the wall clock here: a market at a factor of real time needs one, and so
//! does the minute of a standing market's request limits.

use std::time::Instant;

/// Milliseconds since the server started.
#[derive(Debug, Clone, Copy)]
pub(crate) struct WallClock(Instant);

impl WallClock {
    #[expect(clippy::disallowed_methods, reason = "the simulated market is paced by real time")]
    pub(crate) fn start() -> Self {
        Self(Instant::now())
    }

    pub(crate) fn elapsed_ms(&self) -> i64 {
        i64::try_from(self.0.elapsed().as_millis()).unwrap_or(i64::MAX)
    }
}
