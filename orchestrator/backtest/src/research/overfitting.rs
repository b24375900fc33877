//! The probability of backtest overfitting by combinatorially symmetric cross-validation: Bailey,
//! Borwein, López de Prado and Zhu, "The Probability of Backtest Overfitting" (2015).
//!
//! The days are cut into S blocks. For every choice of S/2 of them the trial with the best Sharpe
//! ratio there is looked up in the other half. If picking the best means anything, it is among the
//! better ones there, too.

use serde::Serialize;

/// Fewest and most blocks: C(20, 10) = 184,756 splits take seconds, C(22, 11) would take minutes.
const BLOCKS: std::ops::RangeInclusive<usize> = 2..=20;

/// What cross-validation says of a search.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Overfitting {
    /// How many trials were compared.
    pub trials: usize,
    /// Days that were used: whole blocks; a remainder is left out at the beginning.
    pub observations: usize,
    /// S.
    pub blocks: usize,
    /// C(S, S/2).
    pub splits: usize,
    /// Part of the splits in which the best in sample is at or below the median out of sample.
    pub probability: f64,
    /// Median of the logits of the relative rank: above 0 where the best stays above the median.
    pub logit_median: f64,
    /// Slope of the best trial's out-of-sample Sharpe ratio over its in-sample one; none where the
    /// latter is always the same.
    pub degradation_slope: Option<f64>,
    /// Part of the splits in which the best in sample loses out of sample.
    pub loss_probability: f64,
}

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OverfittingError {
    /// There is nothing to pick from.
    #[error("a search of {trials} picks nothing: at least 2 trials are needed")]
    TooFewTrials {
        /// How many there were.
        trials: usize,
    },
    /// Not a number of blocks that can be halved.
    #[error("{blocks} blocks: there must be an even number from 2 to 20")]
    Blocks {
        /// How many were asked for.
        blocks: usize,
    },
    /// A half with one day has no Sharpe ratio.
    #[error(
        "{observations} days are too few for {blocks} blocks: each must have a day, each half two"
    )]
    TooShort {
        /// How many there were.
        observations: usize,
        /// How many blocks were asked for.
        blocks: usize,
    },
    /// Trials must be of the same days.
    #[error("trial {trial} has {observations} days where the first has {expected}")]
    Uneven {
        /// Which, from 0.
        trial: usize,
        /// How many it has.
        observations: usize,
        /// How many it should have.
        expected: usize,
    },
    /// A number that is none.
    #[error("a return of trial {trial} is not a finite number")]
    NotFinite {
        /// Which, from 0.
        trial: usize,
    },
    /// Returns that are the same every day, and not nought, have no Sharpe ratio.
    #[error("trial {trial} returns the same every day of a half: it has no sharpe ratio there")]
    Constant {
        /// Which, from 0.
        trial: usize,
    },
}

/// One way to halve the blocks.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Split {
    /// Sharpe ratio of the best in sample.
    inside: f64,
    /// Its Sharpe ratio out of sample.
    outside: f64,
    /// Logit of its relative rank out of sample.
    logit: f64,
}

/// Sums over a block: all that a Sharpe ratio of several blocks needs.
#[derive(Debug, Clone, Copy, Default)]
struct Sums {
    sum: f64,
    squares: f64,
}

/// Cross-validates the picking of the best by Sharpe ratio. `trials` are the daily returns of each
/// trial, of the same days; `blocks` is S. Days without position are noughts, and a half of nothing
/// else has a Sharpe ratio of nought.
///
/// Among several that are best in sample the one that does worst out of sample counts, so that
/// the order of the trials does not matter; out of sample, equals share the mean of their ranks.
/// Takes C(S, S/2) × trials × S steps.
pub fn cross_validate(trials: &[&[f64]], blocks: usize) -> Result<Overfitting, OverfittingError> {
    let splits = splits(trials, blocks)?;
    let of = |holds: fn(&Split) -> bool| {
        splits.iter().filter(|split| holds(split)).count() as f64 / splits.len() as f64
    };
    let mut logits: Vec<_> = splits.iter().map(|split| split.logit).collect();
    logits.sort_by(f64::total_cmp);
    let middle = logits.len() / 2;
    Ok(Overfitting {
        trials: trials.len(),
        observations: trials[0].len() / blocks * blocks,
        blocks,
        splits: splits.len(),
        probability: of(|split| split.logit <= 0.0),
        // C(S, S/2) is even.
        logit_median: (logits[middle - 1] + logits[middle]) / 2.0,
        degradation_slope: slope(&splits),
        loss_probability: of(|split| split.outside < 0.0),
    })
}

fn splits(trials: &[&[f64]], blocks: usize) -> Result<Vec<Split>, OverfittingError> {
    let sums = block_sums(trials, blocks)?;
    let half_days = (trials[0].len() / blocks * blocks / 2) as f64;
    let all = (1u32 << blocks) - 1;
    let mut found = Vec::new();
    let mut inside = vec![0.0; trials.len()];
    let mut outside = vec![0.0; trials.len()];
    // Gosper's hack: the next number with as many ones.
    let mut chosen = (1u32 << (blocks / 2)) - 1;
    while chosen <= all {
        for (trial, sums) in sums.chunks_exact(blocks).enumerate() {
            let sharpe = |mask| sharpe(sums, mask, half_days);
            let constant = OverfittingError::Constant { trial };
            inside[trial] = sharpe(chosen).ok_or_else(|| constant.clone())?;
            outside[trial] = sharpe(all & !chosen).ok_or(constant)?;
        }
        found.push(look_up(&inside, &outside));
        let lowest = chosen & chosen.wrapping_neg();
        let carried = chosen + lowest;
        chosen = (((carried ^ chosen) >> 2) / lowest) | carried;
    }
    Ok(found)
}

/// The sums of every block of every trial, trial by trial.
fn block_sums(trials: &[&[f64]], blocks: usize) -> Result<Vec<Sums>, OverfittingError> {
    if !BLOCKS.contains(&blocks) || blocks % 2 == 1 {
        return Err(OverfittingError::Blocks { blocks });
    }
    let &[first, _, ..] = trials else {
        return Err(OverfittingError::TooFewTrials { trials: trials.len() });
    };
    let (observations, days) = (first.len(), first.len() / blocks);
    if days == 0 || days * blocks < 4 {
        return Err(OverfittingError::TooShort { observations, blocks });
    }
    let mut sums = Vec::with_capacity(trials.len() * blocks);
    for (trial, returns) in trials.iter().enumerate() {
        if returns.len() != observations {
            let (observations, expected) = (returns.len(), observations);
            return Err(OverfittingError::Uneven { trial, observations, expected });
        }
        if returns.iter().any(|r| !r.is_finite()) {
            return Err(OverfittingError::NotFinite { trial });
        }
        let whole = &returns[observations - days * blocks..];
        sums.extend(whole.chunks_exact(days).map(|block| {
            let add =
                |sums: Sums, r: &f64| Sums { sum: sums.sum + r, squares: sums.squares + r * r };
            block.iter().fold(Sums::default(), add)
        }));
    }
    Ok(sums)
}

/// The Sharpe ratio of the blocks of a mask; none where there is no variance but a mean.
fn sharpe(sums: &[Sums], mask: u32, days: f64) -> Option<f64> {
    let (mut sum, mut squares) = (0.0, 0.0);
    for (index, block) in sums.iter().enumerate() {
        if mask & (1 << index) != 0 {
            sum += block.sum;
            squares += block.squares;
        }
    }
    if squares == 0.0 {
        return Some(0.0);
    }
    let deviations = squares - sum * sum / days;
    // What rounding leaves of a variance that is none.
    if deviations <= 1e-12 * squares {
        return None;
    }
    Some(sum / days / (deviations / (days - 1.0)).sqrt())
}

/// Looks the best in sample up out of sample.
fn look_up(inside: &[f64], outside: &[f64]) -> Split {
    let best = inside.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let tied = inside.iter().zip(outside).filter(|(sharpe, _)| **sharpe == best);
    let reached = tied.map(|(_, sharpe)| *sharpe).fold(f64::INFINITY, f64::min);
    let below = outside.iter().filter(|sharpe| **sharpe < reached).count() as f64;
    let equal = outside.iter().filter(|sharpe| **sharpe == reached).count() as f64;
    let rank = below + (equal + 1.0) / 2.0;
    let relative = rank / (outside.len() as f64 + 1.0);
    Split { inside: best, outside: reached, logit: libm::log(relative / (1.0 - relative)) }
}

/// Least squares of outside over inside.
fn slope(splits: &[Split]) -> Option<f64> {
    let n = splits.len() as f64;
    let mean_inside = splits.iter().map(|split| split.inside).sum::<f64>() / n;
    let mean_outside = splits.iter().map(|split| split.outside).sum::<f64>() / n;
    let (mut variance, mut covariance) = (0.0, 0.0);
    for split in splits {
        variance += (split.inside - mean_inside) * (split.inside - mean_inside);
        covariance += (split.inside - mean_inside) * (split.outside - mean_outside);
    }
    (variance > 0.0).then(|| covariance / variance)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand_chacha::ChaCha8Rng;
    use rand_chacha::rand_core::{RngCore, SeedableRng};

    fn columns(trials: &[Vec<f64>]) -> Vec<&[f64]> {
        trials.iter().map(Vec::as_slice).collect()
    }

    /// The rules of Bailey et al. (2015), section 2.3, on a matrix that can be worked out on paper.
    /// Of two days a and b the Sharpe ratio is (a + b)/(√2·|a − b|). By pairs of days, times √2:
    ///
    /// |   | 12 | 34  | 13  | 24  | 14 | 23 |
    /// |---|----|-----|-----|-----|----|----|
    /// | A | 2  | 1/3 | 3   | 1/2 | 0  | 5  |
    /// | B | 3  | 1/2 | 1/3 | 2   | 5  | 0  |
    ///
    /// So in sample 12 and 34 pick B, which is best out of sample too; 13, 24, 14 and 23 pick the
    /// one that is worst there: 4 of 6. The relative rank of the worse of two is 1/3.
    #[test]
    fn a_matrix_worked_out_by_hand() {
        let trials: [&[f64]; 2] = [&[1.0, 3.0, 2.0, -1.0], &[2.0, 1.0, -1.0, 3.0]];
        let found = cross_validate(&trials, 4).unwrap();
        assert_eq!((found.trials, found.observations, found.blocks, found.splits), (2, 4, 4, 6));
        assert!((found.probability - 4.0 / 6.0).abs() < 1e-15);
        assert!((found.logit_median - libm::log(0.5)).abs() < 1e-15);
        assert_eq!(found.loss_probability, 0.0);
        // Of (3, 1/2), (1/2, 3), (3, 1/2), (2, 1/3), (5, 0), (5, 0): covariance −295/6 over
        // variance 547.5/6 of six times the sums of squares.
        assert!((found.degradation_slope.unwrap() + 118.0 / 219.0).abs() < 1e-12);
    }

    #[test]
    fn two_blocks_worked_out_by_hand() {
        // Each is best in one half and loses in the other.
        let trials: [&[f64]; 2] = [&[9.0, 1.0, 3.0, -3.0, -1.0], &[9.0, -3.0, -1.0, 1.0, 3.0]];
        let found = cross_validate(&trials, 2).unwrap();
        // The oldest day is the remainder.
        assert_eq!((found.observations, found.splits), (4, 2));
        assert_eq!((found.probability, found.loss_probability), (1.0, 1.0));
        // In sample both splits have the same Sharpe ratio.
        assert_eq!(found.degradation_slope, None);
    }

    #[test]
    fn what_always_earns_more_is_no_overfitting() {
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        let noise: Vec<f64> = (0..200).map(|_| unit(&mut rng) - 0.5).collect();
        let shifted = |by: f64| noise.iter().map(|r| r + by).collect();
        let trials: Vec<Vec<f64>> = [0.0, 0.3, 0.1, 0.2].map(shifted).into();
        let found = cross_validate(&columns(&trials), 10).unwrap();
        assert_eq!((found.probability, found.loss_probability), (0.0, 0.0));
        assert!((found.logit_median - libm::log(4.0)).abs() < 1e-12);
    }

    #[test]
    fn what_must_give_back_what_it_won_is_all_overfitting() {
        // As many days at +1 as at −1: what one half wins the other loses, and the winner most.
        let mut rng = ChaCha8Rng::seed_from_u64(2);
        let trials: Vec<Vec<f64>> = (0..9).map(|_| balanced(&mut rng, 64)).collect();
        let found = cross_validate(&columns(&trials), 8).unwrap();
        assert_eq!((found.splits, found.probability), (70, 1.0));
        assert!(found.degradation_slope.unwrap() < -0.9);
        let mut turned = trials;
        turned.rotate_left(4);
        assert_eq!(cross_validate(&columns(&turned), 8), Ok(found));
    }

    #[test]
    fn picking_from_noise_is_a_coin_toss() {
        let mut rng = ChaCha8Rng::seed_from_u64(3);
        let worlds = 60;
        let mut sum = 0.0;
        for _ in 0..worlds {
            let noise = |rng: &mut ChaCha8Rng| (0..120).map(|_| unit(rng) - 0.5).collect();
            let trials: Vec<Vec<f64>> = (0..20).map(|_| noise(&mut rng)).collect();
            sum += cross_validate(&columns(&trials), 8).unwrap().probability;
        }
        let mean = sum / f64::from(worlds);
        assert!((mean - 0.5).abs() < 0.08, "{mean}");
    }

    #[test]
    fn trials_that_never_traded_have_a_sharpe_ratio_of_nought() {
        let idle = vec![0.0; 8];
        let found = cross_validate(&[&idle, &idle, &idle], 4).unwrap();
        // Equals share the middle rank, and the median is no proof of anything.
        assert_eq!((found.probability, found.logit_median), (1.0, 0.0));
        let loser = vec![-0.1, -0.2, -0.1, -0.3, -0.1, -0.2, -0.1, -0.3];
        let found = cross_validate(&[&loser, &idle], 4).unwrap();
        assert_eq!((found.probability, found.loss_probability), (0.0, 0.0));
    }

    #[test]
    fn what_cannot_be_answered_says_why() {
        let (good, flat) = (vec![0.1, -0.1, 0.2, 0.0], vec![0.01; 4]);
        let nan = vec![0.1, f64::NAN, 0.0, 0.0];
        let few = OverfittingError::TooFewTrials { trials: 1 };
        assert_eq!(cross_validate(&[&good], 2), Err(few));
        for blocks in [0, 1, 3, 22] {
            let refused = OverfittingError::Blocks { blocks };
            assert_eq!(cross_validate(&[&good, &good], blocks), Err(refused));
        }
        let short = OverfittingError::TooShort { observations: 4, blocks: 6 };
        assert_eq!(cross_validate(&[&good, &good], 6), Err(short));
        let uneven = OverfittingError::Uneven { trial: 1, observations: 3, expected: 4 };
        assert_eq!(cross_validate(&[&good, &good[1..]], 2), Err(uneven));
        let constant = OverfittingError::Constant { trial: 1 };
        assert_eq!(cross_validate(&[&good, &flat], 2), Err(constant));
        let not_finite = OverfittingError::NotFinite { trial: 1 };
        assert_eq!(cross_validate(&[&good, &nan], 2), Err(not_finite));
    }

    fn unit(rng: &mut ChaCha8Rng) -> f64 {
        (rng.next_u64() >> 11) as f64 / (1u64 << 53) as f64
    }

    fn balanced(rng: &mut ChaCha8Rng, days: usize) -> Vec<f64> {
        let mut signs: Vec<_> = (0..days).map(|d| if d % 2 == 0 { 1.0 } else { -1.0 }).collect();
        for last in (1..days).rev() {
            signs.swap(last, (unit(rng) * (last + 1) as f64) as usize);
        }
        signs
    }
}
