//! What a walk tells: each window, and the tests as one account.

use std::path::Path;

use domain::time::UtcMs;
use serde_json::{Value, json};

use super::{Tested, Walked};
use crate::ending::Outcome;
use crate::verbs::hyperopt::print::{parameters, percent, yearly};
use crate::verbs::output::{self, Column};

const COLUMNS: [Column<Tested>; 10] = [
    Column::text("train", |t| span(t.window.train.start, t.window.train.end)),
    Column::text("test", |t| span(t.window.test.start, t.window.test.end)),
    Column::number("train sharpe", |t| format!("{:.2}", yearly(t.verdict.best.sharpe_daily))),
    Column::number("deflated", |t| or_none(t.verdict.deflated_sharpe)),
    Column::number("overfit", |t| {
        or_none(t.verdict.overfitting.as_ref().map(|overfitting| overfitting.probability))
    }),
    Column::number("test sharpe", |t| or_none(t.metrics.sharpe)),
    Column::number("profit %", |t| percent(t.metrics.profit_ratio)),
    Column::number("drawdown %", |t| percent(t.metrics.max_drawdown_ratio)),
    Column::number("trades", |t| t.metrics.closed.trades.to_string()),
    Column::text("parameters", |t| parameters(&t.verdict.best.point)),
];

/// Prints a walk.
pub(super) fn print(walked: &Walked, evidence: Option<&Path>, json: bool) -> Outcome<()> {
    if json {
        let mut document = document(walked);
        document["evidence"] = json!(evidence);
        return output::print_json(&document);
    }
    let (metrics, stitched) = (&walked.metrics, &walked.stitched);
    let mut text = output::table(&COLUMNS, &walked.windows);
    text += &format!(
        "\nout of sample, {} in {} windows: profit {} %, Sharpe {} (in training {:.2}), drawdown \
         {} %, {} trades\n",
        span(stitched.from, stitched.to),
        walked.windows.len(),
        percent(metrics.profit_ratio),
        or_none(metrics.sharpe),
        training_sharpe(walked),
        percent(metrics.max_drawdown_ratio),
        metrics.closed.trades,
    );
    if let Some(probability) = walked.probabilistic_sharpe {
        text += &format!("probability of a true Sharpe ratio above nought: {probability:.3}\n");
    }
    text += &format!(
        "{} trials in all; {} before each test are not trained on: {} that a signal looks ahead, \
         {} that it counts\n",
        trials(walked),
        output::span(walked.purge_ms.saturating_add(walked.embargo_ms)),
        output::span(walked.purge_ms),
        output::span(walked.embargo_ms),
    );
    if let Some(evidence) = evidence {
        let path = evidence.display();
        text += &format!("out-of-sample trades kept for sizing (SEXTANT_KELLY_EVIDENCE): {path}\n");
    }
    output::print(&text)
}

fn document(walked: &Walked) -> Value {
    let windows = walked.windows.iter().map(|tested| {
        let (train, test) = (&tested.window.train, &tested.window.test);
        json!({
            "train_from": train.start.to_string(),
            "train_to": train.end.to_string(),
            "test_from": test.start.to_string(),
            "test_to": test.end.to_string(),
            "verdict": tested.verdict,
            "test": tested.metrics,
        })
    });
    json!({
        "windows": windows.collect::<Vec<_>>(),
        "trials": trials(walked),
        "training_sharpe": training_sharpe(walked),
        "out_of_sample": walked.metrics,
        "from": walked.stitched.from.to_string(),
        "to": walked.stitched.to.to_string(),
        "probabilistic_sharpe": walked.probabilistic_sharpe,
        "purge_ms": walked.purge_ms,
        "embargo_ms": walked.embargo_ms,
    })
}

fn trials(walked: &Walked) -> u64 {
    walked.windows.iter().map(|tested| tested.verdict.trials).sum()
}

/// Mean of the windows' best.
fn training_sharpe(walked: &Walked) -> f64 {
    let sharpes = walked.windows.iter().map(|t| yearly(t.verdict.best.sharpe_daily));
    sharpes.sum::<f64>() / walked.windows.len() as f64
}

fn span(from: UtcMs, to: UtcMs) -> String {
    format!("{} – {}", output::moment(from), output::moment(to))
}

fn or_none(value: Option<f64>) -> String {
    value.map_or_else(|| "–".to_owned(), |value| format!("{value:.2}"))
}
