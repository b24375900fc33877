//! Order books, quotes and public trades, made from candles, which hold none.
//!
//! They are functions of the seed and the finest candles: the book stands around the last price, at
//! which orders fill, one tick off on either side; the trades run through a candle's open, extremes
//! and close and add up to its volume. A book changes when a candle closes. What accounts trade
//! moves neither.

use domain::candle::Candle;
use domain::time::UtcMs;
use rust_decimal::Decimal;
use rust_decimal::prelude::FromPrimitive;
use serde_json::{Value, json};

use crate::faults::noise::{mixed, stream_key, uniform};
use crate::history::{History, Market};

/// Levels of each side.
const LEVELS: usize = 50;
/// Numbers that a book's change takes: one for each level that may come or go.
const IDS_PER_CHANGE: u64 = 4 * LEVELS as u64;
/// Trades of a candle: at its open, both extremes and its close.
const TRADES: usize = 4;

/// A stream of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Feed {
    /// What changes in the book.
    Changes,
    /// So many levels of it.
    Top(usize),
    Trades,
    AggregateTrades,
    Ticker,
}

/// Of which market's finest series a stream is, and what.
pub(crate) fn feed(history: &History, perpetual: bool, stream: &str) -> Option<(usize, Feed)> {
    let (symbol, kind) = stream.split_once('@')?;
    let market = history.markets_of(perpetual).get(&symbol.to_ascii_uppercase())?;
    let kind = kind.split('@').next().unwrap_or_default();
    let feed = match kind {
        "depth" => Feed::Changes,
        "depth5" => Feed::Top(5),
        "depth10" => Feed::Top(10),
        "depth20" => Feed::Top(20),
        "trade" => Feed::Trades,
        "aggTrade" => Feed::AggregateTrades,
        "bookTicker" => Feed::Ticker,
        _ => return None,
    };
    Some((market.finest_place(), feed))
}

/// A market's quotes as its finest candles tell them.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Quotes<'a> {
    pub(crate) symbol: &'a str,
    pub(crate) market: &'a Market,
    pub(crate) candles: &'a [Candle],
    pub(crate) seed: u64,
}

type Level = (Decimal, Decimal);

/// A public trade.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Trade {
    id: u64,
    price: Decimal,
    quantity: Decimal,
    at: UtcMs,
    /// Whether the seller took.
    is_buyer_maker: bool,
}

fn text(value: Decimal) -> String {
    format!("{value:.8}")
}

impl<'a> Quotes<'a> {
    pub(crate) fn of(history: &'a History, symbol: &'a str, market: &'a Market, seed: u64) -> Self {
        Self { symbol, market, candles: history.finest(market), seed }
    }

    /// How many candles have closed by `now`.
    fn closed(&self, now: UtcMs) -> usize {
        self.candles.partition_point(|candle| candle.close_time() <= now)
    }

    fn noise(&self, candle: &Candle, salt: u64) -> f64 {
        let key = mixed(self.seed) ^ stream_key(self.symbol);
        uniform(mixed(mixed(key ^ candle.open_time.ms() as u64) ^ salt))
    }

    /// A part of a candle's volume, on the market's step and not nought.
    fn on_step(&self, share: f64, candle: &Candle) -> Decimal {
        let step = self.market.filters.step.to_decimal();
        let raw = Decimal::from_f64(share * candle.volume_base).unwrap_or_default();
        let whole = raw - raw.checked_rem(step).unwrap_or_default();
        whole.max(step).round_dp(8).normalize()
    }

    /// Bids from the best down and asks from the best up, after the `n`th candle.
    fn book(&self, n: usize) -> [Vec<Level>; 2] {
        let Some(candle) = self.candles.get(n) else { return Default::default() };
        let (last, tick) = (candle.close.to_decimal(), self.market.filters.tick.to_decimal());
        [Decimal::NEGATIVE_ONE, Decimal::ONE].map(|direction| {
            let side = u64::from(direction.is_sign_negative()) << 32;
            let level = |k: usize| {
                let price = last + direction * tick * Decimal::from(k + 1);
                let share = 0.002 + 0.02 * self.noise(candle, side + k as u64);
                (price > Decimal::ZERO).then(|| (price, self.on_step(share, candle)))
            };
            (0..LEVELS).filter_map(level).collect()
        })
    }

    /// The number of the book's last change once `count` candles have closed.
    fn last_id(count: usize) -> u64 {
        count as u64 * IDS_PER_CHANGE
    }

    /// The answer to `depth`, and the message of the top levels.
    pub(crate) fn depth(&self, now: UtcMs, levels: usize) -> Value {
        let count = self.closed(now);
        let sides = count.checked_sub(1).map(|n| self.book(n)).unwrap_or_default();
        let [bids, asks] = sides.map(|side| rows(side.into_iter().take(levels)));
        if self.is_perpetual() {
            return json!({
                "lastUpdateId": Self::last_id(count), "E": now.ms(), "T": now.ms(), "bids": bids,
                "asks": asks,
            });
        }
        json!({ "lastUpdateId": Self::last_id(count), "bids": bids, "asks": asks })
    }

    /// What the `n`th candle changed in the book: levels that are gone have no quantity.
    fn changes(&self, n: usize) -> Value {
        let (new, old) = (self.book(n), n.checked_sub(1).map(|n| self.book(n)).unwrap_or_default());
        let [bids, asks] = [0, 1].map(|side: usize| {
            let gone =
                old[side].iter().filter(|level| new[side].iter().all(|other| other.0 != level.0));
            let gone = gone.map(|level| (level.0, Decimal::ZERO));
            let came = new[side].iter().filter(|level| !old[side].contains(level)).copied();
            rows(gone.chain(came))
        });
        self.update(n, bids, asks)
    }

    fn update(&self, n: usize, bids: Value, asks: Value) -> Value {
        let at = self.closes(n).ms();
        let mut event = json!({
            "e": "depthUpdate", "E": at, "s": self.symbol, "U": Self::last_id(n) + 1,
            "u": Self::last_id(n + 1), "b": bids, "a": asks,
        });
        if self.is_perpetual() {
            (event["T"], event["pu"]) = (json!(at), json!(Self::last_id(n)));
        }
        event
    }

    fn is_perpetual(&self) -> bool {
        self.market.instrument.is_perpetual()
    }

    /// The best bid and ask, by the names that REST gives them or the stream does.
    pub(crate) fn ticker(&self, now: UtcMs) -> Value {
        let [bid, ask] = self.best(self.closed(now));
        json!({
            "symbol": self.symbol, "bidPrice": text(bid.0), "bidQty": text(bid.1),
            "askPrice": text(ask.0), "askQty": text(ask.1),
        })
    }

    fn best(&self, count: usize) -> [Level; 2] {
        let sides = count.checked_sub(1).map(|n| self.book(n)).unwrap_or_default();
        sides.map(|side| side.first().copied().unwrap_or_default())
    }

    fn closes(&self, n: usize) -> UtcMs {
        self.candles.get(n).map_or(UtcMs::default(), Candle::close_time)
    }

    /// The trades of the `n`th candle; none where nothing was traded.
    fn trades_of(&self, n: usize) -> Vec<Trade> {
        let Some(candle) = self.candles.get(n).filter(|candle| candle.volume_base > 0.0) else {
            return Vec::new();
        };
        let rises = candle.close >= candle.open;
        let (second, third) =
            if rises { (candle.low, candle.high) } else { (candle.high, candle.low) };
        let prices = [candle.open, second, third, candle.close];
        let whole = Decimal::from_f64(candle.volume_base).unwrap_or_default().round_dp(8);
        let mut left = whole;
        let mut trades = Vec::with_capacity(TRADES);
        let mut before = candle.open;
        for (k, price) in prices.into_iter().enumerate() {
            let share = 0.1 + 0.2 * self.noise(candle, (1 << 40) + k as u64);
            let quantity =
                if k + 1 == TRADES { left } else { self.on_step(share, candle).min(left) };
            left -= quantity;
            let span_ms = candle.timeframe.span_ms();
            let at = candle.open_time.plus_ms(span_ms * k as i64 / TRADES as i64);
            let id = (n * TRADES + k) as u64 + 1;
            let price_now = price.to_decimal();
            let trade =
                Trade { id, price: price_now, quantity, at, is_buyer_maker: price < before };
            before = price;
            trades.push(trade);
        }
        trades.retain(|trade| !trade.quantity.is_zero());
        trades
    }

    /// The last trades until `now`, in the shape of `trades`.
    pub(crate) fn trades(&self, now: UtcMs, limit: usize) -> Value {
        let count = self.closed(now);
        let mut last: Vec<Trade> = Vec::new();
        for n in (0..count).rev() {
            last.extend(self.trades_of(n).into_iter().rev());
            if last.len() >= limit {
                break;
            }
        }
        last.truncate(limit);
        last.iter().rev().map(|trade| trade.row()).collect()
    }

    /// Aggregate trades from a number or within a range of time, both ends included; else the last.
    pub(crate) fn aggregates(
        &self,
        now: UtcMs,
        from_id: Option<u64>,
        (from, to): (Option<UtcMs>, Option<UtcMs>),
        limit: usize,
    ) -> Value {
        let count = self.closed(now);
        let first = match (from_id, from) {
            (Some(id), _) => id.saturating_sub(1) as usize / TRADES,
            (None, Some(from)) => self.candles.partition_point(|c| c.close_time() <= from),
            (None, None) => count.saturating_sub(limit.div_ceil(TRADES) + 1),
        };
        let is_asked = |trade: &Trade| {
            from_id.is_none_or(|id| trade.id >= id)
                && from.is_none_or(|from| trade.at >= from)
                && to.is_none_or(|to| trade.at <= to)
        };
        let mut found: Vec<Trade> = Vec::new();
        for n in first..count {
            found.extend(self.trades_of(n).into_iter().filter(is_asked));
            let is_full = found.len() >= limit && (from_id.is_some() || from.is_some());
            if is_full || to.is_some_and(|to| self.closes(n) > to) {
                break;
            }
        }
        let skipped = match (from_id, from) {
            (None, None) => found.len().saturating_sub(limit),
            _ => 0,
        };
        found[skipped..].iter().take(limit).map(Trade::aggregate).collect()
    }

    /// What a stream says of the `n`th candle: kinds of event and payloads.
    pub(crate) fn messages(&self, n: usize, feed: Feed) -> Vec<(&'static str, Value)> {
        let at = self.closes(n);
        let header = |kind: &str, mut row: Value| {
            for (name, value) in
                [("e", json!(kind)), ("E", json!(at.ms())), ("s", json!(self.symbol))]
            {
                row[name] = value;
            }
            row
        };
        match feed {
            Feed::Changes => vec![("depthUpdate", self.changes(n))],
            Feed::Top(levels) if self.is_perpetual() => {
                let [bids, asks] = self.book(n).map(|side| rows(side.into_iter().take(levels)));
                vec![("depthUpdate", self.update(n, bids, asks))]
            }
            Feed::Top(levels) => vec![("depth", self.depth(at, levels))],
            Feed::Ticker => {
                let [bid, ask] = self.best(n + 1);
                let quote = json!({
                    "u": Self::last_id(n + 1), "s": self.symbol, "b": text(bid.0),
                    "B": text(bid.1), "a": text(ask.0), "A": text(ask.1),
                });
                if self.is_perpetual() {
                    let quote = header("bookTicker", quote);
                    return vec![("bookTicker", with(quote, "T", at))];
                }
                vec![("bookTicker", quote)]
            }
            Feed::Trades => {
                let trades = self.trades_of(n);
                trades.iter().map(|trade| ("trade", header("trade", trade.event()))).collect()
            }
            Feed::AggregateTrades => {
                let trades = self.trades_of(n);
                let told = trades.iter().map(|trade| header("aggTrade", trade.aggregate()));
                told.map(|event| ("aggTrade", event)).collect()
            }
        }
    }
}

impl Trade {
    fn row(&self) -> Value {
        json!({
            "id": self.id, "price": text(self.price), "qty": text(self.quantity),
            "quoteQty": text((self.price * self.quantity).trunc_with_scale(8)),
            "time": self.at.ms(), "isBuyerMaker": self.is_buyer_maker, "isBestMatch": true,
        })
    }

    fn event(&self) -> Value {
        json!({
            "t": self.id, "p": text(self.price), "q": text(self.quantity), "T": self.at.ms(),
            "m": self.is_buyer_maker, "M": true,
        })
    }

    fn aggregate(&self) -> Value {
        json!({
            "a": self.id, "p": text(self.price), "q": text(self.quantity), "f": self.id,
            "l": self.id, "T": self.at.ms(), "m": self.is_buyer_maker, "M": true,
        })
    }
}

fn with(mut event: Value, name: &str, at: UtcMs) -> Value {
    event[name] = json!(at.ms());
    event
}

fn rows(levels: impl Iterator<Item = Level>) -> Value {
    levels.map(|(price, quantity)| json!([text(price), text(quantity)])).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::generator;

    #[test]
    fn changes_lead_from_book_to_book_and_trades_add_up() {
        let start = UtcMs::new(1_704_067_200_000);
        let history =
            History::new(vec![generator::candles("BTC/USDT".parse().unwrap(), start, 1, 3)]);
        let quotes = Quotes::of(&history, "BTCUSDT", &history.markets["BTCUSDT"], 7);
        let read = |rows: &Value| -> Vec<(Decimal, Decimal)> {
            let number = |value: &Value| value.as_str().unwrap().parse::<Decimal>().unwrap();
            let rows = rows.as_array().unwrap().iter();
            rows.map(|row| (number(&row[0]), number(&row[1]))).collect()
        };
        let first = quotes.depth(quotes.closes(9), LEVELS);
        let mut sides = ["bids", "asks"]
            .map(|side| read(&first[side]).into_iter().collect::<BTreeMap<Decimal, Decimal>>());
        let mut last = first["lastUpdateId"].as_u64().unwrap();
        for n in 10..30 {
            let change = quotes.changes(n);
            assert_eq!(change["U"], last + 1);
            last = change["u"].as_u64().unwrap();
            for (side, name) in sides.iter_mut().zip(["b", "a"]) {
                for (price, quantity) in read(&change[name]) {
                    match quantity.is_zero() {
                        true => side.remove(&price),
                        false => side.insert(price, quantity),
                    };
                }
            }
            let now = quotes.depth(quotes.closes(n), LEVELS);
            assert_eq!(now["lastUpdateId"], last);
            for (side, name) in sides.iter().zip(["bids", "asks"]) {
                assert_eq!(*side, read(&now[name]).into_iter().collect());
            }
            let candle = quotes.candles[n];
            let trades = quotes.trades_of(n);
            let sum: Decimal = trades.iter().map(|trade| trade.quantity).sum();
            assert_eq!(sum, Decimal::from_f64(candle.volume_base).unwrap().round_dp(8));
            assert!(trades.iter().all(|trade| {
                (candle.low.to_decimal()..=candle.high.to_decimal()).contains(&trade.price)
            }));
            let (bid, ask) = (&sides[0], &sides[1]);
            let close = candle.close.to_decimal();
            assert!(*bid.last_key_value().unwrap().0 < close);
            assert!(*ask.first_key_value().unwrap().0 > close);
        }
    }
}
