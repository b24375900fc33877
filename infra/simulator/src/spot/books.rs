//! All accounts, and where they stand in the market's candles.

use std::collections::BTreeMap;
use std::sync::Arc;

use domain::time::{DAY_MS, UtcMs};

use super::account::{Account, Ids, Subscriber};
use super::desk::{Answer, Desk};
use super::endpoints::{Endpoint, SIGNED};
use super::freshness::Freshness;
use super::trading::Floor;
use crate::faults::call::Call;
use crate::faults::layer::Layer;
use crate::history::History;
use crate::line::{Envelope, Line};
use crate::options::{AccountOptions, Trading};
use crate::params::{Params, Refusal, refusal};

const TEN_SECONDS_MS: i64 = 10_000;
/// As `exchangeInfo` tells them.
const ORDERS_IN_TEN_SECONDS: usize = 100;
const ORDERS_IN_A_DAY: usize = 200_000;

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

/// Who asks, as far as it can be told before the signature is checked.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Asker<'a> {
    pub(crate) key: &'a str,
    /// What was signed.
    pub(crate) payload: &'a str,
    pub(crate) signature: Option<&'a str>,
    /// Real time since the start.
    pub(crate) wall_ms: i64,
}

/// How many orders an account has placed within the venue's windows.
#[derive(Debug, Clone, Copy)]
pub(crate) struct OrderCounts {
    pub(crate) ten_seconds: usize,
    pub(crate) day: usize,
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
    fn admit(&mut self, asker: Asker<'_>, params: &Params) -> Result<(), Refusal> {
        let plain = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
        if asker.key.is_empty() || !asker.key.bytes().all(plain) {
            return Err(refusal(-2014, "API-key format invalid."));
        }
        let account = self.accounts.get(asker.key).ok_or_else(unknown_key)?;
        params.mandatory("timestamp")?;
        account.key.check(asker.payload, asker.signature)?;
        self.freshness.check(params, self.now, asker.wall_ms)
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
    ) -> (Answer, Option<OrderCounts>) {
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
        if endpoint.orders == 0 {
            let mut desk = Desk { account, ids, history, now, trading, fates };
            return ((endpoint.answer)(&mut desk, &params), None);
        }
        let counts = count(account, counted_ms);
        for (used, limit, window) in [
            (counts.ten_seconds, ORDERS_IN_TEN_SECONDS, "10 SECOND"),
            (counts.day, ORDERS_IN_A_DAY, "1 DAY"),
        ] {
            if used + endpoint.orders > limit {
                let message =
                    format!("Too many new orders; current limit is {limit} orders per {window}.");
                return (Err(refusal(-1015, message)), Some(counts));
            }
        }
        let mut desk = Desk { account, ids, history, now, trading, fates };
        let answer = (endpoint.answer)(&mut desk, &params);
        if answer.is_ok() {
            desk.account.taken_ms.extend(std::iter::repeat_n(counted_ms, endpoint.orders));
        }
        let counts = count(desk.account, counted_ms);
        (answer, Some(counts))
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

fn unknown_key() -> Refusal {
    refusal(-2015, "Invalid API-key, IP, or permissions for action.")
}

/// Orders of the window of ten seconds and of the day in which `now_ms` lies.
fn count(account: &mut Account, now_ms: i64) -> OrderCounts {
    let day = now_ms.div_euclid(DAY_MS);
    account.taken_ms.retain(|at| at.div_euclid(DAY_MS) == day);
    let window = now_ms.div_euclid(TEN_SECONDS_MS);
    let in_window = |at: &&i64| at.div_euclid(TEN_SECONDS_MS) == window;
    let ten_seconds = account.taken_ms.iter().filter(in_window).count();
    OrderCounts { ten_seconds, day: account.taken_ms.len() }
}

#[cfg(test)]
mod tests;
