//! Numbers and moments as people read them.

use chrono::{DateTime, Utc};
use domain::time::UtcMs;

/// `-1234.5` with two decimals as `−1,234.50`; what is not a number as `–`.
pub fn number(value: f64, decimals: usize) -> String {
    if !value.is_finite() {
        return if value.is_nan() {
            "–"
        } else if value > 0.0 {
            "∞"
        } else {
            "−∞"
        }
        .to_owned();
    }
    let digits = format!("{:.decimals$}", value.abs());
    let (whole, fraction) = digits.split_once('.').unwrap_or((&digits, ""));
    // What rounds to nought has no sign.
    let negative = value < 0.0 && digits.bytes().any(|b| (b'1'..=b'9').contains(&b));
    let mut text = String::from(if negative { "−" } else { "" });
    for (i, digit) in whole.chars().enumerate() {
        if i > 0 && (whole.len() - i) % 3 == 0 {
            text.push(',');
        }
        text.push(digit);
    }
    if !fraction.is_empty() {
        text.push('.');
        text.push_str(fraction);
    }
    text
}

/// A ratio as percent, `+12.3 %` where `signed`.
pub fn percent(ratio: f64, decimals: usize, signed: bool) -> String {
    let text = number(ratio * 100.0, decimals);
    let plus = signed && ratio > 0.0 && text.bytes().any(|b| (b'1'..=b'9').contains(&b));
    format!("{}{text}\u{202f}%", if plus { "+" } else { "" })
}

/// Decimals that show seven digits of the largest of some amounts, at most eight.
pub(crate) fn decimals_for(largest: f64) -> usize {
    let whole = libm::ceil(libm::log10(largest.abs().max(1e-9)));
    (6.0 - whole).clamp(2.0, 8.0) as usize
}

/// A price with as many digits as it needs, at most eight decimals and at least six digits.
pub(crate) fn price(value: f64) -> String {
    let text = number(value, decimals_for(value));
    match text.split_once('.') {
        Some((whole, fraction)) => {
            let kept = fraction.trim_end_matches('0');
            format!("{whole}.{kept:0<2}")
        }
        None => text,
    }
}

/// The calendar's view of a moment; the epoch beyond the calendar.
pub(crate) fn calendar(at: UtcMs) -> DateTime<Utc> {
    DateTime::from_timestamp_millis(at.ms()).unwrap_or_default()
}

/// `2024-01-31`.
pub(crate) fn date(at: UtcMs) -> String {
    calendar(at).format("%Y-%m-%d").to_string()
}

/// `2024-01-31 12:00`.
pub(crate) fn minute(at: UtcMs) -> String {
    calendar(at).format("%Y-%m-%d %H:%M").to_string()
}

/// `3 d 4 h`, the two largest units of a span.
pub(crate) fn span(ms: i64) -> String {
    let minutes = ms.max(0) / 60_000;
    let (days, hours, minutes) = (minutes / 1440, minutes / 60 % 24, minutes % 60);
    match (days, hours) {
        (0, 0) => format!("{minutes}\u{202f}min"),
        (0, _) if minutes == 0 => format!("{hours}\u{202f}h"),
        (0, _) => format!("{hours}\u{202f}h {minutes}\u{202f}min"),
        (_, 0) => format!("{days}\u{202f}d"),
        _ => format!("{days}\u{202f}d {hours}\u{202f}h"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_as_people_write_them() {
        assert_eq!(number(-1_234_567.891, 2), "−1,234,567.89");
        assert_eq!(number(-0.001, 2), "0.00");
        assert_eq!(number(999.0, 0), "999");
        assert_eq!(number(f64::INFINITY, 2), "∞");
        assert_eq!(percent(0.1234, 1, true), "+12.3\u{202f}%");
        assert_eq!(percent(0.00001, 1, true), "0.0\u{202f}%");
        assert_eq!(price(67_123.4), "67,123.40");
        assert_eq!(price(0.000_012_34), "0.00001234");
        assert_eq!(span(3 * 86_400_000 + 4 * 3_600_000 + 60_000), "3\u{202f}d 4\u{202f}h");
        assert_eq!(span(90 * 60_000), "1\u{202f}h 30\u{202f}min");
    }
}
