//! What can be wrong with an archive, and what to do about it.

use std::io;
use std::path::PathBuf;

use domain::candle::CandleError;
use domain::instrument::InstrumentId;
use domain::time::UtcMs;
use domain::timeframe::Timeframe;

use crate::candle_file::error::CandleFileError;

/// Why candles can't be read from an archive or written to it.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    /// It can't be opened or read.
    #[error("can't read {path}; check that it exists and may be read")]
    Unreadable {
        /// Which file or folder.
        path: PathBuf,
        /// The system's word.
        source: io::Error,
    },
    /// It can't be written.
    #[error("can't write {path}; check that the folder may be written and the disk has room")]
    Unwritable {
        /// Which file or folder.
        path: PathBuf,
        /// The system's word.
        source: io::Error,
    },
    /// Candle files that are to be read through the cache can't be.
    #[error(transparent)]
    Files(#[from] CandleFileError),
    /// Another process writes there.
    #[error("another process writes to {folder}; wait until it has ended")]
    Busy {
        /// Which archive.
        folder: PathBuf,
    },
    /// Something else under the name of an archive file.
    #[error(
        "{path} is no archive of candles; move it away, or remove it and fetch the candles again"
    )]
    Foreign {
        /// Which file.
        path: PathBuf,
    },
    /// A format that this program doesn't know.
    #[error(
        "{path} has format {found} and this program reads format {known}; use the program that \
         wrote it, or remove the file and fetch the candles again"
    )]
    Version {
        /// Which file.
        path: PathBuf,
        /// The format's number in the file.
        found: u32,
        /// The one that is known.
        known: u32,
    },
    /// Not as long as it says.
    #[error(
        "{path} has {found} bytes where {expected} belong; it is cut or damaged: remove it and \
         fetch the candles again"
    )]
    Length {
        /// Which file.
        path: PathBuf,
        /// By its own word.
        expected: u64,
        /// In fact.
        found: u64,
    },
    /// Bytes that are not those written.
    #[error("{path} is damaged (its checksum differs): remove it and fetch the candles again")]
    Checksum {
        /// Which file.
        path: PathBuf,
    },
    /// Whole, and yet no candles: written by a defective program.
    #[error("{path} candle {number}: {problem}; remove the file and fetch the candles again")]
    Candle {
        /// Which file.
        path: PathBuf,
        /// Which candle, from 1.
        number: u64,
        /// What is wrong with it.
        problem: RecordProblem,
    },
    /// Under the name of others.
    #[error(
        "{path} holds {timeframe} candles of {instrument}; a file's name must say whose it holds: name it back"
    )]
    Misnamed {
        /// Which file.
        path: PathBuf,
        /// Whose candles it holds.
        instrument: InstrumentId,
        /// Of which timeframe.
        timeframe: Timeframe,
    },
    /// Another candle is there already.
    #[error(
        "the archive has another {timeframe} candle of {instrument} at {open_time}; keep it, or \
         take the new ones with --replace"
    )]
    Conflict {
        /// Whose candle.
        instrument: InstrumentId,
        /// Of which timeframe.
        timeframe: Timeframe,
        /// Which candle.
        open_time: UtcMs,
    },
    /// Nothing of that kind is there.
    #[error(
        "{folder} has no {timeframe} candles of {instrument}; fetch them with \
         `sextant download-data --pairs {instrument} --timeframe {timeframe}`"
    )]
    Absent {
        /// Which archive.
        folder: PathBuf,
        /// Whose candles.
        instrument: InstrumentId,
        /// Of which timeframe.
        timeframe: Timeframe,
    },
}

/// What is wrong with a candle of an archive file.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum RecordProblem {
    /// Numbers that make no candle.
    #[error(transparent)]
    Candle(#[from] CandleError),
    /// The time of the candle before again, or an earlier one.
    #[error("{open_time} is not after the candle before ({previous})")]
    NotAfter {
        /// This candle's time.
        open_time: UtcMs,
        /// The time of the one before.
        previous: UtcMs,
    },
}
