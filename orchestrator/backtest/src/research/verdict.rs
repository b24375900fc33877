//! What a search has found, with what its finding is worth.

use serde::Serialize;

use crate::research::deflated::{self, Record};
use crate::research::moments::{Moments, MomentsError};
use crate::research::overfitting::{self, Overfitting};
use crate::research::space::Point;
use crate::research::trials::Trial;

/// The most blocks that days are cut into: the paper's number, 12,870 splits.
const MOST_BLOCKS: usize = 16;
/// A block shorter than this says little.
const LEAST_BLOCK_DAYS: usize = 4;

/// The best of a search, and how much of it is the search.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Verdict {
    /// How many trials were made. Each of them counts, the worst too.
    pub trials: u64,
    /// Days that each trial lived through.
    pub days: usize,
    /// The trial with the best Sharpe ratio; among equals the first.
    pub best: Best,
    /// Variance of the trials' daily Sharpe ratios.
    pub sharpe_variance: f64,
    /// The best daily Sharpe ratio to be expected of as many trials without any skill.
    pub expected_sharpe_daily: f64,
    /// Probability that the best one's true Sharpe ratio is above nought, had it been the only one.
    pub probabilistic_sharpe: Option<f64>,
    /// The same for the best of so many.
    pub deflated_sharpe: Option<f64>,
    /// Cross-validation of the picking.
    pub overfitting: Option<Overfitting>,
    /// Why one of the above is missing.
    pub notes: Vec<String>,
}

/// The best trial, without its days.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Best {
    /// From 0.
    pub number: u64,
    /// What was tried.
    pub point: Point,
    /// Final profit as a ratio of the capital.
    pub profit_ratio: f64,
    /// Of the daily returns, not annualised.
    pub sharpe_daily: f64,
    /// Closed trades.
    pub trades: u64,
    /// Deepest loss from a peak.
    pub max_drawdown_ratio: f64,
}

impl From<&Trial> for Best {
    fn from(trial: &Trial) -> Self {
        Self {
            number: trial.number,
            point: trial.point.clone(),
            profit_ratio: trial.profit_ratio,
            sharpe_daily: trial.sharpe_daily,
            trades: trial.trades,
            max_drawdown_ratio: trial.max_drawdown_ratio,
        }
    }
}

/// The trial with the best Sharpe ratio; among equals the one with the lowest number.
pub fn best<'a>(trials: impl IntoIterator<Item = &'a Trial>) -> Option<&'a Trial> {
    let better = |a: &&Trial, b: &&Trial| {
        a.sharpe_daily.total_cmp(&b.sharpe_daily).then(b.number.cmp(&a.number))
    };
    trials.into_iter().max_by(better)
}

/// Judges a search by all of its trials, of the same days. None of no trials.
pub fn judge(trials: &[Trial]) -> Option<Verdict> {
    let best = best(trials)?;
    let mut notes = Vec::new();
    let sharpes: Vec<_> = trials.iter().map(|trial| trial.sharpe_daily).collect();
    let sharpe_variance = match Moments::of(&sharpes) {
        Ok(moments) => moments.deviation * moments.deviation,
        Err(MomentsError::Constant | MomentsError::TooFew { .. }) => 0.0,
        Err(MomentsError::NotFinite { .. }) => {
            notes.push("a trial's sharpe ratio is not a number".to_owned());
            0.0
        }
    };
    let count = trials.len() as u64;
    let record = Moments::of(&best.daily_returns).map(Record::from);
    let record = record.map_err(|e| notes.push(format!("no deflated sharpe ratio: {e}"))).ok();
    let days = best.daily_returns.len();
    let columns: Vec<_> = trials.iter().map(|trial| trial.daily_returns.as_slice()).collect();
    let overfitting = overfitting::cross_validate(&columns, blocks(days));
    let overfitting =
        overfitting.map_err(|e| notes.push(format!("no probability of overfitting: {e}"))).ok();
    Some(Verdict {
        trials: count,
        days,
        best: best.into(),
        sharpe_variance,
        expected_sharpe_daily: deflated::expected_maximum(count, sharpe_variance),
        probabilistic_sharpe: record.map(|record| deflated::probabilistic(&record, 0.0)),
        deflated_sharpe: record.map(|r| deflated::deflated(&r, count, sharpe_variance)),
        overfitting,
        notes,
    })
}

/// Blocks for so many days: as many as the paper's where each has enough days.
fn blocks(days: usize) -> usize {
    (days / LEAST_BLOCK_DAYS / 2 * 2).clamp(2, MOST_BLOCKS)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::research::normal;
    use rand_chacha::ChaCha8Rng;
    use rand_chacha::rand_core::{RngCore, SeedableRng};

    /// Trials without any skill but what is added to the first.
    fn search(trials: u64, days: usize, skill: f64) -> Vec<Trial> {
        let mut rng = ChaCha8Rng::seed_from_u64(11);
        let mut draw = || {
            let unit = ((rng.next_u64() >> 11) as f64 + 0.5) / (1u64 << 53) as f64;
            0.01 * normal::quantile(unit)
        };
        let mut trial = |number| {
            let added = if number == 0 { skill } else { 0.0 };
            let daily_returns: Vec<_> = (0..days).map(|_| draw() + added).collect();
            let sharpe_daily = Moments::of(&daily_returns).unwrap().sharpe();
            let (point, profit_ratio) = (Point::new(), daily_returns.iter().sum());
            let (trades, max_drawdown_ratio) = (9, 0.1);
            Trial {
                number,
                point,
                profit_ratio,
                sharpe_daily,
                trades,
                max_drawdown_ratio,
                daily_returns,
            }
        };
        (0..trials).map(&mut trial).collect()
    }

    #[test]
    fn the_best_of_many_without_skill_looks_good_alone_and_poor_among_them() {
        let verdict = judge(&search(200, 500, 0.0)).unwrap();
        assert_eq!((verdict.trials, verdict.days), (200, 500));
        assert!(verdict.probabilistic_sharpe.unwrap() > 0.99, "{verdict:?}");
        assert!(verdict.deflated_sharpe.unwrap() < 0.9, "{verdict:?}");
        // Sharpe ratios of T returns without skill vary by 1/T.
        assert!((verdict.sharpe_variance * 500.0 - 1.0).abs() < 0.2, "{verdict:?}");
        let overfitting = verdict.overfitting.unwrap();
        assert_eq!((overfitting.blocks, overfitting.splits), (16, 12_870));
        assert!(overfitting.probability > 0.25, "{overfitting:?}");
    }

    #[test]
    fn skill_is_told_from_luck() {
        let verdict = judge(&search(200, 500, 0.003)).unwrap();
        assert_eq!(verdict.best.number, 0);
        assert!(verdict.deflated_sharpe.unwrap() > 0.99, "{verdict:?}");
        assert!(verdict.overfitting.unwrap().probability < 0.01);
    }

    #[test]
    fn the_order_of_the_trials_does_not_matter() {
        let mut trials = search(30, 100, 0.001);
        let verdict = judge(&trials);
        trials.reverse();
        let turned = judge(&trials).unwrap();
        let verdict = verdict.unwrap();
        assert_eq!((&turned.best, &turned.overfitting), (&verdict.best, &verdict.overfitting));
        let (a, b) = (turned.deflated_sharpe.unwrap(), verdict.deflated_sharpe.unwrap());
        assert!((a - b).abs() < 1e-12);
    }

    #[test]
    fn what_cannot_be_judged_is_said() {
        assert_eq!(judge(&[]), None);
        let one = judge(&search(1, 50, 0.0)).unwrap();
        assert_eq!(one.deflated_sharpe, one.probabilistic_sharpe);
        assert!(one.overfitting.is_none() && one.notes[0].contains("a search of 1 picks nothing"));
        let idle = |number| Trial {
            sharpe_daily: 0.0,
            daily_returns: vec![0.0; 50],
            ..search(1, 50, 0.0).remove(0).numbered(number)
        };
        let verdict = judge(&[idle(1), idle(0)]).unwrap();
        assert_eq!((verdict.best.number, verdict.deflated_sharpe), (0, None));
        assert!(verdict.notes[0].contains("without variance"), "{verdict:?}");
    }

    impl Trial {
        fn numbered(self, number: u64) -> Self {
            Self { number, ..self }
        }
    }
}
