//! Reads `sextant.toml`: flat names, each value as the text that the environment would hold.

use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// One key of the document.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Entry {
    /// Counted from 1.
    pub(super) line: usize,
    pub(super) key: String,
    /// The value as text, or what is wrong with it.
    pub(super) value: Result<String, &'static str>,
}

/// The entries from top to bottom; where the text is not TOML, what is wrong and in which line.
pub(super) fn parse(text: &str) -> Result<Vec<Entry>, Vec<(usize, String)>> {
    let line = |span: Range<usize>| {
        let before = text.as_bytes().get(..span.start).unwrap_or_default();
        1 + before.iter().filter(|b| **b == b'\n').count()
    };
    let (table, errors) = DeTable::parse_recoverable(text);
    if !errors.is_empty() {
        // The message alone: the library's full text repeats the line, which may hold a secret.
        let problem =
            |e: &toml::de::Error| (line(e.span().unwrap_or(0..0)), e.message().to_owned());
        return Err(errors.iter().map(problem).collect());
    }
    let mut entries: Vec<Entry> = table
        .into_inner()
        .into_iter()
        .map(|(key, value)| Entry {
            line: line(key.span()),
            key: key.into_inner().into_owned(),
            value: as_text(text, &value),
        })
        .collect();
    entries.sort_by_key(|e| e.line);
    Ok(entries)
}

fn as_text(document: &str, value: &Spanned<DeValue<'_>>) -> Result<String, &'static str> {
    match value.get_ref() {
        DeValue::String(text) => Ok(text.clone().into_owned()),
        DeValue::Boolean(yes) => Ok(yes.to_string()),
        // As written: a detour through a float would change the digits.
        DeValue::Integer(_) | DeValue::Float(_) => {
            Ok(document.get(value.span()).unwrap_or_default().replace('_', ""))
        }
        DeValue::Array(items) => {
            let items = items.iter().map(|item| match item.get_ref() {
                DeValue::String(text) => Ok(text.clone().into_owned()),
                _ => Err("is a list of something else than strings"),
            });
            items.collect::<Result<Vec<_>, _>>().map(|items| items.join(","))
        }
        DeValue::Datetime(_) => Err("is a date, which no setting takes"),
        DeValue::Table(_) => Err("is a table; every setting is a flat name, as max_positions = 3"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_keep_their_digits_and_lines() {
        let text = "# head\ninitial_capital = 1_000.10\n\nmax_positions = 3\n\
                    crypto_pairs = [\n  'BTC/USDT',\n  \"ETH/USDT\",\n]\n\
                    trailing_stop_enabled = true\nx = 0x10\nlog_level = 'info'\n";
        let entries = parse(text).unwrap();
        let found: Vec<_> =
            entries.iter().map(|e| (e.line, e.key.as_str(), e.value.as_deref().unwrap())).collect();
        assert_eq!(
            found,
            [
                (2, "initial_capital", "1000.10"),
                (4, "max_positions", "3"),
                (5, "crypto_pairs", "BTC/USDT,ETH/USDT"),
                (9, "trailing_stop_enabled", "true"),
                (10, "x", "0x10"),
                (11, "log_level", "info"),
            ]
        );
    }

    #[test]
    fn what_is_no_value_of_a_setting_says_so() {
        let entries = parse("a = [1]\nb = 2024-01-01\n[c]\nd = 1\n").unwrap();
        let lines: Vec<_> = entries.iter().map(|e| (e.line, e.value.is_err())).collect();
        assert_eq!(lines, [(1, true), (2, true), (3, true)]);
    }

    #[test]
    fn every_syntax_error_is_found_and_no_text_is_repeated() {
        let problems = parse("a = \"hunter2\nb = 1\nc = = 2\nb = 2\n").unwrap_err();
        let lines: Vec<_> = problems.iter().map(|(line, _)| *line).collect();
        assert!(lines.contains(&1) && lines.contains(&3) && lines.contains(&4), "{problems:?}");
        assert!(problems.iter().all(|(_, text)| !text.contains("hunter2")), "{problems:?}");
    }
}
