//! Candles per second from files: as csv.gz, from the cache's copy, and from an archive, all in the
//! system's page cache; and what it takes to write an archive, synced.

use std::error::Error;
use std::fs::File;
use std::hint::black_box;
use std::io::{BufWriter, Write};
use std::path::Path;
use std::time::Instant;

use domain::candle::Candle;
use domain::money::Price;
use domain::time::{MINUTE_MS, UtcMs};
use domain::timeframe::Timeframe;
use exchange::archive::folder::{Archive, load};
use exchange::archive::{cache, series::Series};
use exchange::candle_file;
use flate2::Compression;
use flate2::write::GzEncoder;

/// A year of minutes.
const CANDLES: usize = 525_600;
const ROUNDS: usize = 15;

/// A saw-tooth of prices: what they are does not matter here.
fn candles() -> Result<Vec<Candle>, Box<dyn Error>> {
    let candle = |n: usize| {
        let open = Price::from_raw((60_000 + n as i64 % 997) * Price::SCALE);
        let close = open.plus(Price::from_raw(n as i64 % 13 * 1_000_000))?;
        let ohlc = [open, close.plus(Price::from_raw(500_000))?, open, close];
        let open_time = UtcMs::new(n as i64 * MINUTE_MS);
        Ok(Candle::new(Timeframe::M1, open_time, ohlc, n as f64 / 64.0)?)
    };
    (0..CANDLES).map(candle).collect()
}

fn write_csv(path: &Path, candles: &[Candle]) -> Result<(), Box<dyn Error>> {
    let mut out = BufWriter::new(GzEncoder::new(File::create(path)?, Compression::fast()));
    writeln!(out, "open_time_ms,open,high,low,close,volume")?;
    for Candle { open_time, open, high, low, close, volume_base, .. } in candles {
        writeln!(out, "{},{open},{high},{low},{close},{volume_base}", open_time.ms())?;
    }
    out.into_inner()?.finish()?;
    Ok(())
}

/// The best of some rounds, told as candles per second.
#[expect(clippy::disallowed_methods, reason = "a benchmark reads the clock")]
fn measure<T>(
    what: &str,
    rounds: usize,
    mut work: impl FnMut() -> Result<T, Box<dyn Error>>,
) -> Result<(), Box<dyn Error>> {
    let mut best = u128::MAX;
    for _ in 0..rounds {
        let start = Instant::now();
        black_box(work()?);
        best = best.min(start.elapsed().as_nanos());
    }
    let rate = CANDLES as f64 * 1e3 / best as f64;
    println!("{what:<40} {rate:>7.1} million candles/s  ({:.1} ms)", best as f64 / 1e6);
    Ok(())
}

fn main() -> Result<(), Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    let csv = folder.path().join("BTCUSDT-1m.csv.gz");
    let (store, copies) = (folder.path().join("candles"), folder.path().join("cache"));
    let candles = candles()?;
    write_csv(&csv, &candles)?;
    let instrument = "BTC/USDT".parse()?;
    let archive = Archive::new(&store);
    let writer = archive.writer()?;
    let mut series = archive.series(instrument, Timeframe::M1)?;
    series.merge(&candles, false)?;
    println!("{CANDLES} candles, best of {ROUNDS} rounds");
    measure("csv.gz", 3, || Ok(candle_file::read(&csv)?))?;
    cache::read_file(&csv, &copies)?;
    measure("the cache's copy of it", ROUNDS, || Ok(cache::read_file(&csv, &copies)?))?;
    measure("archive, written and synced", 5, || Ok(writer.save(&series)?))?;
    measure("archive, read", ROUNDS, || Ok(load(&store, &[instrument], Timeframe::M1)?))?;
    let again = |series: &Series| series.clone().merge(&candles, false);
    measure("the same candles merged once more", ROUNDS, || Ok(again(&series)?))?;
    Ok(())
}
