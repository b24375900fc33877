//! Which messages are lost or doubled: a function of the seed, the stream and the candle, so
//! that the same candles suffer in every run, whoever listens and however often.

use domain::time::UtcMs;

use crate::options::Faults;

/// What becomes of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    Sent,
    Dropped,
    Twice,
}

/// A stream's share in the random numbers (FNV-1a).
pub(crate) fn stream_key(stream: &str) -> u64 {
    stream.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

impl Faults {
    pub(crate) fn fate(&self, seed: u64, stream_key: u64, open_time: UtcMs) -> Fate {
        if self.drop_ratio == 0.0 && self.duplicate_ratio == 0.0 {
            return Fate::Sent;
        }
        let drawn = mixed(mixed(mixed(seed) ^ stream_key) ^ open_time.ms() as u64);
        if uniform(drawn) < self.drop_ratio {
            Fate::Dropped
        } else if uniform(mixed(drawn)) < self.duplicate_ratio {
            Fate::Twice
        } else {
            Fate::Sent
        }
    }
}

/// One step of SplitMix64 (Steele, Lea, Flood 2014).
pub(crate) fn mixed(state: u64) -> u64 {
    let mut z = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// 0 ≤ x < 1, from the upper 53 bits.
fn uniform(bits: u64) -> f64 {
    (bits >> 11) as f64 / (1u64 << 53) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_met_and_a_seed_repeats() {
        let faults = Faults { drop_ratio: 0.01, duplicate_ratio: 0.02, disconnect_every: None };
        let fates = |seed, stream| -> Vec<_> {
            let key = stream_key(stream);
            (0..100_000).map(|n| faults.fate(seed, key, UtcMs::new(n * 60_000))).collect()
        };
        let btc = fates(1, "btcusdt@kline_1m");
        let count = |fate| btc.iter().filter(|f| **f == fate).count() as i64;
        assert!((count(Fate::Dropped) - 1000).abs() < 100, "{}", count(Fate::Dropped));
        assert!((count(Fate::Twice) - 1980).abs() < 150, "{}", count(Fate::Twice));
        assert_eq!(btc, fates(1, "btcusdt@kline_1m"));
        assert_ne!(btc, fates(2, "btcusdt@kline_1m"));
        assert_ne!(btc, fates(1, "ethusdt@kline_1m"));
        let always = Faults { drop_ratio: 1.0, ..faults };
        assert_eq!(always.fate(1, 2, UtcMs::new(0)), Fate::Dropped);
    }
}
