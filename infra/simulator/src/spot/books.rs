//! All accounts, and where they stand in the market's candles.

use std::collections::BTreeMap;
use std::sync::Arc;

use domain::time::{DAY_MS, UtcMs};

use super::account::{Account, Ids, Subscriber};
use super::desk::{Answer, Desk};
use super::endpoints::{Endpoint, SIGNED};
use super::trading::Floor;
use crate::faults::call::Call;
use crate::faults::layer::Layer;
use crate::history::History;
use crate::line::{Envelope, Line};
use crate::options::{AccountOptions, Trading};
use crate::params::{Params, Refusal};
use crate::signed::asker::{Asker, unknown_key};
use crate::signed::freshness::Freshness;
use crate::signed::placed::{Counts, Window, Windows};

/// As `exchangeInfo` tells them.
const WINDOWS: Windows = [
    Window { span_ms: 10_000, most: 100, name: "10 SECOND", header: "x-mbx-order-count-10s" },
    Window { span_ms: DAY_MS, most: 200_000, name: "1 DAY", header: "x-mbx-order-count-1d" },
];

/// The venue's books.
#[derive(Debug)]
pub(crate) struct Books {
    pub(crate) freshness: Freshness,
    pub(super) accounts: BTreeMap<String, Account>,
    ids: Ids,
    now: UtcMs,
    /// How many candles of each market, by symbol, the orders have met.
    met: BTreeMap<String, usize>,
    trading: Trading,
    faults: Arc<Layer>,
}

impl Books {
    /// As they stand at `now`: candles that closed until then have been.
    pub(crate) fn new(
        accounts: &[AccountOptions],
        history: &History,
        now: UtcMs,
        (trading, faults): (Trading, Arc<Layer>),
    ) -> Self {
        let met = history.markets.iter().map(|(symbol, market)| {
            let candles = history.finest(market);
            (symbol.clone(), candles.partition_point(|c| c.close_time() <= now))
        });
        let opened = |account: &AccountOptions| (account.key.clone(), Account::new(account, now));
        Self {
            freshness: Freshness::default(),
            accounts: accounts.iter().map(opened).collect(),
            ids: Ids::default(),
            now,
            met: met.collect(),
            trading,
            faults,
        }
    }

    /// Meets the candles that have closed until `now`, in the order of their closes.
    pub(crate) fn advance(&mut self, history: &History, now: UtcMs) {
        if self.accounts.is_empty() || now <= self.now {
            return;
        }
        loop {
            let next = history.markets.iter().filter_map(|(symbol, market)| {
                let candle = history.finest(market).get(*self.met.get(symbol)?)?;
                Some((candle.close_time(), symbol, market, candle))
            });
            let next = next.min_by_key(|(close, symbol, ..)| (*close, *symbol));
            let due = self.next_due().filter(|due| *due <= now);
            if let Some(due) = due.filter(|due| next.is_none_or(|next| *due < next.0)) {
                self.now = due;
                self.come_due(history);
                continue;
            }
            let Some((close, symbol, market, candle)) = next.filter(|next| next.0 <= now) else {
                break;
            };
            if let Some(met) = self.met.get_mut(symbol) {
                *met += 1;
            }
            self.now = close;
            let (ids, trading) = (&mut self.ids, self.trading);
            for account in self.accounts.values_mut().filter(|a| !a.open.is_empty()) {
                let (now, shown) = (close, Some(candle));
                Floor { account, ids, market, symbol, now, trading, candle: shown }.meet(candle);
            }
        }
        self.now = now;
    }

    /// When something is to become of an order next.
    fn next_due(&self) -> Option<UtcMs> {
        let open = self
            .accounts
            .values()
            .flat_map(|account| account.open.iter().filter_map(|id| account.orders.get(id)));
        open.filter_map(|order| order.due).map(|(at, _)| at).min()
    }

    /// Whatever is due by now becomes of its order.
    fn come_due(&mut self, history: &History) {
        let (now, trading, ids) = (self.now, self.trading, &mut self.ids);
        for account in self.accounts.values_mut() {
            let open = account.open.iter().filter_map(|id| account.orders.get(id));
            let due = open.filter(|order| order.due.is_some_and(|(at, _)| at <= now));
            let due: Vec<_> = due.map(|order| (order.id, order.symbol.clone())).collect();
            for (id, symbol) in due {
                let Some(market) = history.markets.get(&symbol) else { continue };
                let candle = history.last_candle(market, now);
                let last = history.price(market, now).to_decimal();
                let symbol = symbol.as_str();
                let mut floor = Floor { account, ids, market, symbol, now, trading, candle };
                floor.come_due(id, last);
            }
        }
    }

    /// Refuses a request whose key, signature or time is wrong.
    fn admit(&self, asker: Asker<'_>, params: &Params) -> Result<(), Refusal> {
        asker.has_key()?;
        let account = self.accounts.get(asker.key).ok_or_else(unknown_key)?;
        asker.has_signed(&account.key, &self.freshness, params, self.now)
    }

    /// Answers a signed request at the books' moment. `counted_ms` is the clock of the venue's
    /// limits.
    pub(crate) fn answer(
        &mut self,
        endpoint: &Endpoint,
        asker: Asker<'_>,
        pairs: Vec<(String, String)>,
        history: &History,
        counted_ms: i64,
    ) -> (Answer, Option<Counts>) {
        let call = Call::new(endpoint.method.word(), endpoint.path, asker.key, pairs.clone());
        let known: Vec<&str> = endpoint.known.iter().chain(&SIGNED).copied().collect();
        let admitted = Params::of(pairs, &known)
            .and_then(|params| self.admit(asker, &params).map(|()| params));
        let params = match admitted {
            Ok(params) => params,
            Err(refusal) => return (Err(refusal), None),
        };
        let Some(account) = self.accounts.get_mut(asker.key) else {
            return (Err(unknown_key()), None);
        };
        let fates = call.map(|call| self.faults.fates(&call, self.now)).unwrap_or_default();
        let (ids, now, trading) = (&mut self.ids, self.now, self.trading);
        if endpoint.orders > 0
            && let Err(refusal) = account.placed.admit(endpoint.orders, &WINDOWS, counted_ms)
        {
            return (Err(refusal), Some(account.placed.count(&WINDOWS, counted_ms)));
        }
        let mut desk = Desk { account, ids, history, now, trading, fates };
        let answer = (endpoint.answer)(&mut desk, &params);
        if endpoint.orders == 0 {
            return (answer, None);
        }
        let placed = &mut desk.account.placed;
        if answer.is_ok() {
            placed.add(endpoint.orders, counted_ms);
        }
        (answer, Some(placed.count(&WINDOWS, counted_ms)))
    }

    /// Has a connection told of an account from now on.
    pub(crate) fn subscribe(
        &mut self,
        asker: Asker<'_>,
        params: &Params,
        (connection, subscription): (u64, u64),
        line: &Arc<Line>,
    ) -> Result<(), Refusal> {
        self.admit(asker, params)?;
        let out = line.outlet(asker.key, Envelope::Subscription(subscription), self.now);
        let account = self.accounts.get_mut(asker.key).ok_or_else(unknown_key)?;
        account.subscribers.push(Subscriber { connection, subscription, out });
        Ok(())
    }

    /// Ends a subscription, or all of a connection's; whether there was one.
    pub(crate) fn unsubscribe(&mut self, connection: u64, subscription: Option<u64>) -> bool {
        let mut found = false;
        for account in self.accounts.values_mut() {
            account.subscribers.retain(|subscriber| {
                let is_meant = subscriber.connection == connection
                    && subscription.is_none_or(|number| subscriber.subscription == number);
                found |= is_meant;
                !is_meant
            });
        }
        found
    }
}

#[cfg(test)]
mod tests;
