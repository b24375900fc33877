//! `backtest-show`: the runs that were kept, and one of them as it was printed.

use serde_json::{Value, json};

use crate::cli::BacktestShow;
use crate::config::settings::Settings;
use crate::ending::Outcome;
use crate::verbs::backtest::report;
use crate::verbs::backtest::report::figures::{date, or_none, percent};
use crate::verbs::backtest::saved::Headline;
use crate::verbs::backtest::saved::folder::{self, Listed};
use crate::verbs::output::{self, Column};

type Col = Column<Listed>;

const COLUMNS: [Col; 9] = [
    Col::text("id", |run| run.id.clone()),
    Col::text("strategy", |run| run.facts.strategy.clone()),
    Col::text("pairs", pairs),
    Col::text("timeframe", |run| run.facts.timeframe.to_string()),
    Col::text("range", |run| format!("{} to {}", date(run.from), date(run.to))),
    Col::number("trades", |run| run.headline.trades.to_string()),
    Col::number("profit_ratio", |run| percent(run.headline.profit_ratio)).headed("profit %"),
    Col::number("sharpe", |run| or_none(run.headline.sharpe, 2)),
    Col::number("drawdown", |run| percent(run.headline.max_drawdown_ratio))
        .headed("max drawdown %"),
];

/// Lists what was kept, or shows one run as `backtest` did.
pub(crate) fn show(asked: &BacktestShow, settings: &Settings, json: bool) -> Outcome<()> {
    let Some(id) = &asked.id else {
        return list(settings, json);
    };
    let saved = folder::load(&settings.data_dir, id)?;
    if json {
        output::print_json(&report::json(&saved, &asked.breakdown))
    } else {
        output::print(&report::text(&saved, &asked.breakdown, report::colours()))
    }
}

fn list(settings: &Settings, json: bool) -> Outcome<()> {
    let (runs, problems) = folder::list(&settings.data_dir)?;
    if json {
        let rows: Vec<_> = runs.iter().map(row).collect();
        output::print(&output::array(&rows, &["saved_at", "from", "to"])?)?;
    } else if !runs.is_empty() {
        output::print(&output::table(&COLUMNS, &runs))?;
    }
    if runs.is_empty() {
        output::tell("there are no backtests yet\n");
    }
    for problem in problems {
        tracing::warn!("{problem}");
    }
    Ok(())
}

fn row(run: &Listed) -> Value {
    let Headline { trades, profit_ratio, sharpe, max_drawdown_ratio } = run.headline;
    json!({
        "id": run.id, "saved_at": run.saved_at, "strategy": run.facts.strategy,
        "timeframe": run.facts.timeframe, "pairs": run.instruments, "from": run.from,
        "to": run.to, "trades": trades, "profit_ratio": profit_ratio, "sharpe": sharpe,
        "max_drawdown_ratio": max_drawdown_ratio,
    })
}

/// The first three, and how many more.
fn pairs(run: &Listed) -> String {
    let names: Vec<_> = run.instruments.iter().take(3).map(ToString::to_string).collect();
    let more = run.instruments.len().saturating_sub(3);
    let names = names.join(", ");
    if more == 0 { names } else { format!("{names} and {more} more") }
}
