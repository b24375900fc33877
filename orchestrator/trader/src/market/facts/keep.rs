//! What was told and is not written yet. Pure. Where the store is slow, the latest mark price and
//! the latest book of each instrument stand for those before; everything else waits up to a bound.
//! What is replaced or lost is counted.

use std::collections::BTreeMap;

use domain::instrument::InstrumentId;
use domain::time::UtcMs;
use exchange::binance::usdm::book::Book;
use exchange::binance::usdm::market::{
    FundingRate, Level, Liquidation, LongShortRatio, MarkPrice, OpenInterest, PublicTrade,
};
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use store::facts::rows::{
    BookRow, Facts, FundingRow, InterestRow, Kind, LiquidationRow, MarkRow, PublicTradeRow,
    RatioRow,
};

/// Levels of each side of a book that are written.
pub const LEVELS: usize = 10;
/// Rows of one kind that may wait.
const WAITING: usize = 50_000;
/// Between two mark prices of an instrument that are written.
const MARK_EVERY_MS: i64 = 10_000;

/// How many rows were replaced by later ones, and how many came to nobody.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Counted {
    /// By kind.
    pub conflated: BTreeMap<Kind, u64>,
    /// By kind.
    pub lost: BTreeMap<Kind, u64>,
}

/// What waits to be written.
#[derive(Debug, Default)]
pub struct Keep {
    marks: BTreeMap<InstrumentId, MarkRow>,
    books: BTreeMap<InstrumentId, BookRow>,
    /// All else.
    rows: Facts,
    mark_written: BTreeMap<InstrumentId, UtcMs>,
    last_trade: BTreeMap<InstrumentId, u64>,
    last_funding: BTreeMap<InstrumentId, UtcMs>,
    counted: Counted,
}

impl Keep {
    /// With the last settlements that the store holds.
    pub fn new(last_funding: BTreeMap<InstrumentId, UtcMs>) -> Self {
        Self { last_funding, ..Self::default() }
    }

    /// A mark price.
    pub fn mark(&mut self, instrument: InstrumentId, told: &MarkPrice) {
        let row = MarkRow {
            instrument,
            at: told.time,
            mark: told.mark_price,
            index_price: told.index_price,
            estimated_settle: told.estimated_settle_price,
            funding_ratio: told.last_funding_rate,
            next_funding_at: told.next_funding_time,
        };
        if self.marks.insert(instrument, row).is_some() {
            *self.counted.conflated.entry(Kind::Mark).or_default() += 1;
        }
    }

    /// A book that changed; nothing where it is not known now.
    pub fn book(&mut self, instrument: InstrumentId, book: &Book) {
        let Some(row) = book_row(instrument, book) else { return };
        if self.books.insert(instrument, row).is_some() {
            *self.counted.conflated.entry(Kind::Book).or_default() += 1;
        }
    }

    /// The latest trades, oldest first. Those that were there before are left out; where the oldest
    /// comes after the last one known, those in between came to nobody.
    pub fn trades(&mut self, instrument: InstrumentId, told: &[PublicTrade]) {
        let last = self.last_trade.get(&instrument).copied();
        if let (Some(last), Some(first)) = (last, told.first()) {
            let missed = first.id.saturating_sub(last.saturating_add(1));
            self.lose(Kind::Trade, missed);
        }
        let new = told.iter().filter(|trade| last.is_none_or(|last| trade.id > last));
        self.rows.trades.extend(new.map(|trade| PublicTradeRow {
            instrument,
            venue_trade_id: trade.id,
            at: trade.time,
            price: trade.price,
            quantity: trade.quantity,
            is_buyer_maker: trade.is_buyer_maker,
        }));
        if let Some(newest) = told.iter().map(|trade| trade.id).max().max(last) {
            self.last_trade.insert(instrument, newest);
        }
    }

    /// Open interest.
    pub fn interest(&mut self, instrument: InstrumentId, told: &OpenInterest) {
        let (at, open_interest_base) = (told.time, told.open_interest);
        self.rows.interest.push(InterestRow { instrument, at, open_interest_base });
    }

    /// Ratios of long to short accounts.
    pub fn ratios(&mut self, instrument: InstrumentId, told: &[LongShortRatio]) {
        self.rows.ratios.extend(told.iter().map(|one| RatioRow {
            instrument,
            at: one.time,
            ratio: one.long_short_ratio,
        }));
    }

    /// Settlements of funding.
    pub fn funding(&mut self, instrument: InstrumentId, told: &[FundingRate]) {
        self.rows.funding.extend(told.iter().map(|one| FundingRow {
            instrument,
            at: one.funding_time,
            rate_ratio: one.funding_rate,
            mark: one.mark_price,
        }));
        let newest = told.iter().map(|one| one.funding_time).max();
        if let Some(newest) = newest.max(self.last_funding.get(&instrument).copied()) {
            self.last_funding.insert(instrument, newest);
        }
    }

    /// Where settlements of funding are still unknown from.
    pub fn funding_from(&self, instrument: InstrumentId) -> UtcMs {
        self.last_funding.get(&instrument).map_or(UtcMs::default(), |last| last.plus_ms(1))
    }

    /// A liquidation.
    pub fn liquidation(&mut self, instrument: InstrumentId, told: &Liquidation) {
        self.rows.liquidations.push(LiquidationRow {
            instrument,
            at: told.time,
            side: told.side,
            price: told.avg_price,
            quantity: told.quantity,
        });
    }

    /// All that is due to be written.
    pub fn take(&mut self) -> Facts {
        let mut facts = std::mem::take(&mut self.rows);
        facts.books = std::mem::take(&mut self.books).into_values().collect();
        let written = &mut self.mark_written;
        self.marks.retain(|instrument, row| {
            let is_due = |last: &UtcMs| row.at.since(*last) >= MARK_EVERY_MS;
            if !written.get(instrument).is_none_or(is_due) {
                return true;
            }
            written.insert(*instrument, row.at);
            facts.marks.push(row.clone());
            false
        });
        facts
    }

    /// Drops the oldest rows where more wait than may: the store has been away for long.
    pub fn bound(&mut self) {
        fn cut<T>(rows: &mut Vec<T>) -> u64 {
            let over = rows.len().saturating_sub(WAITING);
            rows.drain(..over);
            over as u64
        }
        let over = [
            (Kind::Trade, cut(&mut self.rows.trades)),
            (Kind::Interest, cut(&mut self.rows.interest)),
            (Kind::Ratio, cut(&mut self.rows.ratios)),
            (Kind::Funding, cut(&mut self.rows.funding)),
            (Kind::Liquidation, cut(&mut self.rows.liquidations)),
        ];
        for (kind, count) in over {
            self.lose(kind, count);
        }
    }

    /// What was counted since the last time.
    pub fn counted(&mut self) -> Counted {
        std::mem::take(&mut self.counted)
    }

    fn lose(&mut self, kind: Kind, count: u64) {
        if count > 0 {
            *self.counted.lost.entry(kind).or_default() += count;
        }
    }
}

fn book_row(instrument: InstrumentId, book: &Book) -> Option<BookRow> {
    let top = book.top(LEVELS)?;
    let (full_bid_volume_base, full_ask_volume_base) = book.volumes_base()?;
    let sum = |side: &[Level]| {
        side.iter().try_fold(Decimal::ZERO, |sum, level| sum.checked_add(level.1.to_decimal()))
    };
    let (bid, ask) = (sum(&top.bids)?, sum(&top.asks)?);
    let (best_bid, best_ask) = (top.bids.first()?.0, top.asks.first()?.0);
    let imbalance = bid.checked_sub(ask)?.checked_div(bid.checked_add(ask)?)?;
    let prices = |side: &[Level]| side.iter().map(|level| level.0).collect();
    let quantities = |side: &[Level]| side.iter().map(|level| level.1).collect();
    Some(BookRow {
        instrument,
        at: top.time?,
        last_update_id: top.last_id,
        bid_prices: prices(&top.bids),
        bid_quantities: quantities(&top.bids),
        ask_prices: prices(&top.asks),
        ask_quantities: quantities(&top.asks),
        bid_volume_base: bid,
        ask_volume_base: ask,
        full_bid_volume_base,
        full_ask_volume_base,
        spread_quote: best_ask.to_decimal().checked_sub(best_bid.to_decimal())?,
        imbalance_ratio: imbalance.to_f64()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn btc() -> InstrumentId {
        "BTC/USDT:USDT".parse().unwrap()
    }

    fn read<T: serde::de::DeserializeOwned>(json: &str) -> T {
        serde_json::from_str(json).unwrap()
    }

    fn trades(ids: std::ops::Range<u64>) -> Vec<PublicTrade> {
        let trade = |id| {
            read(&format!(r#"{{"id":{id},"price":"5","qty":"1","time":{id},"isBuyerMaker":true}}"#))
        };
        ids.map(trade).collect()
    }

    fn mark(at: i64) -> MarkPrice {
        read(&format!(r#"{{"s":"BTCUSDT","p":"5","i":"5","r":"","T":0,"E":{at}}}"#))
    }

    fn book(last_id: u64, bid: &str) -> Book {
        let mut book = Book::default();
        book.on_snapshot(&read(&format!(
            r#"{{"lastUpdateId":{last_id},"bids":[["{bid}","3"],["1","1"]],"asks":[["9","1"]]}}"#
        )));
        book.on_update(read(&format!(
            r#"{{"s":"BTCUSDT","U":{last_id},"u":{0},"pu":{last_id},"b":[],"a":[],"E":{0}}}"#,
            last_id + 1
        )));
        book
    }

    #[test]
    fn the_latest_book_stands_for_those_before_and_all_are_counted() {
        let mut keep = Keep::default();
        keep.book(btc(), &Book::default());
        assert!(keep.take().is_empty());
        for (last, bid) in [(1, "5"), (3, "6"), (5, "7")] {
            keep.book(btc(), &book(last, bid));
        }
        let facts = keep.take();
        let [row] = &facts.books[..] else { panic!("one book") };
        assert_eq!((row.last_update_id, row.bid_prices[0]), (6, "7".parse().unwrap()));
        assert_eq!((row.bid_volume_base, row.spread_quote), (4.into(), 2.into()));
        assert!((row.imbalance_ratio - 0.6).abs() < 1e-12);
        assert_eq!(keep.counted().conflated, BTreeMap::from([(Kind::Book, 2)]));
        assert_eq!(keep.counted(), Counted::default());
    }

    #[test]
    fn trades_are_kept_once_and_those_between_two_answers_are_missed_aloud() {
        let mut keep = Keep::default();
        keep.trades(btc(), &trades(10..20));
        keep.trades(btc(), &trades(15..25));
        keep.trades(btc(), &trades(15..20));
        keep.trades(btc(), &[]);
        let ids: Vec<_> = keep.take().trades.iter().map(|row| row.venue_trade_id).collect();
        assert_eq!(ids, (10..25).collect::<Vec<_>>());
        assert_eq!(keep.counted(), Counted::default());
        keep.trades(btc(), &trades(32..40));
        assert_eq!(keep.take().trades.len(), 8);
        assert_eq!(keep.counted().lost, BTreeMap::from([(Kind::Trade, 7)]));
    }

    #[test]
    fn what_waits_for_long_is_bounded_and_its_loss_counted() {
        let mut keep = Keep::default();
        keep.trades(btc(), &trades(0..WAITING as u64 + 5));
        keep.bound();
        assert_eq!(keep.counted().lost, BTreeMap::from([(Kind::Trade, 5)]));
        assert_eq!(keep.take().trades[0].venue_trade_id, 5);
    }

    #[test]
    fn a_mark_is_written_every_ten_seconds() {
        let mut keep = Keep::default();
        let mut written = Vec::new();
        for second in 1..=25 {
            keep.mark(btc(), &mark(second * 1_000));
            written.extend(keep.take().marks.iter().map(|row| row.at.ms() / 1_000));
        }
        assert_eq!(written, [1, 11, 21]);
        // Every other one was replaced by the next, but for the last, which waits.
        assert_eq!(keep.counted().conflated, BTreeMap::from([(Kind::Mark, 21)]));
    }

    #[test]
    fn funding_goes_on_after_the_last_that_is_known() {
        let known = UtcMs::new(500);
        let mut keep = Keep::new(BTreeMap::from([(btc(), known)]));
        assert_eq!(keep.funding_from(btc()), UtcMs::new(501));
        let told: FundingRate =
            read(r#"{"symbol":"BTCUSDT","fundingRate":"0.0001","fundingTime":900,"markPrice":""}"#);
        keep.funding(btc(), &[told]);
        assert_eq!(keep.funding_from(btc()), UtcMs::new(901));
        assert_eq!(keep.take().funding[0].mark, None);
    }
}
