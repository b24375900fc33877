//! What the published points give on real hourly candles.

use std::path::{Path, PathBuf};

use exchange::candle_file;

use crate::parts::{agent, check, hear, hourly};

#[expect(clippy::disallowed_methods, reason = "a test is told by the environment where data is")]
fn real_hours() -> Option<PathBuf> {
    let named =
        std::env::var("SEXTANT_DATA").ok().map(|folder| Path::new(&folder).join("market/spot/1h"));
    let folder = named.filter(|folder| folder.is_dir());
    if folder.is_none() {
        println!("skipped: SEXTANT_DATA names no folder with market/spot/1h");
    }
    folder
}

#[test]
fn forty_points_come_in_a_sixth_of_all_hours_and_seventy_never() {
    let Some(folder) = real_hours() else { return };
    let files = candle_file::read_folder(&folder).unwrap();
    assert_eq!(files.len(), 5);
    for file in files {
        let (mut agent, mut signals, mut strong) = (hourly(), 0u32, 0u32);
        for candle in &file.candles {
            let Some(signal) = hear(&mut agent, *candle) else { continue };
            check(&signal, candle);
            assert!(signal.score.abs() < 70.0, "{signal:?}");
            signals += 1;
            strong += u32::from(signal.score.abs() >= 40.0);
        }
        let share = 100.0 * f64::from(strong) / f64::from(signals);
        println!("{}: {share:.1} % of {signals} signals", file.instrument);
        assert_eq!(signals as usize + 49, file.candles.len());
        assert!((15.0..=18.0).contains(&share), "{}: {share}", file.instrument);
    }
}

#[test]
fn later_candles_never_change_a_signal() {
    let Some(folder) = real_hours() else { return };
    for file in candle_file::read_folder(&folder).unwrap() {
        let live = |until: usize| {
            let mut agent = agent();
            file.candles[..until].iter().filter_map(|c| hear(&mut agent, *c)).collect::<Vec<_>>()
        };
        let whole = live(5000);
        for until in [60, 1234, 4999] {
            let earlier = live(until);
            assert_eq!(earlier[..], whole[..earlier.len()]);
        }
    }
}
