//! One-minute candles from a seed, where no recorded ones are at hand.
//!
//! Returns follow a GARCH(1,1) process (Bollerslev 1986), so that calm and storm come in
//! clusters, with Poisson jumps on top (Merton 1976). It resembles a market closely enough to
//! exercise a system; nothing may be concluded from it about one.

use domain::candle::Candle;
use domain::instrument::InstrumentId;
use domain::money::Price;
use domain::time::{MINUTE_MS, UtcMs};
use domain::timeframe::Timeframe;
use exchange::candle_file::CandleFile;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::faults::noise::stream_key;

const MINUTES_PER_DAY: i64 = 24 * 60;
/// Per minute; about 70 % a year.
const SIGMA: f64 = 0.001;
/// Weight of the last squared return in the next variance.
const ALPHA: f64 = 0.08;
/// Weight of the last variance in the next.
const BETA: f64 = 0.90;
const JUMPS_PER_MINUTE: f64 = 2.0 / MINUTES_PER_DAY as f64;
const JUMP_SIGMA: f64 = 0.012;
/// Steps within a minute, from which high and low are taken.
const STEPS: usize = 6;
/// Traded per minute at average volatility, in quote units.
const TURNOVER_QUOTE: f64 = 400_000.0;
/// The price stays within this factor of its start.
const REACH: f64 = 50.0;

/// Makes `days` of candles. Every instrument has random numbers of its own, so that its candles
/// don't depend on which others are asked for.
pub(crate) fn candles(instrument: InstrumentId, start: UtcMs, days: u32, seed: u64) -> CandleFile {
    let key = seed.rotate_left(32) ^ stream_key(instrument.as_str());
    let mut walk = Walk::new(start_price(instrument.base()), ChaCha8Rng::seed_from_u64(key));
    let start = Timeframe::M1.open_of(start);
    let minutes = 0..i64::from(days) * MINUTES_PER_DAY;
    let candles = minutes.filter_map(|n| walk.minute(start.plus_ms(n * MINUTE_MS))).collect();
    CandleFile { instrument, timeframe: Timeframe::M1, candles }
}

fn start_price(base: &str) -> f64 {
    match base {
        "BTC" => 60_000.0,
        "ETH" => 3_000.0,
        "BNB" => 600.0,
        "SOL" => 150.0,
        "AVAX" => 30.0,
        "MATIC" | "POL" => 0.6,
        _ => 10.0,
    }
}

struct Walk {
    rng: ChaCha8Rng,
    start: f64,
    price: f64,
    variance: f64,
    tick: f64,
    step: f64,
}

impl Walk {
    fn new(start: f64, rng: ChaCha8Rng) -> Self {
        // Five digits of price, and steps of quantity worth about a tenth of a quote unit.
        let scale = libm::floor(libm::log10(start));
        let tick = libm::pow(10.0, (scale - 4.0).clamp(-8.0, -2.0));
        let step = libm::pow(10.0, (-scale - 1.0).clamp(-8.0, 0.0));
        Self { rng, start, price: start, variance: SIGMA * SIGMA, tick, step }
    }

    /// None never happens for prices within [`REACH`].
    fn minute(&mut self, open_time: UtcMs) -> Option<Candle> {
        let open = self.price;
        let (mut high, mut low, mut price) = (open, open, open);
        let sigma = self.variance.sqrt();
        let pulls = libm::log(self.start / open) * 1e-5;
        for _ in 0..STEPS {
            let step = sigma / (STEPS as f64).sqrt() * self.normal();
            price *= libm::exp(step + pulls / STEPS as f64);
            (high, low) = (high.max(price), low.min(price));
        }
        if self.rng.random::<f64>() < JUMPS_PER_MINUTE {
            price *= libm::exp(JUMP_SIGMA * self.normal());
        }
        price = price.clamp(self.start / REACH, self.start * REACH);
        (high, low) = (high.max(price), low.min(price));
        let moved = libm::log(price / open);
        let omega = SIGMA * SIGMA * (1.0 - ALPHA - BETA);
        // A jump is news for one minute, not a regime: it moves the variance no more than 4σ do.
        let shock = (moved * moved).min(16.0 * self.variance);
        self.variance = omega + ALPHA * shock + BETA * self.variance;
        let activity = 0.3 + 0.7 * moved.abs() / SIGMA;
        let turnover_quote = TURNOVER_QUOTE * activity * libm::exp(0.6 * self.normal());
        let volume_base = (turnover_quote / price / self.step).ceil() * self.step;
        self.price = self.on_tick(price);
        let ohlc = [open, self.on_tick(high), self.on_tick(low), self.price];
        let [open, high, low, close] = ohlc.map(|value| Price::nearest(value).unwrap_or_default());
        let ohlc = [open, high.max(open).max(close), low.min(open).min(close), close];
        Candle::new(Timeframe::M1, open_time, ohlc, eight_decimals(volume_base)).ok()
    }

    fn on_tick(&self, price: f64) -> f64 {
        eight_decimals((price / self.tick).round().max(1.0) * self.tick)
    }

    /// Standard normal (Box and Muller 1958).
    fn normal(&mut self) -> f64 {
        let radius = (-2.0 * libm::log(1.0 - self.rng.random::<f64>())).sqrt();
        radius * libm::cos(2.0 * std::f64::consts::PI * self.rng.random::<f64>())
    }
}

fn eight_decimals(value: f64) -> f64 {
    (value * 1e8).round() / 1e8
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made(pair: &str, seed: u64) -> Vec<Candle> {
        candles(pair.parse().unwrap(), UtcMs::new(1_700_000_000_123), 20, seed).candles
    }

    #[test]
    fn a_seed_repeats_and_every_minute_is_there() {
        let btc = made("BTC/USDT", 7);
        assert_eq!(btc.len(), 20 * 1440);
        assert_eq!(btc, made("BTC/USDT", 7));
        assert_ne!(btc, made("BTC/USDT", 8));
        assert_ne!(btc[5].close, made("ETH/USDT", 7)[5].close);
        assert!(
            btc.windows(2).all(|w| w[1].open_time == w[0].close_time() && w[1].open == w[0].close)
        );
    }

    #[test]
    fn volatility_clusters_and_jumps() {
        let btc = made("BTC/USDT", 1);
        let returns: Vec<f64> =
            btc.windows(2).map(|w| libm::log(w[1].close.to_f64() / w[0].close.to_f64())).collect();
        let count = returns.len() as f64;
        let mean_of = |values: &mut dyn Iterator<Item = f64>| values.sum::<f64>() / count;
        let variance = mean_of(&mut returns.iter().map(|r| r * r));
        let kurtosis =
            mean_of(&mut returns.iter().map(|r| libm::pow(*r, 4.0))) / (variance * variance);
        assert!(kurtosis > 4.0, "{kurtosis}");
        // The autocorrelation of squared returns, jumps cut off, shows the clusters.
        let squares: Vec<f64> = returns.iter().map(|r| (r * r).min(16.0 * variance)).collect();
        let mean = mean_of(&mut squares.iter().copied());
        let spread = mean_of(&mut squares.iter().map(|s| (s - mean) * (s - mean)));
        let lagged = |lag: usize| {
            let pairs = squares.iter().zip(&squares[lag..]);
            mean_of(&mut pairs.map(|(a, b)| (a - mean) * (b - mean))) / spread
        };
        assert!(lagged(1) > 0.08 && lagged(20) > 0.02, "{} {}", lagged(1), lagged(20));
    }
}
