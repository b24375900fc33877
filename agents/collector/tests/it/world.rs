//! A venue's whole history: holes, launches, breaks, outages, a delisting.

use std::collections::{BTreeMap, BTreeSet};

use collector::config::Config;
use collector::messages::PageRequest;
use domain::candle::Candle;
use domain::instrument::{Filters, Instrument, InstrumentId};
use domain::money::{Money, Price};
use domain::time::{HOUR_MS, UtcMs};
use domain::timeframe::Timeframe;

use crate::rng::Rng;

/// 2021-04-02 00:00 UTC.
pub(crate) const ORIGIN: UtcMs = UtcMs::new(1_617_321_600_000);

#[derive(Debug, Clone)]
pub(crate) struct World {
    pub(crate) config: Config,
    pub(crate) listed: Vec<Instrument>,
    /// Venue time when the first collector starts.
    pub(crate) start: UtcMs,
    pub(crate) end: UtcMs,
    pub(crate) history: BTreeMap<(InstrumentId, Timeframe), Vec<Candle>>,
}

pub(crate) fn instrument(name: &str) -> Instrument {
    let filters = Filters {
        tick: Price::from_raw(1),
        step: "1".parse().unwrap(),
        min_quantity: "1".parse().unwrap(),
        max_quantity: "1000000".parse().unwrap(),
        min_notional_quote: Money::ZERO,
    };
    Instrument { id: name.parse().unwrap(), filters }
}

/// A candle whose numbers tell it from every other.
pub(crate) fn candle(timeframe: Timeframe, open_time: UtcMs) -> Candle {
    let seed = (open_time.ms() / 60_000).abs() + timeframe as i64;
    let raw = |n: i64| Price::from_raw((1000 + n) * Price::SCALE);
    let (open, close) = (raw(seed % 97), raw(seed % 89));
    let volume_base = if seed % 7 == 0 { 0.0 } else { seed as f64 };
    let prices = [open, open.max(close), open.min(close), close];
    Candle::new(timeframe, open_time, prices, volume_base).unwrap()
}

impl World {
    /// An empty venue that has listed everything.
    pub(crate) fn new(names: &[&str], timeframes: &[Timeframe]) -> Self {
        let listed: Vec<_> = names.iter().map(|name| instrument(name)).collect();
        let ids = listed.iter().map(|listed| listed.id).collect();
        let config = Config::new(ids, timeframes.to_vec());
        Self { config, listed, start: ORIGIN, end: ORIGIN, history: BTreeMap::new() }
    }

    /// The venue has base candles in these spans (multiples of the base span since [`ORIGIN`],
    /// end excluded), and coarse ones wherever there is a base candle in them.
    pub(crate) fn trade(&mut self, name: &str, spans: &[(i64, i64)]) {
        let base = self.config.timeframes[0];
        let opens = spans.iter().flat_map(|(from, to)| *from..*to);
        self.fill(name, opens.map(|n| step(base, n)).collect());
    }

    pub(crate) fn fill(&mut self, name: &str, opens: BTreeSet<UtcMs>) {
        let id = name.parse().unwrap();
        for timeframe in self.config.timeframes.clone() {
            let opens: BTreeSet<_> = opens.iter().map(|open| timeframe.open_of(*open)).collect();
            let candles = opens.into_iter().map(|open| candle(timeframe, open)).collect();
            self.history.insert((id, timeframe), candles);
        }
        let last = opens.last().map_or(ORIGIN, |open| self.config.timeframes[0].close_of(*open));
        self.end = self.end.max(last);
    }

    /// A world full of accidents. Breaks are shorter than in life, so that many fit in.
    pub(crate) fn random(rng: &mut Rng) -> Self {
        use Timeframe::{D1, H1, H4, M1, M5, M15, Mo1, W1};
        let shapes: [(&[Timeframe], i64, u64); 8] = [
            (&[M1, M5, H1], 3 * HOUR_MS, 1500),
            (&[M1], 2 * HOUR_MS, 900),
            (&[M1, M15, H1, H4], HOUR_MS, 1200),
            (&[M5, H1, H4], 6 * HOUR_MS, 900),
            (&[H1, H4, D1], 48 * HOUR_MS, 700),
            (&[H4, D1], 48 * HOUR_MS, 200),
            (&[D1, W1], 96 * HOUR_MS, 150),
            (&[H4, W1, Mo1], 48 * HOUR_MS, 600),
        ];
        let (timeframes, session_break_ms, length) = shapes[rng.below(8) as usize];
        let names = ["AAA/USDT", "BBB/USDT", "CCC/USDT", "DDD/USDT"];
        let mut world = Self::new(&names[..rng.between(1, 4) as usize], timeframes);
        world.config.session_break_ms = session_break_ms;
        world.config.history_candles = rng.between(1, 80) as u32;
        world.config.page_limit = rng.between(4, 60) as u32;
        let base = timeframes[0];
        let break_spans = (session_break_ms / base.span_ms()) as u64;
        let outages: Vec<_> = (0..rng.below(3))
            .map(|_| (rng.below(length), rng.between(1, break_spans * 2)))
            .map(|(from, spans)| from..from + spans)
            .collect();
        for name in names.into_iter().take(world.listed.len()) {
            let mut opens = BTreeSet::new();
            let mut at = if rng.chance(0.5) { 0 } else { rng.below(length) };
            while at < length && !(at > 0 && rng.chance(0.05)) {
                let until = at + rng.between(1, length / 4);
                opens.extend((at..until.min(length)).filter(|_| !rng.chance(0.01)));
                at = until
                    + match rng.below(4) {
                        0 | 1 => rng.between(1, 5),
                        2 => rng.between(1, break_spans + 1),
                        _ => rng.between(break_spans, 3 * break_spans),
                    };
            }
            opens.retain(|n| !outages.iter().any(|outage| outage.contains(n)));
            world.fill(name, opens.into_iter().map(|n| step(base, n as i64)).collect());
        }
        for ((_, timeframe), candles) in &mut world.history {
            if *timeframe > base {
                candles.retain(|_| !rng.chance(0.02));
            }
        }
        let started = if rng.chance(0.5) { 0 } else { rng.below(length) };
        world.start = step(base, started as i64).plus_ms(rng.below(base.span_ms() as u64) as i64);
        world.end = step(base, length as i64);
        world
    }

    /// All candles by close.
    pub(crate) fn by_close(&self) -> Vec<(UtcMs, InstrumentId, Candle)> {
        let one = |(key, candles): (&(InstrumentId, Timeframe), &Vec<Candle>)| {
            let id = key.0;
            candles.iter().map(|c| (c.close_time(), id, *c)).collect::<Vec<_>>()
        };
        let mut all: Vec<_> = self.history.iter().flat_map(one).collect();
        all.sort_by_key(|(close, id, candle)| (*close, candle.timeframe, *id));
        all
    }

    /// The venue's answer at `now`; it vouches for what closed `margin_ms` before.
    pub(crate) fn page(
        &self,
        request: PageRequest,
        now: UtcMs,
        margin_ms: i64,
    ) -> (Vec<Candle>, UtcMs) {
        let none = Vec::new();
        let all = self.history.get(&(request.instrument, request.timeframe)).unwrap_or(&none);
        let from = all.partition_point(|c| c.open_time < request.from);
        let closed = all[from..].iter().take_while(|c| c.close_time() <= now);
        let candles: Vec<_> = closed.copied().take(request.limit as usize).collect();
        let complete_to = match candles.last() {
            Some(last) if candles.len() == request.limit as usize => last.close_time(),
            _ => now.plus_ms(-margin_ms),
        };
        (candles, complete_to)
    }
}

pub(crate) fn step(base: Timeframe, n: i64) -> UtcMs {
    ORIGIN.plus_ms(n * base.span_ms())
}
