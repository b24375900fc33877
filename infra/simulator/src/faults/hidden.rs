//! Orders that the venue has and doesn't tell of yet.

use std::collections::BTreeSet;

use domain::time::UtcMs;
use serde_json::Value;

use super::call::Call;
use super::plan::MarketName;

/// Orders that can't be found for a while.
#[derive(Debug, Default)]
pub(crate) struct Hidden(Vec<Veil>);

#[derive(Debug)]
struct Veil {
    market: MarketName,
    account: String,
    /// The client's names and the venue's numbers of it.
    ids: BTreeSet<String>,
    until: UtcMs,
}

/// Where an order's or a list's names and numbers stand.
const FIELDS: [&str; 8] = [
    "orderId",
    "clientOrderId",
    "orderListId",
    "listClientOrderId",
    "algoId",
    "clientAlgoId",
    "actualOrderId",
    "origClientOrderId",
];

fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) if !text.is_empty() => Some(text.clone()),
        Value::Number(number) if number.as_i64().is_some_and(|n| n > 0) => Some(number.to_string()),
        _ => None,
    }
}

/// All that this answer names orders and lists by, those inside it included.
fn ids(answer: &Value, found: &mut BTreeSet<String>) {
    found.extend(FIELDS.iter().filter_map(|field| text(&answer[field])));
    for inside in ["orders", "orderReports"] {
        for order in answer[inside].as_array().into_iter().flatten() {
            ids(order, found);
        }
    }
    for order in answer.as_array().into_iter().flatten() {
        ids(order, found);
    }
}

impl Hidden {
    /// Hides what a request placed, as its answer tells.
    pub(crate) fn hide(&mut self, call: &Call, answer: &Value, until: UtcMs) {
        let mut found: BTreeSet<String> = call.names().map(str::to_owned).collect();
        ids(answer, &mut found);
        let (market, account) = (call.market, call.account.clone());
        self.0.push(Veil { market, account, ids: found, until });
    }

    /// What is hidden from this request at `now`.
    fn from(&mut self, call: &Call, now: UtcMs) -> BTreeSet<String> {
        self.0.retain(|veil| veil.until > now);
        let theirs = |veil: &&Veil| veil.market == call.market && veil.account == call.account;
        self.0.iter().filter(theirs).flat_map(|veil| veil.ids.iter().cloned()).collect()
    }

    /// Whether the request is about an order that is hidden.
    pub(crate) fn is_about(&mut self, call: &Call, now: UtcMs) -> bool {
        let hidden = self.from(call, now);
        call.names().chain(call.numbers()).any(|id| hidden.contains(id))
    }

    /// Takes hidden orders out of an answer; whether that is about nothing else.
    pub(crate) fn filter(&mut self, call: &Call, answer: &mut Value, now: UtcMs) -> bool {
        let hidden = self.from(call, now);
        if hidden.is_empty() {
            return false;
        }
        let is_hidden = |value: &Value| {
            let mut found = BTreeSet::new();
            ids(value, &mut found);
            !found.is_disjoint(&hidden)
        };
        match answer {
            Value::Array(rows) => {
                rows.retain(|row| !is_hidden(row));
                false
            }
            answer => is_hidden(answer),
        }
    }
}
