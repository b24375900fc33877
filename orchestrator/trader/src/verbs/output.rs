//! Results on stdout: tables for people, CSV and JSON for programs.

use std::fmt::Write as _;

use domain::money::Money;
use domain::time::UtcMs;
use rust_decimal::Decimal;
use serde::Serialize;
use serde_json::{Value, json};

use crate::ending::Outcome;
pub(crate) use crate::terminal::{print, tell};

/// A column of a listing of `R`s.
pub(crate) struct Column<R> {
    name: &'static str,
    /// In tables, where it differs from the name.
    heading: Option<&'static str>,
    right: bool,
    shown: Option<fn(&R) -> String>,
    exact: fn(&R) -> String,
}

impl<R> Column<R> {
    /// Text, the same for people and programs.
    pub(crate) const fn text(name: &'static str, cell: fn(&R) -> String) -> Self {
        Self { name, heading: None, right: false, shown: Some(cell), exact: cell }
    }

    /// A number, the same for people and programs.
    pub(crate) const fn number(name: &'static str, cell: fn(&R) -> String) -> Self {
        Self { name, heading: None, right: true, shown: Some(cell), exact: cell }
    }

    /// Shows people something shorter.
    pub(crate) const fn shown(self, cell: fn(&R) -> String) -> Self {
        Self { shown: Some(cell), ..self }
    }

    /// Stands in tables under another heading.
    pub(crate) const fn headed(self, heading: &'static str) -> Self {
        Self { heading: Some(heading), ..self }
    }

    /// Is not for tables.
    pub(crate) const fn hidden(self) -> Self {
        Self { shown: None, ..self }
    }
}

/// An aligned table. Columns in which nothing stands are left out.
pub(crate) fn table<R>(columns: &[Column<R>], rows: &[R]) -> String {
    let mut lines = vec![String::new(); rows.len() + 1];
    for column in columns {
        let Some(shown) = column.shown else { continue };
        let cells: Vec<_> = rows.iter().map(shown).collect();
        if cells.iter().all(String::is_empty) {
            continue;
        }
        let heading = column.heading.unwrap_or(column.name).replace('_', " ");
        let width = |text: &String| text.chars().count();
        let widest = cells.iter().map(width).max().unwrap_or(0).max(width(&heading));
        for (line, cell) in lines.iter_mut().zip(std::iter::once(&heading).chain(&cells)) {
            let gap = if line.is_empty() { "" } else { "  " };
            let _ = match column.right {
                true => write!(line, "{gap}{cell:>widest$}"),
                false => write!(line, "{gap}{cell:<widest$}"),
            };
        }
    }
    lines.iter().map(|line| format!("{}\n", line.trim_end())).collect()
}

/// Comma-separated values with a heading, by RFC 4180 but for the line ends.
pub(crate) fn csv<R>(columns: &[Column<R>], rows: &[R]) -> String {
    let names: Vec<_> = columns.iter().map(|column| column.name).collect();
    let mut text = names.join(",") + "\n";
    for row in rows {
        let cells: Vec<_> = columns.iter().map(|column| quoted((column.exact)(row))).collect();
        text += &cells.join(",");
        text.push('\n');
    }
    text
}

fn quoted(cell: String) -> String {
    if cell.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", cell.replace('"', "\"\""))
    } else {
        cell
    }
}

/// A JSON array with a row on each line.
pub(crate) fn array<R: Serialize>(rows: &[R], moments: &[&str]) -> Outcome<String> {
    let mut lines = Vec::new();
    for row in rows {
        lines.push(serde_json::to_string(&with_utc(serde_json::to_value(row)?, moments))?);
    }
    Ok(if lines.is_empty() { "[]\n".to_owned() } else { format!("[\n{}\n]\n", lines.join(",\n")) })
}

/// Says beside each of these moments, which are in ms, what it is in UTC.
pub(crate) fn with_utc(mut row: Value, moments: &[&str]) -> Value {
    for name in moments {
        if let (Some(ms), Some(fields)) = (row[name].as_i64(), row.as_object_mut()) {
            fields.insert(format!("{name}_utc"), json!(UtcMs::new(ms).to_string()));
        }
    }
    row
}

/// Prints a JSON document.
pub(crate) fn print_json(value: &Value) -> Outcome<()> {
    print(&format!("{value:#}\n"))
}

/// A moment as people read it in tables, in UTC: to the minute where it is whole.
pub(crate) fn moment(at: UtcMs) -> String {
    let text = at.to_string().replace('T', " ");
    let text = text.trim_end_matches('Z');
    text.strip_suffix(":00").unwrap_or(text).to_owned()
}

/// A span as people say it: its two largest units.
pub(crate) fn span(ms: i64) -> String {
    let minutes = ms / 60_000;
    let (days, hours) = (minutes / 1_440, minutes / 60 % 24);
    match (days, hours) {
        (0, 0) if minutes == 0 => format!("{} s", ms / 1_000),
        (0, 0) => format!("{minutes} min"),
        (0, _) => format!("{hours} h {:02} min", minutes % 60),
        (_, _) => format!("{days} d {hours:02} h"),
    }
}

/// An amount of money to read.
pub(crate) fn two(money: Money) -> String {
    format!("{:.2}", rounded(money))
}

/// A gain or a loss to read.
pub(crate) fn signed(money: Money) -> String {
    format!("{:+.2}", rounded(money))
}

/// A decimal is cut off, not rounded, where it is printed with fewer digits.
fn rounded(money: Money) -> Decimal {
    money.to_decimal().round_dp(2)
}

/// The text of a value that may not be.
pub(crate) fn or_empty<T: ToString>(value: Option<T>) -> String {
    value.map(|value| value.to_string()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    type Col = Column<(&'static str, f64)>;

    const COLUMNS: [Col; 4] = [
        Col::text("name", |row| row.0.to_owned()),
        Col::number("pnl_quote", |row| row.1.to_string())
            .shown(|row| format!("{:.1}", row.1))
            .headed("profit"),
        Col::text("note", |_| String::new()),
        Col::text("id", |_| "7".to_owned()).hidden(),
    ];

    #[test]
    fn a_table_is_aligned_and_leaves_empty_columns_out() {
        let text = table(&COLUMNS, &[("a", 1.25), ("longer", -10.0)]);
        assert_eq!(text, "name    profit\na          1.2\nlonger   -10.0\n");
    }

    #[test]
    fn csv_keeps_every_digit_and_quotes_what_would_break_it() {
        let text = csv(&COLUMNS, &[("a,b", 1.25), ("say \"no\"", 2.0)]);
        assert_eq!(text, "name,pnl_quote,note,id\n\"a,b\",1.25,,7\n\"say \"\"no\"\"\",2,,7\n");
    }

    #[test]
    fn a_listing_in_json_is_one_array() {
        let rows = [json!({ "at": 0 }), json!({ "at": 1 })];
        let text = array(&rows, &["at"]).unwrap();
        let read: Vec<Value> = serde_json::from_str(&text).unwrap();
        assert_eq!(read[0]["at_utc"], "1970-01-01T00:00:00Z");
        assert_eq!(text.lines().count(), 4);
        assert_eq!(array::<Value>(&[], &[]).unwrap(), "[]\n");
    }

    #[test]
    fn money_is_rounded() {
        let money = |text: &str| text.parse().unwrap();
        assert_eq!([two(money("8.8653")), two(money("-0.001"))], ["8.87", "0.00"]);
        assert_eq!([signed(money("8.8653")), signed(money("-3"))], ["+8.87", "-3.00"]);
    }

    #[test]
    fn moments_and_spans_are_short() {
        assert_eq!(moment(UtcMs::new(1_704_067_200_000)), "2024-01-01 00:00");
        assert_eq!(moment(UtcMs::new(1_704_067_205_000)), "2024-01-01 00:00:05");
        assert_eq!([span(9_000), span(120_000)], ["9 s", "2 min"]);
        assert_eq!([span(3_900_000), span(100 * 3_600_000)], ["1 h 05 min", "4 d 04 h"]);
    }
}
