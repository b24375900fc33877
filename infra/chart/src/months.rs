//! Returns by calendar month.

use std::collections::BTreeMap;

use chrono::Datelike;
use domain::time::UtcMs;

use crate::number::calendar;

/// The names of the months.
pub(crate) const NAMES: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// A year's returns as ratios; none where there was no equity.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Year {
    pub(crate) year: i32,
    pub(crate) months: [Option<f64>; 12],
    /// Compounded.
    pub(crate) total: f64,
}

/// Returns from month end to month end, of equity in order of time; the first month begins with the
/// first value. A value at midnight of the first belongs to the month that ends with it.
pub(crate) fn years(equity: &[(UtcMs, f64)]) -> Vec<Year> {
    let Some(&(_, start)) = equity.first() else { return Vec::new() };
    let mut ends = BTreeMap::new();
    for &(at, value) in equity.get(1..).unwrap_or_default() {
        let when = calendar(at.plus_ms(-1));
        ends.insert((when.year(), when.month0() as usize), value);
    }
    let mut years: Vec<Year> = Vec::new();
    let (mut before, mut year_began) = (start, start);
    for ((year, month), end) in ends {
        if years.last().is_none_or(|last| last.year != year) {
            year_began = before;
            years.push(Year { year, months: [None; 12], total: 0.0 });
        }
        if let Some(last) = years.last_mut() {
            last.months[month] = change(before, end);
            last.total = change(year_began, end).unwrap_or(last.total);
        }
        before = end;
    }
    years
}

fn change(before: f64, after: f64) -> Option<f64> {
    (before > 0.0).then(|| after / before - 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn midnight_belongs_to_the_month_that_ends_and_years_compound() {
        let at = |text: &str| {
            UtcMs::new(text.parse::<chrono::DateTime<chrono::Utc>>().unwrap().timestamp_millis())
        };
        let years = years(&[
            (at("2023-11-15T00:00:00Z"), 100.0),
            (at("2023-12-01T00:00:00Z"), 110.0),
            (at("2024-01-01T00:00:00Z"), 121.0),
            (at("2024-01-01T00:00:01Z"), 60.5),
        ]);
        let close = |a: f64, b: f64| (a - b).abs() < 1e-12;
        assert_eq!(years.iter().map(|y| y.year).collect::<Vec<_>>(), [2023, 2024]);
        assert!(
            close(years[0].months[10].unwrap(), 0.1) && close(years[0].months[11].unwrap(), 0.1)
        );
        assert!(close(years[0].total, 0.21) && close(years[1].total, -0.5));
        assert_eq!(years[1].months[1], None);
    }
}
