//! Candle files: `csv`, `csv.gz`, or a `zip` of one csv, named `SYMBOL-TIMEFRAME[-anything]`.
//!
//! Two layouts are read. One has a header line that begins with
//! `open_time_ms,open,high,low,close,volume` (further columns are allowed and not read). The
//! other is Binance's own dump: twelve columns, with or without a header; its open times are in
//! milliseconds, or in microseconds from 2025-01-01 on.

pub mod error;
mod lines;
mod merge;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufReader, Write};
use std::path::{Path, PathBuf};

use domain::candle::Candle;
use domain::instrument::InstrumentId;
use domain::timeframe::Timeframe;
use flate2::bufread::MultiGzDecoder;
use zip::ZipArchive;

use crate::archive::atomic;

use self::error::CandleFileError;
use self::lines::read_lines;
use self::merge::merge;

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
    let Named { instrument, timeframe, .. } = name_of(path)?;
    let unreadable = |source| CandleFileError::Unreadable { path: path.to_owned(), source };
    let file = BufReader::with_capacity(BUFFER_BYTES, File::open(path).map_err(unreadable)?);
    let is = |name| path.extension().is_some_and(|e| e.eq_ignore_ascii_case(name));
    let mut candles = if is("gz") {
        let plain = BufReader::with_capacity(BUFFER_BYTES, MultiGzDecoder::new(file));
        read_lines(path, timeframe, plain)?
    } else if is("zip") {
        read_zip(path, timeframe, file)?
    } else {
        read_lines(path, timeframe, file)?
    };
    candles.shrink_to_fit();
    Ok(CandleFile { instrument, timeframe, candles })
}

/// Writes candles, open times strictly ascending, as plain csv that [`read`] reads; the file is
/// there as a whole or as it was before.
pub fn write(path: &Path, candles: &[Candle]) -> io::Result<()> {
    let mut text = "open_time_ms,open,high,low,close,volume\n".to_owned();
    for candle in candles {
        let Candle { open, high, low, close, .. } = candle;
        let (at, volume) = (candle.open_time.ms(), candle.volume_base);
        text += &format!("{at},{open},{high},{low},{close},{volume}\n");
    }
    atomic::write(path, |file| file.write_all(text.as_bytes()))
}

const BUFFER_BYTES: usize = 1 << 16;

/// As the venue publishes its dumps: one csv in an archive.
fn read_zip(
    path: &Path,
    timeframe: Timeframe,
    file: BufReader<File>,
) -> Result<Vec<Candle>, CandleFileError> {
    let not_one = |reason: String| CandleFileError::Zip { path: path.to_owned(), reason };
    let mut archive = ZipArchive::new(file).map_err(|e| not_one(e.to_string()))?;
    if archive.len() != 1 {
        return Err(not_one(format!("it holds {} files", archive.len())));
    }
    let csv = archive.by_index(0).map_err(|e| not_one(e.to_string()))?;
    read_lines(path, timeframe, BufReader::with_capacity(BUFFER_BYTES, csv))
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
            files.push(name_of(&path)?);
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
pub fn in_paths(paths: &[PathBuf]) -> Result<Vec<Named>, CandleFileError> {
    let mut files = Vec::new();
    for path in paths {
        if path.is_dir() {
            files.extend(list(path)?);
        } else {
            files.push(name_of(path)?);
        }
    }
    // A file that is named twice, or beside its folder, is one file.
    files.sort_by(|a, b| a.path.cmp(&b.path));
    files.dedup();
    Ok(files)
}

/// Reads all candle files of a folder (not of its subfolders), as [`read_named`] does. Files that
/// are no candle files are passed over.
pub fn read_folder(folder: &Path) -> Result<Vec<CandleFile>, CandleFileError> {
    read_named(&list(folder)?)
}

/// Reads these files, merged per instrument and timeframe, sorted by both. Candles that several
/// files hold must be equal in all.
pub fn read_named(files: &[Named]) -> Result<Vec<CandleFile>, CandleFileError> {
    let mut groups = Groups::new();
    for Named { path, .. } in files {
        let CandleFile { instrument, timeframe, candles } = read(path)?;
        groups.entry((instrument, timeframe)).or_default().push((path.clone(), candles));
    }
    merged(groups)
}

/// What several files hold of an instrument and timeframe.
pub type Groups = BTreeMap<(InstrumentId, Timeframe), Vec<(PathBuf, Vec<Candle>)>>;

/// Merges the files of each group; candles that several files hold must be equal in all.
pub fn merged(groups: Groups) -> Result<Vec<CandleFile>, CandleFileError> {
    let merged = groups.into_iter().map(|((instrument, timeframe), blocks)| {
        let candles = merge(instrument, timeframe, blocks)?;
        Ok(CandleFile { instrument, timeframe, candles })
    });
    merged.collect()
}

/// `BTCUSDT-1m-20210402` of `…/BTCUSDT-1m-20210402.csv.gz`, None for other kinds of file.
fn candle_stem(path: &Path) -> Option<&str> {
    let name = path.file_name()?.to_str()?;
    let plain = name.strip_suffix(".gz").unwrap_or(name);
    plain.strip_suffix(".csv").or_else(|| name.strip_suffix(".zip"))
}

/// Whose candles a file holds, by its name.
pub fn name_of(path: &Path) -> Result<Named, CandleFileError> {
    let wrong = |reason: String| CandleFileError::Name { path: path.to_owned(), reason };
    let stem = candle_stem(path)
        .ok_or_else(|| wrong("it ends in none of .csv, .csv.gz and .zip".into()))?;
    let mut parts = stem.split('-');
    let symbol = parts.next().unwrap_or_default();
    let instrument = symbol.parse::<InstrumentId>().map_err(|e| wrong(e.to_string()))?;
    let name = parts.next().ok_or_else(|| wrong("the timeframe is missing".into()))?;
    // Binance's dumps spell the month so, because file names may not tell m from M.
    let name = if name == "1mo" { "1M" } else { name };
    let timeframe = name.parse::<Timeframe>().map_err(|e| wrong(e.to_string()))?;
    Ok(Named { path: path.to_owned(), instrument, timeframe })
}
