//! `replay`: decisions made again, and held against what is stored.

mod candles;
mod difference;
mod frozen;

use std::process::ExitCode;

use domain::ledger::{Entry, Head};
use domain::time::UtcMs;
use exchange::candle_file;
use serde::Serialize;
use serde_json::json;
use store::decisions::DecisionRow;

use crate::cli::Replay;
use crate::config::settings::Settings;
use crate::ending::{Code, Outcome};
use crate::verbs::output::{self, moment};
use crate::verbs::reading;
use crate::verbs::replay::difference::Difference;

/// Differences that are named.
const NAMED: usize = 10;

/// What a replay gave.
#[derive(Debug, Default, Serialize)]
struct Compared {
    /// Decisions that were made again.
    replayed: u64,
    /// Of which so many came out otherwise.
    differ: u64,
    /// Ledger entries that were compared; from candles only.
    entries: u64,
    /// Events that were lived through again; from candles only.
    events: u64,
    /// Where the chain that came out ends; from candles only.
    head: Option<Head>,
    /// The first differences.
    differences: Vec<Difference>,
}

impl Compared {
    fn decision(&mut self, entry: &Entry, what: String, found: Vec<(String, String, String)>) {
        self.replayed += 1;
        self.differ += u64::from(!found.is_empty());
        self.found(entry.seq, what, entry.at, found);
    }

    fn found(&mut self, seq: u64, what: String, at: UtcMs, found: Vec<(String, String, String)>) {
        let left = NAMED.saturating_sub(self.differences.len());
        let found = found.into_iter().take(left);
        self.differences.extend(found.map(|(field, stored, computed)| Difference {
            seq,
            what: what.clone(),
            at,
            field,
            stored,
            computed,
        }));
    }

    fn is_same(&self) -> bool {
        self.differences.is_empty()
    }
}

/// Replays one decision or all, from snapshots and, if asked, from candles.
pub(crate) fn replay(asked: &Replay, settings: &Settings, json: bool) -> Outcome<ExitCode> {
    let files = candle_file::in_paths(&asked.candles)?;
    let (row, frozen, candles) = reading::read(settings, async |store, _| {
        let row = match &asked.decision_id {
            Some(prefix) => Some(reading::decision(store, prefix).await?),
            None => None,
        };
        let frozen = match &row {
            Some(row) => frozen::one(store, row.clone()).await?,
            None => frozen::all(store).await?,
        };
        let candles = match asked.from_candles {
            true => Some(candles::replay(store, row.as_ref().map(|row| row.seq)).await?),
            false if !files.is_empty() => Some(candles::backtest(store, &files).await?),
            false => None,
        };
        Ok((row, frozen, candles))
    })?;
    let same = frozen.is_same() && candles.as_ref().is_none_or(Compared::is_same);
    if json {
        output::print_json(&json!({
            "same": same,
            "decision": row,
            "from_snapshots": frozen,
            "from_candles": candles,
        }))?;
    } else {
        output::print(&text(row.as_ref(), &frozen, candles.as_ref()))?;
    }
    Ok(if same { ExitCode::SUCCESS } else { ExitCode::from(Code::Failed as u8) })
}

fn text(row: Option<&DecisionRow>, frozen: &Compared, candles: Option<&Compared>) -> String {
    let mut text = String::new();
    if let Some(row) = row {
        text += &format!(
            "{} of {} UTC: {} {}, {}{}\n",
            row.id,
            moment(row.at),
            row.action,
            row.instrument,
            row.reason,
            if row.verdict == "none" { String::new() } else { format!(", {}", row.verdict) }
        );
    }
    let outcome = |compared: &Compared| match (row, compared.differ) {
        (Some(_), 0) if compared.is_same() => "the same".to_owned(),
        (Some(_), _) if candles.is_none() => "differs".to_owned(),
        (_, differ) => format!(
            "{} {} replayed, {} {}",
            compared.replayed,
            if compared.replayed == 1 { "decision" } else { "decisions" },
            if differ == 0 { "none".to_owned() } else { differ.to_string() },
            if differ == 1 { "differs" } else { "differ" },
        ),
    };
    text += &format!("from snapshots: {}\n", outcome(frozen));
    text += &differences(frozen);
    if let Some(candles) = candles {
        text += &format!(
            "from candles:   {} ({} ledger entries made of {} events)\n",
            outcome(candles),
            candles.entries,
            candles.events
        );
        text += &differences(candles);
    }
    text
}

fn differences(compared: &Compared) -> String {
    let mut text = String::new();
    let mut last = None;
    for Difference { seq, what, at, field, stored, computed } in &compared.differences {
        if last.replace(seq) != Some(seq) {
            text += &format!("  ledger entry {seq}, {what} of {at}:\n");
        }
        text += &format!("    {field}: stored {stored}, computed {computed}\n");
    }
    if compared.differences.len() == NAMED {
        text += &format!("  (the first {NAMED} differences)\n");
    }
    text
}
