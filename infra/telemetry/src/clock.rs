//! The one place in this crate that reads a clock. Nothing that is decided or recorded uses it.

use std::time::Instant;

/// Monotonic time, for uptime and for how long a readiness report may be trusted.
#[expect(clippy::disallowed_methods, reason = "uptime and staleness are about this process")]
pub(crate) fn monotonic() -> Instant {
    Instant::now()
}
