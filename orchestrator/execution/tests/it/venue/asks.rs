//! What the venue answers.

use std::collections::BTreeMap;

use domain::order::OrderState;
use execution::answer::{Answer, Balance, Failure, FillSeen};
use execution::ask::{Ask, Cursor};
use execution::terms::Market;

use crate::venue::{Order, Venue};

impl Venue {
    pub(super) fn act(&mut self, ask: &Ask) -> Answer {
        match *ask {
            Ask::PlaceMarket { name, sizing, reduce_only } => {
                self.place_market(&name.to_string(), &sizing, reduce_only)
            }
            Ask::PlaceOco { stop, target, sizing, trigger, price } => {
                let (stop, target) = (stop.to_string(), target.to_string());
                self.place_oco(&stop, &target, &sizing, trigger, price)
            }
            Ask::PlaceStop { name, sizing, trigger } => {
                self.place_algo(&name.to_string(), &sizing, trigger, true)
            }
            Ask::PlaceTarget { name, sizing, trigger } => {
                self.place_algo(&name.to_string(), &sizing, trigger, false)
            }
            Ask::Cancel { .. } | Ask::CancelConditional { .. } if self.disowns > 0 => {
                self.disowns -= 1;
                Answer::Failed(Failure::NoSuchOrder)
            }
            Ask::Cancel { name, .. } => self.cancel(&name.to_string()),
            Ask::CancelConditional { name, .. } => {
                let found = self
                    .algos
                    .values()
                    .find(|order| order.is_open() && order.seen.name == name.to_string());
                let Some(id) = found.map(|order| order.seen.order_id) else {
                    return Answer::Failed(Failure::NoSuchOrder);
                };
                self.finish(id, true, OrderState::Cancelled);
                Answer::Done
            }
            Ask::Order { name, .. } => self.find(&self.plain, &name.to_string()),
            Ask::Conditional { name, .. } => self.find(&self.algos, &name.to_string()),
            Ask::OrderById { order_id, .. } => match self.plain.get(&order_id) {
                Some(order) => Answer::Order(order.seen.clone()),
                None => Answer::NotFound,
            },
            Ask::OpenOrders { .. } => {
                let shown = |order: &&Order| order.is_open() && order.shown_from <= self.now;
                let all = self.plain.values().chain(self.algos.values()).filter(shown);
                Answer::Orders(all.map(|order| order.seen.clone()).collect())
            }
            Ask::OrdersFrom { order_id, .. } => {
                let from = self.plain.range(order_id..).take(self.page);
                Answer::Orders(from.map(|(_, order)| order.seen.clone()).collect())
            }
            Ask::Conditionals { .. } => {
                Answer::Orders(self.algos.values().map(|order| order.seen.clone()).collect())
            }
            Ask::Fills { from, .. } => {
                let shown: Vec<_> = self
                    .fills
                    .iter()
                    .filter(|fill| fill.time_exchange.plus_ms(self.fills_lag_ms) <= self.now)
                    .filter(|fill| match from {
                        Cursor::After(id) => fill.venue_fill_id > id,
                        Cursor::Since(time) => fill.time_exchange >= time,
                    })
                    .map(|fill| FillSeen { name: None, ..fill.clone() })
                    .collect();
                let complete = shown.len() <= self.page;
                Answer::Fills { fills: shown.into_iter().take(self.page).collect(), complete }
            }
            Ask::Incomes { since } => self.incomes_since(since),
            Ask::Position { .. } => Answer::Position { net_base: self.base },
            Ask::Balances => {
                let of = |asset: &str, total| Balance { asset: asset.parse().unwrap(), total };
                match self.market {
                    Market::Spot => {
                        Answer::Balances(vec![of("BTC", self.base), of("USDT", self.quote)])
                    }
                    // What is held is not realised.
                    Market::Usdm { .. } => Answer::Balances(vec![of("USDT", self.quote)]),
                }
            }
        }
    }

    pub(super) fn find(&self, orders: &BTreeMap<u64, Order>, name: &str) -> Answer {
        let found = orders.values().rev().find(|order| order.seen.name == name);
        match found.filter(|order| order.shown_from <= self.now) {
            Some(order) => Answer::Order(order.seen.clone()),
            None => Answer::NotFound,
        }
    }
}
