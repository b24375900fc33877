//! What there is of a pair's candles, and what is missing: rows of `list-data` and `download-data`.

use domain::candle::Candle;
use domain::instrument::InstrumentId;
use domain::time::UtcMs;
use domain::timeframe::Timeframe;
use exchange::archive::ranges::Ranges;
use exchange::archive::series::{Hole, holes};
use serde::Serialize;

use crate::verbs::output::{Column, moment, or_empty, span};

/// Of one pair and timeframe.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Coverage {
    pair: InstrumentId,
    timeframe: Timeframe,
    /// Open of the first candle.
    from: Option<UtcMs>,
    /// Close of the last one.
    to: Option<UtcMs>,
    candles: u64,
    /// How many of them came just now.
    #[serde(skip_serializing_if = "Option::is_none")]
    added: Option<u64>,
    /// How many took the place of others just now.
    #[serde(skip_serializing_if = "Option::is_none")]
    replaced: Option<u64>,
    missing: u64,
    holes: usize,
    longest_hole: u64,
    #[serde(skip)]
    longest_ms: i64,
    size_bytes: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    each_hole: Option<Vec<OneHole>>,
}

/// One hole.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct OneHole {
    #[serde(skip)]
    pair: InstrumentId,
    #[serde(skip)]
    timeframe: Timeframe,
    from: UtcMs,
    from_utc: String,
    to: UtcMs,
    to_utc: String,
    candles: u64,
    /// Whether the venue itself said that it has none.
    confirmed: bool,
}

/// The names of the fields that are moments.
pub(crate) const MOMENTS: [&str; 2] = ["from", "to"];

/// A table's columns.
pub(crate) const COLUMNS: [Column<Coverage>; 11] = [
    Column::text("pair", |row| row.pair.to_string()),
    Column::text("timeframe", |row| row.timeframe.to_string()),
    Column::text("from", |row| or_empty(row.from.map(moment))),
    Column::text("to", |row| or_empty(row.to.map(moment))),
    Column::number("candles", |row| grouped(row.candles)),
    Column::number("added", |row| or_empty(row.added.map(grouped))),
    Column::number("replaced", |row| or_empty(row.replaced.filter(|n| *n > 0).map(grouped))),
    Column::number("missing", |row| grouped(row.missing)),
    Column::number("holes", |row| grouped(row.holes as u64)),
    Column::text("longest", |row| match row.longest_hole {
        0 => String::new(),
        candles => format!("{} ({})", span(row.longest_ms), grouped(candles)),
    }),
    Column::number("size", |row| size(row.size_bytes)),
];

/// A table of holes.
pub(crate) const HOLE_COLUMNS: [Column<OneHole>; 7] = [
    Column::text("pair", |row| row.pair.to_string()),
    Column::text("timeframe", |row| row.timeframe.to_string()),
    Column::text("from", |row| moment(row.from)),
    Column::text("to", |row| moment(row.to)),
    Column::number("missing", |row| grouped(row.candles)),
    Column::text("long", |row| span(row.to.since(row.from))),
    Column::text("why", |row| if row.confirmed { "the venue has none" } else { "" }.to_owned()),
];

impl Coverage {
    /// Of these candles, open times ascending; of a hole in `asked` the venue said that it is one.
    pub(crate) fn of(
        pair: InstrumentId,
        timeframe: Timeframe,
        candles: &[Candle],
        asked: &Ranges,
        size_bytes: u64,
    ) -> Self {
        let holes = holes(candles);
        let longest = holes.iter().max_by_key(|hole| hole.candles);
        let one = |Hole { from, to, candles }: &Hole| OneHole {
            pair,
            timeframe,
            from: *from,
            from_utc: from.to_string(),
            to: *to,
            to_utc: to.to_string(),
            candles: *candles,
            confirmed: asked.covers((*from, *to)),
        };
        Self {
            pair,
            timeframe,
            from: candles.first().map(|c| c.open_time),
            to: candles.last().map(Candle::close_time),
            candles: candles.len() as u64,
            added: None,
            replaced: None,
            missing: holes.iter().map(|hole| hole.candles).sum(),
            holes: holes.len(),
            longest_hole: longest.map_or(0, |hole| hole.candles),
            longest_ms: longest.map_or(0, |hole| hole.to.since(hole.from)),
            size_bytes,
            each_hole: Some(holes.iter().map(one).collect()),
        }
    }

    /// Says what came just now.
    pub(crate) fn with_news(self, added: u64, replaced: u64) -> Self {
        Self { added: Some(added), replaced: Some(replaced), ..self }
    }

    /// Leaves the single holes out.
    pub(crate) fn in_short(self) -> Self {
        Self { each_hole: None, ..self }
    }

    /// The single holes, if they are not left out.
    pub(crate) fn each_hole(&self) -> &[OneHole] {
        self.each_hole.as_deref().unwrap_or_default()
    }
}

/// `1,234,567`
pub(crate) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (n, digit) in digits.chars().enumerate() {
        if n > 0 && (digits.len() - n).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

fn size(bytes: u64) -> String {
    match bytes {
        0..1_000 => format!("{bytes} B"),
        1_000..1_000_000 => format!("{:.1} kB", bytes as f64 / 1e3),
        _ => format!("{:.1} MB", bytes as f64 / 1e6),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped() {
        let texts = [0, 999, 1_000, 1_234_567].map(grouped);
        assert_eq!(texts, ["0", "999", "1,000", "1,234,567"]);
        assert_eq!([size(5), size(5_250), size(25_228_888)], ["5 B", "5.2 kB", "25.2 MB"]);
    }
}
