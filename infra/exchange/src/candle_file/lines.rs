//! The lines of a candle file.

use std::io::{self, BufRead, Read};
use std::path::Path;

use domain::candle::Candle;
use domain::money::Price;
use domain::time::UtcMs;
use domain::timeframe::Timeframe;

use super::error::{CandleFileError, LineProblem};

/// How the lines of a file are read, told by its first.
struct Layout {
    columns: usize,
    has_header: bool,
    /// Binance's dumps count in microseconds since 2025; a header that says ms rules that out.
    may_be_micros: bool,
}

const HEADER: [&str; 5] = ["open", "high", "low", "close", "volume"];
const DUMP_COLUMNS: usize = 12;

impl Layout {
    fn of(first_line: &str) -> Option<Self> {
        let fields: Vec<_> = first_line.split(',').collect();
        let columns = fields.len();
        let has_header = fields.len() >= 6 && fields[1..6] == HEADER;
        match fields[0] {
            "open_time_ms" if has_header => {
                Some(Self { columns, has_header, may_be_micros: false })
            }
            "open_time" if has_header && columns == DUMP_COLUMNS => {
                Some(Self { columns, has_header, may_be_micros: true })
            }
            time if columns == DUMP_COLUMNS && time.parse::<i64>().is_ok() => {
                Some(Self { columns, has_header: false, may_be_micros: true })
            }
            _ => None,
        }
    }
}

/// Reads lines of one layout or the other, open times strictly ascending, at least one candle.
pub(super) fn read_lines(
    path: &Path,
    timeframe: Timeframe,
    mut input: impl BufRead,
) -> Result<Vec<Candle>, CandleFileError> {
    let (mut candles, mut layout) = (Vec::<Candle>::new(), None);
    let (mut buffer, mut line) = (Vec::with_capacity(256), 0);
    loop {
        buffer.clear();
        // A line of a candle file is short; the limit keeps a wrong file from filling the memory.
        match input.by_ref().take(MAX_LINE).read_until(b'\n', &mut buffer) {
            Ok(0) => break,
            Ok(_) => line += 1,
            Err(source) if is_decoders(&source) => {
                return Err(CandleFileError::Compression { path: path.to_owned(), line, source });
            }
            Err(source) => {
                return Err(CandleFileError::Unreadable { path: path.to_owned(), source });
            }
        }
        let at_line = |problem| CandleFileError::Line { path: path.to_owned(), line, problem };
        let text = str::from_utf8(&buffer).map_err(|_| at_line(LineProblem::NotText));
        if layout.is_none() {
            let text = text.as_ref().map_or("", |t| t.trim_start_matches('\u{feff}').trim_end());
            let found = Layout::of(text).ok_or_else(|| CandleFileError::NotCandles {
                path: path.to_owned(),
                found: shortened(&String::from_utf8_lossy(&buffer)),
            })?;
            let has_header = found.has_header;
            layout = Some(found);
            if has_header {
                continue;
            }
        }
        let text = text?.trim_start_matches('\u{feff}').trim_end_matches(['\r', '\n']);
        let Some(layout) = layout.as_ref().filter(|_| !text.is_empty()) else { continue };
        let candle = parse_line(text, timeframe, layout).map_err(at_line)?;
        let previous = candles.last().map(|c| c.open_time);
        if let Some(previous) = previous.filter(|p| *p >= candle.open_time) {
            let open_time = candle.open_time;
            return Err(at_line(LineProblem::NotAfter { open_time, previous }));
        }
        candles.push(candle);
    }
    if candles.is_empty() {
        return Err(CandleFileError::Empty { path: path.to_owned() });
    }
    Ok(candles)
}

const MAX_LINE: u64 = 4096;

fn is_decoders(error: &io::Error) -> bool {
    use io::ErrorKind::{InvalidData, InvalidInput, UnexpectedEof};
    matches!(error.kind(), InvalidData | InvalidInput | UnexpectedEof)
}

fn parse_line(text: &str, timeframe: Timeframe, layout: &Layout) -> Result<Candle, LineProblem> {
    let mut fields = [""; 6];
    let mut found = 0;
    for field in text.split(',') {
        if let Some(slot) = fields.get_mut(found) {
            *slot = field;
        }
        found += 1;
    }
    if found != layout.columns {
        return Err(LineProblem::Columns { found, expected: layout.columns });
    }
    let time = fields[0].parse::<i64>().map_err(|_| bad("open time", fields[0]))?;
    let is_micros = layout.may_be_micros && time >= FIRST_MICROS;
    let ms = if is_micros { time / 1000 } else { time };
    if !(0..FIRST_MICROS).contains(&ms) || (is_micros && time % 1000 != 0) {
        return Err(bad("open time", fields[0]));
    }
    let open_time = UtcMs::new(ms);
    let mut ohlc = [Price::ZERO; 4];
    for (index, price) in ohlc.iter_mut().enumerate() {
        let text = fields[index + 1];
        *price = text.parse().map_err(|_| bad(HEADER[index], text))?;
    }
    let volume_base = fields[5].parse::<f64>().map_err(|_| bad("volume", fields[5]))?;
    Ok(Candle::new(timeframe, open_time, ohlc, volume_base)?)
}

/// As milliseconds the year 5138, as microseconds 1973: no candle lies on the wrong side.
const FIRST_MICROS: i64 = 100_000_000_000_000;

fn bad(column: &'static str, text: &str) -> LineProblem {
    LineProblem::Number { column, text: shortened(text) }
}

fn shortened(text: &str) -> String {
    text.trim_end().chars().filter(|c| !c.is_control()).take(60).collect()
}
