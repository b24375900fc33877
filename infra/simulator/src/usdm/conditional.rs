//! Where an account's requests about conditional orders are answered.

use serde_json::{Value, json};

use super::algo::Algo;
use super::check;
use super::desk::{Answer, Desk, done, duplicate, no_such_order, unknown_cancelled};
use super::queries::between;
use super::render;
use crate::params::{Params, Refusal, refusal};
use crate::rows::page;

impl Desk<'_> {
    pub(crate) fn place_algo(&mut self, params: &Params) -> Answer {
        let (symbol, market) = self.market(params)?;
        let ticket = params.algo_ticket(self.account.hedge)?;
        let name = self.name(params, "clientAlgoId")?;
        let last = self.last(symbol)?;
        let ticket = ticket.begin(last)?;
        check::algo(market, &ticket, last)?;
        check::algo_room(self.account)?;
        let mut waiting = self.account.waiting.iter().filter_map(|id| self.account.algos.get(id));
        if waiting.any(|algo| algo.name == name) {
            return Err(duplicate());
        }
        let mut floor = self.floor(symbol);
        if ticket.order.close_position && floor.has_closing(&ticket) {
            let message = "An open stop or take profit order with GTE and closePosition in the \
                           direction is existing.";
            return Err(refusal(-4130, message));
        }
        let id = floor.wait(ticket, name);
        self.told(id)
    }

    fn told(&self, id: u64) -> Answer {
        let algo = self.account.algos.get(&id).ok_or_else(no_such_order)?;
        Ok(render::algo_of(self.account, algo))
    }

    /// The number of the one that is meant.
    fn meant_algo(&self, params: &Params) -> Result<Option<u64>, Refusal> {
        let (id, name) = (params.id("algoId")?, params.get("clientAlgoId"));
        if id.is_none() && name.is_none() {
            let message =
                "Param 'algoId' or 'clientAlgoId' must be sent, but both were empty/null!";
            return Err(refusal(-1102, message));
        }
        let is_meant = |algo: &&Algo| match id {
            Some(id) => algo.id == id,
            None => name == Some(&algo.name),
        };
        Ok(self.account.algos.values().rev().find(is_meant).map(|algo| algo.id))
    }

    pub(crate) fn cancel_algo(&mut self, params: &Params) -> Answer {
        let id = self.meant_algo(params)?.ok_or_else(unknown_cancelled)?;
        let algo = self.account.algos.get(&id).cloned().ok_or_else(unknown_cancelled)?;
        if !self.floor(&algo.symbol).cancel_algo(id) {
            return Err(unknown_cancelled());
        }
        Ok(json!({
            "algoId": id, "clientAlgoId": algo.name, "code": "200", "msg": "success",
        }))
    }

    pub(crate) fn cancel_all_algos(&mut self, params: &Params) -> Answer {
        let (symbol, _) = self.market(params)?;
        let waiting: Vec<u64> = self.account.waiting_algos(symbol).map(|algo| algo.id).collect();
        for id in waiting {
            self.floor(symbol).cancel_algo(id);
        }
        Ok(done("The operation of cancel all open order is done."))
    }

    pub(crate) fn algo(&mut self, params: &Params) -> Answer {
        let id = self.meant_algo(params)?.ok_or_else(no_such_order)?;
        self.told(id)
    }

    pub(crate) fn open_algos(&mut self, params: &Params) -> Answer {
        let (named, id) = (self.named(params)?, params.id("algoId")?);
        let waiting = self.account.waiting.iter().filter_map(|id| self.account.algos.get(id));
        let waiting = waiting.filter(|algo| {
            named.is_none_or(|symbol| algo.symbol == symbol) && id.is_none_or(|id| algo.id == id)
        });
        Ok(waiting.map(|algo| render::algo_of(self.account, algo)).collect())
    }

    pub(crate) fn all_algos(&mut self, params: &Params) -> Answer {
        let (symbol, _) = self.market(params)?;
        let (from, is_within) = (params.id("algoId")?, between(params)?);
        let limit = params.limit(500, 1000)?;
        let asked = |algo: &&Algo| {
            algo.symbol == symbol
                && from.is_none_or(|from| algo.id >= from)
                && is_within(algo.created)
        };
        let algos: Vec<_> = self.account.algos.values().filter(asked).collect();
        let is_from = from.is_some() || params.get("startTime").is_some();
        let algos = page(algos, is_from, limit).into_iter();
        Ok(algos.map(|algo| render::algo_of(self.account, algo)).collect::<Value>())
    }
}
