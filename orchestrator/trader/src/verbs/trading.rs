//! Whether positions may be opened, why not, and since when: read from the store.

use domain::intervention::Intervention;
use domain::time::UtcMs;
use serde::Serialize;
use serde_json::Value;
use store::risk_events::RiskEventRow;
use store::rows::Filter;
use store::store::Store;

use crate::desk::rows;
use crate::ending::Outcome;

/// Changes after one watermark are told apart by the ledger; more than this there are never.
const LATEST: u32 = 100;

/// The trading state.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Trading {
    /// `active`, `reducing` or `halted`.
    pub(crate) state: String,
    /// Why it is so, where it is not active.
    pub(crate) why: Option<String>,
    /// The watermark at which it became so.
    pub(crate) since: Option<UtcMs>,
}

/// Reads it.
pub(crate) async fn read(store: &Store) -> Outcome<Trading> {
    let latest = Filter { limit: Some(LATEST), ..Filter::default() };
    let events = store.risk_events(&latest).await?;
    let changes = events.iter().filter(|event| event.kind == "trading_state");
    Ok(match changes.max_by_key(|event| (event.at, ledger_seq(event))) {
        Some(change) => of(change, &events),
        None => Trading { state: "active".to_owned(), why: None, since: None },
    })
}

fn ledger_seq(event: &RiskEventRow) -> u64 {
    event.details.get("ledger_seq").and_then(Value::as_u64).unwrap_or_default()
}

fn of(change: &RiskEventRow, events: &[RiskEventRow]) -> Trading {
    let told = |name| change.details.get(name).and_then(Value::as_str);
    let state = told("to").unwrap_or("active").to_owned();
    let id = rows::intervention_row(ledger_seq(change));
    let word = events.iter().find(|event| event.id == id);
    let word = word.and_then(|event| serde_json::from_value(event.details.clone()).ok());
    let percent =
        |name| 100.0 * change.details.get(name).and_then(Value::as_f64).unwrap_or_default();
    let why = match word {
        _ if state == "active" => None,
        Some(word) => Some(Intervention::to_string(&word)),
        None if state == "halted" => {
            Some(format!("the drawdown reached {:.2} %", percent("drawdown_ratio")))
        }
        None => Some(format!("the day's loss reached {:.2} %", percent("day_loss_ratio"))),
    };
    Trading { state, why, since: Some(change.at) }
}
