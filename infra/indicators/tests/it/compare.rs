//! Candle files, and how far our readings are from others.

use std::fmt;
use std::io::Read;

use flate2::read::GzDecoder;
use indicators::ohlcv::Ohlcv;
use indicators::reading::{Reading, Readings};

pub(crate) const TOLERANCE: f64 = 1e-9;

/// The rows of a gzipped candle file: candle, and the fields behind it.
pub(crate) fn read_rows(packed: &[u8]) -> (Vec<String>, Vec<(Ohlcv, Vec<String>)>) {
    let mut text = String::new();
    GzDecoder::new(packed).read_to_string(&mut text).unwrap();
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let header: Vec<String> = reader.headers().unwrap().iter().map(str::to_owned).collect();
    assert_eq!(header[..6], ["open_time_ms", "open", "high", "low", "close", "volume"]);
    let rows = reader.records().map(|record| {
        let record = record.unwrap();
        let number = |i: usize| record[i].parse::<f64>().unwrap();
        let candle = Ohlcv {
            open_time_ms: record[0].parse().unwrap(),
            open: number(1),
            high: number(2),
            low: number(3),
            close: number(4),
            volume: number(5),
        };
        (candle, record.iter().skip(6).map(str::to_owned).collect())
    });
    (header[6..].to_vec(), rows.collect())
}

/// What 1e-9 is measured by where a reading is smaller than this: a reading that crosses zero
/// shows the rounding of what it was made from, which is the price for the MACD's three and one
/// point of a hundred for the oscillators. The others are held to 1e-9 of themselves.
fn scale(reading: Reading, close: f64) -> f64 {
    match reading {
        Reading::Macd | Reading::MacdSignal | Reading::MacdHistogram => close,
        Reading::Rsi14
        | Reading::StochK
        | Reading::StochD
        | Reading::Adx14
        | Reading::PlusDi14
        | Reading::MinusDi14
        | Reading::Roc10
        | Reading::Cci20
        | Reading::Mfi14
        | Reading::Willr14 => 1.0,
        _ => 0.0,
    }
}

/// The largest differences of each column.
#[derive(Default)]
pub(crate) struct Differences {
    candles: usize,
    columns: [Largest; Reading::ALL.len()],
}

#[derive(Default, Clone, Copy)]
struct Largest {
    /// Relative to the other reading alone.
    relative: f64,
    /// Relative to the other reading or its scale, whichever is larger.
    scaled: f64,
    unequal: usize,
}

impl Differences {
    /// Takes one row in; the other's NaN means no reading.
    pub(crate) fn add(&mut self, candle: &Ohlcv, ours: &Readings, theirs: &[f64]) {
        assert_eq!(theirs.len(), Reading::ALL.len());
        for (((reading, ours), &theirs), largest) in ours.iter().zip(theirs).zip(&mut self.columns)
        {
            let Some(ours) = ours else {
                assert!(theirs.is_nan(), "candle {}: {reading:?} is {theirs}", self.candles);
                continue;
            };
            assert!(!theirs.is_nan(), "candle {}: {reading:?} isn't {ours}", self.candles);
            let difference = (ours - theirs).abs();
            if difference == 0.0 {
                continue;
            }
            let scaled = difference / theirs.abs().max(scale(reading, candle.close));
            assert!(
                scaled <= TOLERANCE,
                "candle {}: {reading:?} is {ours}, not {theirs}",
                self.candles
            );
            largest.scaled = largest.scaled.max(scaled);
            largest.relative = largest.relative.max(difference / theirs.abs());
            largest.unequal += 1;
        }
        self.candles += 1;
    }
}

impl fmt::Display for Differences {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} candles; largest difference: relative, to scale, rows", self.candles)?;
        for (reading, largest) in Reading::ALL.into_iter().zip(self.columns) {
            let Largest { relative, scaled, unequal } = largest;
            writeln!(f, "  {:<15} {relative:8.1e} {scaled:8.1e} {unequal:6}", reading.name())?;
        }
        Ok(())
    }
}
