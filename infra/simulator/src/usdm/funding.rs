//! When funding is settled, and at which rate.

use domain::time::{HOUR_MS, UtcMs};
use rust_decimal::Decimal;

use crate::faults::noise::{mixed, stream_key};
use crate::options::Funding;

/// Between two settlements.
pub(crate) const EVERY_MS: i64 = 8 * HOUR_MS;
/// The bound of a seeded rate, in units of 10⁻⁸.
const BOUND: i64 = 30_000;

/// The first settlement after `now`.
pub(crate) fn next(now: UtcMs) -> UtcMs {
    let settlements = now.ms().div_euclid(EVERY_MS) + 1;
    UtcMs::new(settlements.saturating_mul(EVERY_MS))
}

impl Funding {
    /// The rate at which an instrument's funding is settled at `at`.
    pub(crate) fn rate(self, symbol: &str, at: UtcMs) -> Decimal {
        match self {
            Self::Constant(rate) => rate,
            Self::Seeded(seed) => {
                let drawn = mixed(mixed(mixed(seed) ^ stream_key(symbol)) ^ at.ms() as u64);
                let width = (2 * BOUND + 1) as u64;
                Decimal::new((drawn % width) as i64 - BOUND, 8)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settlements_come_every_eight_hours_and_a_seed_repeats() {
        assert_eq!(next(UtcMs::new(0)), UtcMs::new(EVERY_MS));
        assert_eq!(next(UtcMs::new(EVERY_MS - 1)), UtcMs::new(EVERY_MS));
        let rate = |seed, symbol, n| Funding::Seeded(seed).rate(symbol, UtcMs::new(n * EVERY_MS));
        assert_eq!(rate(1, "BTCUSDT", 5), rate(1, "BTCUSDT", 5));
        assert_ne!(rate(1, "BTCUSDT", 5), rate(2, "BTCUSDT", 5));
        let rates: Vec<_> = (0..1000).map(|n| rate(1, "BTCUSDT", n)).collect();
        assert!(rates.iter().all(|rate| rate.abs() <= Decimal::new(3, 4)));
        assert!(rates.iter().any(Decimal::is_sign_negative));
        assert!(rates.iter().any(|rate| *rate > Decimal::new(2, 4)));
    }
}
