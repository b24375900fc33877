//! Candle files: `csv` or `csv.gz`, named `SYMBOL-TIMEFRAME[-anything].csv[.gz]`.
//!
//! Two layouts are read. One has a header line that begins with
//! `open_time_ms,open,high,low,close,volume` (further columns are allowed and not read). The
//! other is Binance's own dump: twelve columns, with or without a header; its open times are in
//! milliseconds, or in microseconds from 2025-01-01 on.

pub mod error;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use domain::candle::Candle;
use domain::instrument::InstrumentId;
use domain::money::Price;
use domain::time::UtcMs;
use domain::timeframe::Timeframe;
use flate2::bufread::MultiGzDecoder;

use self::error::{CandleFileError, LineProblem};

/// The candles of one instrument and timeframe, open times strictly ascending, never empty.
#[derive(Debug, Clone, PartialEq)]
pub struct CandleFile {
    /// Whose candles.
    pub instrument: InstrumentId,
    /// Of which timeframe.
    pub timeframe: Timeframe,
    /// The candles.
    pub candles: Vec<Candle>,
}

/// Reads one file.
pub fn read(path: &Path) -> Result<CandleFile, CandleFileError> {
    let (instrument, timeframe) = parse_name(path)?;
    let unreadable = |source| CandleFileError::Unreadable { path: path.to_owned(), source };
    let file = BufReader::with_capacity(1 << 16, File::open(path).map_err(unreadable)?);
    let is_gzip = path.extension().is_some_and(|e| e.eq_ignore_ascii_case("gz"));
    let mut candles = if is_gzip {
        read_lines(path, timeframe, BufReader::with_capacity(1 << 16, MultiGzDecoder::new(file)))?
    } else {
        read_lines(path, timeframe, file)?
    };
    candles.shrink_to_fit();
    Ok(CandleFile { instrument, timeframe, candles })
}

/// A candle file by its name, not read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    /// Where it is.
    pub path: PathBuf,
    /// Whose candles it holds.
    pub instrument: InstrumentId,
    /// Of which timeframe.
    pub timeframe: Timeframe,
}

/// The candle files of a folder, by path. Other files are passed over.
pub fn list(folder: &Path) -> Result<Vec<Named>, CandleFileError> {
    let unreadable = |source| CandleFileError::Unreadable { path: folder.to_owned(), source };
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        if candle_stem(&path).is_some_and(|stem| !stem.starts_with('.')) {
            let (instrument, timeframe) = parse_name(&path)?;
            files.push(Named { path, instrument, timeframe });
        }
    }
    if files.is_empty() {
        return Err(CandleFileError::NoFiles { path: folder.to_owned() });
    }
    // The order in which a file system lists its entries says nothing.
    files.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(files)
}

/// What these paths name, files and folders together, not read.
pub fn named(paths: &[PathBuf]) -> Result<Vec<Named>, CandleFileError> {
    let mut files = Vec::new();
    for path in paths {
        if path.is_dir() {
            files.extend(list(path)?);
        } else {
            let (instrument, timeframe) = parse_name(path)?;
            files.push(Named { path: path.clone(), instrument, timeframe });
        }
    }
    // A file that is named twice, or beside its folder, is one file.
    files.sort_by(|a, b| a.path.cmp(&b.path));
    files.dedup();
    Ok(files)
}

/// Reads all candle files of a folder (not of its subfolders), as [`read_named`] does. Files that
/// are neither `.csv` nor `.csv.gz` are passed over.
pub fn read_folder(folder: &Path) -> Result<Vec<CandleFile>, CandleFileError> {
    read_named(&list(folder)?)
}

/// Reads these files, merged per instrument and timeframe, sorted by both. Candles that several
/// files hold must be equal in all.
pub fn read_named(files: &[Named]) -> Result<Vec<CandleFile>, CandleFileError> {
    let mut groups = BTreeMap::<_, Vec<(PathBuf, Vec<Candle>)>>::new();
    for Named { path, .. } in files {
        let CandleFile { instrument, timeframe, candles } = read(path)?;
        groups.entry((instrument, timeframe)).or_default().push((path.clone(), candles));
    }
    let merged = groups.into_iter().map(|((instrument, timeframe), blocks)| {
        let candles = merge(instrument, timeframe, blocks)?;
        Ok(CandleFile { instrument, timeframe, candles })
    });
    merged.collect()
}

fn merge(
    instrument: InstrumentId,
    timeframe: Timeframe,
    mut blocks: Vec<(PathBuf, Vec<Candle>)>,
) -> Result<Vec<Candle>, CandleFileError> {
    blocks.sort_by_key(|(_, candles)| candles.first().map(|c| c.open_time));
    let (mut merged, mut earlier) = (Vec::<Candle>::new(), Vec::<(PathBuf, UtcMs)>::new());
    for (path, candles) in blocks {
        let (Some(first), Some(last)) = (candles.first(), candles.last()) else { continue };
        let last_open = last.open_time;
        let known = merged.split_off(merged.partition_point(|c| c.open_time < first.open_time));
        merged.reserve_exact(known.len() + candles.len());
        let mut known = known.into_iter().peekable();
        for candle in candles {
            while let Some(before) = known.next_if(|k| k.open_time < candle.open_time) {
                merged.push(before);
            }
            let twin = known.next_if(|k| k.open_time == candle.open_time);
            if twin.is_some_and(|twin| twin != candle) {
                let open_time = candle.open_time;
                let told = earlier.into_iter().find(|(_, last)| *last >= open_time);
                let first = told.map_or_else(|| path.clone(), |(path, _)| path);
                let second = path;
                return Err(CandleFileError::Conflict {
                    first,
                    second,
                    instrument,
                    timeframe,
                    open_time,
                });
            }
            merged.push(candle);
        }
        merged.extend(known);
        earlier.push((path, last_open));
    }
    Ok(merged)
}

/// `BTCUSDT-1m-20210402` of `…/BTCUSDT-1m-20210402.csv.gz`, None for other kinds of file.
fn candle_stem(path: &Path) -> Option<&str> {
    let name = path.file_name()?.to_str()?;
    let plain = name.strip_suffix(".gz").unwrap_or(name);
    plain.strip_suffix(".csv")
}

fn parse_name(path: &Path) -> Result<(InstrumentId, Timeframe), CandleFileError> {
    let wrong = |reason: String| CandleFileError::Name { path: path.to_owned(), reason };
    let stem =
        candle_stem(path).ok_or_else(|| wrong("it ends neither in .csv nor .csv.gz".into()))?;
    let mut parts = stem.split('-');
    let symbol = parts.next().unwrap_or_default();
    let instrument = symbol.parse::<InstrumentId>().map_err(|e| wrong(e.to_string()))?;
    let name = parts.next().ok_or_else(|| wrong("the timeframe is missing".into()))?;
    // Binance's dumps spell the month so, because file names may not tell m from M.
    let name = if name == "1mo" { "1M" } else { name };
    let timeframe = name.parse::<Timeframe>().map_err(|e| wrong(e.to_string()))?;
    Ok((instrument, timeframe))
}

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

fn read_lines(
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
