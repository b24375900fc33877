//! The same events give the same records, and what comes later never changes what came before.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use backtest::engine::Engine;
use decision::outbox::Outbox;
use decision::record::{Dated, Record};
use domain::aggregate::Aggregator;
use domain::candle::Candle;
use domain::event::{Event, Released, Sequenced};
use domain::instrument::InstrumentId;
use domain::ledger::{Entry, Head};
use domain::time::UtcMs;
use domain::timeframe::Timeframe;
use exchange::candle_file;

use crate::parts::engine;
use crate::world::{Nature, World, instrument};

/// Lives through it all and chains what is of the ledger.
fn live(mut engine: Engine, history: &[Released]) -> (Vec<Dated>, Vec<Entry>) {
    let mut head = Head::GENESIS;
    let mut all = (Vec::new(), Vec::new());
    let mut out = Outbox::default();
    for released in history {
        engine.step(released.view(), &mut out).unwrap();
        for dated in out.records.drain(..) {
            all.1.extend(dated.chained(&mut head).unwrap());
            all.0.push(dated);
        }
    }
    all
}

fn prove(history: &[Released], base: Timeframe) -> Vec<Dated> {
    let (records, entries) = live(engine(base), history);
    for share in [10, 3, 2] {
        let end = history.len() - history.len() / share;
        let (earlier, chain) = live(engine(base), &history[..end]);
        assert!(earlier.len() < records.len() && chain.len() < entries.len());
        assert_eq!(earlier, records[..earlier.len()], "later candles changed earlier records");
        assert_eq!(chain, entries[..chain.len()]);
    }
    let (again, same) = live(engine(base), history);
    assert_eq!(same, entries);
    assert_eq!(again, records);
    records
}

fn count(records: &[Dated], which: impl Fn(&Record) -> bool) -> usize {
    records.iter().filter(|dated| which(&dated.record)).count()
}

#[test]
fn seeded_candles_give_the_same_records_however_many_follow() {
    let nature = Nature { sigma: 0.004, drift: 0.0, jumps: 0.001, breaks: 0.0002 };
    let mut world = World::new(11, nature);
    let history: Vec<_> = (0..5000).map(|_| world.turn().0).collect();
    let records = prove(&history, Timeframe::M15);
    assert!(count(&records, |record| matches!(record, Record::Trade(_))) >= 5);
    assert!(count(&records, |record| matches!(record, Record::Signal(..))) > 100);
}

#[test]
fn real_candles_give_the_same_records_however_many_follow() {
    let Some(folder) = real_hours() else {
        println!("skipped: SEXTANT_DATA names no folder with market/spot/1h");
        return;
    };
    let records = prove(&history(&folder, 4000), Timeframe::H1);
    let trades = count(&records, |record| matches!(record, Record::Trade(_)));
    println!("{} records, {trades} trades", records.len());
    assert!(trades >= 20);
}

#[expect(clippy::disallowed_methods, reason = "a test is told by the environment where data is")]
fn real_hours() -> Option<PathBuf> {
    let folder = Path::new(&std::env::var("SEXTANT_DATA").ok()?).join("market/spot/1h");
    folder.is_dir().then_some(folder)
}

/// The last `hours` of every pair, with the coarser candles made of them.
fn history(folder: &Path, hours: usize) -> Vec<Released> {
    let mut at = BTreeMap::<UtcMs, Vec<Event>>::new();
    let mut candles = Vec::<(InstrumentId, Candle)>::new();
    for file in candle_file::read_folder(folder).unwrap() {
        let id = file.instrument;
        let tail = &file.candles[file.candles.len() - hours..];
        let started = Event::SessionStarted {
            instrument: instrument(id.as_str(), "0.0001", "0.00001", "90000"),
        };
        at.entry(tail[0].close_time()).or_default().push(started);
        for timeframe in [Timeframe::H4, Timeframe::D1] {
            let mut aggregator = Aggregator::new(Timeframe::H1, timeframe).unwrap();
            let mut coarse = Vec::new();
            for candle in tail {
                aggregator.push(candle, &mut coarse).unwrap();
            }
            candles.extend(coarse.into_iter().map(|candle| (id, candle)));
        }
        candles.extend(tail.iter().map(|candle| (id, *candle)));
    }
    candles.sort_by_key(|(id, candle)| (candle.close_time(), candle.timeframe, *id));
    for (instrument, candle) in candles {
        at.entry(candle.close_time()).or_default().push(Event::CandleClosed { instrument, candle });
    }
    let mut input_seq = 0;
    let sequence = |(watermark, events): (UtcMs, Vec<Event>)| {
        let events = events.into_iter().map(|event| {
            input_seq += 1;
            Sequenced { input_seq, event }
        });
        Released { watermark, events: events.collect() }
    };
    at.into_iter().map(sequence).collect()
}
