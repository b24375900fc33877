//! All candles there are: what REST looks up and the replay walks along.

use std::collections::BTreeMap;

use domain::aggregate::{Aggregator, nests};
use domain::candle::Candle;
use domain::instrument::{Filters, InstrumentId};
use domain::money::Price;
use domain::time::UtcMs;
use domain::timeframe::Timeframe;
use exchange::candle_file::CandleFile;
use exchange::observed::{self, Block};

use crate::usdm::market::Shape;

/// The candles of one stream, ascending, never empty.
#[derive(Debug)]
pub(crate) struct Series {
    /// `BTCUSDT`
    pub(crate) symbol: String,
    /// `btcusdt@kline_1m`
    pub(crate) stream: String,
    pub(crate) timeframe: Timeframe,
    pub(crate) candles: Vec<Candle>,
}

/// What is known of an instrument.
#[derive(Debug)]
pub(crate) struct Market {
    pub(crate) instrument: InstrumentId,
    /// As the finest candles tell them.
    pub(crate) filters: Filters,
    finest: usize,
    /// Where the finest candles reach without a long hole.
    blocks: Vec<Block>,
    series: BTreeMap<Timeframe, usize>,
}

impl Market {
    /// Place of its finest series.
    pub(crate) fn finest_place(&self) -> usize {
        self.finest
    }
}

/// Which candles REST is asked for, by open time, both ends included.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Query {
    pub(crate) from: Option<UtcMs>,
    pub(crate) to: Option<UtcMs>,
    pub(crate) limit: usize,
}

/// All candles of all instruments.
#[derive(Debug)]
pub(crate) struct History {
    /// By timeframe, fine first, then by instrument: the order in which candles that close at
    /// the same moment are told.
    pub(crate) series: Vec<Series>,
    /// Of spot, by symbol.
    pub(crate) markets: BTreeMap<String, Market>,
    /// Of futures, by symbol.
    pub(crate) perpetuals: BTreeMap<String, Market>,
    /// Place in `series` by stream, of spot.
    pub(crate) streams: BTreeMap<String, usize>,
    /// The same of futures, whose streams have the same names.
    pub(crate) perpetual_streams: BTreeMap<String, usize>,
    pub(crate) first_open: UtcMs,
    pub(crate) last_close: UtcMs,
}

impl History {
    /// Timeframes without candles of their own are aggregated from the instrument's finest;
    /// a bucket at the edge of a block, of which only a part is known, is left out.
    pub(crate) fn new(files: Vec<CandleFile>) -> Self {
        let mut all = BTreeMap::<(Timeframe, InstrumentId), Vec<Candle>>::new();
        let mut finest = BTreeMap::<InstrumentId, Timeframe>::new();
        for file in files.into_iter().filter(|f| !f.candles.is_empty()) {
            let known = finest.entry(file.instrument).or_insert(file.timeframe);
            *known = file.timeframe.min(*known);
            all.insert((file.timeframe, file.instrument), file.candles);
        }
        let mut blocks = BTreeMap::new();
        for (instrument, fine) in finest {
            let candles = &all[&(fine, instrument)];
            let found = observed::blocks(candles);
            let missing = |coarse: &Timeframe| !all.contains_key(&(*coarse, instrument));
            let built: Vec<_> = Timeframe::ALL
                .into_iter()
                .filter(|coarse| nests(fine, *coarse))
                .filter(missing)
                .map(|coarse| ((coarse, instrument), observed::coarser(candles, &found, coarse)))
                .filter(|(_, built)| !built.is_empty())
                .collect();
            blocks.insert(instrument, (fine, found));
            all.extend(built);
        }
        Self::of(all, blocks)
    }

    fn of(
        all: BTreeMap<(Timeframe, InstrumentId), Vec<Candle>>,
        blocks: BTreeMap<InstrumentId, (Timeframe, Vec<Block>)>,
    ) -> Self {
        let opens = all.values().filter_map(|candles| candles.first()).map(|c| c.open_time);
        let closes = all.values().filter_map(|candles| candles.last()).map(Candle::close_time);
        let first_open = opens.min().unwrap_or_default();
        let last_close = closes.max().unwrap_or_default();
        let mut series = Vec::with_capacity(all.len());
        let (mut streams, mut perpetual_streams) = (BTreeMap::new(), BTreeMap::new());
        let mut places = BTreeMap::<InstrumentId, BTreeMap<Timeframe, usize>>::new();
        for ((timeframe, instrument), candles) in all {
            let symbol = instrument.symbol();
            let stream = format!("{}@kline_{timeframe}", symbol.to_ascii_lowercase());
            places.entry(instrument).or_default().insert(timeframe, series.len());
            let streams =
                if instrument.is_perpetual() { &mut perpetual_streams } else { &mut streams };
            streams.insert(stream.clone(), series.len());
            series.push(Series { symbol, stream, timeframe, candles });
            if instrument.is_perpetual() {
                let last = series.len() - 1;
                let name = Shape::Continuous.stream(&series[last]).into_owned();
                perpetual_streams.insert(name, last);
            }
        }
        let (mut markets, mut perpetuals) = (BTreeMap::new(), BTreeMap::new());
        for (instrument, (fine, blocks)) in blocks {
            let places = places.remove(&instrument).unwrap_or_default();
            let finest = places.get(&fine).copied().unwrap_or_default();
            let candles = &series[finest].candles;
            let market = Market {
                instrument,
                filters: observed::filters(candles),
                finest,
                blocks,
                series: places,
            };
            for shape in [Shape::Mark, Shape::MarkEverySecond] {
                if instrument.is_perpetual() {
                    let name = shape.stream(&series[finest]).into_owned();
                    perpetual_streams.insert(name, finest);
                }
            }
            let markets = if instrument.is_perpetual() { &mut perpetuals } else { &mut markets };
            markets.insert(instrument.symbol(), market);
        }
        Self { series, markets, perpetuals, streams, perpetual_streams, first_open, last_close }
    }

    /// The candles that a client may know at `now`: closed ones, and the open one as far as
    /// finer candles tell it. From the start of the range where that is given, else from its end.
    pub(crate) fn candles(
        &self,
        market: &Market,
        timeframe: Timeframe,
        query: Query,
        now: UtcMs,
    ) -> (&[Candle], Option<Candle>) {
        let closed = match market.series.get(&timeframe) {
            Some(place) => closed_by(&self.series[*place].candles, now),
            None => &[],
        };
        let from = query.from.unwrap_or(UtcMs::new(i64::MIN));
        let to = query.to.unwrap_or(UtcMs::new(i64::MAX));
        let end = closed.partition_point(|c| c.open_time <= to);
        let start = closed.partition_point(|c| c.open_time < from).min(end);
        let closed = &closed[start..end];
        let open = self.open_candle(market, timeframe, now);
        let open = open.filter(|c| from <= c.open_time && c.open_time <= to);
        if query.from.is_some() {
            let closed = &closed[..closed.len().min(query.limit)];
            return (closed, open.filter(|_| closed.len() < query.limit));
        }
        let open = open.filter(|_| query.limit > 0);
        let room = query.limit - usize::from(open.is_some());
        (&closed[closed.len().saturating_sub(room)..], open)
    }

    fn open_candle(&self, market: &Market, timeframe: Timeframe, now: UtcMs) -> Option<Candle> {
        let series = &self.series[market.finest];
        let open_time = timeframe.open_of(now);
        // What opened before its block did is never served closed, so it isn't shown open.
        market.blocks.iter().find(|b| b.start <= open_time && open_time < b.end)?;
        let known = closed_by(&series.candles, now);
        let inside = &known[known.partition_point(|c| c.open_time < open_time)..];
        let mut aggregator = Aggregator::new(series.timeframe, timeframe).ok()?;
        for candle in inside {
            aggregator.push(candle, &mut Vec::new()).ok()?;
        }
        aggregator.so_far()
    }

    /// Places in `series` by the names of spot's or of futures' streams.
    pub(crate) fn streams_of(&self, perpetual: bool) -> &BTreeMap<String, usize> {
        if perpetual { &self.perpetual_streams } else { &self.streams }
    }

    /// Spot's or futures' markets, by symbol.
    pub(crate) fn markets_of(&self, perpetual: bool) -> &BTreeMap<String, Market> {
        if perpetual { &self.perpetuals } else { &self.markets }
    }

    /// The finest candles of a market.
    pub(crate) fn finest(&self, market: &Market) -> &[Candle] {
        &self.series[market.finest].candles
    }

    /// The last candle that has closed by `now`.
    pub(crate) fn last_candle(&self, market: &Market, now: UtcMs) -> Option<&Candle> {
        closed_by(&self.series[market.finest].candles, now).last()
    }

    /// The last price at `now`, nought before the first candle has closed.
    pub(crate) fn price(&self, market: &Market, now: UtcMs) -> Price {
        self.last_candle(market, now).map_or(Price::ZERO, |c| c.close)
    }
}

fn closed_by(candles: &[Candle], now: UtcMs) -> &[Candle] {
    &candles[..candles.partition_point(|c| c.close_time() <= now)]
}

#[cfg(test)]
mod tests;
