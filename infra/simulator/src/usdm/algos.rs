//! The life of a conditional order: it waits, starts, and becomes a plain order.

use domain::order::Side;
use rust_decimal::Decimal;

use super::account::Ids;
use super::algo::{Algo, AlgoStatus, AlgoTicket};
use super::events;
use super::order::{Kind, Origin, Status, TimeInForce};
use super::reach::{Prices, follow, trigger};
use super::trading::{Entry, Floor};
use crate::spot::fills::crosses;

/// What the venue says where the position that was to be reduced is gone.
const REDUCE_ONLY_REJECT: &str = "Reduce Only reject";

impl Floor<'_> {
    /// Takes a conditional order; it waits.
    pub(crate) fn wait(&mut self, ticket: AlgoTicket, name: String) -> u64 {
        let id = Ids::next(&mut self.ids.algo);
        let now = self.venue.now;
        let algo = Algo {
            id,
            symbol: self.symbol.to_owned(),
            name,
            ticket,
            status: AlgoStatus::New,
            order_id: None,
            reason: None,
            created: now,
            updated: now,
            triggered: None,
        };
        self.account.algos.insert(id, algo);
        self.account.waiting.insert(id);
        self.tell_algo(id);
        self.ordain_algo(id);
        id
    }

    fn tell_algo(&mut self, id: u64) {
        let Some(algo) = self.account.algos.get(&id) else { return };
        let order = algo.order_id.and_then(|id| self.account.orders.get(&id));
        let event = events::algo(algo, order, self.venue.now);
        self.account.tell(&event);
    }

    pub(crate) fn turn(&mut self, id: u64, status: AlgoStatus, reason: Option<String>) {
        if let Some(algo) = self.account.algos.get_mut(&id) {
            (algo.status, algo.updated, algo.reason) = (status, self.venue.now, reason);
        }
        if !matches!(status, AlgoStatus::New) {
            self.account.waiting.remove(&id);
        }
        self.tell_algo(id);
    }

    /// Its client cancels it; whether it still waited.
    pub(crate) fn cancel_algo(&mut self, id: u64) -> bool {
        let waits = self.account.waiting.contains(&id);
        if waits {
            self.turn(id, AlgoStatus::Canceled, None);
        }
        waits
    }

    /// The venue ends it.
    pub(crate) fn expire(&mut self, id: u64) {
        if self.account.waiting.contains(&id) {
            self.turn(id, AlgoStatus::Expired, None);
        }
    }

    /// The plain order that it became is done.
    pub(crate) fn finish(&mut self, id: u64) {
        self.turn(id, AlgoStatus::Finished, None);
    }

    /// Starts those of a kind that a candle meets. Those are left out `first` that are met only once
    /// the margin is used up; trailing ones follow a candle once, `first`.
    pub(crate) fn meet_algos(
        &mut self,
        prices: &Prices,
        is_meant: impl Fn(&AlgoTicket) -> bool,
        first: bool,
    ) {
        let dangers: Vec<_> = match first {
            true => {
                let held = self.account.held(self.symbol);
                held.filter_map(|(side, _)| self.account.danger(self.symbol, side, self.venue))
                    .collect()
            }
            false => Vec::new(),
        };
        let waiting = self.account.waiting_algos(self.symbol);
        let waiting = waiting.filter(|algo| is_meant(&algo.ticket)).map(|algo| algo.id);
        let waiting: Vec<u64> = waiting.collect();
        for id in waiting {
            // One that another's fill has ended waits no more.
            let Some(algo) = self.account.algos.get_mut(&id) else { continue };
            if algo.status != AlgoStatus::New {
                continue;
            }
            let (ticket, created) = (algo.ticket, algo.created);
            let at = match ticket.trail {
                None => trigger(&ticket, created, prices),
                Some(_) if !first => None,
                Some(trail) => {
                    let (followed, at) = follow(&ticket, trail, created, prices);
                    algo.ticket.trail = Some(followed);
                    at
                }
            };
            let Some(at) = at else { continue };
            let is_late = dangers.iter().any(|danger| danger.is_met(at));
            if !is_late {
                self.start(id, at, prices.close);
            }
        }
    }

    /// It is met at `at`, by a candle that closes at `close`.
    fn start(&mut self, id: u64, at: Decimal, close: Decimal) {
        let Some(algo) = self.account.algos.get_mut(&id) else { return };
        algo.triggered = Some(self.venue.now);
        let (waited, name) = (algo.ticket, algo.name.clone());
        self.turn(id, AlgoStatus::Triggering, None);
        let mut ticket = waited.order;
        let against = self.account.against(self.symbol, ticket.position_side, ticket.side);
        if ticket.close_position {
            if against.is_zero() {
                return self.turn(id, AlgoStatus::Expired, None);
            }
            ticket.quantity = against;
        } else if ticket.position_side.is_reduced_by(ticket.side) && !against.is_zero() {
            ticket.quantity = ticket.quantity.min(against);
        }
        let price = if ticket.kind == Kind::Limit { ticket.price } else { at };
        if let Err(refusal) = self.admit(&ticket, price, at) {
            let reason = match refusal.code {
                -2022 => REDUCE_ONLY_REJECT.to_owned(),
                _ => refusal.message,
            };
            return self.turn(id, AlgoStatus::Rejected, Some(reason));
        }
        let entry = Entry {
            ticket,
            name,
            origin: Origin::Algo(id),
            sent_kind: waited.kind.word(),
            stop: waited.trigger,
            working_type: waited.working_type,
        };
        let order_id = self.book(entry);
        if let Some(algo) = self.account.algos.get_mut(&id) {
            algo.order_id = Some(order_id);
        }
        self.turn(id, AlgoStatus::Triggered, None);
        let takes = ticket.kind == Kind::Market || crosses(ticket.side, ticket.price, at);
        let is_maker = ticket.time_in_force == TimeInForce::Gtx;
        let waits = matches!(ticket.time_in_force, TimeInForce::Ioc | TimeInForce::Fok);
        if takes && !is_maker {
            self.fill(order_id, at, false);
        } else if takes || waits {
            self.end(order_id, Status::Expired);
        } else if crosses(ticket.side, ticket.price, close) {
            // The candle went on to its close after it had started.
            self.fill(order_id, ticket.price, true);
        }
    }

    /// Whether another order of this direction ends the whole position already.
    pub(crate) fn has_closing(&self, ticket: &AlgoTicket) -> bool {
        let same = |side: Side| side == ticket.order.side;
        self.account.waiting_algos(self.symbol).any(|algo| {
            algo.ticket.order.close_position
                && same(algo.ticket.order.side)
                && algo.ticket.order.position_side == ticket.order.position_side
                && algo.ticket.kind.is_target() == ticket.kind.is_target()
        })
    }
}
