//! Waits until a life has done all that follows from what it has heard.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

use domain::time::UtcMs;
use domain::timeframe::Timeframe;

use crate::gateway::gauge::Gauge;

/// How often is looked.
const LOOK: Duration = Duration::from_micros(300);
/// So many looks without a change are quiet: what is on a socket has arrived by then.
const CALM: u32 = 4;
/// After this long without any change, nothing more will come: a candle was lost, or an answer is
/// being waited for in vain.
const STALLED: Duration = Duration::from_millis(250);
/// The longest wait: a request that hangs is given up before.
const PATIENCE: Duration = Duration::from_secs(10);

/// How far a life is.
#[derive(Debug, Clone, Default)]
pub(super) struct Pulse {
    /// The last watermark that was decided.
    pub(super) decided_ms: Arc<AtomicI64>,
    /// Its way to the venue.
    pub(super) gauge: Arc<Gauge>,
    /// The last watermark that was waited for in vain: its candle was lost on the way.
    missed_ms: Arc<AtomicI64>,
}

impl Pulse {
    /// Waits until the watermark `at` is decided, no request is under way, and nothing has changed
    /// for a moment; or until nothing changes any more. `gone` says that the life has ended.
    #[expect(clippy::disallowed_methods, reason = "what is waited for is in other threads")]
    pub(super) fn settle(&self, at: UtcMs, idle: impl Fn() -> bool, gone: impl Fn() -> bool) {
        let begun = Instant::now();
        let (mut last, mut changed, mut calm) = (None, begun, 0);
        while begun.elapsed() < PATIENCE && !gone() {
            let look = self.gauge.look();
            let decided = self.decided_ms.load(Ordering::SeqCst);
            if last != Some((look, decided)) {
                (last, changed, calm) = (Some((look, decided)), Instant::now(), 0);
            }
            let closed = Timeframe::M1.open_of(at);
            let expected = closed.ms() > self.missed_ms.load(Ordering::SeqCst);
            let heard = decided >= closed.ms() || !expected;
            let arrived = heard && look.time >= at && look.idle && idle();
            calm = if arrived { calm + 1 } else { 0 };
            if calm >= CALM {
                return;
            }
            if look.idle && changed.elapsed() >= STALLED {
                self.missed_ms.fetch_max(closed.ms(), Ordering::SeqCst);
                return;
            }
            std::thread::sleep(LOOK);
        }
    }
}
