//! The formulas, on plain numbers. Each is `None` where its definition has no value: too few
//! numbers, no spread, nothing to divide by.

/// Crypto trades every day: the periods of a year by which daily ratios are annualised.
pub const DAYS_PER_YEAR: f64 = 365.0;

/// A spread below this part of the largest number is the rounding of floats, not a spread.
const NOISE: f64 = 1e-9;

/// The sum; of nothing it is nought, where the library's is its negative.
pub fn sum(values: impl IntoIterator<Item = f64>) -> f64 {
    values.into_iter().fold(0.0, |sum, value| sum + value)
}

/// The mean.
pub fn mean(values: &[f64]) -> Option<f64> {
    (!values.is_empty()).then(|| sum(values.iter().copied()) / values.len() as f64)
}

/// The standard deviation of the sample, with n − 1 as the divisor; of two numbers or more.
pub fn deviation(values: &[f64]) -> Option<f64> {
    let mean = mean(values).filter(|_| values.len() > 1)?;
    let squares = sum(values.iter().map(|value| (value - mean) * (value - mean)));
    Some((squares / (values.len() - 1) as f64).sqrt())
}

/// The deviation below nought: √(mean(min(r, 0)²)) over all of the returns, not the losing ones
/// alone.
pub fn downside_deviation(returns: &[f64]) -> Option<f64> {
    let squares: Vec<_> = returns.iter().map(|r| r.min(0.0) * r.min(0.0)).collect();
    mean(&squares).map(f64::sqrt)
}

/// Sharpe ratio of one period without a riskless rate: mean/σ, σ of the sample. Times
/// √[`DAYS_PER_YEAR`] it is the annual one of daily returns.
pub fn sharpe(returns: &[f64]) -> Option<f64> {
    Some(mean(returns)? / spread(returns, deviation(returns)?)?)
}

/// Sortino ratio of one period with a target of nought: mean over [`downside_deviation`].
pub fn sortino(returns: &[f64]) -> Option<f64> {
    Some(mean(returns)? / spread(returns, downside_deviation(returns)?)?)
}

/// Van Tharp's system quality number: √n · mean/σ of the trades' profits.
pub fn sqn(profits: &[f64]) -> Option<f64> {
    Some((profits.len() as f64).sqrt() * sharpe(profits)?)
}

/// Compound annual growth: (end/start)^(365/days) − 1. An account that ends with nothing, or less,
/// lost all: −1.
pub fn cagr(start: f64, end: f64, days: f64) -> Option<f64> {
    let grown = (start > 0.0 && days > 0.0).then(|| (end / start).max(0.0))?;
    Some(libm::pow(grown, DAYS_PER_YEAR / days) - 1.0).filter(|growth| growth.is_finite())
}

/// Calmar ratio: annual growth over the deepest drawdown, both as ratios.
pub fn calmar(cagr: f64, drawdown_ratio: f64) -> Option<f64> {
    (drawdown_ratio > 0.0).then(|| cagr / drawdown_ratio)
}

/// Wins over losses, both as sums above nought; infinite where nothing was lost.
pub fn profit_factor(won: f64, lost: f64) -> Option<f64> {
    match (won > 0.0, lost > 0.0) {
        (_, true) => Some(won / lost),
        (true, false) => Some(f64::INFINITY),
        (false, false) => None,
    }
}

/// Expectancy in units of the average loss: (1 + RR)·W − 1 with the ratio RR of the average win to
/// the average loss, and W the part of the trades that won.
pub fn expectancy_ratio(win_ratio: f64, average_win: f64, average_loss: f64) -> Option<f64> {
    (average_loss > 0.0).then(|| (1.0 + average_win / average_loss) * win_ratio - 1.0)
}

fn spread(values: &[f64], deviation: f64) -> Option<f64> {
    let largest = values.iter().fold(0.0f64, |largest, value| largest.max(value.abs()));
    (deviation > NOISE * largest).then_some(deviation)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(value: Option<f64>, expected: f64) {
        let value = value.expect("defined");
        assert!((value - expected).abs() <= 1e-9 * expected.abs(), "{value} is not {expected}");
    }

    /// Rounded as it was published.
    fn published(value: Option<f64>, digits: i32) -> f64 {
        let ten = 10f64.powi(digits);
        (value.expect("defined") * ten).round() / ten
    }

    /// Rollinger and Hoffman, "Sortino: A 'Sharper' Ratio" (Red Rock Capital): annual returns, a
    /// target of 0 %, target downside deviation 2.264 %, ratio 4.417.
    #[test]
    fn sortino_of_red_rock_capital() {
        let returns = [0.17, 0.15, 0.23, -0.05, 0.12, 0.09, 0.13, -0.04];
        assert_eq!(published(mean(&returns), 4), 0.1);
        assert_eq!(published(downside_deviation(&returns), 5), 0.02264);
        assert_eq!(published(sortino(&returns), 3), 4.417);
    }

    /// Van Tharp, "Super Trader" (2009), the table of eight trades with R = 785: expectancy
    /// 0.675 R, standard deviation 1.86 R, their ratio 0.36; his SQN is that ratio times √n.
    #[test]
    fn system_quality_of_van_tharp() {
        let r = [0.86, 4.40, -0.72, 0.44, 1.57, 1.13, -1.70, -0.58];
        assert_eq!(published(mean(&r), 3), 0.675);
        assert_eq!(published(deviation(&r), 2), 1.86);
        assert_eq!(published(sharpe(&r), 2), 0.36);
        near(sqn(&r), 8f64.sqrt() * 0.675 / deviation(&r).expect("eight"));
        // By hand: mean ½, σ² = 8/7, so √8 · ½ / √(8/7) = ½√7.
        near(sqn(&[1.0, -0.5, 2.0, -1.0, 0.5, 1.5, -0.5, 1.0]), 7f64.sqrt() / 2.0);
    }

    /// By hand: mean 0.5 %, squares (0.25 + 2.25 + 2.25 + 0.25)/3 = 5/3, so 0.5/√(5/3) = √0.15.
    #[test]
    fn sharpe_by_hand() {
        let returns = [0.01, -0.01, 0.02, 0.0];
        near(sharpe(&returns), 0.15f64.sqrt());
        near(sharpe(&returns).map(|daily| daily * DAYS_PER_YEAR.sqrt()), 54.75f64.sqrt());
        near(sortino(&returns), 1.0);
    }

    /// Investopedia, "Compound Annual Growth Rate": 10,000 to 19,000 in three years is 23.86 %.
    #[test]
    fn growth_of_investopedia() {
        assert_eq!(published(cagr(10_000.0, 19_000.0, 3.0 * 365.0), 4), 0.2386);
        near(cagr(100.0, 121.0, 730.0), 0.1);
        near(cagr(100.0, 110.0, 365.0).and_then(|growth| calmar(growth, 0.05)), 2.0);
        assert_eq!(cagr(100.0, -5.0, 365.0), Some(-1.0));
    }

    /// freqtrade's documentation of edge positioning: 28 % of wins at a risk reward ratio of 5 make
    /// an expectancy of 0.68.
    #[test]
    fn expectancy_of_freqtrade() {
        near(expectancy_ratio(0.28, 5.0, 1.0), 0.68);
        // Van Tharp's eight trades: five won 8.40 R, three lost 3.00 R, 0.675 of an average loss
        // of 1 R.
        near(expectancy_ratio(5.0 / 8.0, 8.4 / 5.0, 1.0), 0.675);
    }

    #[test]
    fn what_has_no_value_is_none() {
        for returns in [&[][..], &[0.01], &[0.0, 0.0], &[0.01, 0.01, 0.01]] {
            assert_eq!(sharpe(returns), None, "{returns:?}");
            assert_eq!(sortino(returns), None, "{returns:?}");
            assert_eq!(sqn(returns), None, "{returns:?}");
        }
        // Constant growth differs in the last bit only, which is no risk.
        let steady: Vec<_> = (0..50).map(|n| 1.001f64.powi(n)).collect();
        let returns: Vec<_> = steady.windows(2).map(|w| w[1] / w[0] - 1.0).collect();
        assert_eq!(sharpe(&returns), None);
        assert_eq!(cagr(0.0, 1.0, 365.0), None);
        assert_eq!(cagr(1.0, 1.0, 0.0), None);
        assert_eq!(cagr(1.0, 1e9, 1e-3), None);
        assert_eq!(calmar(0.1, 0.0), None);
        assert_eq!(profit_factor(0.0, 0.0), None);
        assert_eq!(profit_factor(3.0, 0.0), Some(f64::INFINITY));
        assert_eq!(profit_factor(3.0, 2.0), Some(1.5));
        assert_eq!(expectancy_ratio(1.0, 5.0, 0.0), None);
    }
}
