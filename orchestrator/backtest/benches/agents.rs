//! The full technical agent with risk agent, decision core, kernel, portfolio and simulated venue on
//! one pair and one timeframe, a decision at every candle and no records: candles in memory to
//! result, on one core.

use std::path::Path;
use std::time::Instant;

use backtest::curve::Grain;
use backtest::history::History;
use backtest::run::run;
use decision::outbox::Sink;
use decision::policy::{Costs, Policy};
use decision::profile::Profile;
use decision::record::{AgentConfigs, ConfigurationRecord};
use domain::candle::Candle;
use domain::instrument::Instrument;
use domain::money::Price;
use domain::time::{DAY_MS, MINUTE_MS, UtcMs};
use domain::timeframe::Timeframe;
use exchange::{candle_file, observed};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};
use rust_decimal::Decimal;

/// A year of minutes.
const MINUTES: i64 = 525_600;
const ROUNDS: usize = 25;
const WANTED: f64 = 4.0;
const REAL: &str = "market/spot/5m/BTCUSDT-5m-20240101-20250630.csv.gz";
const FREE: Costs = Costs {
    maker_fee_ratio: Decimal::ZERO,
    taker_fee_ratio: Decimal::ZERO,
    slippage_bps: Decimal::ZERO,
};

fn parsed<T: std::str::FromStr<Err: std::fmt::Debug>>(text: &str) -> T {
    text.parse().expect("the benchmark's own text is well formed")
}

/// A random walk in cents whose width and drift change by the hour.
fn walk() -> Vec<Candle> {
    let from = UtcMs::new(1_700_000_000_000).floor(DAY_MS);
    let mut rng = ChaCha8Rng::seed_from_u64(42);
    let mut unit = || (rng.next_u64() >> 11) as f64 / (1u64 << 53) as f64;
    let (mut price, mut width, mut drift) = (30_000.0_f64, 1e-3, 0.0);
    let cents = |price: f64| Price::nearest((price * 100.0).round() / 100.0).expect("a price");
    let candle = |minute: i64| {
        if minute % 60 == 0 {
            width = 4e-4 + 3e-3 * unit() * unit();
            drift = 1e-4 * (unit() - 0.5);
        }
        let open = price;
        price *= 1.0 + drift + width * (unit() + unit() - 1.0);
        let (high, low) =
            (open.max(price) * (1.0 + width * unit()), open.min(price) * (1.0 - width * unit()));
        let volume_base = (20e5 * unit()).round() / 1e5;
        let open_time = from.plus_ms(minute * MINUTE_MS);
        Candle::new(Timeframe::M1, open_time, [open, high, low, price].map(cents), volume_base)
            .expect("a candle of its walk")
    };
    (0..MINUTES).map(candle).collect()
}

/// The default profile, but for the timeframe that it decides on.
fn configured(history: &History, costs: Costs) -> ConfigurationRecord {
    let timeframe = history.base();
    let profile = Profile::named("swing-spot").expect("it comes with the program");
    let profile = Profile { decision_timeframe: timeframe, ..profile };
    let agents = AgentConfigs {
        technical: technical::config::Config::for_timeframe(timeframe),
        risk: risk::config::Config::new(timeframe, profile.halt_drawdown()),
    };
    let policy = Policy { costs, ..Policy::of(profile) };
    ConfigurationRecord {
        seed: 7,
        mode: "backtest".to_owned(),
        began_at: history.from(),
        capital_quote: parsed("10000"),
        quote: parsed("USDT"),
        instruments: history.instruments(),
        timeframes: vec![timeframe],
        policy_hash: policy.hash(),
        policy,
        agents,
    }
}

#[expect(clippy::disallowed_methods, reason = "a benchmark reads the clock")]
fn measure(what: &str, candles: Vec<Candle>, costs: Costs) {
    let instrument = Instrument { id: parsed("BTC/USDT"), filters: observed::filters(&candles) };
    let history = History::new(vec![(instrument, candles)], &[]).expect("candles in order");
    let configuration = configured(&history, costs);
    let (mut rates, mut trades) = (Vec::new(), 0);
    for _ in 0..ROUNDS {
        let begun = Instant::now();
        let outcome = run(&configuration, &history, Grain::Days, Sink::None);
        rates.push(history.candles() as f64 / begun.elapsed().as_secs_f64() / 1e6);
        trades = outcome.expect("prices of a real pair").trades.len();
    }
    rates.sort_by(f64::total_cmp);
    let (best, median) = (rates[ROUNDS - 1], rates[ROUNDS / 2]);
    let kept = if best >= WANTED { "kept" } else { "missed" };
    println!(
        "full technical agent, {what}: {best:.2} M candles/s at best, {median:.2} median \
         ({} candles, {trades} trades); {WANTED} wanted: {kept}",
        history.candles()
    );
}

#[expect(clippy::disallowed_methods, reason = "a benchmark is told where data is")]
fn main() {
    let minutes = walk();
    measure("a walk of minutes, usual costs", minutes.clone(), Costs::default());
    // Without costs the account is never halted, and trades to the end.
    measure("a walk of minutes, no costs", minutes, FREE);
    match std::env::var("SEXTANT_DATA") {
        Ok(data) => {
            let file = candle_file::read(&Path::new(&data).join(REAL)).expect("a candle file");
            measure("BTC/USDT in 5m, no costs", file.candles, FREE);
        }
        Err(_) => println!("BTC/USDT in 5m: skipped, SEXTANT_DATA names no folder"),
    }
}
