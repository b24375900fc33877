//! Where an axis is labelled, and how values become pixels.

use chrono::{Datelike, Months, NaiveDate, NaiveTime, Timelike};
use domain::time::{DAY_MS, HOUR_MS, MINUTE_MS, UtcMs};

use crate::number::{calendar, number};

/// A linear map from values to pixels.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Scale {
    pub(crate) low: f64,
    pub(crate) high: f64,
    /// Pixel of `low`.
    pub(crate) from: f64,
    /// Pixel of `high`.
    pub(crate) to: f64,
}

impl Scale {
    /// Over the values with a margin at both ends, a ratio of their range.
    pub(crate) fn over(
        values: impl Iterator<Item = f64>,
        margin: f64,
        [from, to]: [f64; 2],
    ) -> Self {
        let none = (f64::INFINITY, f64::NEG_INFINITY);
        let (low, high) = values.fold(none, |(low, high), v| (low.min(v), high.max(v)));
        let (low, high) = if low <= high { (low, high) } else { (0.0, 1.0) };
        // A flat line lies in the middle.
        let range = if high > low { high - low } else { low.abs().max(1.0) * 0.1 };
        Self { low: low - range * margin, high: high + range * margin, from, to }
    }

    /// The pixel of a value.
    pub(crate) fn at(self, value: f64) -> f64 {
        self.from + (value - self.low) / (self.high - self.low) * (self.to - self.from)
    }
}

/// Round values within a scale, about `wanted` of them, and the decimals that tell them apart.
pub(crate) fn values(scale: Scale, wanted: f64) -> (Vec<f64>, usize) {
    let rough = (scale.high - scale.low) / wanted.max(1.0);
    let exponent = libm::floor(libm::log10(rough));
    let ten = libm::pow(10.0, exponent);
    let factor = [1.0, 2.0, 2.5, 5.0].into_iter().find(|f| f * ten >= rough).unwrap_or(10.0);
    let step = factor * ten;
    let finer = if factor == 2.5 {
        1.0
    } else if factor == 10.0 {
        -1.0
    } else {
        0.0
    };
    let decimals = (finer - exponent).clamp(0.0, 8.0) as usize;
    let first = libm::ceil(scale.low / step);
    let last = libm::floor(scale.high / step);
    // At most a few more than wanted, whatever the numbers are.
    let count = (last - first + 1.0).clamp(0.0, 50.0) as usize;
    ((0..count).map(|i| (first + i as f64) * step).collect(), decimals)
}

/// The values' labels.
pub(crate) fn labels(values: &[f64], decimals: usize) -> Vec<String> {
    values.iter().map(|v| number(*v, decimals)).collect()
}

/// A labelled moment. `strong` where a larger unit begins: a day among hours, a year among months.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Moment {
    pub(crate) at: UtcMs,
    pub(crate) label: String,
    pub(crate) strong: bool,
}

const SPANS: [i64; 13] = [
    MINUTE_MS,
    5 * MINUTE_MS,
    15 * MINUTE_MS,
    30 * MINUTE_MS,
    HOUR_MS,
    2 * HOUR_MS,
    4 * HOUR_MS,
    6 * HOUR_MS,
    12 * HOUR_MS,
    DAY_MS,
    2 * DAY_MS,
    4 * DAY_MS,
    8 * DAY_MS,
];
const MONTHS: [u32; 8] = [1, 2, 3, 6, 12, 24, 60, 120];

/// Round moments in `[from, to]`, at most about `at_most`.
pub(crate) fn moments(from: UtcMs, to: UtcMs, at_most: f64) -> Vec<Moment> {
    let rough = to.since(from) as f64 / at_most.max(1.0);
    match SPANS.into_iter().find(|span| *span as f64 >= rough) {
        Some(span) if span < DAY_MS => {
            let steps = (0..).map(|i| from.ceil(span).plus_ms(i * span));
            steps.take_while(|at| *at <= to).map(hour).collect()
        }
        Some(span) => days(from, to, span / DAY_MS),
        None => {
            let month = 30.44 * DAY_MS as f64;
            let step = MONTHS.into_iter().find(|m| f64::from(*m) * month >= rough);
            months(from, to, step.unwrap_or(240))
        }
    }
}

fn hour(at: UtcMs) -> Moment {
    let when = calendar(at);
    let strong = when.hour() == 0 && when.minute() == 0;
    let label = when.format(if strong { "%-d %b" } else { "%H:%M" }).to_string();
    Moment { at, label, strong }
}

/// Days of the month counted from its first, so that months begin on a label.
fn days(from: UtcMs, to: UtcMs, step: i64) -> Vec<Moment> {
    let first = from.ceil(DAY_MS);
    let all = (0..).map(|i| first.plus_ms(i * DAY_MS)).take_while(|at| *at <= to);
    all.filter_map(|at| {
        let when = calendar(at);
        let into_month = i64::from(when.day0());
        // The last labels of a month make room for the first of the next.
        let fits = into_month % step == 0 && (step == 1 || into_month + step / 2 < 30);
        let strong = into_month == 0;
        let label = when.format(if strong { "%b %Y" } else { "%-d %b" }).to_string();
        fits.then_some(Moment { at, label, strong })
    })
    .collect()
}

fn months(from: UtcMs, to: UtcMs, step: u32) -> Vec<Moment> {
    let start = calendar(from);
    let year = start.year() - start.year().rem_euclid((step / 12).max(1) as i32);
    let Some(first) = NaiveDate::from_ymd_opt(year, 1, 1) else { return Vec::new() };
    let at = |i: u32| first.checked_add_months(Months::new(i * step));
    (0..1000)
        .map_while(at)
        .map(|day| (day, UtcMs::new(day.and_time(NaiveTime::MIN).and_utc().timestamp_millis())))
        .skip_while(|(_, at)| *at < from)
        .take_while(|(_, at)| *at <= to)
        .map(|(day, at)| {
            let strong = day.month() == 1;
            let label = day.format(if strong { "%Y" } else { "%b" }).to_string();
            Moment { at, label, strong }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> UtcMs {
        UtcMs::new(text.parse::<chrono::DateTime<chrono::Utc>>().unwrap().timestamp_millis())
    }

    fn shown(from: &str, to: &str) -> Vec<String> {
        moments(at(from), at(to), 8.0).into_iter().map(|m| m.label).collect()
    }

    #[test]
    fn values_are_round_and_few() {
        let scale = Scale { low: 9_412.0, high: 13_020.0, from: 0.0, to: 1.0 };
        let (ticks, decimals) = values(scale, 4.0);
        assert_eq!(labels(&ticks, decimals), ["10,000", "11,000", "12,000", "13,000"]);
        let scale = Scale { low: -0.081, high: 0.0, from: 0.0, to: 1.0 };
        let (ticks, decimals) = values(scale, 4.0);
        assert_eq!(labels(&ticks, decimals), ["−0.075", "−0.050", "−0.025", "0.000"]);
        let flat = Scale::over([5.0, 5.0].into_iter(), 0.0, [0.0, 100.0]);
        assert!(flat.at(5.0).is_finite());
        assert!(Scale::over(std::iter::empty(), 0.1, [0.0, 1.0]).at(0.5).is_finite());
    }

    #[test]
    fn moments_are_round_at_every_width() {
        assert_eq!(
            shown("2024-01-01T00:00:00Z", "2024-12-31T00:00:00Z"),
            ["2024", "Mar", "May", "Jul", "Sep", "Nov"]
        );
        assert_eq!(shown("2024-01-30T22:00:00Z", "2024-01-31T02:00:00Z").len(), 9);
        assert_eq!(
            shown("2024-01-30T00:00:00Z", "2024-02-03T00:00:00Z")[..3],
            ["30 Jan", "12:00", "31 Jan"]
        );
        assert_eq!(
            shown("2024-01-20T00:00:00Z", "2024-02-12T00:00:00Z"),
            ["21 Jan", "25 Jan", "Feb 2024", "5 Feb", "9 Feb"]
        );
        assert_eq!(shown("2014-06-01T00:00:00Z", "2025-06-01T00:00:00Z")[0], "2016");
    }
}
