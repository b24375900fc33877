//! The reference strategy over a year of minutes: candles in memory to result, with every trade and
//! the mark at every candle, on one core.

use std::time::Instant;

use backtest::curve::Grain;
use backtest::ema_cross::{self, EmaCross, FillAt};
use backtest::history::History;
use domain::candle::Candle;
use domain::ids::RunSeed;
use domain::instrument::Instrument;
use domain::money::{Price, Quantity};
use domain::time::{DAY_MS, MINUTE_MS, UtcMs};
use domain::timeframe::Timeframe;
use exchange::observed;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};

const CANDLES: i64 = 525_600;
const ROUNDS: usize = 15;

fn parsed<T: std::str::FromStr<Err: std::fmt::Debug>>(text: &str) -> T {
    text.parse().expect("the benchmark's own text is well formed")
}

/// A random walk in cents.
fn walk() -> History {
    let from = UtcMs::new(1_700_000_000_000).floor(DAY_MS);
    let mut rng = ChaCha8Rng::seed_from_u64(42);
    let mut unit = || (rng.next_u64() >> 11) as f64 / (1u64 << 53) as f64;
    let mut price = 30_000.0_f64;
    let cents = |price: f64| Price::nearest((price * 100.0).round() / 100.0).expect("a price");
    let candle = |minute: i64| {
        let open = price;
        price *= 1.0 + 2e-3 * (unit() + unit() - 1.0);
        let (high, low) = (open.max(price) * 1.0005, open.min(price) * 0.9995);
        let volume_base = (unit() * 1e5).round() / 1e5;
        let open_time = from.plus_ms(minute * MINUTE_MS);
        Candle::new(Timeframe::M1, open_time, [open, high, low, price].map(cents), volume_base)
            .expect("a candle of its walk")
    };
    let candles: Vec<_> = (0..CANDLES).map(candle).collect();
    let instrument = Instrument { id: parsed("BTC/USDT"), filters: observed::filters(&candles) };
    History::new(vec![(instrument, candles)], &[]).expect("a walk has every minute")
}

#[expect(clippy::disallowed_methods, reason = "a benchmark reads the clock")]
fn main() {
    let history = walk();
    for (name, fill) in [("close", FillAt::Close), ("next-open", FillAt::NextOpen)] {
        let terms = EmaCross {
            seed: RunSeed(1),
            quote: parsed("USDT"),
            capital_quote: parsed("10000"),
            stake_quote: None,
            step: Quantity::ZERO,
            fee_ratio: parsed("0.0004"),
            fill,
        };
        let mut rates = Vec::new();
        let mut trades = 0;
        for _ in 0..ROUNDS {
            let begun = Instant::now();
            let outcome = ema_cross::run(&terms, &history, Grain::Days);
            rates.push(CANDLES as f64 / begun.elapsed().as_secs_f64() / 1e6);
            trades = outcome.expect("one pair and enough capital").trades.len();
        }
        rates.sort_by(f64::total_cmp);
        let (best, median) = (rates[ROUNDS - 1], rates[ROUNDS / 2]);
        println!(
            "ema-cross, fill {name}: {best:.1} M candles/s at best, {median:.1} median \
             ({CANDLES} candles, {trades} trades)"
        );
    }
}
