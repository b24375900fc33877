//! Trials on all cores.

use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;

use backtest::research::search::TrialError;
use backtest::research::trials::Trial;

use crate::ending::{Failure, Outcome};

/// Threads where none are asked for: one for each core.
pub(crate) fn threads(asked: Option<NonZeroUsize>) -> NonZeroUsize {
    let cores = || std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
    asked.unwrap_or_else(cores)
}

/// Makes the trials of these numbers. Whoever is free takes the next number, so that no thread
/// waits for a slow one; `each` hears of a trial as soon as it is made, in no order. The first
/// failure ends it.
pub(crate) fn make(
    numbers: &[u64],
    threads: NonZeroUsize,
    work: impl Fn(u64) -> Result<Trial, TrialError> + Sync,
    mut each: impl FnMut(Trial) -> Outcome<()>,
) -> Outcome<()> {
    let next = AtomicUsize::new(0);
    let (send, made) = mpsc::sync_channel(threads.get());
    let (next, work) = (&next, &work);
    std::thread::scope(|scope| {
        for _ in 0..threads.get().min(numbers.len()) {
            let send = send.clone();
            scope.spawn(move || {
                while let Some(number) = numbers.get(next.fetch_add(1, Ordering::Relaxed)) {
                    // Nobody listens any more: another trial failed.
                    if send.send(work(*number)).is_err() {
                        return;
                    }
                }
            });
        }
        drop(send);
        // Dropped at a failure, which ends the others with their next trial.
        for trial in made {
            trial.map_err(Failure::from).and_then(&mut each)?;
        }
        Ok(())
    })
}

#[cfg(test)]
mod tests {
    use backtest::research::space::{Point, SpaceError};

    use super::*;
    use crate::ending::Code;

    fn trial(number: u64) -> Trial {
        Trial {
            number,
            point: Point::new(),
            profit_ratio: 0.0,
            sharpe_daily: 0.0,
            trades: 0,
            max_drawdown_ratio: 0.0,
            daily_returns: Vec::new(),
        }
    }

    #[test]
    fn every_trial_is_made_once_by_any_number_of_threads() {
        let numbers: Vec<u64> = (3..103).collect();
        for threads in [1, 2, 7, 200] {
            let mut made = Vec::new();
            let threads = NonZeroUsize::new(threads).unwrap();
            let each = |trial: Trial| {
                made.push(trial.number);
                Ok(())
            };
            make(&numbers, threads, |number| Ok(trial(number)), each).unwrap();
            made.sort_unstable();
            assert_eq!(made, numbers);
        }
        make(&[], NonZeroUsize::MIN, |number| Ok(trial(number)), |_| Ok(())).unwrap();
    }

    #[test]
    fn the_first_failure_ends_it() {
        let numbers: Vec<u64> = (0..100_000).collect();
        let made = AtomicUsize::new(0);
        let work = |number| {
            made.fetch_add(1, Ordering::Relaxed);
            let refused = SpaceError::Unreadable("no".to_owned());
            if number == 10 { Err(refused.into()) } else { Ok(trial(number)) }
        };
        let failure = make(&numbers, NonZeroUsize::new(3).unwrap(), work, |_| Ok(())).unwrap_err();
        assert_eq!(failure.code, Code::Usage);
        assert!(made.into_inner() < 1000);
    }
}
