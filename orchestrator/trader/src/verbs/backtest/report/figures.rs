//! Numbers as people read them.

use domain::instrument::Asset;
use domain::time::UtcMs;

use crate::verbs::output;

/// Stands where there is no value.
pub(crate) const NONE: &str = "–";

/// With so many decimals, and no minus where only noughts are left.
pub(crate) fn fixed(value: f64, digits: usize) -> String {
    if value.is_infinite() {
        return if value > 0.0 { "∞".to_owned() } else { "-∞".to_owned() };
    }
    let text = format!("{value:.digits$}");
    match text.strip_prefix('-') {
        Some(bare) if bare.bytes().all(|b| matches!(b, b'0' | b'.')) => bare.to_owned(),
        _ => text,
    }
}

/// A value that may not be.
pub(crate) fn or_none(value: Option<f64>, digits: usize) -> String {
    value.map_or_else(|| NONE.to_owned(), |value| fixed(value, digits))
}

/// A ratio in percent.
pub(crate) fn percent(ratio: f64) -> String {
    fixed(ratio * 100.0, 2)
}

/// A ratio in percent that may not be.
pub(crate) fn percent_or_none(ratio: Option<f64>) -> String {
    ratio.map_or_else(|| NONE.to_owned(), percent)
}

/// An amount without its asset: to the cent, or to the satoshi where the account counts in coins.
pub(crate) fn amount(value: f64, quote: Asset) -> String {
    let digits = if matches!(quote.as_str(), "BTC" | "ETH") { 8 } else { 2 };
    fixed(value, digits)
}

/// A day, `2024-01-31`.
pub(crate) fn date(at: UtcMs) -> String {
    output::moment(at).chars().take(10).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short_and_honest() {
        assert_eq!([fixed(-0.001, 2), fixed(-0.006, 2), fixed(1.005, 1)], ["0.00", "-0.01", "1.0"]);
        assert_eq!([fixed(f64::INFINITY, 2), fixed(f64::NEG_INFINITY, 2)], ["∞", "-∞"]);
        assert_eq!([or_none(None, 2), percent(0.1234)], ["–", "12.34"]);
        let quoted = |quote: &str| amount(0.123_456_789, quote.parse().unwrap());
        assert_eq!([quoted("USDT"), quoted("BTC")], ["0.12", "0.12345679"]);
        assert_eq!(date(UtcMs::new(1_704_067_200_000)), "2024-01-01");
    }
}
