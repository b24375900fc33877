use std::fs;
use std::path::PathBuf;

use domain::candle::Candle;
use domain::instrument::InstrumentId;
use domain::money::Price;
use domain::time::UtcMs;
use domain::timeframe::Timeframe;
use proptest::prelude::*;

use super::cache;
use super::error::{ArchiveError, RecordProblem};
use super::folder::{Archive, load};
use super::format::{self, Source};
use super::ranges::Ranges;
use super::series::{Hole, Merged, Series, holes};
use crate::candle_file::{self, CandleFile};

const MINUTE: i64 = 60_000;

fn btc() -> InstrumentId {
    "BTC/USDT".parse().unwrap()
}

fn at(minute: i64) -> UtcMs {
    UtcMs::new(minute * MINUTE)
}

fn candle(minute: i64) -> Candle {
    priced(minute, 100 + minute % 7)
}

fn priced(minute: i64, price: i64) -> Candle {
    let price = Price::from_raw(price * Price::SCALE);
    let ohlc = [price, price.plus(Price::from_raw(1)).unwrap(), price, price];
    Candle::new(Timeframe::M1, at(minute), ohlc, minute as f64 / 3.0).unwrap()
}

fn candles(minutes: impl IntoIterator<Item = i64>) -> Vec<Candle> {
    minutes.into_iter().map(candle).collect()
}

fn series(minutes: impl IntoIterator<Item = i64>) -> Series {
    Series::new(btc(), Timeframe::M1, candles(minutes), Ranges::default())
}

struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn archive(&self) -> Archive {
        Archive::new(self.0.path().join("candles"))
    }

    /// A file of ten candles with these bytes changed.
    fn spoilt(
        &self,
        spoil: impl FnOnce(&mut Vec<u8>),
    ) -> Result<(CandleFile, Source), ArchiveError> {
        let path = self.0.path().join("spoilt.candles");
        format::write(&path, btc(), Timeframe::M1, &candles(0..10), Source::default()).unwrap();
        let mut bytes = fs::read(&path).unwrap();
        spoil(&mut bytes);
        fs::write(&path, bytes).unwrap();
        format::read(&path)
    }
}

#[test]
fn what_is_saved_is_read() {
    let folder = Folder::new();
    let archive = folder.archive();
    assert_eq!(archive.series(btc(), Timeframe::M1).unwrap(), series([]));
    assert!(!archive.folder().exists(), "reading makes nothing");
    let writer = archive.writer().unwrap();
    let mut saved = series((0..5000).chain(6000..9000));
    saved.note_asked((at(0), at(9500)));
    writer.save(&saved).unwrap();
    assert_eq!(archive.series(btc(), Timeframe::M1).unwrap(), saved);
    let listed = archive.list().unwrap();
    assert_eq!((listed.len(), listed[0].instrument), (1, btc()));
    let (read, _) = cache::read_named(&listed, &folder.0.path().join("cache")).unwrap();
    assert_eq!(read[0].candles, saved.candles());
    let loaded = load(archive.folder(), &[btc()], Timeframe::M1).unwrap();
    assert_eq!(loaded[0].candles, saved.candles());
    let absent = load(archive.folder(), &[btc()], Timeframe::H1).unwrap_err();
    assert!(absent.to_string().contains("download-data --pairs BTC/USDT --timeframe 1h"));
}

#[test]
fn spot_and_perpetual_and_months_and_minutes_are_apart() {
    let archive = Folder::new().archive();
    let perpetual = "BTC/USDT:USDT".parse().unwrap();
    let mut paths = vec![
        archive.path(btc(), Timeframe::M1),
        archive.path(btc(), Timeframe::Mo1),
        archive.path(perpetual, Timeframe::M1),
    ];
    paths.iter_mut().for_each(|p| *p = PathBuf::from(p.to_str().unwrap().to_lowercase()));
    paths.sort();
    paths.dedup();
    assert_eq!(paths.len(), 3);
}

#[test]
fn one_writes_at_a_time_and_clears_away_what_another_left() {
    let folder = Folder::new();
    let archive = folder.archive();
    let writer = archive.writer().unwrap();
    assert!(matches!(archive.writer(), Err(ArchiveError::Busy { .. })));
    drop(writer);
    let left = archive.folder().join("binance/.BTCUSDT-1m.candles.77-0.tmp");
    fs::write(&left, "half").unwrap();
    drop(archive.writer().unwrap());
    assert!(!left.exists());
}

#[test]
fn files_that_are_none_are_named() {
    use ArchiveError::{Checksum, Foreign, Length, Version};
    let folder = Folder::new();
    assert!(matches!(folder.spoilt(|b| b[0] = b'x'), Err(Foreign { .. })));
    assert!(matches!(folder.spoilt(Vec::clear), Err(Foreign { .. })));
    assert!(matches!(folder.spoilt(|b| *b = b"open_time_ms,open".to_vec()), Err(Foreign { .. })));
    assert!(matches!(folder.spoilt(|b| b[8] = 9), Err(Version { found: 9, known: 1, .. })));
    assert!(matches!(folder.spoilt(|b| b.truncate(20)), Err(Length { found: 20, .. })));
    let cut = folder.spoilt(|b| b.truncate(b.len() - 1));
    assert!(matches!(cut, Err(Length { expected: 568, found: 567, .. })));
    assert!(matches!(folder.spoilt(|b| b.push(0)), Err(Length { .. })));
    assert!(matches!(folder.spoilt(|b| b[23] = 0xff), Err(Length { .. })));
    assert!(matches!(folder.spoilt(|b| b[24] = b'?'), Err(Checksum { .. })));
}

#[test]
fn a_candle_that_is_none_is_named_where_the_bytes_are_whole() {
    let folder = Folder::new();
    let resealed = |change: &dyn Fn(&mut Vec<u8>)| {
        folder.spoilt(|bytes| {
            change(bytes);
            let mut crc = flate2::Crc::new();
            crc.update(&bytes[16..]);
            bytes[12..16].copy_from_slice(&crc.sum().to_le_bytes());
        })
    };
    let record = |n: usize| 88 + 48 * n;
    let negative = resealed(&|b| b[record(3) + 15] = 0xff);
    let Err(ArchiveError::Candle { number: 4, problem: RecordProblem::Candle(_), .. }) = negative
    else {
        panic!("{negative:?}")
    };
    let swapped = resealed(&|b| {
        let (first, second) = b[record(4)..record(6)].split_at_mut(48);
        first.swap_with_slice(second);
    });
    let Err(ArchiveError::Candle { number: 6, problem: RecordProblem::NotAfter { .. }, .. }) =
        swapped
    else {
        panic!("{swapped:?}")
    };
}

#[test]
fn a_file_under_another_name_is_named() {
    let folder = Folder::new();
    let archive = folder.archive();
    archive.writer().unwrap().save(&series(0..3)).unwrap();
    let eth: InstrumentId = "ETH/USDT".parse().unwrap();
    fs::rename(archive.path(btc(), Timeframe::M1), archive.path(eth, Timeframe::M1)).unwrap();
    for found in [
        archive.series(eth, Timeframe::M1).map(drop),
        archive.list().map(drop),
        load(archive.folder(), &[eth], Timeframe::M1).map(drop),
    ] {
        assert!(matches!(found, Err(ArchiveError::Misnamed { .. })), "{found:?}");
    }
}

#[test]
fn a_note_that_can_t_be_read_only_means_asking_again() {
    let folder = Folder::new();
    let archive = folder.archive();
    let mut saved = series(0..3);
    saved.note_asked((at(0), at(9)));
    archive.writer().unwrap().save(&saved).unwrap();
    let note = archive.folder().join("binance/BTCUSDT-1m.asked.json");
    for text in ["", "{}", "[[1,2]]", r#"{"asked":[[1,2]]}"#] {
        fs::write(&note, text).unwrap();
        let read = archive.series(btc(), Timeframe::M1).unwrap();
        assert_eq!(read.asked(), &Ranges::default(), "{text}");
        assert_eq!(read.candles().len(), 3);
    }
}

#[test]
fn the_same_candle_is_no_news_and_another_a_conflict() {
    let mut known = series([1, 2, 5]);
    assert_eq!(
        known.merge(&candles([0, 2, 3, 7]), false).unwrap(),
        Merged { added: 3, replaced: 0 }
    );
    assert_eq!(known, series([0, 1, 2, 3, 5, 7]));
    let news = [candle(4), priced(5, 9)];
    let refused = known.merge(&news, false).unwrap_err();
    assert!(matches!(refused, ArchiveError::Conflict { open_time, .. } if open_time == at(5)));
    assert_eq!(known, series([0, 1, 2, 3, 5, 7]), "a conflict changes nothing");
    assert_eq!(known.merge(&news, true).unwrap(), Merged { added: 1, replaced: 1 });
    assert_eq!(known.candles()[5], priced(5, 9));
}

#[test]
fn what_is_there_or_was_asked_for_is_not_wanted() {
    let mut known = series([2, 3, 6, 9]);
    let spans = |known: &Series, from, to| {
        let wanted = known.wanted((at(from), at(to)));
        let minutes = |(from, to): &(UtcMs, UtcMs)| (from.ms() / MINUTE, to.ms() / MINUTE);
        wanted.spans().iter().map(minutes).collect::<Vec<_>>()
    };
    assert_eq!(spans(&known, 0, 12), [(0, 2), (4, 6), (7, 9), (10, 12)]);
    assert_eq!(spans(&known, 3, 7), [(4, 6)]);
    known.note_asked((at(4), at(8)));
    assert_eq!(spans(&known, 0, 12), [(0, 2), (8, 9), (10, 12)]);
    let hole = |from, to, candles| Hole { from: at(from), to: at(to), candles };
    assert_eq!(holes(known.candles()), [hole(4, 6, 2), hole(7, 9, 2)]);
}

const HEAD: &str = "open_time_ms,open,high,low,close,volume\n";

#[test]
fn a_cached_copy_is_used_while_it_is_fresh_and_made_anew_when_not() {
    let folder = Folder::new();
    let cache = folder.0.path().join("cache");
    let path = folder.0.path().join("BTCUSDT-1m-a.csv");
    fs::write(&path, format!("{HEAD}60000,1,2,1,2,3\n")).unwrap();
    let first = cache::read_file(&path, &cache).unwrap();
    assert_eq!(first, candle_file::read(&path).unwrap());
    let copy = fs::read_dir(&cache).unwrap().next().unwrap().unwrap().path();
    // The copy is what is read: another one with the same source is believed.
    let (_, source) = format::read(&copy).unwrap();
    format::write(&copy, btc(), Timeframe::M1, &candles([5]), source).unwrap();
    assert_eq!(cache::read_file(&path, &cache).unwrap().candles, candles([5]));
    // A damaged one is not.
    fs::write(&copy, "SEXTANTC").unwrap();
    assert_eq!(cache::read_file(&path, &cache).unwrap(), first);
    // Nor one of other contents.
    fs::write(&path, format!("{HEAD}60000,1,2,1,2,4\n")).unwrap();
    let changed = cache::read_file(&path, &cache).unwrap();
    assert_eq!(changed.candles[0].volume_base, 4.0);
    assert_eq!(fs::read_dir(&cache).unwrap().count(), 1);
    let listed = candle_file::list(folder.0.path()).unwrap();
    let (all, copies) = cache::read_named(&listed, &cache).unwrap();
    copies.keep();
    assert_eq!(all, candle_file::read_folder(folder.0.path()).unwrap());
    // A folder that can't be made is no failure.
    assert_eq!(cache::read_file(&path, &path.join("no")).unwrap(), changed);
    // What is wrong with a file is told as ever.
    fs::write(&path, "nonsense").unwrap();
    assert!(cache::read_file(&path, &cache).is_err());
}

proptest! {
    #[test]
    fn every_candle_survives_to_the_bit(
        rows in prop::collection::btree_map(0_i64..1_000_000, (1_i64..1_000_000, 0.0_f64..1e12), 1..50),
    ) {
        let candles: Vec<_> = rows
            .into_iter()
            .map(|(minute, (price, volume_base))| Candle { volume_base, ..priced(minute, price) })
            .collect();
        let folder = Folder::new();
        let path = folder.0.path().join("x.candles");
        format::write(&path, btc(), Timeframe::M1, &candles, Source::default()).unwrap();
        let (read, _) = format::read(&path).unwrap();
        prop_assert_eq!(read.candles, candles);
    }

    #[test]
    fn no_bytes_cause_a_panic(changes in prop::collection::vec((0_usize..568, any::<u8>()), 1..4), cut in 0_usize..568) {
        let folder = Folder::new();
        let spoilt = folder.spoilt(|bytes| {
            for (at, byte) in &changes {
                bytes[*at] = *byte;
            }
            if cut % 3 == 0 {
                bytes.truncate(cut);
            }
        });
        if let Ok((file, _)) = spoilt {
            prop_assert_eq!(file.candles, candles(0..10), "a change went unseen");
        }
    }
}
