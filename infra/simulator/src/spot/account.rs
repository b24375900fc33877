//! What an account has: balances, orders, executions, and who listens to it.

use std::collections::{BTreeMap, BTreeSet};

use domain::time::UtcMs;
use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::order::{Order, OrderList, Trade};
use super::render;
use crate::history::Market;
use crate::line::Outlet;
use crate::options::AccountOptions;
use crate::signed::keys::Key;
use crate::signed::placed::Placed;

/// How much of an asset there is.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Balance {
    pub(crate) free: Decimal,
    pub(crate) locked: Decimal,
}

/// A connection that is told what happens.
#[derive(Debug)]
pub(crate) struct Subscriber {
    pub(crate) connection: u64,
    pub(crate) subscription: u64,
    pub(crate) out: Outlet,
}

/// Numbers that the venue hands out.
#[derive(Debug, Default)]
pub(crate) struct Ids {
    pub(crate) order: u64,
    pub(crate) trade: u64,
    pub(crate) list: u64,
    pub(crate) execution: u64,
}

impl Ids {
    pub(crate) fn next(number: &mut u64) -> u64 {
        *number += 1;
        *number
    }
}

/// One account.
#[derive(Debug)]
pub(crate) struct Account {
    pub(crate) key: Key,
    pub(crate) may_withdraw: bool,
    /// Whether the key may trade futures: its account has a wallet there.
    pub(crate) may_trade_futures: bool,
    /// Shares of an execution's value.
    pub(crate) maker_rate: Decimal,
    pub(crate) taker_rate: Decimal,
    pub(crate) balances: BTreeMap<String, Balance>,
    pub(crate) orders: BTreeMap<u64, Order>,
    /// Numbers of those that are open.
    pub(crate) open: BTreeSet<u64>,
    pub(crate) trades: Vec<Trade>,
    pub(crate) lists: BTreeMap<u64, OrderList>,
    pub(crate) updated: UtcMs,
    pub(crate) subscribers: Vec<Subscriber>,
    /// When orders were taken, for the venue's limits on their number; in the limits' clock.
    pub(crate) placed: Placed,
}

impl Account {
    pub(crate) fn new(options: &AccountOptions, now: UtcMs) -> Self {
        let balances = options
            .balances
            .iter()
            .map(|(asset, free)| (asset.clone(), Balance { free: *free, locked: Decimal::ZERO }));
        Self {
            key: Key::new(&options.secret),
            may_withdraw: options.may_withdraw,
            may_trade_futures: !options.futures_balances.is_empty(),
            maker_rate: options.maker_rate,
            taker_rate: options.taker_rate,
            balances: balances.collect(),
            orders: BTreeMap::new(),
            open: BTreeSet::new(),
            trades: Vec::new(),
            lists: BTreeMap::new(),
            updated: now,
            subscribers: Vec::new(),
            placed: Placed::default(),
        }
    }

    pub(crate) fn balance(&mut self, asset: &str) -> &mut Balance {
        self.balances.entry(asset.to_owned()).or_default()
    }

    /// Holds `amount` back; false where there is not so much.
    pub(crate) fn lock(&mut self, asset: &str, amount: Decimal) -> bool {
        let balance = self.balance(asset);
        if balance.free < amount {
            return false;
        }
        balance.free -= amount;
        balance.locked += amount;
        true
    }

    pub(crate) fn unlock(&mut self, asset: &str, amount: Decimal) {
        let balance = self.balance(asset);
        balance.locked -= amount;
        balance.free += amount;
    }

    /// Whether an open order goes by this name.
    pub(crate) fn has_open(&self, name: &str) -> bool {
        self.open.iter().any(|id| self.orders.get(id).is_some_and(|order| order.name == name))
    }

    pub(crate) fn open_orders<'a>(&'a self, symbol: &'a str) -> impl Iterator<Item = &'a Order> {
        let orders = self.open.iter().filter_map(|id| self.orders.get(id));
        orders.filter(move |order| order.symbol == symbol)
    }

    /// Tells all who listen. One that reads too slowly is let go: it sees its stream end.
    pub(crate) fn tell(&mut self, event: &Value) {
        self.subscribers.retain(|subscriber| {
            let message = json!({ "subscriptionId": subscriber.subscription, "event": event });
            subscriber.out.try_send(message.to_string()).is_ok()
        });
    }

    /// Tells what there is of a market's two assets.
    pub(crate) fn tell_balances(&mut self, market: &Market, now: UtcMs) {
        self.updated = now;
        let (base, quote) = (market.instrument.base(), market.instrument.quote());
        let balances = [base, quote].map(|asset| {
            let Balance { free, locked } = *self.balance(asset);
            json!({ "a": asset, "f": render::eight(free), "l": render::eight(locked) })
        });
        self.tell(&json!({
            "e": "outboundAccountPosition", "E": now.ms(), "u": now.ms(), "B": balances,
        }));
    }
}
