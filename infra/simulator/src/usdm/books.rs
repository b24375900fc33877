//! All accounts on futures, and where they stand in the market's candles.

use std::collections::BTreeMap;
use std::sync::Arc;

use domain::time::{MINUTE_MS, UtcMs};
use rust_decimal::Decimal;

use super::account::{Account, Ids, Subscriber, Venue};
use super::desk::{Answer, Desk};
use super::endpoints::Endpoint;
use super::fates::Due;
use super::funding;
use super::info::{ORDERS_IN_A_MINUTE, ORDERS_IN_TEN_SECONDS};
use super::order::Status;
use super::trading::{Floor, News};
use crate::faults::call::Call;
use crate::faults::layer::Layer;
use crate::history::History;
use crate::line::{Envelope, Line};
use crate::options::{AccountOptions, Deleveraging, UsdmOptions};
use crate::params::{Params, Refusal};
use crate::signed::asker::{Asker, unknown_key};
use crate::signed::freshness::Freshness;
use crate::signed::placed::{Counts, Window, Windows};
use crate::snapshot::MarketBooks;

const WINDOWS: Windows = [
    Window {
        span_ms: 10_000,
        most: ORDERS_IN_TEN_SECONDS,
        name: "10 SECOND",
        header: "x-mbx-order-count-10s",
    },
    Window {
        span_ms: MINUTE_MS,
        most: ORDERS_IN_A_MINUTE,
        name: "1 MINUTE",
        header: "x-mbx-order-count-1m",
    },
];

/// The venue's books.
#[derive(Debug)]
pub(crate) struct Books {
    pub(crate) freshness: Freshness,
    pub(crate) options: UsdmOptions,
    accounts: BTreeMap<String, Account>,
    ids: Ids,
    now: UtcMs,
    /// Settlements of funding until then have been.
    funded: UtcMs,
    /// Mark prices by symbol: the last close.
    marks: BTreeMap<String, Decimal>,
    /// How many candles of each market, by symbol, the orders have met.
    met: BTreeMap<String, usize>,
    news: News,
    faults: Arc<Layer>,
}

/// What happens next, in the order of what happens at the same moment.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Next {
    Candle { close: UtcMs, symbol: String },
    Funding(UtcMs),
    Deleveraging(UtcMs),
    Countdown(UtcMs),
    Due(UtcMs),
}

impl Next {
    const fn at(&self) -> UtcMs {
        match self {
            Self::Candle { close, .. } => *close,
            Self::Funding(at) | Self::Deleveraging(at) | Self::Countdown(at) | Self::Due(at) => *at,
        }
    }
}

impl Books {
    /// As they stand at `now`: candles that closed until then have been.
    pub(crate) fn new(
        accounts: &[AccountOptions],
        (options, faults): (UsdmOptions, Arc<Layer>),
        history: &History,
        now: UtcMs,
    ) -> Self {
        let met = history.perpetuals.iter().map(|(symbol, market)| {
            let candles = history.finest(market);
            (symbol.clone(), candles.partition_point(|c| c.close_time() <= now))
        });
        let marks = history.perpetuals.iter();
        let marks =
            marks.map(|(symbol, market)| (symbol.clone(), history.price(market, now).to_decimal()));
        let mut ids = Ids::default();
        let opened = accounts
            .iter()
            .map(|account| (account.key.clone(), Account::new(account, &mut ids, now)))
            .collect();
        let mut options = options;
        options.deleveragings.retain(|adl| adl.at > now);
        options.deleveragings.sort_by_key(|adl| adl.at);
        Self {
            freshness: Freshness::default(),
            options,
            accounts: opened,
            ids,
            now,
            funded: now,
            marks: marks.collect(),
            met: met.collect(),
            news: News::new(),
            faults,
        }
    }

    pub(crate) fn has_news(&self) -> bool {
        !self.news.is_empty()
    }

    /// None for a key that is nobody's, or whose account has never had anything on futures.
    pub(crate) fn snapshot(&self, history: &History, key: &str) -> Option<MarketBooks> {
        let (marks, funding, now) = (&self.marks, self.options.funding, self.now);
        let venue = Venue { history, marks, funding, now };
        let account = self.accounts.get(key).filter(|account| !account.wallets.is_empty());
        account.map(|account| account.snapshot(venue))
    }

    /// What the market's streams are to be told.
    pub(crate) fn take_news(&mut self) -> News {
        std::mem::take(&mut self.news)
    }

    /// Goes through what happens until `now`: candles in the order of their closes, settlements of
    /// funding, and what else has its moment.
    pub(crate) fn advance(&mut self, history: &History, now: UtcMs) {
        if self.accounts.is_empty() || now <= self.now {
            return;
        }
        let before = self.now;
        while let Some(next) = self.next(history).filter(|next| next.at() <= now) {
            self.now = next.at();
            match next {
                Next::Candle { symbol, .. } => self.meet(history, &symbol),
                Next::Funding(at) => {
                    self.funded = at;
                    self.each(history, |floor| floor.fund());
                    self.each(history, |floor| floor.liquidate_at_mark());
                }
                Next::Deleveraging(at) => {
                    let due = |adl: &Deleveraging| adl.at <= at;
                    let count = self.options.deleveragings.partition_point(due);
                    for adl in self.options.deleveragings.drain(..count).collect::<Vec<_>>() {
                        let symbol = adl.instrument.symbol();
                        self.each(history, |floor| {
                            if floor.symbol == symbol {
                                floor.deleverage();
                            }
                        });
                    }
                }
                Next::Countdown(at) => self.count_down(history, at),
                Next::Due(at) => self.come_due(history, at),
            }
        }
        self.suffer(history, before, now);
        self.now = now;
    }

    fn next(&self, history: &History) -> Option<Next> {
        let candles = history.perpetuals.iter().filter_map(|(symbol, market)| {
            let candle = history.finest(market).get(*self.met.get(symbol)?)?;
            Some((candle.close_time(), symbol))
        });
        let candle = candles.min().map(|(close, symbol)| {
            let symbol = symbol.clone();
            Next::Candle { close, symbol }
        });
        let adl = self.options.deleveragings.first().map(|adl| Next::Deleveraging(adl.at));
        let countdowns = self.accounts.values().flat_map(|account| account.countdowns.values());
        let countdown = countdowns.min().map(|at| Next::Countdown(*at));
        let funding = Some(Next::Funding(funding::next(self.funded)));
        let dues = self.accounts.values().flat_map(|account| &account.dues);
        let due = dues.map(|due| due.at).min().map(Next::Due);
        let all = [candle, funding, adl, countdown, due].into_iter().flatten();
        all.min_by(|a, b| a.at().cmp(&b.at()).then_with(|| a.cmp(b)))
    }

    fn meet(&mut self, history: &History, symbol: &str) {
        let met = self.met.entry(symbol.to_owned()).or_default();
        let candle = history.perpetuals.get(symbol).and_then(|m| history.finest(m).get(*met));
        *met += 1;
        let Some(candle) = candle else { return };
        self.each(history, |floor| {
            let account = &floor.account;
            if floor.symbol == symbol
                && (!account.open.is_empty()
                    || !account.waiting.is_empty()
                    || account.held(symbol).next().is_some())
            {
                floor.meet(candle);
            }
        });
        self.marks.insert(symbol.to_owned(), candle.close.to_decimal());
        self.each(history, |floor| {
            floor.liquidate_at_mark();
            if floor.symbol == symbol {
                floor.call();
            }
        });
    }

    /// Every account in every market in which it has something.
    fn each(&mut self, history: &History, mut act: impl FnMut(&mut Floor<'_>)) {
        let (marks, funding, now) = (&self.marks, self.options.funding, self.now);
        let venue = Venue { history, marks, funding, now };
        for account in self.accounts.values_mut() {
            let mut symbols = account.symbols();
            let waiting = account.waiting.iter().filter_map(|id| account.algos.get(id));
            symbols.extend(waiting.map(|algo| algo.symbol.clone()));
            for symbol in symbols {
                let (ids, news) = (&mut self.ids, &mut self.news);
                act(&mut Floor { account, ids, news, venue, symbol: &symbol });
            }
        }
    }

    /// What was to become of orders by now, becomes of them.
    fn come_due(&mut self, history: &History, at: UtcMs) {
        let venue = Venue { history, marks: &self.marks, funding: self.options.funding, now: at };
        for account in self.accounts.values_mut() {
            let (due, later) = account.dues.drain(..).partition(|due| due.at <= at);
            let due: Vec<Due> = due;
            account.dues = later;
            for Due { symbol, what, .. } in due {
                let (ids, news) = (&mut self.ids, &mut self.news);
                Floor { account, ids, news, venue, symbol: &symbol }.come_due(what);
            }
        }
    }

    /// The venue ends positions as the script has it.
    fn suffer(&mut self, history: &History, before: UtcMs, now: UtcMs) {
        let faults = Arc::clone(&self.faults);
        self.now = now;
        for fault in faults.forced(before, now) {
            let venue = Venue { history, marks: &self.marks, funding: self.options.funding, now };
            for (key, account) in &mut self.accounts {
                if fault.place.account.as_ref().is_some_and(|wanted| wanted != key) {
                    continue;
                }
                for symbol in account.symbols() {
                    let (ids, news) = (&mut self.ids, &mut self.news);
                    Floor { account, ids, news, venue, symbol: &symbol }.suffer(fault);
                }
            }
        }
    }

    /// Cancels the orders of those whose clients have been silent for too long.
    fn count_down(&mut self, history: &History, now: UtcMs) {
        let venue = Venue { history, marks: &self.marks, funding: self.options.funding, now };
        for account in self.accounts.values_mut() {
            let due = account.countdowns.iter().filter(|(_, at)| **at <= now);
            let due: Vec<String> = due.map(|(symbol, _)| symbol.clone()).collect();
            for symbol in due {
                account.countdowns.remove(&symbol);
                let open: Vec<u64> = account.open_orders(&symbol).map(|order| order.id).collect();
                let (ids, news) = (&mut self.ids, &mut self.news);
                let mut floor = Floor { account, ids, news, venue, symbol: &symbol };
                for id in open {
                    floor.end(id, Status::Canceled);
                }
            }
        }
    }

    /// Ends the streams whose keys were not renewed.
    pub(crate) fn expire_streams(&mut self, history: &History, wall_ms: i64) {
        let (marks, funding, now) = (&self.marks, self.options.funding, self.now);
        let venue = Venue { history, marks, funding, now };
        for account in self.accounts.values_mut() {
            account.expire_stream(wall_ms, venue);
        }
    }

    /// Refuses a request whose key, signature or time is wrong.
    fn admit(&self, endpoint: &Endpoint, asker: Asker<'_>, params: &Params) -> Result<(), Refusal> {
        asker.has_key()?;
        let account = self.accounts.get(asker.key).ok_or_else(unknown_key)?;
        if endpoint.key_alone {
            return Ok(());
        }
        asker.has_signed(&account.key, &self.freshness, params, self.now)
    }

    /// Answers a request with a key at the books' moment. `counted_ms` is the clock of the venue's
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
        let admitted = Params::any(pairs)
            .and_then(|params| self.admit(endpoint, asker, &params).map(|()| params));
        let params = match admitted {
            Ok(params) => params,
            Err(refusal) => return (Err(refusal), None),
        };
        self.expire_streams(history, asker.wall_ms);
        let (marks, funding, now) = (&self.marks, self.options.funding, self.now);
        let venue = Venue { history, marks, funding, now };
        let Some(account) = self.accounts.get_mut(asker.key) else {
            return (Err(unknown_key()), None);
        };
        account.fates = call.map(|call| self.faults.fates(&call, now)).unwrap_or_default();
        if endpoint.is_order
            && let Err(refusal) = account.placed.admit(1, &WINDOWS, counted_ms)
        {
            return (Err(refusal), Some(account.placed.count(&WINDOWS, counted_ms)));
        }
        let mut desk = Desk {
            account,
            ids: &mut self.ids,
            news: &mut self.news,
            venue,
            wall_ms: asker.wall_ms,
            listen_key_life_ms: self.options.listen_key_life_ms,
        };
        let answer = (endpoint.answer)(&mut desk, &params);
        if !endpoint.is_order {
            return (answer, None);
        }
        let taken = match &answer {
            // Of a batch each order counts that was taken.
            Ok(serde_json::Value::Array(answers)) => {
                answers.iter().filter(|answer| answer.get("orderId").is_some()).count()
            }
            Ok(_) => 1,
            Err(_) => 0,
        };
        let placed = &mut desk.account.placed;
        placed.add(taken, counted_ms);
        (answer, Some(placed.count(&WINDOWS, counted_ms)))
    }

    /// Has a connection told of the account that this key belongs to. Nobody hears by a key that
    /// there is not, and nobody is told so.
    pub(crate) fn subscribe(
        &mut self,
        key: &str,
        connection: u64,
        wrapped: bool,
        line: &Arc<Line>,
    ) {
        let opened = |(_, account): &(&String, &mut Account)| {
            account.listen_key.as_ref().is_some_and(|known| known.text == key)
        };
        let Some((owner, account)) = self.accounts.iter_mut().find(opened) else { return };
        let key = key.to_owned();
        let envelope = if wrapped { Envelope::Stream(key) } else { Envelope::Bare(key) };
        let out = line.outlet(owner, envelope, self.now);
        account.subscribers.push(Subscriber { connection, out });
    }

    pub(crate) fn unsubscribe(&mut self, connection: u64) {
        for account in self.accounts.values_mut() {
            account.subscribers.retain(|subscriber| subscriber.connection != connection);
        }
    }
}

#[cfg(test)]
mod tests;
