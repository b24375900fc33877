//! What a search tells: never the best without what it is worth.

use backtest::metrics::ratios::DAYS_PER_YEAR;
use backtest::research::space::{Point, Value};
use backtest::research::trials::Trial;
use backtest::research::verdict::{Best, Verdict};
use serde_json::json;

use super::Found;
use crate::ending::Outcome;
use crate::verbs::output::{self, Column};

/// How many of the best are listed.
const LISTED: usize = 10;

const COLUMNS: [Column<Best>; 6] = [
    Column::number("trial", |best| best.number.to_string()),
    Column::number("profit %", |best| percent(best.profit_ratio)),
    Column::number("sharpe", |best| format!("{:.2}", yearly(best.sharpe_daily))),
    Column::number("drawdown %", |best| percent(best.max_drawdown_ratio)),
    Column::number("trades", |best| best.trades.to_string()),
    Column::text("parameters", |best| parameters(&best.point)),
];

/// Prints a search.
pub(super) fn print(found: &Found, json: bool) -> Outcome<()> {
    let listed = listed(&found.trials);
    if json {
        return output::print_json(&json!({
            "verdict": found.verdict,
            "best": listed,
            "made": found.made,
            "threads": found.threads,
            "seconds": found.seconds,
            "record": found.record,
        }));
    }
    let mut text = output::table(&COLUMNS, &listed);
    text.push('\n');
    text += &worth(&found.verdict);
    text += &format!(
        "{} of {} trials were made now, by {} threads in {:.1} s; all are in {}\n",
        found.made,
        found.trials.len(),
        found.threads,
        found.seconds,
        found.record.display(),
    );
    output::print(&text)
}

/// The best, by Sharpe ratio, then by number.
fn listed(trials: &[Trial]) -> Vec<Best> {
    let mut listed: Vec<_> = trials.iter().collect();
    listed.sort_by(|a, b| b.sharpe_daily.total_cmp(&a.sharpe_daily).then(a.number.cmp(&b.number)));
    listed.into_iter().take(LISTED).map(Best::from).collect()
}

/// What the best is worth, in sentences.
pub(crate) fn worth(verdict: &Verdict) -> String {
    let Verdict { trials, days, best, expected_sharpe_daily, .. } = verdict;
    let mut text = format!(
        "best of {trials} trials over {days} days: Sharpe {:.2} a year; as many without skill are \
         expected to reach {:.2}\n",
        yearly(best.sharpe_daily),
        yearly(*expected_sharpe_daily),
    );
    if let (Some(deflated), Some(alone)) = (verdict.deflated_sharpe, verdict.probabilistic_sharpe) {
        text += &format!(
            "deflated Sharpe ratio {deflated:.3} ({alone:.3} had it been the only trial): {}\n",
            match deflated {
                d if d >= 0.95 => "unlikely to be luck",
                d if d >= 0.5 => "may well be luck",
                _ => "likely to be luck",
            }
        );
    }
    if let Some(overfitting) = &verdict.overfitting {
        text += &format!(
            "probability of overfitting {:.2}, of a loss out of sample {:.2} ({} splits of {} \
             blocks)\n",
            overfitting.probability,
            overfitting.loss_probability,
            overfitting.splits,
            overfitting.blocks,
        );
    }
    verdict.notes.iter().for_each(|note| text += &format!("{note}\n"));
    text
}

/// A point on one line.
pub(crate) fn parameters(point: &Point) -> String {
    let shown = point.iter().map(|(name, value)| match value {
        Value::Number(number) => format!("{name}={number}"),
        Value::Switch(on) => format!("{name}={on}"),
    });
    shown.collect::<Vec<_>>().join(" ")
}

/// A daily Sharpe ratio as it is usually told.
pub(crate) fn yearly(sharpe_daily: f64) -> f64 {
    sharpe_daily * DAYS_PER_YEAR.sqrt()
}

/// A ratio in percent.
pub(crate) fn percent(ratio: f64) -> String {
    format!("{:.2}", 100.0 * ratio)
}
