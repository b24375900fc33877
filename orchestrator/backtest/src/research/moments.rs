//! The first four moments of a series of returns.

/// What the statistics of a Sharpe ratio need of a series. Nothing is annualised.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Moments {
    /// How many returns there are.
    pub observations: usize,
    /// Their mean.
    pub mean: f64,
    /// Their standard deviation, with n − 1.
    pub deviation: f64,
    /// Third standardised moment; 0 for a symmetric distribution.
    pub skewness: f64,
    /// Fourth standardised moment, raw: 3 for a normal distribution.
    pub kurtosis: f64,
}

/// A series without moments.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MomentsError {
    /// A deviation takes two.
    #[error("{observations} returns are too few: there must be at least 2")]
    TooFew {
        /// How many there were.
        observations: usize,
    },
    /// A number that is none.
    #[error("return {index} is not a finite number")]
    NotFinite {
        /// Which, from 0.
        index: usize,
    },
    /// Without variance there is no Sharpe ratio.
    #[error("all returns are the same: without variance there is no sharpe ratio")]
    Constant,
}

impl Moments {
    /// Of returns as ratios.
    pub fn of(returns: &[f64]) -> Result<Self, MomentsError> {
        let observations = returns.len();
        if observations < 2 {
            return Err(MomentsError::TooFew { observations });
        }
        if let Some(index) = returns.iter().position(|r| !r.is_finite()) {
            return Err(MomentsError::NotFinite { index });
        }
        if returns.iter().all(|r| *r == returns[0]) {
            return Err(MomentsError::Constant);
        }
        let n = observations as f64;
        let mean = returns.iter().sum::<f64>() / n;
        let (mut second, mut third, mut fourth) = (0.0, 0.0, 0.0);
        for r in returns {
            let (d, square) = (r - mean, (r - mean) * (r - mean));
            second += square;
            third += square * d;
            fourth += square * square;
        }
        let variance = second / n;
        if variance <= 0.0 {
            return Err(MomentsError::Constant);
        }
        Ok(Self {
            observations,
            mean,
            deviation: (second / (n - 1.0)).sqrt(),
            skewness: third / n / (variance * variance.sqrt()),
            kurtosis: fourth / n / (variance * variance),
        })
    }

    /// Mean over deviation of one period.
    pub fn sharpe(&self) -> f64 {
        self.mean / self.deviation
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_series_worked_out_by_hand() {
        // Mean 2; deviations −1, −1, −1, 3; squares 1, 1, 1, 9; cubes −1, −1, −1, 27; fourth powers
        // 1, 1, 1, 81. Population variance 3.
        let moments = Moments::of(&[1.0, 1.0, 1.0, 5.0]).unwrap();
        assert_eq!((moments.observations, moments.mean, moments.deviation), (4, 2.0, 2.0));
        assert!((moments.skewness - 6.0 / (3.0 * 3.0f64.sqrt())).abs() < 1e-15);
        assert!((moments.kurtosis - 21.0 / 9.0).abs() < 1e-15);
        assert_eq!(moments.sharpe(), 1.0);
    }

    #[test]
    fn a_series_without_moments_says_why() {
        assert_eq!(Moments::of(&[1.0]), Err(MomentsError::TooFew { observations: 1 }));
        assert_eq!(Moments::of(&[0.1, f64::NAN]), Err(MomentsError::NotFinite { index: 1 }));
        assert_eq!(Moments::of(&[0.1; 9]), Err(MomentsError::Constant));
    }
}
