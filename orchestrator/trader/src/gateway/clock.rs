//! What time it is at the venue.

use domain::time::UtcMs;

/// The venue's time, which never goes back: its clock as the last comparison knows it, or whatever
/// later moment the venue has spoken of. A simulated market may run ahead of any clock.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct VenueTime {
    latest: UtcMs,
}

impl VenueTime {
    /// The latest moment heard of.
    pub(super) const fn latest(self) -> UtcMs {
        self.latest
    }

    /// Hears of a moment.
    pub(super) fn hear(&mut self, at: UtcMs) -> UtcMs {
        self.latest = self.latest.max(at);
        self.latest
    }
}
