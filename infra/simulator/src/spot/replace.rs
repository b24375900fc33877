//! Orders that take another's place, and orders that are made smaller.

use serde_json::{Value, json};

use super::desk::{Answer, Desk, unknown_cancelled};
use super::order::quote_of;
use super::render;
use super::trading::paid_with;
use crate::params::{Params, Refusal, refusal};

/// Under which names a replacement's cancel has what a cancel has.
const CANCEL: [(&str, &str); 5] = [
    ("symbol", "symbol"),
    ("cancelOrderId", "orderId"),
    ("cancelOrigClientOrderId", "origClientOrderId"),
    ("cancelNewClientOrderId", "newClientOrderId"),
    ("cancelRestrictions", "cancelRestrictions"),
];

fn told(answer: &Answer) -> Value {
    match answer {
        Ok(body) => body.clone(),
        Err(refusal) => json!({ "code": refusal.code, "msg": refusal.message }),
    }
}

fn word(answer: &Answer) -> &'static str {
    if answer.is_ok() { "SUCCESS" } else { "FAILURE" }
}

impl Desk<'_> {
    /// Cancels an order and places another. Where the cancel fails, the other is placed or not as
    /// the mode says.
    pub(crate) fn replace(&mut self, params: &Params) -> Answer {
        let stops = match params.mandatory("cancelReplaceMode")? {
            "STOP_ON_FAILURE" => true,
            "ALLOW_FAILURE" => false,
            _ => {
                let message = "Data sent for parameter 'cancelReplaceMode' is not valid.";
                return Err(refusal(-1130, message));
            }
        };
        let pairs = CANCEL.iter().filter_map(|(sent, meant)| {
            params.get(sent).map(|value| ((*meant).to_owned(), value.to_owned()))
        });
        let cancel = Params::of(pairs.collect(), &CANCEL.map(|(_, meant)| meant))?;
        let cancelled = self.cancel(&cancel);
        if cancelled.is_err() && stops {
            let data = json!({
                "cancelResult": "FAILURE", "newOrderResult": "NOT_ATTEMPTED",
                "cancelResponse": told(&cancelled), "newOrderResponse": null,
            });
            return Err(refusal(-2022, "Order cancel-replace failed.").with(data));
        }
        let placed = self.place(params);
        let outcome = json!({
            "cancelResult": word(&cancelled), "newOrderResult": word(&placed),
            "cancelResponse": told(&cancelled), "newOrderResponse": told(&placed),
        });
        match (cancelled.is_ok(), placed.is_ok()) {
            (true, true) => Ok(outcome),
            (false, false) => Err(refusal(-2022, "Order cancel-replace failed.").with(outcome)),
            _ => Err(refusal(-2021, "Order cancel-replace partially failed.").with(outcome)),
        }
    }

    /// Makes an order smaller; it keeps its place in the book.
    pub(crate) fn amend(&mut self, params: &Params) -> Answer {
        let (symbol, market) = self.market(params)?;
        let rejected = |why: &str| refusal(-2038, format!("Order amend rejected: {why}."));
        let id = self.meant(params, symbol)?.ok_or_else(no_such)?;
        params.mandatory("newQty")?;
        let quantity = params.amount("newQty")?.unwrap_or_default();
        let name = params.client_name("newClientOrderId")?;
        if !self.account.open.contains(&id) {
            return Err(unknown_cancelled());
        }
        let step = market.filters.step.to_decimal();
        let order = self.account.orders.get_mut(&id).ok_or_else(unknown_cancelled)?;
        let ticket = order.ticket;
        if order.list.is_some() || !ticket.kind.has_limit() {
            return Err(rejected("the order can't be changed"));
        }
        let is_on_step = quantity.checked_rem(step).is_some_and(|beyond| beyond.is_zero());
        if quantity <= order.filled || quantity >= ticket.quantity || !is_on_step {
            return Err(rejected("the new quantity must be smaller and above what is filled"));
        }
        let less = ticket.quantity - quantity;
        let released = match ticket.side {
            domain::order::Side::Sell => less,
            domain::order::Side::Buy => quote_of(ticket.price, less).unwrap_or_default(),
        };
        let released = released.min(order.locked);
        order.locked -= released;
        order.ticket.quantity = quantity;
        order.updated = self.now;
        let before = order.name.clone();
        if let Some(name) = name {
            order.name = name;
        }
        self.account.unlock(paid_with(market, ticket.side), released);
        let mut floor = self.floor(symbol, market);
        floor.tell(id, "REPLACED", None, None);
        floor.account.tell_balances(market, floor.now);
        let execution = self.ids.execution;
        let order = self.account.orders.get(&id).ok_or_else(unknown_cancelled)?;
        let mut amended = render::queried(order);
        amended["origClientOrderId"] = json!(before);
        Ok(json!({
            "transactTime": self.now.ms(), "executionId": execution, "amendedOrder": amended,
        }))
    }
}

fn no_such() -> Refusal {
    refusal(-2013, "Order does not exist.")
}
