//! The tape against the live collector: whatever the venue's history, both release the same.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use backtest::history::History;
use backtest::tape::Tape;
use collector::collector::Collector;
use collector::config::Config;
use collector::messages::{Input, Output};
use domain::candle::Candle;
use domain::event::{Event, Released, Watermark};
use domain::instrument::{Instrument, InstrumentId};
use domain::money::Price;
use domain::time::{DAY_MS, HOUR_MS, UtcMs};
use domain::timeframe::Timeframe::{self, D1, H1, H4, M1, M5, M15, Mo1, W1};
use exchange::{candle_file, observed};
use proptest::prelude::*;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};

use crate::world;

/// 2021-04-02 00:00 UTC.
pub(crate) const ORIGIN: UtcMs = UtcMs::new(1_617_321_600_000);

/// What the collector releases when the venue's history is this one and its clock begins with it.
fn collected(history: &History) -> Vec<Released> {
    let base = history.series().iter();
    let candles: BTreeMap<(InstrumentId, Timeframe), Vec<Candle>> = base
        .flat_map(|series| {
            let (base, blocks) = (series.base(), observed::blocks(series.base()));
            history.timeframes().iter().map(move |timeframe| {
                let candles = match *timeframe == history.base() {
                    true => base.to_vec(),
                    false => observed::coarser(base, &blocks, *timeframe),
                };
                ((series.instrument().id, *timeframe), candles)
            })
        })
        .collect();
    let config = Config::new(history.instruments(), history.timeframes().to_vec());
    let mut collector = Collector::new(config).unwrap();
    let listed = history.series().iter().map(|series| *series.instrument()).collect();
    let (mut out, mut released) = (Vec::new(), Vec::new());
    collector.on_input(Input::Started { venue_time: history.from(), listed }, &mut out);
    let end = history.to().plus_ms(40 * DAY_MS);
    let mut now = history.from();
    loop {
        for output in std::mem::take(&mut out) {
            match output {
                Output::Fetch(request) => {
                    let all = &candles[&(request.instrument, request.timeframe)];
                    let from = all.partition_point(|candle| candle.open_time < request.from);
                    let page = all[from..].iter().take(request.limit as usize).copied();
                    let page: Vec<_> = page.collect();
                    let is_full = page.len() == request.limit as usize;
                    let last = page.last().filter(|_| is_full).map(Candle::close_time);
                    let complete_to = last.unwrap_or(end);
                    let input = Input::Page { request, candles: page, complete_to };
                    collector.on_input(input, &mut out);
                }
                Output::Release(watermark) => released.push(watermark),
                Output::Missing { .. } => {}
                odd => panic!("{odd:?}"),
            }
        }
        if out.is_empty() {
            if collector.is_settled_to(history.to()) || now > end {
                break;
            }
            now = now.plus_ms(DAY_MS);
            collector.on_input(Input::VenueTime(now), &mut out);
        }
    }
    // What is known beyond the last candle is nobody's history.
    released.retain(|released| released.watermark <= history.to());
    released
}

fn assert_same(history: &History) -> usize {
    let mut tape = Tape::new(history);
    let expected = collected(history);
    for released in &expected {
        let Watermark { at: watermark, events } = tape.next().unwrap();
        assert_eq!(watermark, released.watermark);
        for (found, expected) in events.iter().zip(released.events.iter()) {
            assert_eq!(found, expected, "at {watermark}");
        }
        assert_eq!(events.len(), released.events.len(), "at {watermark}");
    }
    assert_eq!(tape.next().map(|watermark| watermark.at), None);
    expected.len()
}

pub(crate) fn listed(name: &str) -> Instrument {
    world::instrument(name, "0.01", "0.001", "90000")
}

/// A candle whose numbers tell it from every other.
pub(crate) fn candle(timeframe: Timeframe, open_time: UtcMs) -> Candle {
    let seed = open_time.ms() / 60_000;
    let raw = |n: i64| Price::from_raw((1000 + n) * Price::SCALE);
    let (open, close) = (raw(seed % 97), raw(seed % 89));
    let volume_base = if seed % 7 == 0 { 0.0 } else { (seed % 1000) as f64 };
    let prices = [open, open.max(close), open.min(close), close];
    Candle::new(timeframe, open_time, prices, volume_base).unwrap()
}

/// Candles in these spans, in multiples of the timeframe's since [`ORIGIN`], the end excluded.
pub(crate) fn traded(timeframe: Timeframe, spans: &[(i64, i64)]) -> Vec<Candle> {
    let origin = timeframe.open_of(ORIGIN);
    let opens = spans.iter().flat_map(|(from, to)| *from..*to);
    opens.map(|n| candle(timeframe, origin.plus_ms(n * timeframe.span_ms()))).collect()
}

/// A pair and the spans in which it has candles.
type Traded = (&'static str, &'static [(i64, i64)]);

#[test]
fn sessions_begin_and_end_as_the_collector_has_them() {
    const AGAIN: i64 = 30 * 24 * 60 + 17;
    let cases: [&[Traded]; 8] = [
        &[("AAA/USDT", &[(0, 500)])],
        // Listed in the last hour, of which no end comes.
        &[("AAA/USDT", &[(0, 130)]), ("BBB/USDT", &[(125, 130)])],
        // Listed late, off the full hour; delisted while the other goes on.
        &[("AAA/USDT", &[(0, 9000)]), ("BBB/USDT", &[(77, 300)])],
        // A hole over several coarse candles, and one at a coarse close.
        &[("AAA/USDT", &[(3, 299), (421, 900)]), ("BBB/USDT", &[(59, 60), (61, 119)])],
        // Both silent for a month.
        &[("AAA/USDT", &[(0, 300), (AGAIN, AGAIN + 300)]), ("BBB/USDT", &[(0, 290)])],
        // Exactly two days, one candle less and one more.
        &[("AAA/USDT", &[(0, 100), (100 + 2880, 4000)]), ("BBB/USDT", &[(0, 5000)])],
        &[("AAA/USDT", &[(0, 100), (100 + 2879, 4000)]), ("BBB/USDT", &[(0, 5000)])],
        &[("AAA/USDT", &[(0, 100), (100 + 2881, 4000)]), ("BBB/USDT", &[(0, 5000)])],
    ];
    for case in cases {
        let candles: Vec<_> =
            case.iter().map(|(name, spans)| (listed(name), traded(M1, spans))).collect();
        let history = History::new(candles, &[M5, M15, H1, H4, D1]).unwrap();
        assert_same(&history);
    }
}

fn below(rng: &mut ChaCha8Rng, bound: i64) -> i64 {
    (rng.next_u64() % bound.unsigned_abs().max(1)) as i64
}

/// Up to four instruments full of accidents.
fn accidents(seed: u64) -> History {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let shapes: [(Timeframe, &[Timeframe]); 8] = [
        (M1, &[]),
        (M1, &[M5, H1]),
        (M15, &[H1, H4, D1]),
        (H1, &[H4, D1, W1]),
        (H4, &[D1]),
        (D1, &[W1, Mo1]),
        (Timeframe::M30, &[H1, W1]),
        (W1, &[]),
    ];
    let (base, coarser) = shapes[below(&mut rng, 8) as usize];
    let break_spans = ((2 * DAY_MS) / base.span_ms()).max(2);
    let length = (12 * break_spans).min(9000);
    let names = ["AAA/USDT", "BBB/USDT", "CCC/USDT", "DDD/USDT"];
    let count = 1 + below(&mut rng, 4) as usize;
    let candles = names.into_iter().take(count).map(|name| {
        let mut spans = Vec::new();
        let mut at = if below(&mut rng, 2) == 0 { 0 } else { below(&mut rng, length) };
        while spans.is_empty() || (at < length && below(&mut rng, 20) > 0) {
            let until = at + 1 + below(&mut rng, length / 4);
            let hole = at + 1 + below(&mut rng, until - at);
            spans.extend([(at, hole), (hole + below(&mut rng, 2), until)]);
            at = until
                + match below(&mut rng, 4) {
                    0 | 1 => 1 + below(&mut rng, 5),
                    2 => 1 + below(&mut rng, break_spans + 1),
                    _ => break_spans - 2 + below(&mut rng, 2 * break_spans),
                };
        }
        (listed(name), traded(base, &spans))
    });
    History::new(candles.collect(), coarser).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, ..ProptestConfig::default() })]
    #[test]
    fn any_history_is_released_as_the_collector_would(seed in any::<u64>()) {
        assert_same(&accidents(seed));
    }
}

/// Where recorded candles are, if they are there.
pub(crate) fn recorded(folder: &str) -> Option<PathBuf> {
    let data = std::env::var_os("SEXTANT_DATA").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data"),
        PathBuf::from,
    );
    let folder = data.join("market/spot").join(folder);
    if !folder.is_dir() {
        eprintln!("skipped: no recorded candles in {}", folder.display());
        return None;
    }
    Some(folder)
}

/// The candles of a folder with the filters that they tell.
pub(crate) fn read(folder: &Path, coarser: &[Timeframe]) -> History {
    let files = candle_file::read_folder(folder).unwrap();
    let candles = files.into_iter().map(|file| {
        let filters = observed::filters(&file.candles);
        (Instrument { id: file.instrument, filters }, file.candles)
    });
    History::new(candles.collect(), coarser).unwrap()
}

#[test]
fn recorded_candles_are_released_as_the_collector_would() {
    for (folder, coarser) in [("1m", &[M5, M15, H1, H4, D1][..]), ("1h", &[H4, D1, W1])] {
        let Some(folder) = recorded(folder) else { return };
        let history = read(&folder, coarser);
        let watermarks = assert_same(&history);
        println!("{} candles, {watermarks} watermarks", history.candles());
    }
}

#[test]
fn holes_are_told_with_their_session() {
    let candles = vec![
        (listed("BBB/USDT"), traded(H1, &[(0, 5), (7, 20), (20 + 48, 90), (90 + 49, 150)])),
        (listed("AAA/USDT"), traded(H1, &[(0, 150)])),
    ];
    let history = History::new(candles, &[]).unwrap();
    let told: Vec<_> = history
        .holes()
        .iter()
        .map(|hole| {
            let hours = hole.from.since(ORIGIN) / HOUR_MS;
            (hole.instrument.to_string(), hours, hole.missing, hole.ended)
        })
        .collect();
    let b = || "BBB/USDT".to_owned();
    assert_eq!(told, [(b(), 5, 2, false), (b(), 20, 48, true), (b(), 90, 49, true)]);
    let mut tape = Tape::new(&history);
    let mut ended = 0;
    while let Some(Watermark { events, .. }) = tape.next() {
        ended += events.iter().filter(|e| matches!(e.event, Event::SessionEnded { .. })).count();
    }
    assert_eq!(ended, 2);
}
