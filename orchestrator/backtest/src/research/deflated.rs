//! How much of a Sharpe ratio survives the length of its record, the shape of its returns and the
//! number of trials that it was picked from. Every Sharpe ratio here is of one period, not
//! annualised, and kurtosis is raw: 3 for a normal distribution.

use crate::research::moments::Moments;
use crate::research::normal;

/// Euler and Mascheroni's constant.
const EULER_GAMMA: f64 = 0.577_215_664_901_532_9;

/// A Sharpe ratio and what its error depends on.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Record {
    /// Of one period.
    pub sharpe: f64,
    /// How many periods.
    pub observations: usize,
    /// Of the returns.
    pub skewness: f64,
    /// Of the returns, raw.
    pub kurtosis: f64,
}

impl From<Moments> for Record {
    fn from(moments: Moments) -> Self {
        let Moments { observations, skewness, kurtosis, .. } = moments;
        Self { sharpe: moments.sharpe(), observations, skewness, kurtosis }
    }
}

/// Probability that the true Sharpe ratio is above `benchmark`: Bailey and López de Prado, "The
/// Sharpe Ratio Efficient Frontier" (2012), eq. 11.
pub fn probabilistic(record: &Record, benchmark: f64) -> f64 {
    let Record { sharpe, observations, skewness, kurtosis } = *record;
    // Kurtosis ≥ 1 + skewness² for any distribution, so this is at least (1 − skewness·SR/2)².
    let spread = 1.0 - skewness * sharpe + (kurtosis - 1.0) / 4.0 * sharpe * sharpe;
    let root = (observations.saturating_sub(1) as f64).sqrt();
    normal::cdf((sharpe - benchmark) * root / spread.max(f64::MIN_POSITIVE).sqrt())
}

/// The best Sharpe ratio to be expected of `trials` independent trials without any skill whose
/// Sharpe ratios vary by `variance`: Bailey and López de Prado, "The Deflated Sharpe Ratio" (2014),
/// eq. 1. One trial is no search: nought.
pub fn expected_maximum(trials: u64, variance: f64) -> f64 {
    if trials < 2 {
        return 0.0;
    }
    let odds = 1.0 / trials as f64;
    let first = -normal::quantile(odds);
    let second = -normal::quantile(odds / std::f64::consts::E);
    variance.max(0.0).sqrt() * ((1.0 - EULER_GAMMA) * first + EULER_GAMMA * second)
}

/// Probability that the true Sharpe ratio of the best of `trials` is above nought, given that it
/// was picked: Bailey and López de Prado (2014), eq. 2. `variance` is that of the trials' Sharpe
/// ratios, of one period.
pub fn deflated(record: &Record, trials: u64, variance: f64) -> f64 {
    probabilistic(record, expected_maximum(trials, variance))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(value: f64, known: f64, within: f64) {
        assert!((value - known).abs() <= within, "{value} instead of {known}");
    }

    /// Bailey and López de Prado (2014), "The Deflated Sharpe Ratio", the numerical example: an
    /// annualised Sharpe ratio of 2.5 over 1250 days of 250 a year, skewness −3, kurtosis 10, the
    /// best of 100 trials whose annualised Sharpe ratios vary by 1/2.
    #[test]
    fn the_example_of_the_deflated_sharpe_ratio() {
        let sharpe = 2.5 / 250.0f64.sqrt();
        let skewed = Record { sharpe, observations: 1250, skewness: -3.0, kurtosis: 10.0 };
        close(expected_maximum(100, 0.5 / 250.0), 0.1132, 5e-5);
        close(deflated(&skewed, 100, 0.5 / 250.0), 0.9004, 5e-5);
        // "If the strategist had made his discovery after running only N = 46 independent trials,
        // … DSR would have been 0.9505"; with normal returns the same comes of N = 88.
        close(deflated(&skewed, 46, 0.5 / 250.0), 0.9505, 5e-5);
        let normal = Record { skewness: 0.0, kurtosis: 3.0, ..skewed };
        close(deflated(&normal, 88, 0.5 / 250.0), 0.9505, 5e-5);
    }

    /// Bailey and López de Prado (2012), "The Sharpe Ratio Efficient Frontier": two years of
    /// monthly returns with a Sharpe ratio of 0.458 (1.59 a year) pass for skill at 0.982 if
    /// normal, and at 0.913 with their skewness −2.448 and kurtosis 10.164.
    #[test]
    fn the_example_of_the_probabilistic_sharpe_ratio() {
        let normal = Record { sharpe: 0.458, observations: 24, skewness: 0.0, kurtosis: 3.0 };
        close(probabilistic(&normal, 0.0), 0.982, 5e-4);
        let skewed = Record { skewness: -2.448, kurtosis: 10.164, ..normal };
        close(probabilistic(&skewed, 0.0), 0.913, 5e-4);
    }

    #[test]
    fn one_trial_is_not_deflated_and_more_trials_deflate_more() {
        let record = Record { sharpe: 0.1, observations: 500, skewness: 0.0, kurtosis: 3.0 };
        assert_eq!(deflated(&record, 1, 0.01), probabilistic(&record, 0.0));
        assert_eq!(deflated(&record, 50, 0.0), probabilistic(&record, 0.0));
        let by_trials = [1, 2, 10, 100, 10_000, 1_000_000].map(|n| deflated(&record, n, 0.002));
        assert!(by_trials.is_sorted_by(|a, b| a > b), "{by_trials:?}");
    }
}
