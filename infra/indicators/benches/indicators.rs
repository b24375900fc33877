//! Nanoseconds per candle for the whole set, beside TA-Lib's C library over the same candles where
//! `python3` has it.
//!
//! TA-Lib is called through its Python binding, one function after the other over whole arrays;
//! the binding's own share (allocating and blanking the outputs) is about 0.1 ns per candle and
//! column. TA-Lib computes neither VWAP nor, here, ±DI; the set does both on top.

use std::fs;
use std::hint::black_box;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use indicators::ohlcv::Ohlcv;
use indicators::set::IndicatorSet;

const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/vectors/make_vectors.py");
const CANDLES: usize = 525_600;
const ROUNDS: usize = 15;
/// TA-Lib's sixteen functions are each timed alone, which gives each its own chance of an
/// undisturbed round; a stream gets the same chances by being timed in sixteen slices.
const SLICES: usize = 16;
const MINUTE_MS: i64 = 60_000;

/// Uniform numbers in [0, 1) (Steele, Lea and Flood's SplitMix64).
struct Random(u64);

impl Random {
    fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
    }
}

/// A year of minutes: a random walk with calm and nervous hours.
fn seeded_candles() -> Vec<Ohlcv> {
    let mut random = Random(42);
    let mut close = 30_000.0;
    let mut width = 1e-3;
    let mut candle = |i: usize| {
        if i.is_multiple_of(60) {
            width = 2e-4 + 2e-3 * random.next() * random.next();
        }
        let open: f64 = close;
        close *= 1.0 + width * (random.next() + random.next() - 1.0);
        let high = open.max(close) * (1.0 + width * random.next());
        let low = open.min(close) * (1.0 - width * random.next());
        let volume = 20.0 * random.next();
        Ohlcv { open_time_ms: i as i64 * MINUTE_MS, open, high, low, close, volume }
    };
    (0..CANDLES).map(&mut candle).collect()
}

#[expect(clippy::disallowed_methods, reason = "a benchmark reads the clock")]
fn measure(candles: &[Ohlcv]) -> f64 {
    let mut best = [u128::MAX; SLICES];
    for _ in 0..ROUNDS {
        let mut set = IndicatorSet::new();
        for (slice, best) in candles.chunks(CANDLES / SLICES).zip(&mut best) {
            let start = Instant::now();
            for candle in slice {
                black_box(set.push(candle));
            }
            *best = start.elapsed().as_nanos().min(*best);
        }
    }
    best.iter().sum::<u128>() as f64 / CANDLES as f64
}

/// TA-Lib's nanoseconds per candle; `Err` says why there are none.
fn measure_talib(candles: &[Ohlcv], file: &Path) -> Result<f64, String> {
    let mut bytes = Vec::with_capacity(candles.len() * 48);
    for candle in candles {
        let Ohlcv { open_time_ms, open, high, low, close, volume } = *candle;
        for number in [open_time_ms as f64, open, high, low, close, volume] {
            bytes.extend(number.to_le_bytes());
        }
    }
    fs::write(file, bytes).map_err(|error| error.to_string())?;
    let run = Command::new("python3").arg(SCRIPT).arg("--time").arg(file).output();
    let output = run.map_err(|error| format!("python3: {error}"))?;
    let printed = String::from_utf8_lossy(&output.stdout);
    let total = printed.lines().find_map(|line| line.strip_prefix("total ")?.parse().ok());
    let total = total.ok_or_else(|| String::from_utf8_lossy(&output.stderr).trim().to_owned())?;
    for line in printed.lines() {
        println!("    {line}");
    }
    Ok(total)
}

fn main() -> std::io::Result<()> {
    let candles = seeded_candles();
    let folder = tempfile::tempdir()?;
    println!("{CANDLES} seeded candles, ns per candle, best of {ROUNDS} rounds");
    let before = measure(&candles);
    println!("indicator set {before:.1}");
    println!("TA-Lib, C, in batches:");
    let talib = measure_talib(&candles, &folder.path().join("candles"));
    // Once more, so that a machine that got busier in between doesn't flatter either side.
    let after = measure(&candles);
    println!("indicator set {after:.1}");
    match talib {
        Ok(talib) => println!("set / TA-Lib = {:.2}", before.min(after) / talib),
        Err(reason) => println!("no comparison: {reason}"),
    }
    Ok(())
}
