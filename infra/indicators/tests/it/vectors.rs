//! The checked-in vectors (`tests/vectors/make_vectors.py` makes them).

use indicators::reading::Reading;
use indicators::set::IndicatorSet;

use crate::compare::{Differences, read_rows};

const VECTORS: &[u8] = include_bytes!("../vectors/vectors.csv.gz");

#[test]
fn readings_equal_the_vectors() {
    let (columns, rows) = read_rows(VECTORS);
    assert_eq!(columns, Reading::ALL.map(Reading::name));
    assert!(rows.len() > 1000, "the vectors hold {} rows", rows.len());

    let mut set = IndicatorSet::new();
    let mut differences = Differences::default();
    for (candle, fields) in &rows {
        assert!(candle.is_valid(), "{candle:?}");
        let parse = |field: &String| {
            if field.is_empty() { f64::NAN } else { field.parse().unwrap() }
        };
        let theirs: Vec<f64> = fields.iter().map(parse).collect();
        differences.add(candle, &set.push(candle), &theirs);
    }
    println!("{differences}");
}

#[test]
fn warm_up_is_the_number_of_candles_before_the_first_reading() {
    let (_, rows) = read_rows(VECTORS);
    let mut set = IndicatorSet::new();
    for (count, (candle, _)) in (1..=250).zip(&rows) {
        for (reading, value) in set.push(candle).iter() {
            assert_eq!(value.is_some(), count >= reading.warm_up(), "{reading:?} after {count}");
        }
    }
}

#[test]
fn a_day_without_trades_has_no_session_price() {
    let (_, rows) = read_rows(VECTORS);
    let mut set = IndicatorSet::new();
    let mut missing = 0;
    for (candle, _) in &rows {
        let readings = set.push(candle);
        if readings.get(Reading::VwapSession).is_none() {
            assert_eq!(candle.volume, 0.0);
            missing += 1;
        }
    }
    assert!(missing > 24, "the vectors hold a whole day without trades");
}
