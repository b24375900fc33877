//! `lookahead-analysis` and `recursive-analysis`: whether a strategy knows what it can't know yet,
//! and how much of what it says depends on where its history began.

use backtest::bias::lookahead::{Biased, Lookahead, lookahead};
use backtest::bias::opinion::{Opinion, of_fill, opinions};
use backtest::bias::recursive::{Drift, Recursive, Row, recursive};
use backtest::curve::Grain;
use backtest::ema_cross::{self, EmaCross, FillAt};
use backtest::history::History;
use backtest::range::TimeRange;
use backtest::run::{self, RunError};
use clap::Args;
use decision::outbox::Sink;
use decision::record::ConfigurationRecord;
use domain::ids::RunSeed;
use domain::money::Quantity;
use domain::time::UtcMs;
use serde_json::{Value, json};

use crate::config::settings::Settings;
use crate::ending::{Code, Failure, Outcome};
use crate::verbs::backtest::args::{Market, Strategy};
use crate::verbs::backtest::{Prepared, prepared};
use crate::verbs::output::{self, Column};

/// `lookahead-analysis`.
#[derive(Debug, Clone, Args)]
pub struct LookaheadAnalysis {
    /// Candles and configuration.
    #[command(flatten)]
    pub market: Market,
    /// What is analysed.
    #[arg(long, value_enum, default_value_t = Strategy::Technical, value_name = "NAME")]
    pub strategy: Strategy,
    /// At how many moments, spread over all at which it spoke, the future is cut off.
    #[arg(long, default_value_t = 50, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub checks: u32,
}

/// `recursive-analysis`.
#[derive(Debug, Clone, Args)]
pub struct RecursiveAnalysis {
    /// Candles and configuration.
    #[command(flatten)]
    pub market: Market,
    /// Candles of the history's finest timeframe before the last moment, for each run.
    #[arg(long, value_delimiter = ',', default_value = "199,399,499,999,1999", value_name = "NUMBERS", value_parser = clap::value_parser!(u64).range(1..))]
    pub startup_candles: Vec<u64>,
}

/// What makes a strategy speak on a history.
enum Subject {
    Agents(Box<ConfigurationRecord>),
    Reference(EmaCross),
}

impl Subject {
    fn opinions(&self, history: &History) -> Result<Vec<Opinion>, RunError> {
        match self {
            // A cut history may lack an instrument that was listed later.
            Self::Agents(configuration) => {
                let instruments = history.instruments();
                let configuration =
                    ConfigurationRecord { instruments, ..(**configuration).clone() };
                let run = run::run(&configuration, history, Grain::Days, Sink::Full)?;
                Ok(opinions(&run.records))
            }
            Self::Reference(terms) => {
                let run = ema_cross::run(terms, history, Grain::Days)?;
                Ok(run.fills.iter().map(|fill| of_fill(fill.time_exchange, fill)).collect())
            }
        }
    }
}

/// Runs the analysis; exit code 1 where something looked ahead.
pub fn looks_ahead(asked: &LookaheadAnalysis, settings: &Settings, json: bool) -> Outcome<bool> {
    let Prepared { configuration, history, .. } = prepared(&asked.market, settings)?;
    let subject = match asked.strategy {
        Strategy::Technical => Subject::Agents(Box::new(configuration)),
        Strategy::EmaCross => Subject::Reference(EmaCross {
            seed: RunSeed(settings.seed.0),
            quote: settings.quote,
            capital_quote: asked.market.capital,
            stake_quote: None,
            step: Quantity::ZERO,
            fee_ratio: asked.market.fee.unwrap_or(settings.policy.costs.taker_fee_ratio),
            // What it says and when it fills are one moment then.
            fill: FillAt::Close,
        }),
    };
    let checks = usize::try_from(asked.checks).unwrap_or(usize::MAX);
    // Every cut keeps what closed until its moment, so that at least one candle is left.
    let until = |whole: &History, at: UtcMs| {
        let range = TimeRange { from: None, to: Some(at) };
        whole.within(range).unwrap_or_else(|_| whole.clone())
    };
    let found = lookahead(&history, checks, until, |history| subject.opinions(history))?;
    if found.checked.is_empty() {
        return Err(silent());
    }
    let honest = found.biased.is_empty();
    if json {
        output::print_json(&lookahead_json(&found))?;
    } else {
        output::print(&lookahead_text(&found))?;
    }
    Ok(honest)
}

/// Runs the analysis.
pub fn never_forgets(asked: &RecursiveAnalysis, settings: &Settings, json: bool) -> Outcome<()> {
    let Prepared { configuration, history, .. } = prepared(&asked.market, settings)?;
    let subject = Subject::Agents(Box::new(configuration));
    let last = |whole: &History, candles: u64| {
        let span_ms = whole.base().span_ms();
        let back = i64::try_from(candles).unwrap_or(i64::MAX).saturating_mul(span_ms);
        let from = whole.to().plus_ms(back.saturating_neg());
        let range = TimeRange { from: Some(from), to: None };
        whole.within(range).unwrap_or_else(|_| whole.clone())
    };
    let observe = |history: &History| subject.opinions(history);
    let found = recursive(&history, &asked.startup_candles, last, observe)?;
    if found.rows.is_empty() {
        return Err(silent());
    }
    if json { output::print_json(&recursive_json(&found)) } else { output::print(&table(&found)) }
}

fn silent() -> Failure {
    let message = "nothing was said in this range: the indicators were still warming up; \
                   use a longer range";
    Failure::new(Code::Usage, message)
}

const BIASED: [Column<Biased>; 3] = [
    Column::text("time", |row| row.at.to_string()),
    Column::text("who", |row| row.speaker.clone()),
    Column::text("what", |row| match &row.values[..] {
        [] => "the whole opinion".to_owned(),
        values => values.join(", "),
    }),
];

fn lookahead_text(found: &Lookahead) -> String {
    let (moments, compared) = (found.checked.len(), found.compared);
    if found.biased.is_empty() {
        return format!(
            "nothing looks ahead: {compared} opinions at {moments} moments are the same, to the \
             last bit, with the future cut off\n"
        );
    }
    let mut text = output::table(&BIASED, &found.biased);
    text += &format!(
        "{} of {compared} opinions at {moments} moments change with the future cut off:\n",
        found.biased.len()
    );
    for ((speaker, value), times) in found.by_value() {
        text += &format!("  {speaker}: {value}, {times} times\n");
    }
    text
}

fn lookahead_json(found: &Lookahead) -> Value {
    let biased = found.biased.iter().map(|row| {
        json!({ "at": row.at, "at_utc": row.at.to_string(), "who": row.speaker, "values": row.values })
    });
    json!({
        "looks_ahead": !found.biased.is_empty(),
        "moments": found.checked.len(),
        "compared": found.compared,
        "biased": biased.collect::<Vec<_>>(),
    })
}

/// A row for each value; a column for each start-up.
fn table(found: &Recursive) -> String {
    let mut lines = vec![vec!["who".to_owned(), "value".to_owned()]];
    lines[0].extend(found.startups.iter().map(u64::to_string));
    for Row { speaker, value, drifts } in &found.rows {
        let mut line = vec![speaker.clone(), value.clone()];
        line.extend(drifts.iter().map(told));
        lines.push(line);
    }
    let columns = lines[0].len();
    let width = |n: usize| lines.iter().map(|line| line[n].chars().count()).max().unwrap_or(0);
    let widths: Vec<_> = (0..columns).map(width).collect();
    let mut text = String::new();
    for line in &lines {
        for (n, (cell, width)) in line.iter().zip(&widths).enumerate() {
            let padded =
                if n < 2 { format!("{cell:<width$}  ") } else { format!("{cell:>width$}  ") };
            text += &padded;
        }
        text.truncate(text.trim_end().len());
        text.push('\n');
    }
    let at = found.at.map_or_else(String::new, |at| at.to_string());
    text += &format!(
        "how each value at {at} differs from that of the whole history after so many candles\n"
    );
    text
}

fn told(drift: &Drift) -> String {
    match drift {
        Drift::None => "0".to_owned(),
        Drift::Ratio(ratio) if ratio.abs() >= 1e-6 => format!("{:+.4} %", ratio * 100.0),
        Drift::Ratio(ratio) => format!("{ratio:+.0e}"),
        Drift::Other => "other".to_owned(),
        Drift::Silent => "-".to_owned(),
    }
}

fn recursive_json(found: &Recursive) -> Value {
    let drift = |drift: &Drift| match drift {
        Drift::None => json!(0.0),
        Drift::Ratio(ratio) if ratio.is_finite() => json!(ratio),
        Drift::Ratio(_) => json!("infinite"),
        Drift::Other => json!("other"),
        Drift::Silent => Value::Null,
    };
    let rows = found.rows.iter().map(|row| {
        let drifts: Vec<_> = row.drifts.iter().map(drift).collect();
        json!({ "who": row.speaker, "value": row.value, "drift_ratios": drifts })
    });
    json!({
        "at": found.at,
        "startup_candles": found.startups,
        "rows": rows.collect::<Vec<_>>(),
    })
}
