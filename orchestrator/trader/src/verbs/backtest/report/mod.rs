//! What a run brought, as tables for people and as JSON for programs. Both are made of what is kept
//! of it, so that a run of yesterday is shown as it was.

pub(crate) mod export;
pub(crate) mod figures;
mod grid;
pub(crate) mod groups;
mod json;
mod summary;
mod tables;
pub(crate) mod whole_file;

use std::io::IsTerminal;

use backtest::metrics::breakdown::Period;
use serde_json::Value;

use crate::verbs::backtest::saved::Saved;

/// The report for people: the tables of freqtrade, 120 columns wide at most with usual names.
pub(crate) fn text(saved: &Saved, breakdown: &[Period], colours: bool) -> String {
    let mut text = tables::heading(saved);
    for grid in tables::all(saved, breakdown) {
        text.push('\n');
        text += &grid.draw(colours);
    }
    text
}

/// The report for programs. Amounts are in the quote asset, ratios are parts of one, times are in
/// ms with the UTC text beside them; what has no value is `null`, and a profit factor without a
/// loss is the text `"inf"`.
pub(crate) fn json(saved: &Saved, breakdown: &[Period]) -> Value {
    json::document(saved, breakdown)
}

/// Whether a person looks at standard output and has not asked for no colours.
pub(crate) fn colours() -> bool {
    let refused = std::env::var_os("NO_COLOR").is_some_and(|text| !text.is_empty());
    std::io::stdout().is_terminal() && !refused
}

#[cfg(test)]
mod tests;
