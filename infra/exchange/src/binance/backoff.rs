//! How long to wait before the next try: twice as long each time, never the same for two clients.

use std::time::Duration;

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};

/// Exponential pauses with jitter on top, so that the shortest one bounds how often a venue is
/// asked.
#[derive(Debug)]
pub(crate) struct Backoff {
    base_ms: u64,
    max_ms: u64,
    rng: ChaCha8Rng,
}

impl Backoff {
    pub(crate) fn new(base_ms: u64, max_ms: u64, seed: u64) -> Self {
        Self { base_ms, max_ms, rng: ChaCha8Rng::seed_from_u64(seed) }
    }

    /// The pause after failure number `attempt`, counted from nought: `base × 2^attempt`, at most
    /// the maximum, and up to half of that again.
    pub(crate) fn pause(&mut self, attempt: u32) -> Duration {
        let doubled = self.base_ms.saturating_mul(1 << attempt.min(32)).min(self.max_ms);
        let jitter = self.rng.next_u64() % (doubled / 2).saturating_add(1);
        Duration::from_millis(doubled.saturating_add(jitter))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_to_a_ceiling_and_a_seed_gives_them_again() {
        let pauses = |seed| {
            let mut backoff = Backoff::new(100, 1_000, seed);
            (0..40).map(|n| backoff.pause(n).as_millis() as u64).collect::<Vec<_>>()
        };
        for (n, pause) in pauses(7).into_iter().enumerate() {
            let least = (100 << n.min(20)).min(1_000);
            assert!((least..=least * 3 / 2).contains(&pause), "{n}: {pause}");
        }
        assert_eq!(pauses(7), pauses(7));
        assert_ne!(pauses(7), pauses(8));
    }
}
