//! The account's worth over time, in floats: a statistic, not a book.

use domain::time::{DAY_MS, UtcMs};

/// The account's worth at a moment.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Mark {
    /// When: the close of a candle.
    pub at: UtcMs,
    /// Cash and positions at mark, in quote units.
    pub equity_quote: f64,
}

/// The deepest loss from a peak, marked to market.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Drawdown {
    /// Loss from the peak, as a ratio of it, 0…1.
    pub ratio: f64,
    /// Loss from the peak in quote units.
    pub quote: f64,
    /// The peak that it is measured from.
    pub peak: Mark,
    /// Its lowest point.
    pub trough: Mark,
}

/// What is kept of a curve.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Grain {
    /// The last mark of each UTC day: bounded memory, all that the metrics need.
    Days,
    /// Every mark.
    Marks,
}

/// The account's worth over time. Drawdown and time under water count every mark, whatever is kept.
#[derive(Debug, Clone, PartialEq)]
pub struct Curve {
    start: Mark,
    grain: Grain,
    marks: Vec<Mark>,
    days: Vec<Mark>,
    /// The midnight that ends the day of the last mark; midnight itself belongs to that day.
    day_end: UtcMs,
    peak: Mark,
    deepest: Drawdown,
    /// The longest time from a peak until it was passed again, or until the last mark.
    under_water_ms: i64,
}

impl Curve {
    /// A curve that begins with the capital.
    pub fn new(start: Mark, grain: Grain) -> Self {
        let deepest = Drawdown { ratio: 0.0, quote: 0.0, peak: start, trough: start };
        Self {
            start,
            grain,
            marks: Vec::new(),
            days: Vec::new(),
            day_end: start.at,
            peak: start,
            deepest,
            under_water_ms: 0,
        }
    }

    /// Adds a mark; `at` never goes back.
    #[inline]
    pub fn mark(&mut self, at: UtcMs, equity_quote: f64) {
        let mark = Mark { at, equity_quote };
        if self.grain == Grain::Marks {
            self.marks.push(mark);
        }
        match self.days.last_mut() {
            Some(last) if at <= self.day_end => *last = mark,
            _ => {
                self.days.push(mark);
                self.day_end = at.ceil(DAY_MS);
            }
        }
        if equity_quote >= self.peak.equity_quote {
            self.peak = mark;
            return;
        }
        self.under_water_ms = self.under_water_ms.max(at.since(self.peak.at));
        let quote = self.peak.equity_quote - equity_quote;
        if quote > self.deepest.ratio * self.peak.equity_quote {
            let ratio = quote / self.peak.equity_quote;
            self.deepest = Drawdown { ratio, quote, peak: self.peak, trough: mark };
        }
    }

    /// The capital that it began with.
    pub const fn start(&self) -> Mark {
        self.start
    }

    /// The last mark; the start where there is none.
    pub fn last(&self) -> Mark {
        self.days.last().copied().unwrap_or(self.start)
    }

    /// The last mark of each UTC day that has one, ascending.
    pub fn days(&self) -> &[Mark] {
        &self.days
    }

    /// Every mark; empty with [`Grain::Days`].
    pub fn marks(&self) -> &[Mark] {
        &self.marks
    }

    /// The deepest drawdown by ratio; one of nought where there was no loss.
    pub const fn drawdown(&self) -> Drawdown {
        self.deepest
    }

    /// The longest time under water, in ms.
    pub const fn under_water_ms(&self) -> i64 {
        self.under_water_ms
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::time::HOUR_MS;

    #[test]
    fn every_mark_counts_for_the_drawdown_and_the_last_of_a_day_is_kept() {
        let start = Mark { at: UtcMs::new(0), equity_quote: 100.0 };
        for grain in [Grain::Days, Grain::Marks] {
            let mut curve = Curve::new(start, grain);
            for (hour, equity) in [(1, 110.0), (2, 88.0), (24, 105.0), (25, 99.0), (48, 120.0)] {
                curve.mark(UtcMs::new(hour * HOUR_MS), equity);
            }
            let days: Vec<_> = curve.days().iter().map(|m| (m.at.ms(), m.equity_quote)).collect();
            assert_eq!(days, [(DAY_MS, 105.0), (2 * DAY_MS, 120.0)]);
            let deepest = curve.drawdown();
            assert_eq!((deepest.ratio, deepest.quote), (0.2, 22.0));
            assert_eq!(deepest.peak.at.ms(), HOUR_MS);
            assert_eq!(curve.under_water_ms(), 24 * HOUR_MS);
            assert_eq!(curve.last().equity_quote, 120.0);
            assert_eq!(curve.marks().len(), if grain == Grain::Marks { 5 } else { 0 });
        }
    }
}
