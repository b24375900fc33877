//! The folder of an archive: which files there are, reading and writing them.

use std::fs::{self, File, TryLockError};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use domain::instrument::InstrumentId;
use domain::time::UtcMs;
use domain::timeframe::Timeframe;
use serde::{Deserialize, Serialize};

use super::error::ArchiveError;
use super::format::Source;
use super::ranges::Ranges;
use super::series::Series;
use super::{atomic, format};
use crate::candle_file::{CandleFile, Named};

const EXTENSION: &str = "candles";
const LOCK: &str = ".lock";
const VENUES: [&str; 2] = ["binance", "binance-um"];

/// An archive of candles.
#[derive(Debug, Clone)]
pub struct Archive {
    folder: PathBuf,
}

/// The right to write to an archive, until it is dropped or the process ends.
#[derive(Debug)]
pub struct Writer<'a> {
    archive: &'a Archive,
    _lock: File,
}

/// What the venue was asked for, as `[from, to)` in ms.
#[derive(Default, Serialize, Deserialize)]
struct Asked {
    asked: Vec<(i64, i64)>,
}

impl Archive {
    /// The archive in a folder, which may not exist yet.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self { folder: folder.into() }
    }

    /// Its folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Where the candles of an instrument and timeframe are, if they are there.
    pub fn path(&self, instrument: InstrumentId, timeframe: Timeframe) -> PathBuf {
        let [spot, perpetual] = VENUES;
        let venue = if instrument.is_perpetual() { perpetual } else { spot };
        // Some file systems don't tell m from M.
        let name = if timeframe == Timeframe::Mo1 { "1mo" } else { timeframe.name() };
        self.folder.join(venue).join(format!("{}-{name}.{EXTENSION}", instrument.symbol()))
    }

    /// What is there of an instrument and timeframe; nothing where there is no file.
    pub fn series(
        &self,
        instrument: InstrumentId,
        timeframe: Timeframe,
    ) -> Result<Series, ArchiveError> {
        let path = self.path(instrument, timeframe);
        let candles = match format::read(&path) {
            Ok((file, _)) if (file.instrument, file.timeframe) != (instrument, timeframe) => {
                let CandleFile { instrument, timeframe, .. } = file;
                return Err(ArchiveError::Misnamed { path, instrument, timeframe });
            }
            Ok((file, _)) => file.candles,
            Err(error) if is_absent(&error) => Vec::new(),
            Err(error) => return Err(error),
        };
        let asked = read_asked(&side(&path), timeframe);
        Ok(Series::new(instrument, timeframe, candles, asked))
    }

    /// What is there, spot first, by instrument and timeframe; not read but for its name.
    pub fn list(&self) -> Result<Vec<Named>, ArchiveError> {
        let mut files = Vec::new();
        for venue in VENUES {
            let folder = self.folder.join(venue);
            let unreadable = |source| ArchiveError::Unreadable { path: folder.clone(), source };
            let entries = match fs::read_dir(&folder) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                entries => entries.map_err(unreadable)?,
            };
            for entry in entries {
                let path = entry.map_err(unreadable)?.path();
                if !is_archived(&path) {
                    continue;
                }
                let named = format::name_of(&path)?;
                let Named { instrument, timeframe, .. } = named;
                if self.path(instrument, timeframe) != path {
                    return Err(ArchiveError::Misnamed { path, instrument, timeframe });
                }
                files.push(named);
            }
        }
        files.sort_by_key(|f| (f.instrument.is_perpetual(), f.instrument, f.timeframe));
        Ok(files)
    }

    /// The right to write, which one process has at a time; makes the folder.
    pub fn writer(&self) -> Result<Writer<'_>, ArchiveError> {
        let unwritable = |path: &Path| {
            let path = path.to_owned();
            move |source| ArchiveError::Unwritable { path, source }
        };
        for venue in VENUES {
            let folder = self.folder.join(venue);
            fs::create_dir_all(&folder).map_err(unwritable(&folder))?;
        }
        let path = self.folder.join(LOCK);
        let lock = File::create(&path).map_err(unwritable(&path))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(ArchiveError::Busy { folder: self.folder.clone() });
            }
            Err(TryLockError::Error(source)) => {
                return Err(ArchiveError::Unwritable { path, source });
            }
        }
        for venue in VENUES {
            let folder = self.folder.join(venue);
            atomic::sweep(&folder).map_err(unwritable(&folder))?;
        }
        Ok(Writer { archive: self, _lock: lock })
    }
}

impl Writer<'_> {
    /// Puts a series in the place of what was there of it.
    pub fn save(&self, series: &Series) -> Result<(), ArchiveError> {
        let (instrument, timeframe) = (series.instrument(), series.timeframe());
        let path = self.archive.path(instrument, timeframe);
        let unwritable = |source| ArchiveError::Unwritable { path: path.clone(), source };
        if !series.candles().is_empty() {
            let source = Source::default();
            format::write(&path, instrument, timeframe, series.candles(), source)
                .map_err(unwritable)?;
        }
        // The candles first: what was asked for must never say more than is there.
        let asked = series.asked().spans().iter().map(|(from, to)| (from.ms(), to.ms())).collect();
        let side = side(&path);
        let text = serde_json::to_vec(&Asked { asked }).map_err(io::Error::from);
        let write = |file: &mut File| file.write_all(&text?);
        atomic::write(&side, write).map_err(unwritable)
    }
}

/// The candles of these instruments in the archive of `folder`, in the order asked.
pub fn load(
    folder: &Path,
    instruments: &[InstrumentId],
    timeframe: Timeframe,
) -> Result<Vec<CandleFile>, ArchiveError> {
    let archive = Archive::new(folder);
    let read = |instrument: &InstrumentId| {
        let instrument = *instrument;
        let path = archive.path(instrument, timeframe);
        match format::read(&path) {
            Ok((file, _)) if (file.instrument, file.timeframe) == (instrument, timeframe) => {
                Ok(file)
            }
            Ok((CandleFile { instrument, timeframe, .. }, _)) => {
                Err(ArchiveError::Misnamed { path, instrument, timeframe })
            }
            Err(error) if is_absent(&error) => {
                let folder = folder.to_owned();
                Err(ArchiveError::Absent { folder, instrument, timeframe })
            }
            Err(error) => Err(error),
        }
    };
    instruments.iter().map(read).collect()
}

/// Whether this is a file of an archive, by its name.
pub(super) fn is_archived(path: &Path) -> bool {
    let is_hidden = || path.file_name().is_some_and(|n| n.to_string_lossy().starts_with('.'));
    path.extension().is_some_and(|e| e == EXTENSION) && !is_hidden()
}

fn is_absent(error: &ArchiveError) -> bool {
    matches!(error, ArchiveError::Unreadable { source, .. } if source.kind() == io::ErrorKind::NotFound)
}

/// Where a file of candles notes what was asked for.
fn side(path: &Path) -> PathBuf {
    path.with_extension("asked.json")
}

/// What was asked for. Where that can't be read, it is only asked for again.
fn read_asked(path: &Path, timeframe: Timeframe) -> Ranges {
    let text = match fs::read(path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ranges::default(),
        Err(error) => {
            tracing::warn!(path = %path.display(), %error, "can't read what was asked for");
            return Ranges::default();
        }
    };
    let spans = match serde_json::from_slice::<Asked>(&text) {
        Ok(Asked { asked }) => asked,
        Err(error) => {
            tracing::warn!(path = %path.display(), %error, "can't read what was asked for");
            return Ranges::default();
        }
    };
    let span = |(from, to): (i64, i64)| (UtcMs::new(from), UtcMs::new(to));
    let on_grid =
        |(from, to): &(UtcMs, UtcMs)| timeframe.opens_at(*from) && timeframe.opens_at(*to);
    spans.into_iter().map(span).filter(on_grid).collect()
}
