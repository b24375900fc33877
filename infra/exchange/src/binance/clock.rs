//! The one place of this client that reads the wall clock, to compare it with the venue's.

use std::time::{SystemTime, UNIX_EPOCH};

use domain::time::UtcMs;

/// How this machine's clock stands to the venue's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClockReading {
    /// What to add to the local clock to get the venue's.
    pub offset_ms: i64,
    /// How long question and answer took; the offset may be wrong by half of it.
    pub round_trip_ms: i64,
}

/// The local wall clock.
#[expect(clippy::disallowed_methods, reason = "measures the wall clock against the venue's")]
pub fn local_now() -> UtcMs {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    UtcMs::new(i64::try_from(since_epoch.as_millis()).unwrap_or(i64::MAX))
}

/// What to add to the local clock to get the venue's, when the venue said `venue` somewhere
/// between two local readings: half way is the best guess.
pub fn offset_ms(local_before: UtcMs, local_after: UtcMs, venue: UtcMs) -> i64 {
    venue.since(local_before.plus_ms(local_after.since(local_before) / 2))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_offset_is_taken_half_way() {
        let at = |ms| UtcMs::new(ms);
        assert_eq!(offset_ms(at(1_000), at(1_200), at(1_100)), 0);
        assert_eq!(offset_ms(at(1_000), at(1_200), at(2_100)), 1_000);
        assert_eq!(offset_ms(at(1_000), at(1_000), at(0)), -1_000);
        // A clock that was set while the question was under way, or nonsense, must not panic.
        assert_eq!(offset_ms(at(i64::MIN), at(i64::MAX), at(i64::MAX)), i64::MAX);
    }
}
