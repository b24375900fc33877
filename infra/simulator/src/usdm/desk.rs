//! Where an account's requests about plain orders are answered.

use domain::time::UtcMs;
use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::account::{Account, Ids, Venue};
use super::check;
use super::order::{Kind, Order, Origin, Status, Ticket, TimeInForce, WorkingType};
use super::render;
use super::trading::{Entry, Floor, News};
use crate::faults::names::FaultName;
use crate::faults::orders::fate;
use crate::history::Market;
use crate::params::{Params, Refusal, refusal, unknown_symbol};
use crate::spot::fills::crosses;

pub(crate) type Answer = Result<Value, Refusal>;

/// The most orders of one batch.
const MAX_BATCH: usize = 5;

/// An account that asks, and what the venue knows at that moment.
#[derive(Debug)]
pub(crate) struct Desk<'a> {
    pub(crate) account: &'a mut Account,
    pub(crate) ids: &'a mut Ids,
    pub(crate) news: &'a mut News,
    pub(crate) venue: Venue<'a>,
    /// Real time since the start.
    pub(crate) wall_ms: i64,
    pub(crate) listen_key_life_ms: i64,
}

pub(crate) fn unknown_cancelled() -> Refusal {
    refusal(-2011, "Unknown order sent.")
}

pub(crate) fn no_such_order() -> Refusal {
    refusal(-2013, "Order does not exist.")
}

pub(crate) fn duplicate() -> Refusal {
    refusal(-4116, "ClientOrderId is duplicated.")
}

pub(crate) fn done(message: &str) -> Value {
    json!({ "code": 200, "msg": message })
}

impl<'a> Desk<'a> {
    pub(crate) fn market<'p>(&self, params: &'p Params) -> Result<(&'p str, &'a Market), Refusal> {
        let symbol = params.symbol()?;
        let market = self.venue.history.perpetuals.get(symbol).ok_or_else(unknown_symbol)?;
        Ok((symbol, market))
    }

    /// The symbol that is named, if one is.
    pub(crate) fn named<'p>(&self, params: &'p Params) -> Result<Option<&'p str>, Refusal> {
        match params.get("symbol") {
            Some(_) => self.market(params).map(|(symbol, _)| Some(symbol)),
            None => Ok(None),
        }
    }

    pub(crate) fn floor<'b>(&'b mut self, symbol: &'b str) -> Floor<'b> {
        let Self { account, ids, news, venue, .. } = self;
        Floor { account, ids, news, venue: *venue, symbol }
    }

    /// The last price, which a market without one yet has not.
    pub(crate) fn last(&self, symbol: &str) -> Result<Decimal, Refusal> {
        let last = self.venue.mark(symbol);
        if last.is_zero() { Err(refusal(-4141, "Symbol is closed.")) } else { Ok(last) }
    }

    /// The name that was sent, or one of the venue's.
    pub(crate) fn name(&self, params: &Params, field: &str) -> Result<String, Refusal> {
        let made = || format!("sim-{}-{}", self.ids.order + 1, self.ids.algo % 1_000_000);
        Ok(params.order_name(field)?.unwrap_or_else(made))
    }

    /// An order that the filters and the margin take, with its name and the last price.
    fn new_order<'p>(
        &mut self,
        params: &'p Params,
    ) -> Result<(&'p str, Ticket, String, Decimal), Refusal> {
        let (symbol, market) = self.market(params)?;
        let asked = params.plain_ticket(self.account.hedge)?;
        let name = self.name(params, "newClientOrderId")?;
        let last = self.last(symbol)?;
        let mut ticket = asked.ticket;
        if asked.is_matched {
            // The book has one price.
            ticket.price = last;
        }
        check::ticket(market, &ticket, last)?;
        check::room(self.account, symbol)?;
        if self.account.has_open(&name) {
            return Err(duplicate());
        }
        check::time(&ticket, self.venue.now)?;
        let takes = ticket.kind == Kind::Market || crosses(ticket.side, ticket.price, last);
        match ticket.time_in_force {
            TimeInForce::Gtx if takes && !asked.is_matched => {
                let message = "Due to the order could not be executed as maker, the Post Only order \
                               will be rejected. The order will not be recorded in the order \
                               history";
                return Err(refusal(-5022, message));
            }
            TimeInForce::Fok if !takes => {
                let message = "Due to the order could not be filled immediately, the FOK order has \
                               been rejected. The order will not be recorded in the order history";
                return Err(refusal(-5021, message));
            }
            _ => {}
        }
        let counts_at = if ticket.kind == Kind::Market { last } else { ticket.price };
        self.floor(symbol).admit(&ticket, counts_at, last)?;
        Ok((symbol, ticket, name, last))
    }

    pub(crate) fn place(&mut self, params: &Params) -> Answer {
        let is_brief = match params.get("newOrderRespType") {
            None | Some("ACK") => true,
            Some("RESULT") => false,
            Some(_) => {
                let message = "Data sent for parameter 'newOrderRespType' is not valid.";
                return Err(refusal(-1130, message));
            }
        };
        let (symbol, ticket, name, last) = self.new_order(params)?;
        let id = self.floor(symbol).place(Entry::of(ticket, name), last);
        let order = self.account.orders.get(&id).ok_or_else(no_such_order)?;
        Ok(if is_brief { render::taken(order) } else { render::order(order) })
    }

    pub(crate) fn test(&mut self, params: &Params) -> Answer {
        let (symbol, ticket, name, _) = self.new_order(params)?;
        let now = self.venue.now;
        let order = Order {
            id: 0,
            symbol: symbol.to_owned(),
            name,
            ticket,
            origin: Origin::Client,
            sent_kind: ticket.kind.word(),
            stop: Decimal::ZERO,
            working_type: WorkingType::ContractPrice,
            status: Status::New,
            filled: Decimal::ZERO,
            filled_quote: Decimal::ZERO,
            created: now,
            updated: now,
            since: now,
        };
        Ok(render::order(&order))
    }

    /// Places several orders; each is answered for itself.
    pub(crate) fn place_batch(&mut self, params: &Params) -> Answer {
        type Fields = Vec<serde_json::Map<String, Value>>;
        let list = serde_json::from_str::<Fields>(params.mandatory("batchOrders")?).ok();
        let list = list.filter(|list| (1..=MAX_BATCH).contains(&list.len()));
        let invalid = || refusal(-1130, "Data sent for parameter 'batchOrders' is not valid.");
        let answers = list.ok_or_else(invalid)?.into_iter().map(|fields| {
            let text = |value: Value| match value {
                Value::String(text) => text,
                other => other.to_string(),
            };
            let pairs = fields.into_iter().map(|(name, value)| (name, text(value))).collect();
            let answer = Params::any(pairs).and_then(|params| self.place(&params));
            answer.unwrap_or_else(refused)
        });
        Ok(answers.collect())
    }

    /// The number of the order that is meant, in this market.
    pub(crate) fn meant(&self, params: &Params, symbol: &str) -> Result<Option<u64>, Refusal> {
        let (id, name) = (params.id("orderId")?, params.get("origClientOrderId"));
        if id.is_none() && name.is_none() {
            let message =
                "Param 'origClientOrderId' or 'orderId' must be sent, but both were empty/null!";
            return Err(refusal(-1102, message));
        }
        let is_meant = |order: &&Order| {
            order.symbol == symbol
                && match id {
                    Some(id) => order.id == id,
                    None => name == Some(&order.name),
                }
        };
        // A name may be used again once its order is done: the latest is meant.
        Ok(self.account.orders.values().rev().find(is_meant).map(|order| order.id))
    }

    fn cancel_one(&mut self, symbol: &str, id: u64) -> Answer {
        if !self.account.open.contains(&id) {
            return Err(unknown_cancelled());
        }
        if fate(&self.account.fates, FaultName::PhantomCancel).is_some() {
            return self.fill_and_cancel(symbol, id);
        }
        self.floor(symbol).end(id, Status::Canceled);
        self.account.orders.get(&id).map(render::order).ok_or_else(unknown_cancelled)
    }

    /// An order fills, and is answered as if it had been cancelled just before.
    fn fill_and_cancel(&mut self, symbol: &str, id: u64) -> Answer {
        let mut before = self.account.orders.get(&id).cloned().ok_or_else(unknown_cancelled)?;
        let is_limit = before.ticket.kind == Kind::Limit;
        let price = if is_limit { before.ticket.price } else { self.last(symbol)? };
        self.floor(symbol).fill(id, price, is_limit);
        (before.status, before.updated) = (Status::Canceled, self.venue.now);
        Ok(render::order(&before))
    }

    pub(crate) fn cancel(&mut self, params: &Params) -> Answer {
        let (symbol, _) = self.market(params)?;
        let id = self.meant(params, symbol)?.ok_or_else(unknown_cancelled)?;
        self.cancel_one(symbol, id)
    }

    /// Cancels several orders by their numbers or their names; each is answered for itself.
    pub(crate) fn cancel_batch(&mut self, params: &Params) -> Answer {
        let (symbol, _) = self.market(params)?;
        let read = |name: &str| {
            // Clients write these names in small letters too.
            let text = params.get(name).or_else(|| params.get(&name.to_ascii_lowercase()));
            let list = text.map(serde_json::from_str::<Vec<Value>>).transpose();
            let invalid =
                |_| refusal(-1130, format!("Data sent for parameter '{name}' is not valid."));
            list.map_err(invalid)
        };
        let list = match (read("orderIdList")?, read("origClientOrderIdList")?) {
            (Some(list), _) | (None, Some(list)) if (1..=10).contains(&list.len()) => list,
            _ => {
                let message = "Mandatory parameter 'orderIdList' was not sent, was empty/null, or \
                               malformed.";
                return Err(refusal(-1102, message));
            }
        };
        let answers = list.into_iter().map(|meant| {
            let is_meant = |order: &&Order| match &meant {
                Value::String(name) => order.name == *name && order.symbol == symbol,
                number => Some(order.id) == number.as_u64() && order.symbol == symbol,
            };
            let id = self.account.orders.values().rev().find(is_meant).map(|order| order.id);
            let answer =
                id.ok_or_else(unknown_cancelled).and_then(|id| self.cancel_one(symbol, id));
            answer.unwrap_or_else(refused)
        });
        Ok(answers.collect())
    }

    pub(crate) fn cancel_all(&mut self, params: &Params) -> Answer {
        let (symbol, _) = self.market(params)?;
        let open: Vec<u64> = self.account.open_orders(symbol).map(|order| order.id).collect();
        for id in open {
            self.floor(symbol).end(id, Status::Canceled);
        }
        Ok(done("The operation of cancel all open order is done."))
    }

    /// Changes the price and the quantity of a limit order, which meets the market anew.
    pub(crate) fn amend(&mut self, params: &Params) -> Answer {
        let (symbol, market) = self.market(params)?;
        let id = self.meant(params, symbol)?.ok_or_else(no_such_order)?;
        let open = self.account.open.contains(&id);
        let before = self.account.orders.get(&id).filter(|_| open).cloned();
        let before = before.ok_or_else(no_such_order)?;
        for name in ["quantity", "price"] {
            params.mandatory(name)?;
        }
        let mut ticket = before.ticket;
        ticket.quantity = params.amount("quantity")?.unwrap_or_default();
        ticket.price = params.amount("price")?.unwrap_or_default();
        if params.side("side")? != ticket.side {
            return Err(refusal(-1117, "Invalid side."));
        }
        if (ticket.price, ticket.quantity) == (before.ticket.price, before.ticket.quantity) {
            return Err(refusal(-5027, "No need to modify the order."));
        }
        let last = self.last(symbol)?;
        check::ticket(market, &ticket, last)?;
        let takes = crosses(ticket.side, ticket.price, last);
        if takes && ticket.time_in_force == TimeInForce::Gtx {
            return Err(refusal(-5022, "Post Only order will be rejected."));
        }
        if ticket.quantity <= before.filled {
            return self.cancel_one(symbol, id);
        }
        // Its own claim on the margin makes room for the new one.
        self.account.open.remove(&id);
        let mut rest = ticket;
        rest.quantity -= before.filled;
        let admitted = self.floor(symbol).admit(&rest, ticket.price, last);
        self.account.open.insert(id);
        admitted?;
        let now = self.venue.now;
        if let Some(order) = self.account.orders.get_mut(&id) {
            (order.ticket, order.since, order.updated) = (ticket, now, now);
        }
        self.floor(symbol).tell(id, "AMENDMENT", None);
        if takes {
            self.floor(symbol).fill(id, last, false);
        }
        self.account.orders.get(&id).map(render::order).ok_or_else(no_such_order)
    }

    /// The dead man's switch, in market time.
    pub(crate) fn countdown(&mut self, params: &Params) -> Answer {
        let (symbol, _) = self.market(params)?;
        params.mandatory("countdownTime")?;
        let countdown_ms = params.time("countdownTime")?.unwrap_or_default().ms();
        if countdown_ms == 0 {
            self.account.countdowns.remove(symbol);
        } else {
            let ends = UtcMs::new(self.venue.now.ms().saturating_add(countdown_ms));
            self.account.countdowns.insert(symbol.to_owned(), ends);
        }
        Ok(json!({ "symbol": symbol, "countdownTime": countdown_ms.to_string() }))
    }
}

pub(crate) fn refused(refusal: Refusal) -> Value {
    json!({ "code": refusal.code, "msg": refusal.message })
}
