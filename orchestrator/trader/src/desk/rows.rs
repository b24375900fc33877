//! From records to the store's rows.

use decision::kernel::Verdict;
use decision::record::{AccountMark, Dated, DecisionRecord, Record};
use decision::snapshot::TradingState;
use domain::ids::{Id, RunSeed};
use domain::intervention::{Intervention, OperatorCommand};
use domain::ledger::Entry;
use domain::money::Money;
use domain::time::UtcMs;
use serde_json::json;
use store::decisions::DecisionRow;
use store::fills::FillRow;
use store::holes::{CorrectionRow, HoleRow};
use store::journal::Batch;
use store::orders::OrderRow;
use store::portfolio::PortfolioRow;
use store::risk_events::{RiskEventRow, Severity};
use store::signals::SignalRow;

use crate::alerts::found;
use crate::desk::note::Note;

/// Adds a record, with its entry where it is one of the ledger's. `head_seq` is the ledger's last
/// entry at or before it.
pub fn add(batch: &mut Batch, dated: Dated, entry: Option<Entry>, head_seq: u64) {
    let Dated { at, input_seq, record } = dated;
    let seq = entry.as_ref().map_or(0, |entry| entry.seq);
    batch.entries.extend(entry);
    match record {
        // Of these the ledger's entry is all there is.
        Record::Configuration(_) | Record::Funding(_) => {}
        Record::Intervention(intervention) => {
            let alert = found::of_intervention(at, &intervention);
            batch.alerts.extend(alert.map(|alert| found::row(seq, alert)));
            batch.risk_events.push(RiskEventRow {
                id: intervention_row(seq),
                at,
                input_seq,
                kind: "intervention".to_owned(),
                severity: severity(&intervention),
                instrument: intervention.instrument(),
                action_taken: intervention.name().to_owned(),
                details: json!(intervention),
            })
        }
        Record::Decision(record) => batch.decisions.push(decision(seq, at, input_seq, *record)),
        Record::Order(record) => batch.orders.push(OrderRow { seq, at, order: record.order }),
        Record::Fill(fill) => batch.fills.push(FillRow { seq, fill }),
        Record::Signal(id, signal) => batch.signals.push(SignalRow { id, signal }),
        Record::RiskWord(word) => batch.risk_words.push(word),
        Record::Trade(trade) => batch.trades.push(trade),
        Record::Marked(mark) => batch.portfolio.push(portfolio(at, *mark)),
        Record::StateChanged(changed) => {
            // What a person's word changed is told of the word.
            if batch.risk_events.last().is_none_or(|last| last.id != intervention_row(head_seq)) {
                let alert = found::of_limit(at, &changed);
                batch.alerts.extend(alert.map(|alert| found::row(head_seq, alert)));
            }
            batch.risk_events.push(RiskEventRow {
                // A person may change it there and back after one watermark.
                id: Id::of(RunSeed(0), head_seq, "risk_event", changed.to.name()),
                at,
                input_seq,
                kind: "trading_state".to_owned(),
                severity: match changed.to {
                    TradingState::Active => Severity::Info,
                    TradingState::Reducing => Severity::Warning,
                    TradingState::Halted => Severity::Critical,
                },
                instrument: None,
                details: json!({
                    "from": changed.from.name(),
                    "to": changed.to.name(),
                    "drawdown_ratio": changed.drawdown_ratio,
                    "day_loss_ratio": changed.day_loss_ratio,
                    "equity_quote": changed.equity_quote,
                    "ledger_seq": head_seq,
                }),
                action_taken: match changed.to {
                    TradingState::Active => "entries allowed again",
                    TradingState::Reducing => {
                        "no entries until the next UTC day, or until a person resumes"
                    }
                    TradingState::Halted => "no entries until a person lifts the halt",
                }
                .to_owned(),
            })
        }
    }
}

/// The row of the intervention that is entry `seq` of the ledger.
pub fn intervention_row(seq: u64) -> Id {
    Id::of(RunSeed(0), seq, "risk_event", "intervention")
}

fn severity(intervention: &Intervention) -> Severity {
    let command = match intervention {
        Intervention::Operator { command, .. } => command,
        Intervention::TooLittle { .. } => return Severity::Warning,
        Intervention::Unprotected { .. } | Intervention::Halted { .. } => {
            return Severity::Critical;
        }
    };
    match command {
        OperatorCommand::Resume => Severity::Info,
        OperatorCommand::Pause | OperatorCommand::Reduce | OperatorCommand::Close { .. } => {
            Severity::Warning
        }
        OperatorCommand::Halt => Severity::Critical,
    }
}

fn decision(seq: u64, at: UtcMs, input_seq: u64, record: DecisionRecord) -> DecisionRow {
    let (verdict, denial, quantity) = match &record.verdict {
        Verdict::Hold => ("none", None, None),
        Verdict::Approved(approved) => ("approved", None, Some(approved.quantity())),
        Verdict::Denied(denial) => ("denied", Some(denial.to_string()), None),
    };
    DecisionRow {
        id: record.id,
        seq,
        at,
        input_seq,
        instrument: record.intent.instrument,
        action: record.intent.action,
        reason: record.intent.reason.name().to_owned(),
        verdict: verdict.to_owned(),
        denial,
        score: record.intent.score,
        confidence: record.intent.confidence,
        reference: record.intent.reference,
        quantity,
        stop: record.intent.stop,
        target: record.intent.target,
    }
}

fn portfolio(at: UtcMs, mark: AccountMark) -> PortfolioRow {
    let view = mark.view;
    PortfolioRow {
        at,
        cash_quote: view.cash_quote,
        equity_quote: view.equity_quote,
        heat_ratio: view.heat_quote.ratio_of(view.equity_quote),
        drawdown_ratio: view.drawdown_ratio(),
        open_positions: view.positions,
        day_pnl_quote: view.equity_quote.minus(view.day_open_equity_quote).unwrap_or(Money::ZERO),
        realised_quote: mark.realised_quote,
        fees_quote: mark.fees_quote,
        positions: json!(view.held_base),
    }
}

/// Adds what the collector found beside its releases.
pub fn add_notes(batch: &mut Batch, notes: Vec<Note>) {
    for note in notes {
        match note {
            Note::Missing { instrument, timeframe, from, to, count } => batch.holes.push(HoleRow {
                instrument,
                timeframe,
                from_time: from,
                until_time: to,
                missing: count,
            }),
            Note::Corrected { instrument, after } => batch.corrections.push(CorrectionRow {
                instrument,
                candle: after,
                noticed_at: after.close_time(),
            }),
        }
    }
}
