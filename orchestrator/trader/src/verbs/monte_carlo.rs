//! The section of a report that tells what else the same trades or days could have brought.

use backtest::research::bootstrap::{Band, MonteCarlo};
use backtest::research::monte_carlo::Alternatives;

use crate::verbs::output::{self, Column};

struct Row {
    name: &'static str,
    band: Band,
}

const COLUMNS: [Column<Row>; 6] = [
    Column::text("monte_carlo", |row| row.name.to_owned()),
    Column::number("5 %", |row| percent(row.band.p05)),
    Column::number("25 %", |row| percent(row.band.p25)),
    Column::number("50 %", |row| percent(row.band.p50)),
    Column::number("75 %", |row| percent(row.band.p75)),
    Column::number("95 %", |row| percent(row.band.p95)),
];

/// The section, for people; as JSON the alternatives are written as they are.
pub(crate) fn section(alternatives: &Alternatives) -> String {
    let mut rows = Vec::new();
    let mut text = String::new();
    if let Some(trades) = &alternatives.trades {
        rows.push(Row {
            name: "drawdown %, trades in other orders",
            band: trades.max_drawdown_ratio,
        });
    }
    if let Some(days) = &alternatives.days {
        rows.push(Row { name: "drawdown %, days in blocks", band: days.max_drawdown_ratio });
        rows.push(Row { name: "profit %, days in blocks", band: days.return_ratio });
    }
    if !rows.is_empty() {
        text += &output::table(&COLUMNS, &rows);
    }
    let deeper = percent(alternatives.deeper_than_ratio);
    let odds = |of: &MonteCarlo| {
        let (runs, part) = (of.runs, 100.0 * of.deeper_probability);
        format!("{runs} runs, {part:.1} % of them deeper than {deeper} %")
    };
    if let Some(trades) = &alternatives.trades {
        let odds = odds(trades);
        text += &format!("trades in other orders: {odds}; profits add up, so all end alike\n");
    }
    if let Some(days) = &alternatives.days {
        let (odds, length) = (odds(days), alternatives.block_days);
        let loss = 100.0 * days.loss_probability;
        text += &format!("days in blocks of {length:.0}: {odds}, {loss:.1} % with a loss\n");
    }
    alternatives.notes.iter().for_each(|note| text += &format!("{note}\n"));
    text
}

fn percent(ratio: f64) -> String {
    format!("{:.2}", 100.0 * ratio)
}
