//! Monte Carlo: what else the same trades or the same days could have brought.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};
use serde::Serialize;

/// Percentiles of what was drawn, between neighbours by straight lines.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Band {
    /// 5 of 100 are below.
    pub p05: f64,
    /// A quarter is below.
    pub p25: f64,
    /// Half are below.
    pub p50: f64,
    /// A quarter is above.
    pub p75: f64,
    /// 5 of 100 are above.
    pub p95: f64,
}

/// What many drawn histories brought.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct MonteCarlo {
    /// How many were drawn.
    pub runs: u32,
    /// Trades or days in each.
    pub observations: usize,
    /// Final profit, as a ratio of the capital.
    pub return_ratio: Band,
    /// Deepest loss from a peak, as a ratio of it; above 1 where borrowed money would be lost.
    pub max_drawdown_ratio: Band,
    /// Part of the histories that end below the capital.
    pub loss_probability: f64,
    /// Part of the histories whose drawdown is deeper than asked about.
    pub deeper_probability: f64,
}

/// What can't be drawn from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BootstrapError {
    /// Of one there is only one order.
    #[error("{observations} trades or days are too few: there must be at least 2")]
    TooFew {
        /// How many there are.
        observations: usize,
    },
    /// Nothing was asked for.
    #[error("at least 1 run must be asked for")]
    NoRuns,
    /// Numbers that can't be.
    #[error(
        "capital, profits, returns and block length must be finite, the capital and the block above 0"
    )]
    Impossible,
}

/// How often, from which seed, and which drawdown the odds are asked of.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Draws {
    /// How many histories.
    pub runs: u32,
    /// Run k draws from stream k of this seed, so that runs can be made in any order.
    pub seed: u64,
    /// A drawdown ratio.
    pub deeper_than: f64,
}

/// The same trades in other orders. Profits add up, so every order ends with the same profit, and
/// only the drawdown has a spread: that is what this is for. Marks within trades don't count.
pub fn shuffle_trades(
    pnl_quote: &[f64],
    capital_quote: f64,
    draws: Draws,
) -> Result<MonteCarlo, BootstrapError> {
    check(pnl_quote, draws, capital_quote)?;
    let total: f64 = pnl_quote.iter().sum();
    // One sum for all: summed in their own orders, the ends would differ in the last bits.
    let end = total / capital_quote;
    let mut order = pnl_quote.to_vec();
    let drawn = (0..draws.runs).map(|run| {
        let mut rng = stream(draws.seed, run);
        order.copy_from_slice(pnl_quote);
        for last in (1..order.len()).rev() {
            order.swap(last, below(&mut rng, last + 1));
        }
        let mut path = Path::from(capital_quote);
        for pnl in &order {
            path.reach(path.equity + pnl);
        }
        (end, path.deepest)
    });
    Ok(summary(drawn.collect(), pnl_quote.len(), draws))
}

/// Other histories of the same days: Politis and Romano's stationary bootstrap (1994). Blocks begin
/// on a day drawn at random and go on, round the end to the beginning, for a geometric number of
/// days of mean `block_days`, so that what follows upon what within some days is kept.
pub fn resample_days(
    returns: &[f64],
    block_days: f64,
    draws: Draws,
) -> Result<MonteCarlo, BootstrapError> {
    check(returns, draws, block_days)?;
    let renew = 1.0 / block_days.max(1.0);
    let days = returns.len();
    let drawn = (0..draws.runs).map(|run| {
        let mut rng = stream(draws.seed, run);
        let mut path = Path::from(1.0);
        let mut day = below(&mut rng, days);
        for _ in 0..days {
            path.reach(path.equity * (1.0 + returns[day]));
            day = if unit(&mut rng) < renew { below(&mut rng, days) } else { (day + 1) % days };
        }
        (path.equity - 1.0, path.deepest)
    });
    Ok(summary(drawn.collect(), days, draws))
}

/// The mean length of blocks for a history of so many days: its cube root, the rate at which the
/// error of the bootstrap's variance is smallest (Hall, Horowitz and Jing 1995).
pub fn block_days(days: usize) -> f64 {
    libm::ceil(libm::cbrt(days as f64)).max(1.0)
}

fn check(values: &[f64], draws: Draws, positive: f64) -> Result<(), BootstrapError> {
    if values.len() < 2 {
        return Err(BootstrapError::TooFew { observations: values.len() });
    }
    if draws.runs == 0 {
        return Err(BootstrapError::NoRuns);
    }
    let possible = positive.is_finite() && positive > 0.0 && values.iter().all(|v| v.is_finite());
    if possible { Ok(()) } else { Err(BootstrapError::Impossible) }
}

/// Equity along a drawn history.
struct Path {
    equity: f64,
    peak: f64,
    deepest: f64,
}

impl Path {
    const fn from(capital: f64) -> Self {
        Self { equity: capital, peak: capital, deepest: 0.0 }
    }

    fn reach(&mut self, equity: f64) {
        self.equity = equity;
        self.peak = self.peak.max(equity);
        self.deepest = self.deepest.max((self.peak - equity) / self.peak);
    }
}

fn stream(seed: u64, run: u32) -> ChaCha8Rng {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    rng.set_stream(u64::from(run));
    rng
}

fn unit(rng: &mut ChaCha8Rng) -> f64 {
    (rng.next_u64() >> 11) as f64 / (1u64 << 53) as f64
}

/// 0…`n` − 1; the bias of the multiplication is below n/2⁶⁴.
fn below(rng: &mut ChaCha8Rng, n: usize) -> usize {
    ((u128::from(rng.next_u64()) * n as u128) >> 64) as usize
}

fn summary(drawn: Vec<(f64, f64)>, observations: usize, draws: Draws) -> MonteCarlo {
    let (mut returns, mut drawdowns): (Vec<_>, Vec<_>) = drawn.into_iter().unzip();
    returns.sort_by(f64::total_cmp);
    drawdowns.sort_by(f64::total_cmp);
    let part = |count: usize| count as f64 / f64::from(draws.runs);
    MonteCarlo {
        runs: draws.runs,
        observations,
        return_ratio: band(&returns),
        max_drawdown_ratio: band(&drawdowns),
        loss_probability: part(returns.partition_point(|end| *end < 0.0)),
        deeper_probability: part(
            drawdowns.len() - drawdowns.partition_point(|ratio| *ratio <= draws.deeper_than),
        ),
    }
}

fn band(sorted: &[f64]) -> Band {
    let at = |ratio: f64| {
        let place = ratio * (sorted.len() - 1) as f64;
        let low = place as usize;
        let high = (low + 1).min(sorted.len() - 1);
        sorted[low] + (place - low as f64) * (sorted[high] - sorted[low])
    };
    Band { p05: at(0.05), p25: at(0.25), p50: at(0.5), p75: at(0.75), p95: at(0.95) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DRAWS: Draws = Draws { runs: 20_000, seed: 7, deeper_than: 0.15 };

    #[test]
    fn every_order_of_two_wins_and_a_loss() {
        // 10, 10, −20 on 100. The loss comes first (from 100 to 80: 0.2), second (110 to 90: 2/11)
        // or last (120 to 100: 1/6), each in a third of the orders; the end is 100 in all.
        let found = shuffle_trades(&[10.0, 10.0, -20.0], 100.0, DRAWS).unwrap();
        let ratio = found.max_drawdown_ratio;
        let all = [ratio.p05, ratio.p25, ratio.p50, ratio.p75, ratio.p95];
        let known = [1.0 / 6.0, 1.0 / 6.0, 2.0 / 11.0, 0.2, 0.2];
        assert!(all.iter().zip(known).all(|(a, b)| (a - b).abs() < 1e-15), "{all:?}");
        assert_eq!((found.return_ratio.p05, found.return_ratio.p95), (0.0, 0.0));
        assert_eq!((found.loss_probability, found.deeper_probability), (0.0, 1.0));
        let deeper = Draws { deeper_than: 0.19, ..DRAWS };
        let found = shuffle_trades(&[10.0, 10.0, -20.0], 100.0, deeper).unwrap();
        assert!((found.deeper_probability - 1.0 / 3.0).abs() < 0.01);
    }

    #[test]
    fn two_days_worked_out_by_hand() {
        // With blocks of one day each of ++, +−, −+, −− comes in a quarter of the histories.
        let found = resample_days(&[0.1, -0.1], 1.0, DRAWS).unwrap();
        assert!((found.return_ratio.p05 + 0.19).abs() < 1e-12);
        assert!((found.return_ratio.p50 + 0.01).abs() < 1e-12);
        assert!((found.return_ratio.p95 - 0.21).abs() < 1e-12);
        assert!((found.loss_probability - 0.75).abs() < 0.01);
        // Only −− is deeper than 0.15: 0.19.
        assert!((found.deeper_probability - 0.25).abs() < 0.01);
    }

    #[test]
    fn longer_blocks_keep_losing_streaks_together() {
        let returns: Vec<f64> =
            (0..400).map(|day| if day / 20 % 2 == 0 { 0.01 } else { -0.01 }).collect();
        let single = resample_days(&returns, 1.0, DRAWS).unwrap();
        let blocks = resample_days(&returns, 20.0, DRAWS).unwrap();
        assert!(blocks.max_drawdown_ratio.p50 > 1.5 * single.max_drawdown_ratio.p50);
        let Band { p05, p25, p50, p75, p95 } = blocks.max_drawdown_ratio;
        assert!(p05 < p25 && p25 < p50 && p50 < p75 && p75 < p95);
    }

    #[test]
    fn the_mean_of_what_is_drawn_is_the_mean_of_what_there_is() {
        // Geometric blocks round the end give every day the same weight.
        let returns: Vec<f64> = (0..50).map(|day| f64::from(day * 7919 % 101) * 1e-7).collect();
        let found = resample_days(&returns, block_days(returns.len()), DRAWS).unwrap();
        let total: f64 = returns.iter().sum();
        assert!((found.return_ratio.p50 / total - 1.0).abs() < 0.01, "{found:?}");
        assert_eq!(block_days(50), 4.0);
    }

    #[test]
    fn the_seed_decides_and_a_run_does_not_depend_on_how_many_there_are() {
        let returns = [0.03, -0.02, 0.01, 0.0, -0.04, 0.05];
        let draw = |runs, seed| resample_days(&returns, 2.0, Draws { runs, seed, ..DRAWS });
        assert_eq!(draw(500, 1), draw(500, 1));
        assert_ne!(draw(500, 1), draw(500, 2));
        // Of two, 5 and 95 of 100 lie a twentieth of their distance within them.
        let (one, two) = (draw(1, 1).unwrap(), draw(2, 1).unwrap().return_ratio);
        let within = (two.p95 - two.p05) / 18.0;
        let ends = [two.p05 - within, two.p95 + within];
        assert!(ends.iter().any(|end| (end - one.return_ratio.p50).abs() < 1e-12), "{ends:?}");
    }

    #[test]
    fn what_cannot_be_drawn_from_says_why() {
        let few = BootstrapError::TooFew { observations: 1 };
        assert_eq!(resample_days(&[0.1], 1.0, DRAWS), Err(few));
        let none = Draws { runs: 0, ..DRAWS };
        assert_eq!(shuffle_trades(&[1.0, 2.0], 1.0, none), Err(BootstrapError::NoRuns));
        for (pnl, capital) in [([1.0, f64::NAN], 1.0), ([1.0, 2.0], 0.0), ([1.0, 2.0], f64::NAN)] {
            assert_eq!(shuffle_trades(&pnl, capital, DRAWS), Err(BootstrapError::Impossible));
        }
    }
}
