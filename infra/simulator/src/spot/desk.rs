//! Where an account's requests about orders are answered.

use domain::time::UtcMs;
use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::account::{Account, Ids};
use super::check;
use super::lists;
use super::order::{Kind, OrderList, Status, Ticket, TimeInForce};
use super::render::{self, Detail};
use super::request::{LEGS, PENDING, SINGLE, WORKING};
use super::trading::Floor;
use crate::faults::names::FaultName;
use crate::faults::orders::fate;
use crate::faults::plan::Fault;
use crate::history::{History, Market};
use crate::options::Trading;
use crate::params::{Params, Refusal, refusal, unknown_symbol};

pub(crate) type Answer = Result<Value, Refusal>;

/// An account that asks, and what the venue knows at that moment.
#[derive(Debug)]
pub(crate) struct Desk<'a> {
    pub(crate) account: &'a mut Account,
    pub(crate) ids: &'a mut Ids,
    pub(crate) history: &'a History,
    pub(crate) now: UtcMs,
    pub(crate) trading: Trading,
    /// What the venue does with what is asked for.
    pub(crate) fates: Vec<Fault>,
}

fn duplicate() -> Refusal {
    refusal(-2010, "Duplicate order sent.")
}

pub(crate) fn unknown_cancelled() -> Refusal {
    refusal(-2011, "Unknown order sent.")
}

impl<'a> Desk<'a> {
    pub(crate) fn market<'p>(&self, params: &'p Params) -> Result<(&'p str, &'a Market), Refusal> {
        let symbol = params.symbol()?;
        let market = self.history.markets.get(symbol).ok_or_else(unknown_symbol)?;
        Ok((symbol, market))
    }

    pub(crate) fn floor<'b>(&'b mut self, symbol: &'b str, market: &'b Market) -> Floor<'b> {
        let (now, trading) = (self.now, self.trading);
        let candle = self.history.last_candle(market, now);
        Floor { account: self.account, ids: self.ids, market, symbol, now, trading, candle }
    }

    /// The last price, which a market without one yet has not.
    fn last(&self, market: &Market) -> Result<Decimal, Refusal> {
        let last = self.history.price(market, self.now).to_decimal();
        if last.is_zero() { Err(refusal(-2010, "Market is closed.")) } else { Ok(last) }
    }

    /// The name that was sent, or one of the venue's.
    fn name(&self, params: &Params, field: &str, kind: &str) -> Result<String, Refusal> {
        let made = || format!("sim-{kind}-{}-{}", self.ids.order + 1, self.ids.execution);
        Ok(params.client_name(field)?.unwrap_or_else(made))
    }

    /// An order that the filters take, with its market, its name and the last price.
    fn new_order<'p>(
        &self,
        params: &'p Params,
    ) -> Result<(&'p str, &'a Market, Ticket, String, Decimal), Refusal> {
        let (symbol, market) = self.market(params)?;
        params.plain()?;
        let mut ticket = params.ticket(SINGLE)?;
        let name = self.name(params, SINGLE.name, "o")?;
        let last = self.last(market)?;
        if !ticket.quote_quantity.is_zero() {
            ticket.quantity = check::quantity_for(market, ticket.quote_quantity, last);
        }
        check::ticket(market, &ticket, last)?;
        check::room(self.account, symbol, &[&ticket])?;
        check::is_placeable(&ticket, last)?;
        Ok((symbol, market, ticket, name, last))
    }

    pub(crate) fn place(&mut self, params: &Params) -> Answer {
        let (symbol, market, ticket, name, last) = self.new_order(params)?;
        let detail = params.detail(Detail::usual(ticket.kind))?;
        if self.account.has_open(&name) {
            return Err(duplicate());
        }
        let id = {
            let fates = std::mem::take(&mut self.fates);
            self.floor(symbol, market).place(ticket, name, last, &fates)?
        };
        let order = self.account.orders.get(&id).ok_or_else(unknown_cancelled)?;
        Ok(render::placed(order, &self.account.trades, detail))
    }

    pub(crate) fn test(&mut self, params: &Params) -> Answer {
        self.new_order(params)?;
        if params.get("computeCommissionRates") != Some("true") {
            return Ok(json!({}));
        }
        let rates = self.rates();
        let none = json!({ "maker": "0.00000000", "taker": "0.00000000" });
        Ok(json!({
            "standardCommissionForOrder": rates, "specialCommissionForOrder": none,
            "taxCommissionForOrder": none,
            "discount": {
                "enabledForAccount": false, "enabledForSymbol": false, "discountAsset": "BNB",
                "discount": "0.00000000",
            },
        }))
    }

    pub(crate) fn rates(&self) -> Value {
        let (maker, taker) = (self.account.maker_rate, self.account.taker_rate);
        json!({ "maker": render::eight(maker), "taker": render::eight(taker) })
    }

    pub(crate) fn place_pair(&mut self, params: &Params) -> Answer {
        let (symbol, market) = self.market(params)?;
        params.plain()?;
        let detail = params.detail(Detail::Result)?;
        let last = self.last(market)?;
        let name = self.name(params, "listClientOrderId", "l")?;
        let [above, below] = LEGS.map(|names| params.ticket(names));
        let (above, below) = (above?, below?);
        lists::check(&above, &below, last)?;
        for ticket in [&above, &below] {
            check::ticket(market, ticket, last)?;
            check::is_placeable(ticket, last)?;
        }
        check::room(self.account, symbol, &[&above, &below])?;
        let above_name = self.name(params, LEGS[0].name, "a")?;
        let below_name = self.name(params, LEGS[1].name, "b")?;
        let names = [above_name, below_name];
        self.unused(&name, &names)?;
        let [above_name, below_name] = names;
        let legs = [(above, above_name), (below, below_name)];
        let fates = std::mem::take(&mut self.fates);
        let id = self.floor(symbol, market).place_pair(name, legs, last, &fates)?;
        self.placed_list(id, detail)
    }

    fn placed_list(&self, id: u64, detail: Detail) -> Answer {
        let list = self.account.lists.get(&id).ok_or_else(unknown_cancelled)?;
        let orders = list.orders.iter().filter_map(|id| self.account.orders.get(id));
        let reports = orders.map(|order| render::placed(order, &self.account.trades, detail));
        Ok(with_reports(render::list(self.account, list), reports.collect()))
    }

    pub(crate) fn place_bracket(&mut self, params: &Params) -> Answer {
        let (symbol, market) = self.market(params)?;
        params.plain()?;
        let detail = params.detail(Detail::Result)?;
        let last = self.last(market)?;
        let name = self.name(params, "listClientOrderId", "l")?;
        let entry = params.ticket(WORKING)?;
        let [above, below] = PENDING.map(|names| params.ticket(names));
        let (above, below) = (above?, below?);
        if !matches!(entry.kind, Kind::Limit | Kind::LimitMaker)
            || entry.time_in_force != TimeInForce::Gtc
        {
            return Err(refusal(-2010, "Unsupported order combination"));
        }
        // Where the pair starts to work, the price is the entry's.
        lists::check(&above, &below, entry.price)?;
        for ticket in [&entry, &above, &below] {
            check::ticket(market, ticket, last)?;
        }
        check::is_placeable(&entry, last)?;
        check::room(self.account, symbol, &[&entry, &above, &below])?;
        let names = [
            self.name(params, WORKING.name, "w")?,
            self.name(params, PENDING[0].name, "a")?,
            self.name(params, PENDING[1].name, "b")?,
        ];
        self.unused(&name, &names)?;
        let [entry_name, above_name, below_name] = names;
        let (entry, pair) = ((entry, entry_name), [(above, above_name), (below, below_name)]);
        let fates = std::mem::take(&mut self.fates);
        let id = self.floor(symbol, market).place_bracket(name, entry, pair, last, &fates)?;
        self.placed_list(id, detail)
    }

    /// Refuses names that are taken, or that are the same.
    fn unused(&self, list: &str, names: &[String]) -> Result<(), Refusal> {
        let is_taken = |known: &OrderList| !known.is_done && known.name == list;
        let repeated = |n: usize| names[..n].contains(&names[n]);
        if (0..names.len()).any(repeated)
            || names.iter().any(|name| self.account.has_open(name))
            || self.account.lists.values().any(is_taken)
        {
            return Err(duplicate());
        }
        Ok(())
    }

    /// The number of the order that is meant, in this market.
    pub(crate) fn meant(&self, params: &Params, symbol: &str) -> Result<Option<u64>, Refusal> {
        let (id, name) = (params.id("orderId")?, params.get("origClientOrderId"));
        if id.is_none() && name.is_none() {
            let message =
                "Param 'origClientOrderId' or 'orderId' must be sent, but both were empty/null!";
            return Err(refusal(-1102, message));
        }
        let is_meant = |order: &&super::order::Order| {
            order.symbol == symbol
                && id.is_none_or(|id| order.id == id)
                && name.is_none_or(|name| order.name == name)
        };
        // A name may be used again once its order is done: the latest is meant.
        Ok(self.account.orders.values().rev().find(is_meant).map(|order| order.id))
    }

    pub(crate) fn cancel(&mut self, params: &Params) -> Answer {
        let (symbol, market) = self.market(params)?;
        let id = self.meant(params, symbol)?.ok_or_else(unknown_cancelled)?;
        let cancel = self.name(params, "newClientOrderId", "c")?;
        if !self.account.open.contains(&id) {
            return Err(unknown_cancelled());
        }
        let order = self.account.orders.get(&id);
        let is_partial = order.is_some_and(|order| order.status == Status::PartiallyFilled);
        match params.get("cancelRestrictions") {
            None => {}
            Some("ONLY_NEW") if !is_partial => {}
            Some("ONLY_PARTIALLY_FILLED") if is_partial => {}
            Some("ONLY_NEW" | "ONLY_PARTIALLY_FILLED") => {
                let message = "Order was not canceled due to cancel restrictions.";
                return Err(refusal(-2011, message));
            }
            Some(_) => {
                let message = "Data sent for parameter 'cancelRestrictions' is not valid.";
                return Err(refusal(-1130, message));
            }
        }
        if fate(&self.fates, FaultName::PhantomCancel).is_some() {
            return self.fill_and_cancel(id, (symbol, market), &cancel);
        }
        let list = self.account.orders.get(&id).and_then(|order| order.list);
        let list = list.filter(|id| self.account.lists.get(id).is_some_and(|list| !list.is_done));
        let mut floor = self.floor(symbol, market);
        match list {
            Some(list) => floor.cancel_list(list, &cancel),
            None => floor.end(id, Status::Canceled, Some(&cancel)),
        }
        floor.account.tell_balances(market, floor.now);
        let order = self.account.orders.get(&id).ok_or_else(unknown_cancelled)?;
        Ok(render::cancelled(order, &cancel))
    }

    /// An order fills, and is answered as if it had been cancelled just before.
    fn fill_and_cancel(
        &mut self,
        id: u64,
        (symbol, market): (&str, &'a Market),
        cancel: &str,
    ) -> Answer {
        let last = self.last(market)?;
        let mut before = self.account.orders.get(&id).ok_or_else(unknown_cancelled)?.clone();
        let is_limit = before.ticket.kind.has_limit();
        let price = if is_limit { before.ticket.price } else { last };
        let mut floor = self.floor(symbol, market);
        floor.fill(id, price, is_limit);
        floor.account.tell_balances(market, floor.now);
        (before.status, before.updated) = (Status::Canceled, self.now);
        Ok(render::cancelled(&before, cancel))
    }

    pub(crate) fn cancel_all(&mut self, params: &Params) -> Answer {
        let (symbol, market) = self.market(params)?;
        let open: Vec<u64> = self.account.open_orders(symbol).map(|order| order.id).collect();
        if open.is_empty() {
            return Err(unknown_cancelled());
        }
        let cancel = self.name(params, "newClientOrderId", "c")?;
        let mut answers = Vec::new();
        for id in open {
            if !self.account.open.contains(&id) {
                continue;
            }
            let Some(order) = self.account.orders.get(&id) else { continue };
            let list = order.list.and_then(|list| self.account.lists.get(&list));
            match list.filter(|list| !list.is_done).map(|list| list.id) {
                Some(list) => {
                    self.floor(symbol, market).cancel_list(list, &cancel);
                    answers.extend(self.cancelled_list(list, &cancel));
                }
                None => {
                    self.floor(symbol, market).end(id, Status::Canceled, Some(&cancel));
                    let order = self.account.orders.get(&id);
                    answers.extend(order.map(|order| render::cancelled(order, &cancel)));
                }
            }
        }
        self.account.tell_balances(market, self.now);
        Ok(Value::Array(answers))
    }

    pub(crate) fn cancel_list(&mut self, params: &Params) -> Answer {
        let (symbol, market) = self.market(params)?;
        let list = self.meant_list(params, "listClientOrderId")?.ok_or_else(unknown_cancelled)?;
        if list.is_done || list.symbol != symbol {
            return Err(unknown_cancelled());
        }
        let id = list.id;
        let cancel = self.name(params, "newClientOrderId", "c")?;
        let mut floor = self.floor(symbol, market);
        floor.cancel_list(id, &cancel);
        floor.account.tell_balances(market, floor.now);
        self.cancelled_list(id, &cancel).ok_or_else(unknown_cancelled)
    }

    fn cancelled_list(&self, id: u64, cancel: &str) -> Option<Value> {
        let list = self.account.lists.get(&id)?;
        let orders = list.orders.iter().filter_map(|id| self.account.orders.get(id));
        let reports = orders.map(|order| render::cancelled(order, cancel)).collect();
        Some(with_reports(render::list(self.account, list), reports))
    }

    /// The list that is meant, by its number or by its name in `field`.
    pub(crate) fn meant_list(
        &self,
        params: &Params,
        field: &str,
    ) -> Result<Option<&OrderList>, Refusal> {
        let (id, name) = (params.id("orderListId")?, params.get(field));
        if id.is_none() && name.is_none() {
            let message =
                format!("Param '{field}' or 'orderListId' must be sent, but both were empty/null!");
            return Err(refusal(-1102, message));
        }
        let is_meant = |list: &&OrderList| {
            id.is_none_or(|id| list.id == id) && name.is_none_or(|name| list.name == name)
        };
        Ok(self.account.lists.values().rev().find(is_meant))
    }
}

fn with_reports(mut list: Value, reports: Vec<Value>) -> Value {
    if let Value::Object(fields) = &mut list {
        fields.insert("orderReports".to_owned(), Value::Array(reports));
    }
    list
}
