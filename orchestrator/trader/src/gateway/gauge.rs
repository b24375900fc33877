//! How far the way to the venue is, for whoever waits for it.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use domain::time::UtcMs;

/// Counts that only grow, and the market's time as the executor has heard it.
#[derive(Debug, Default)]
pub struct Gauge {
    /// Requests that were begun.
    begun: AtomicU64,
    /// Requests whose answer was heard.
    answered: AtomicU64,
    /// Messages of the account's stream.
    heard: AtomicU64,
    /// Parcels for the core.
    told: AtomicU64,
    /// Parcels that the core has booked.
    booked: AtomicU64,
    time_ms: AtomicI64,
}

/// A look at it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Look {
    /// Requests begun, and messages heard: what changes while something happens.
    pub activity: u64,
    /// Whether no request is under way and nothing waits to be booked.
    pub idle: bool,
    /// The market's time as the executor has heard it.
    pub time: UtcMs,
}

impl Gauge {
    /// One of its own.
    pub fn shared() -> Arc<Self> {
        Arc::default()
    }

    pub(super) fn begin(&self) {
        self.begun.fetch_add(1, Ordering::SeqCst);
    }

    pub(super) fn answer(&self) {
        self.answered.fetch_add(1, Ordering::SeqCst);
    }

    pub(super) fn hear(&self) {
        self.heard.fetch_add(1, Ordering::SeqCst);
    }

    pub(super) fn tell(&self) {
        self.told.fetch_add(1, Ordering::SeqCst);
    }

    pub(super) fn book(&self) {
        self.booked.fetch_add(1, Ordering::SeqCst);
    }

    pub(super) fn time(&self, at: UtcMs) {
        self.time_ms.fetch_max(at.ms(), Ordering::SeqCst);
    }

    /// Looks.
    pub fn look(&self) -> Look {
        let get = |count: &AtomicU64| count.load(Ordering::SeqCst);
        let (answered, booked) = (get(&self.answered), get(&self.booked));
        let (begun, told, heard) = (get(&self.begun), get(&self.told), get(&self.heard));
        Look {
            activity: begun + answered + heard + told + booked,
            idle: begun == answered && told == booked,
            time: UtcMs::new(self.time_ms.load(Ordering::SeqCst)),
        }
    }
}
