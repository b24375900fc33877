//! How history is cut into what is learned from and what is tested on.

use std::ops::Range;

use chrono::{DateTime, Datelike, Months, NaiveDate, Utc};
use domain::time::UtcMs;

/// A walk forward through calendar months, UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WalkForward {
    /// Months of training; with [`Self::anchored`] those of the first window.
    pub train_months: u32,
    /// Months of testing.
    pub test_months: u32,
    /// Months from one window to the next; at least those of testing, so that no day is tested
    /// twice.
    pub step_months: u32,
    /// Whether every training begins with the history, rather than moves along.
    pub anchored: bool,
    /// How far a signal or label looks ahead, in ms: what begins less than this before the test
    /// would know of it, and is not trained on.
    pub purge_ms: i64,
    /// Distance beyond that, in ms, against serial correlation. In a walk forward nothing that
    /// follows a test is trained on for it, so all of the distance lies before the test.
    pub embargo_ms: i64,
}

/// Half-open spans of time: from the first moment until before the second.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Window {
    /// What is learned from.
    pub train: Range<UtcMs>,
    /// What is tested on.
    pub test: Range<UtcMs>,
}

/// A cut that can't be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SplitError {
    /// Spans of nothing.
    #[error("train, test and step must each be 1 to 1200 months")]
    Months,
    /// Stitched together, tested days would count twice.
    #[error("a step of {step} months is shorter than the test's {test}: days would count twice")]
    Overlap {
        /// Months of a step.
        step: u32,
        /// Months of testing.
        test: u32,
    },
    /// Negative, or nothing would be left.
    #[error("purge and embargo must not be negative, and must leave something to train on")]
    Distance,
    /// Not even one window fits.
    #[error(
        "{train} months of training and {test} of testing do not fit between {from} and {to}; \
         whole calendar months count"
    )]
    TooShort {
        /// Months of training.
        train: u32,
        /// Months of testing.
        test: u32,
        /// The history's first moment.
        from: UtcMs,
        /// The moment after it.
        to: UtcMs,
    },
    /// Fewer than two folds, or more than observations.
    #[error(
        "{folds} folds of {observations} observations: there must be at least 2, and no more than observations"
    )]
    Folds {
        /// How many were asked for.
        folds: usize,
        /// How many observations there are.
        observations: usize,
    },
    /// A span that ends before it begins, or begins before the one before it.
    #[error("observation {0} ends before it begins, or begins before the one before it")]
    Disorder(usize),
}

impl Default for WalkForward {
    fn default() -> Self {
        Self {
            train_months: 6,
            test_months: 1,
            step_months: 1,
            anchored: false,
            purge_ms: 0,
            embargo_ms: 0,
        }
    }
}

impl WalkForward {
    /// The windows within `history`, in order. They begin with its first whole month; a last test
    /// that is not whole is left out.
    pub fn windows(&self, history: Range<UtcMs>) -> Result<Vec<Window>, SplitError> {
        let (train, test, step) = (self.train_months, self.test_months, self.step_months);
        if [train, test, step].iter().any(|months| !(1..=1200).contains(months)) {
            return Err(SplitError::Months);
        }
        if step < test {
            return Err(SplitError::Overlap { step, test });
        }
        if self.purge_ms < 0 || self.embargo_ms < 0 {
            return Err(SplitError::Distance);
        }
        let (from, to) = (history.start, history.end);
        let too_short = SplitError::TooShort { train, test, from, to };
        let first = first_month(from).ok_or_else(|| too_short.clone())?;
        let mut windows = Vec::new();
        for moved in (0..).step_by(step as usize) {
            let after = |months: u32| month_after(first, moved + months);
            let (Some(begin), Some(cut), Some(end)) = (after(0), after(train), after(train + test))
            else {
                break;
            };
            if end > to {
                break;
            }
            let begin = if self.anchored { month_after(first, 0).unwrap_or(begin) } else { begin };
            let last = cut.plus_ms(-self.purge_ms.saturating_add(self.embargo_ms));
            if last <= begin {
                return Err(SplitError::Distance);
            }
            windows.push(Window { train: begin..last, test: cut..end });
        }
        if windows.is_empty() { Err(too_short) } else { Ok(windows) }
    }
}

/// The first month that begins at or after a moment.
fn first_month(from: UtcMs) -> Option<NaiveDate> {
    let date = DateTime::<Utc>::from_timestamp_millis(from.ms())?.date_naive();
    let month = date.with_day(1)?;
    if start(month) >= from { Some(month) } else { month.checked_add_months(Months::new(1)) }
}

fn month_after(first: NaiveDate, months: u32) -> Option<UtcMs> {
    first.checked_add_months(Months::new(months)).map(start)
}

fn start(date: NaiveDate) -> UtcMs {
    UtcMs::new(date.and_time(chrono::NaiveTime::MIN).and_utc().timestamp_millis())
}

/// Indices of the observations of a fold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fold {
    /// What is learned from, ascending.
    pub train: Vec<usize>,
    /// What is tested on.
    pub test: Range<usize>,
}

/// Purged k-fold cross-validation with embargo: López de Prado, "Advances in Financial Machine
/// Learning" (2018), section 7.4. `spans` are the observations in order of their beginnings, each
/// from the moment it is made until the moment its label is known.
///
/// The tests are neighbouring parts of equal length (the first ones longer by one where it doesn't
/// divide). Trained on is what is known by the time the test's first observation is made, and what
/// is made `embargo_ms` or more after the last label of the test is known.
pub fn purged_folds(
    spans: &[Range<UtcMs>],
    folds: usize,
    embargo_ms: i64,
) -> Result<Vec<Fold>, SplitError> {
    let observations = spans.len();
    if folds < 2 || folds > observations {
        return Err(SplitError::Folds { folds, observations });
    }
    if embargo_ms < 0 {
        return Err(SplitError::Distance);
    }
    let disordered = |at: &usize| {
        let (before, span) = (&spans[at.saturating_sub(1)], &spans[*at]);
        span.end < span.start || span.start < before.start
    };
    if let Some(at) = (0..observations).find(disordered) {
        return Err(SplitError::Disorder(at));
    }
    let (length, longer) = (observations / folds, observations % folds);
    let cut = |fold: usize| fold * length + fold.min(longer);
    let fold = |number| {
        let test = cut(number)..cut(number + 1);
        let begin = spans[test.start].start;
        let known = spans[test.clone()].iter().map(|span| span.end).max().unwrap_or(begin);
        let free = known.plus_ms(embargo_ms);
        let apart = |span: &Range<UtcMs>| span.end <= begin || span.start >= free;
        let outside = (0..observations).filter(|index| !test.contains(index));
        Fold { train: outside.filter(|index| apart(&spans[*index])).collect(), test }
    };
    Ok((0..folds).map(fold).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::time::{DAY_MS, HOUR_MS};

    fn day(text: &str) -> UtcMs {
        start(text.parse().unwrap())
    }

    fn shown(windows: &[Window]) -> Vec<String> {
        let date = |at: UtcMs| at.to_string()[..10].to_owned();
        let show = |Window { train, test }: &Window| {
            let [a, b, c, d] = [train.start, train.end, test.start, test.end].map(date);
            format!("{a} {b} | {c} {d}")
        };
        windows.iter().map(show).collect()
    }

    #[test]
    fn six_one_one_over_nine_months() {
        let history = day("2024-01-01")..day("2024-09-15");
        let rolling = WalkForward::default();
        assert_eq!(
            shown(&rolling.windows(history.clone()).unwrap()),
            [
                "2024-01-01 2024-07-01 | 2024-07-01 2024-08-01",
                "2024-02-01 2024-08-01 | 2024-08-01 2024-09-01",
            ]
        );
        let anchored = WalkForward { anchored: true, ..rolling };
        assert_eq!(
            shown(&anchored.windows(history).unwrap()),
            [
                "2024-01-01 2024-07-01 | 2024-07-01 2024-08-01",
                "2024-01-01 2024-08-01 | 2024-08-01 2024-09-01",
            ]
        );
    }

    #[test]
    fn a_history_that_begins_within_a_month_begins_with_the_next() {
        let history = day("2023-12-15").plus_ms(HOUR_MS)..day("2024-04-01");
        let walk = WalkForward { train_months: 1, ..WalkForward::default() };
        assert_eq!(
            shown(&walk.windows(history).unwrap()),
            [
                "2024-01-01 2024-02-01 | 2024-02-01 2024-03-01",
                "2024-02-01 2024-03-01 | 2024-03-01 2024-04-01",
            ]
        );
    }

    #[test]
    fn what_would_know_of_the_test_is_not_trained_on() {
        let history = day("2024-01-01")..day("2024-08-01");
        let walk =
            WalkForward { purge_ms: DAY_MS, embargo_ms: 2 * DAY_MS, ..WalkForward::default() };
        assert_eq!(
            shown(&walk.windows(history.clone()).unwrap()),
            ["2024-01-01 2024-06-28 | 2024-07-01 2024-08-01"]
        );
        let all = WalkForward { purge_ms: 182 * DAY_MS, ..walk };
        assert_eq!(all.windows(history), Err(SplitError::Distance));
    }

    #[test]
    fn a_walk_that_cannot_be_made_says_why() {
        let history = day("2024-01-02")..day("2024-08-01");
        let walk = WalkForward::default();
        let text = walk.windows(history.clone()).unwrap_err().to_string();
        assert!(text.starts_with("6 months of training and 1 of testing do not fit"), "{text}");
        let none = WalkForward { test_months: 0, ..walk };
        assert_eq!(none.windows(history.clone()), Err(SplitError::Months));
        let twice = WalkForward { test_months: 2, ..walk };
        assert_eq!(twice.windows(history), Err(SplitError::Overlap { step: 1, test: 2 }));
        let ends = UtcMs::new(i64::MIN)..UtcMs::new(i64::MAX);
        assert!(walk.windows(ends).is_err());
    }

    /// López de Prado (2018), figures 7.2 and 7.3, on ten days whose labels take two days to be
    /// known. The second of five tests is made of days 2 and 3, and known by day 5. Day 1's label
    /// is known on day 3, so it overlaps the test's first day 2; day 0's is known just then and
    /// stays. Day 4 begins before the test is known; day 5 is the first one free of it, and an
    /// embargo of a day takes that one, too.
    #[test]
    fn purged_folds_of_ten_days() {
        let at = |day: i64| UtcMs::new(day * DAY_MS);
        let spans: Vec<_> = (0..10).map(|day| at(day)..at(day + 2)).collect();
        let folds = purged_folds(&spans, 5, 0).unwrap();
        assert_eq!(folds[1], Fold { test: 2..4, train: vec![0, 5, 6, 7, 8, 9] });
        assert_eq!(folds[0], Fold { test: 0..2, train: vec![3, 4, 5, 6, 7, 8, 9] });
        assert_eq!(folds[4], Fold { test: 8..10, train: vec![0, 1, 2, 3, 4, 5, 6] });
        let embargoed = purged_folds(&spans, 5, DAY_MS).unwrap();
        assert_eq!(embargoed[1].train, [0, 6, 7, 8, 9]);
        let uneven = purged_folds(&spans, 3, 0).unwrap();
        let tests: Vec<_> = uneven.into_iter().map(|fold| fold.test).collect();
        assert_eq!(tests, [0..4, 4..7, 7..10]);
    }

    #[test]
    fn no_trained_span_touches_a_tested_one() {
        // Labels of very different lengths: the longest of the test is not its last.
        let at = |hour: i64| UtcMs::new(hour * HOUR_MS);
        let spans: Vec<_> = (0..200).map(|i| at(i)..at(i + 1 + i * 37 % 29)).collect();
        for fold in purged_folds(&spans, 7, 3 * HOUR_MS).unwrap() {
            for trained in &fold.train {
                for tested in fold.test.clone() {
                    let (a, b) = (&spans[*trained], &spans[tested]);
                    assert!(a.end <= b.start || a.start >= b.end.plus_ms(3 * HOUR_MS));
                }
            }
        }
    }

    #[test]
    fn folds_that_cannot_be_made_say_why() {
        let span = UtcMs::new(0)..UtcMs::new(1);
        let folds = SplitError::Folds { folds: 3, observations: 2 };
        assert_eq!(purged_folds(&[span.clone(), span.clone()], 3, 0), Err(folds));
        let backwards = [UtcMs::new(5)..UtcMs::new(6), span];
        assert_eq!(purged_folds(&backwards, 2, 0), Err(SplitError::Disorder(1)));
    }
}
