//! `decisions`: what was decided, and why.

use decision::record::DecisionRecord;
use domain::canonical;
use domain::intent::Action;
use serde_json::json;
use store::decisions::DecisionRow;
use store::rows::Filter;
use store::store::Store;

use crate::cli::Decisions;
use crate::config::settings::Settings;
use crate::ending::{Code, Failure, Outcome};
use crate::verbs::listing::Asked;
use crate::verbs::output::{self, Column, moment, or_empty};
use crate::verbs::reading;
use crate::verbs::story::{self, Sequel};

type Col = Column<DecisionRow>;

const COLUMNS: [Col; 15] = [
    Col::text("at", |d| d.at.to_string()).headed("time (UTC)").shown(|d| moment(d.at)),
    Col::text("pair", |d| d.instrument.to_string()),
    Col::text("action", |d| d.action.to_string()),
    Col::text("reason", |d| d.reason.clone()),
    Col::text("verdict", |d| d.verdict.clone())
        .shown(|d| if d.verdict == "none" { String::new() } else { d.verdict.clone() }),
    Col::number("score", |d| or_empty(d.score))
        .shown(|d| or_empty(d.score.map(|score| format!("{score:+.1}")))),
    Col::number("confidence", |d| or_empty(d.confidence))
        .headed("conf.")
        .shown(|d| or_empty(d.confidence.map(|confidence| format!("{confidence:.3}")))),
    Col::number("reference", |d| d.reference.to_string()),
    Col::number("quantity", |d| or_empty(d.quantity)),
    Col::number("stop", |d| or_empty(d.stop)),
    Col::number("target", |d| or_empty(d.target)),
    Col::text("id", |d| d.id.to_string()).shown(|d| format!("{:.12}", d.id.to_string())),
    Col::text("denial", |d| or_empty(d.denial.as_ref())),
    Col::number("seq", |d| d.seq.to_string()).hidden(),
    Col::number("input_seq", |d| d.input_seq.to_string()).hidden(),
];

/// Lists decisions, or tells the story of one.
pub(crate) fn decisions(asked: &Decisions, settings: &Settings, json: bool) -> Outcome<()> {
    match &asked.why {
        Some(id) => why(id, settings, json),
        None => {
            let asked = Asked::of(&asked.listing, json)?;
            let filter = asked.of_store();
            let rows =
                reading::read(settings, async |store, _| Ok(store.decisions(&filter).await?))?;
            asked.print("decisions", &COLUMNS, &rows, &["at"])
        }
    }
}

fn why(prefix: &str, settings: &Settings, json: bool) -> Outcome<()> {
    let text = reading::read(settings, async |store, _| {
        let row = reading::decision(store, prefix).await?;
        let (policy, payload) = evidence(store, &row).await?;
        let record: DecisionRecord = canonical::decode(&payload)?;
        let sequel = sequel(store, &row).await?;
        if json {
            let document = json!({
                "seq": row.seq,
                "at": row.at,
                "at_utc": row.at.to_string(),
                "input_seq": row.input_seq,
                "decision": canonical::readable(&payload)?,
                "orders": sequel.steps.iter().map(|(at, step)| {
                    output::with_utc(json!({ "at": at, "transition": step }), &["at"])
                }).collect::<Vec<_>>(),
                "trade": sequel.trade,
            });
            return Ok(format!("{document:#}\n"));
        }
        Ok(story::tell(&row, &record, &policy, &sequel))
    })?;
    output::print(&text)
}

/// The policy that a decision was made under, and the text of its record.
async fn evidence(store: &Store, row: &DecisionRow) -> Outcome<(decision::policy::Policy, String)> {
    let broken = |what: &str| {
        let message = format!("decision {} {what}; run `sextant verify`", row.id);
        Failure::new(Code::Store, message)
    };
    let entry = store.ledger_entries(row.seq, row.seq).await?.into_iter().next();
    let entry = entry.ok_or_else(|| broken("has no entry in the ledger"))?;
    let configuration = store.configuration_of(row.seq).await?;
    let configuration = configuration.ok_or_else(|| broken("has no configuration before it"))?;
    let configuration: decision::record::ConfigurationRecord =
        canonical::decode(&configuration.payload)?;
    Ok((configuration.policy, entry.payload))
}

/// What became of it: transitions of its orders, and the trade that it opened or closed.
async fn sequel(store: &Store, row: &DecisionRow) -> Outcome<Sequel> {
    let mut steps = Vec::new();
    if row.action != Action::Hold {
        for entry in store.orders_of(row.id, row.seq).await? {
            steps.push((entry.at, canonical::decode(&entry.payload)?));
        }
    }
    let after =
        Filter { instrument: Some(row.instrument), from: Some(row.at), ..Filter::default() };
    let closes = row.action == Action::Sell && row.quantity.is_some();
    let trade =
        match (row.action, closes) {
            (Action::Hold, _) | (Action::Sell, false) => None,
            _ => store.trades(&after).await?.into_iter().find(|trade| {
                trade.decision_id == row.id || (closes && trade.entry_time <= row.at)
            }),
        };
    Ok(Sequel { steps, trade })
}
