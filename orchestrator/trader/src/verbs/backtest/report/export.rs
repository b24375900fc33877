//! `--export`: trades, orders and the equity curve in files for other tools.

use std::fs;
use std::path::{Path, PathBuf};

use backtest::curve::Mark;
use backtest::metrics::breakdown::Period;
use backtest::outcome::{DatedOrder, Outcome as Run};
use decision::record::OrderStep;
use domain::fill::Fill;
use domain::order::{OrderEvent, OrderKind};
use serde_json::{Value, json};

use crate::ending::{Code, Failure, Outcome};
use crate::verbs::backtest::report::{self, whole_file};
use crate::verbs::backtest::saved::Saved;
use crate::verbs::output::{self, Column, or_empty};
use crate::verbs::trades;

/// Where to export to, and in which form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Target {
    /// The trades.
    Csv(PathBuf),
    /// The report, the trades, the orders and the equity curve.
    Json(PathBuf),
    /// `report.json`, `trades.csv`, `orders.csv`, `fills.csv`, `equity.csv`.
    Folder(PathBuf),
}

impl Target {
    /// From the flag; to be asked before the run, since nothing can be exported to nowhere.
    pub(crate) fn of(path: &Path) -> Outcome<Self> {
        let refused = |why: &str| {
            let message = format!("--export {}: {why}", path.display());
            Err(Failure::new(Code::Usage, message))
        };
        let target = match path.extension().and_then(|extension| extension.to_str()) {
            _ if path.is_dir() => Self::Folder(path.to_owned()),
            Some("csv") => Self::Csv(path.to_owned()),
            Some("json") => Self::Json(path.to_owned()),
            None if path.extension().is_none() => Self::Folder(path.to_owned()),
            _ => return refused("name a .json file, a .csv file or a folder"),
        };
        if path.exists() && matches!(target, Self::Folder(_)) && !path.is_dir() {
            return refused("this is a file; name a .json file, a .csv file or a folder");
        }
        match path.parent() {
            Some(parent) if !parent.as_os_str().is_empty() && !parent.is_dir() => {
                refused(&format!("there is no folder {}; create it first", parent.display()))
            }
            _ => Ok(target),
        }
    }

    /// Whether every mark is asked for, and not only the last of each day.
    pub(crate) const fn wants_marks(&self) -> bool {
        matches!(self, Self::Json(_) | Self::Folder(_))
    }
}

/// Writes the files; each is there whole or not at all. The equity has every mark of the run, or
/// where only those were kept, the last of each day.
pub(crate) fn export(target: &Target, saved: &Saved, run: &Run) -> Outcome<()> {
    let marks = if run.curve.marks().is_empty() { run.curve.days() } else { run.curve.marks() };
    match target {
        Target::Csv(path) => write(path, &output::csv(&trades::COLUMNS, &run.trades)),
        Target::Json(path) => write(path, &format!("{:#}\n", document(saved, run, marks))),
        Target::Folder(folder) => {
            fs::create_dir_all(folder)
                .map_err(|error| failed(folder, "can't create the folder", error))?;
            let all = report::json(saved, &[Period::Day, Period::Week, Period::Month]);
            write(&folder.join("trades.csv"), &output::csv(&trades::COLUMNS, &run.trades))?;
            write(&folder.join("orders.csv"), &output::csv(&ORDERS, &run.orders))?;
            write(&folder.join("fills.csv"), &output::csv(&FILLS, &run.fills))?;
            write(&folder.join("equity.csv"), &output::csv(&MARKS, marks))?;
            write(&folder.join("report.json"), &format!("{all:#}\n"))
        }
    }
}

fn write(path: &Path, text: &str) -> Outcome<()> {
    let written = whole_file::replace(path, text.as_bytes());
    written.map_err(|error| failed(path, "can't write", error))
}

fn failed(path: &Path, doing: &str, error: std::io::Error) -> Failure {
    Failure::from(error).context(format!("{doing} {}", path.display()))
}

fn document(saved: &Saved, run: &Run, marks: &[Mark]) -> Value {
    let trade = |trade| output::with_utc(json!(trade), &["entry_time", "exit_time"]);
    let order = |dated: &DatedOrder| {
        let order = json!({
            "at": dated.at, "step": dated.order.step, "order": dated.order.order,
        });
        output::with_utc(order, &["at"])
    };
    json!({
        "report": report::json(saved, &[Period::Day, Period::Week, Period::Month]),
        "trades": run.trades.iter().map(trade).collect::<Vec<_>>(),
        "orders": run.orders.iter().map(order).collect::<Vec<_>>(),
        "fills": run.fills,
        "equity": marks.iter().map(|mark| json!([mark.at, mark.equity_quote])).collect::<Vec<_>>(),
    })
}

type Step = Column<DatedOrder>;

const ORDERS: [Step; 13] = [
    Step::text("time", |o| o.at.to_string()),
    Step::text("pair", |o| o.order.order.ticket.instrument.to_string()),
    Step::text("client_order_id", |o| o.order.order.ticket.client_order_id.to_string()),
    Step::text("role", |o| word(&o.order.order.ticket.client_order_id.role())),
    Step::text("side", |o| o.order.order.ticket.side.to_string()),
    Step::text("kind", |o| kind(&o.order.order.ticket.kind).0.to_owned()),
    Step::number("price", |o| kind(&o.order.order.ticket.kind).1),
    Step::number("quantity", |o| o.order.order.ticket.quantity.to_string()),
    Step::text("step", |o| step(&o.order.step).to_owned()),
    Step::text("state", |o| o.order.order.state.name().to_owned()),
    Step::number("filled", |o| o.order.order.filled.to_string()),
    Step::number("fill_price", |o| or_empty(fill(o).map(|fill| fill.price))),
    Step::number("fill_fee", |o| or_empty(fill(o).map(|fill| fill.fee))),
];

type Filled = Column<Fill>;

const FILLS: [Filled; 10] = [
    Filled::text("time", |f| f.time_exchange.to_string()),
    Filled::text("pair", |f| f.instrument.to_string()),
    Filled::text("client_order_id", |f| f.client_order_id.to_string()),
    Filled::text("role", |f| word(&f.client_order_id.role())),
    Filled::text("side", |f| f.side.to_string()),
    Filled::number("price", |f| f.price.to_string()),
    Filled::number("quantity", |f| f.quantity.to_string()),
    Filled::number("fee", |f| f.fee.to_string()),
    Filled::text("fee_asset", |f| f.fee_asset.to_string()),
    Filled::text("liquidity", |f| word(&f.liquidity)),
];

type Worth = Column<Mark>;

const MARKS: [Worth; 2] = [
    Worth::text("time", |mark| mark.at.to_string()),
    Worth::number("equity_quote", |mark| mark.equity_quote.to_string()),
];

/// The name that a value has in JSON.
fn word(value: &impl serde::Serialize) -> String {
    let value = serde_json::to_value(value).unwrap_or_default();
    value.as_str().unwrap_or_default().to_owned()
}

fn kind(kind: &OrderKind) -> (&'static str, String) {
    match kind {
        OrderKind::Market => ("market", String::new()),
        OrderKind::Limit { price } => ("limit", price.to_string()),
        OrderKind::Stop { trigger } => ("stop", trigger.to_string()),
        OrderKind::Target { price } => ("target", price.to_string()),
    }
}

fn step(step: &OrderStep) -> &'static str {
    match step {
        OrderStep::Intended { .. } => "intended",
        OrderStep::MoveIntended { .. } => "move_intended",
        OrderStep::CancelIntended => "cancel_intended",
        OrderStep::Reported(event) => event.name(),
    }
}

fn fill(dated: &DatedOrder) -> Option<&Fill> {
    match &dated.order.step {
        OrderStep::Reported(OrderEvent::Filled(fill)) => Some(fill),
        _ => None,
    }
}
