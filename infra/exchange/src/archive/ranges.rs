//! Sets of moments, as spans from one (included) to another (not included).

use domain::time::UtcMs;

/// From a moment on, until before another.
pub type Span = (UtcMs, UtcMs);

/// A set of moments: spans in order that neither overlap nor touch.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Ranges(Vec<Span>);

impl Ranges {
    /// Its spans, ascending.
    pub fn spans(&self) -> &[Span] {
        &self.0
    }

    /// Adds a span; an empty one adds nothing.
    pub fn add(&mut self, (mut from, mut to): Span) {
        if from >= to {
            return;
        }
        // All that touch it become one with it.
        let start = self.0.partition_point(|(_, end)| *end < from);
        let end = self.0.partition_point(|(start, _)| *start <= to);
        if let [first, ..] = &self.0[start..end] {
            from = from.min(first.0);
        }
        if let [.., last] = &self.0[start..end] {
            to = to.max(last.1);
        }
        self.0.splice(start..end, [(from, to)]);
    }

    /// Whether it holds a moment.
    pub fn contains(&self, at: UtcMs) -> bool {
        let next = self.0.partition_point(|(from, _)| *from <= at);
        next > 0 && at < self.0[next - 1].1
    }

    /// Whether it holds every moment of a span.
    pub fn covers(&self, (from, to): Span) -> bool {
        let next = self.0.partition_point(|(start, _)| *start <= from);
        from >= to || (next > 0 && to <= self.0[next - 1].1)
    }

    /// What it holds of a span.
    pub fn within(&self, (from, to): Span) -> Self {
        let cut = |(start, end): &Span| ((*start).max(from), (*end).min(to));
        Self(self.0.iter().map(cut).filter(|(start, end)| start < end).collect())
    }

    /// What of a span it does not hold.
    pub fn missing(&self, (from, to): Span) -> Self {
        let (mut missing, mut at) = (Vec::new(), from);
        for (start, end) in &self.0 {
            if *end <= at {
                continue;
            }
            if *start >= to {
                break;
            }
            if at < *start {
                missing.push((at, *start));
            }
            at = *end;
        }
        if at < to {
            missing.push((at, to));
        }
        Self(missing)
    }
}

impl FromIterator<Span> for Ranges {
    fn from_iter<T: IntoIterator<Item = Span>>(spans: T) -> Self {
        let mut ranges = Self::default();
        spans.into_iter().for_each(|span| ranges.add(span));
        ranges
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn span((from, to): (i64, i64)) -> Span {
        (UtcMs::new(from), UtcMs::new(to))
    }

    fn ranges(spans: &[(i64, i64)]) -> Ranges {
        spans.iter().copied().map(span).collect()
    }

    #[test]
    fn spans_that_touch_become_one() {
        assert_eq!(ranges(&[(5, 7), (1, 3), (3, 4), (9, 9)]), ranges(&[(1, 4), (5, 7)]));
        assert_eq!(ranges(&[(1, 3), (5, 7), (2, 6)]).spans(), [span((1, 7))]);
        let missing = ranges(&[(1, 3), (5, 7)]).missing(span((0, 9)));
        assert_eq!(missing, ranges(&[(0, 1), (3, 5), (7, 9)]));
        assert_eq!(ranges(&[(0, 9)]).missing(span((2, 4))), Ranges::default());
    }

    proptest! {
        #[test]
        fn it_is_a_set(spans in prop::collection::vec((0_i64..40, 0_i64..40), 0..12), asked in (0_i64..40, 0_i64..40)) {
            let set = ranges(&spans);
            let missing = set.missing(span(asked));
            let within = set.within(span(asked));
            for at in 0..40 {
                let held = spans.iter().any(|(from, to)| (*from..*to).contains(&at));
                prop_assert_eq!(set.contains(UtcMs::new(at)), held);
                let is_missing = !held && (asked.0..asked.1).contains(&at);
                prop_assert_eq!(missing.contains(UtcMs::new(at)), is_missing);
                let is_within = held && (asked.0..asked.1).contains(&at);
                prop_assert_eq!(within.contains(UtcMs::new(at)), is_within);
            }
            prop_assert!(set.spans().windows(2).all(|pair| pair[0].1 < pair[1].0));
            prop_assert_eq!(set.covers(span(asked)), missing.spans().is_empty());
        }
    }
}
