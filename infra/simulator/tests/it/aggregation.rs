//! Aggregated real candles equal the venue's own, apart from hours that the data's README names.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use domain::aggregate::Aggregator;
use domain::candle::Candle;
use domain::instrument::InstrumentId;
use domain::time::{DAY_MS, UtcMs};
use domain::timeframe::Timeframe;
use exchange::candle_file::read_folder;

use crate::support::data;

/// Hours in which the venue corrected its candles after the finer ones were recorded:
/// 2021-04-22 02:00, 2021-04-23 01:00 and 02:00, and in the five minutes 2021-01-11 08:00 too.
/// (The README also names one of AVAX, 2023-04-09 14:00: it begins with a minute without trades,
/// which is told apart here.)
const CORRECTED_HOURS: [i64; 4] =
    [1_619_056_800_000, 1_619_139_600_000, 1_619_143_200_000, 1_610_352_000_000];
/// All that were traded then.
const CORRECTED_BASES: [&str; 3] = ["BTC", "ETH", "MATIC"];

type Candles = BTreeMap<InstrumentId, Vec<Candle>>;

fn load(data: &Path, folder: &str) -> Candles {
    let files = read_folder(&data.join("market/spot").join(folder)).unwrap();
    files.into_iter().map(|file| (file.instrument, file.candles)).collect()
}

/// Buckets of which no part lies beyond a gap of more than two days or the ends of the data.
fn built(fine: &[Candle], coarse: Timeframe) -> Vec<Candle> {
    let far = |pair: &[Candle]| pair[1].open_time.since(pair[0].close_time()) > 2 * DAY_MS;
    let mut cuts = vec![0];
    cuts.extend(fine.windows(2).enumerate().filter(|(_, pair)| far(pair)).map(|(n, _)| n + 1));
    cuts.push(fine.len());
    let mut all = Vec::new();
    for cut in cuts.windows(2) {
        let block = &fine[cut[0]..cut[1]];
        let (start, end) = (block[0].open_time, block[block.len() - 1].close_time());
        let mut aggregator = Aggregator::new(block[0].timeframe, coarse).unwrap();
        let mut out = Vec::new();
        for candle in block {
            aggregator.push(candle, &mut out).unwrap();
        }
        out.extend(aggregator.close_until(end));
        all.extend(out.into_iter().filter(|c| c.open_time >= start));
    }
    all
}

/// Compares where both have a candle; the number of equal ones and the times of others.
fn compare(ours: &[Candle], theirs: &[Candle]) -> (usize, Vec<UtcMs>) {
    let theirs: BTreeMap<_, _> = theirs.iter().map(|c| (c.open_time, c)).collect();
    let (mut equal, mut differ) = (0, Vec::new());
    for ours in ours {
        match theirs.get(&ours.open_time) {
            Some(theirs) if *theirs == ours => equal += 1,
            Some(_) => differ.push(ours.open_time),
            None => {}
        }
    }
    (equal, differ)
}

/// How many are equal, and the hours of those that are not.
fn total(
    data: &Path,
    fine_folder: &str,
    coarse: Timeframe,
    venue: &str,
) -> (usize, BTreeSet<(String, i64)>) {
    let (fine, theirs) = (load(data, fine_folder), load(data, venue));
    let (mut equal, mut differ) = (0, BTreeSet::new());
    for (instrument, theirs) in &theirs {
        let Some(fine) = fine.get(instrument) else { continue };
        let (same, others) = compare(&built(fine, coarse), theirs);
        equal += same;
        let hours = others.into_iter().map(|at| Timeframe::H1.open_of(at).ms());
        differ.extend(hours.map(|hour| (instrument.base().to_owned(), hour)));
    }
    println!("{fine_folder} to {coarse}: {equal} equal, {} hours differ", differ.len());
    (equal, differ)
}

fn corrected(hours: &[i64]) -> BTreeSet<(String, i64)> {
    let of = |base: &&str| hours.iter().map(|hour| ((*base).to_owned(), *hour)).collect::<Vec<_>>();
    CORRECTED_BASES.iter().flat_map(of).collect()
}

#[test]
fn minutes_make_the_venues_five_minutes_and_hours() {
    let Some(data) = data() else { return };
    let (equal, differ) = total(&data, "1m", Timeframe::M5, "5m");
    assert!(equal > 118_000, "{equal}");
    assert_eq!(differ, corrected(&CORRECTED_HOURS[..3]));
    let (equal, differ) = total(&data, "1m", Timeframe::H1, "1h");
    assert!(equal > 10_000, "{equal}");
    assert_eq!(differ, corrected(&CORRECTED_HOURS[..3]));
    let (equal, differ) = total(&data, "5m", Timeframe::H1, "1h");
    assert!(equal > 56_000, "{equal}");
    assert_eq!(differ, corrected(&CORRECTED_HOURS));
}

#[test]
fn hours_make_the_venues_four_hours_and_days() {
    let Some(data) = data() else { return };
    for (coarse, venue, least) in
        [(Timeframe::H4, "4h_exchange", 22_000), (Timeframe::D1, "1d_exchange", 8_700)]
    {
        let (equal, differ) = total(&data, "1h", coarse, venue);
        assert!(equal > least, "{equal}");
        assert_eq!(differ, BTreeSet::new());
    }
}
