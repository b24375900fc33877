//! `indicators`: every reading of a candle file, for comparison with other tools.

use std::io::{self, BufWriter, Write};

use indicators::ohlcv::Ohlcv;
use indicators::reading::Reading;
use indicators::set::IndicatorSet;
use serde_json::{Map, json};

use crate::cli::Indicators;
use crate::ending::Outcome;

/// Prints a row per candle: its open time and every reading, empty while warming, with every
/// digit that tells a float from its neighbours.
pub fn print(asked: &Indicators, json: bool) -> Outcome<()> {
    let file = exchange::candle_file::read(&asked.file)?;
    let mut out = BufWriter::new(io::stdout().lock());
    let mut set = IndicatorSet::new();
    if !json {
        let names: Vec<_> = Reading::ALL.iter().map(|reading| reading.name()).collect();
        writeln!(out, "open_time_ms,{}", names.join(","))?;
    }
    for candle in &file.candles {
        let open_time_ms = candle.open_time.ms();
        let readings = set.push(&Ohlcv {
            open_time_ms,
            open: candle.open.to_f64(),
            high: candle.high.to_f64(),
            low: candle.low.to_f64(),
            close: candle.close.to_f64(),
            volume: candle.volume_base,
        });
        if json {
            let mut row = Map::from_iter([("open_time_ms".to_owned(), json!(open_time_ms))]);
            row.extend(
                readings.iter().map(|(reading, value)| (reading.name().to_owned(), json!(value))),
            );
            writeln!(out, "{}", serde_json::Value::Object(row))?;
            continue;
        }
        write!(out, "{open_time_ms}")?;
        for (_, value) in readings.iter() {
            match value {
                Some(value) => write!(out, ",{value}")?,
                None => write!(out, ",")?,
            }
        }
        writeln!(out)?;
    }
    out.flush()?;
    Ok(())
}
