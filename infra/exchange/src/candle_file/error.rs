//! What can be wrong with candle files, and what to do about it.

use std::io;
use std::path::PathBuf;

use domain::candle::CandleError;
use domain::instrument::InstrumentId;
use domain::time::UtcMs;
use domain::timeframe::Timeframe;

/// What is wrong with a line of a candle file.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum LineProblem {
    /// More or fewer columns than the layout has.
    #[error("{found} columns where {expected} belong; the file is cut or not one of candles")]
    Columns {
        /// How many there are.
        found: usize,
        /// How many the layout has.
        expected: usize,
    },
    /// Text where a number belongs.
    #[error("{column} '{text}' is not a number that fits; correct or remove the line")]
    Number {
        /// Which column.
        column: &'static str,
        /// What stands there, shortened.
        text: String,
    },
    /// Numbers that make no candle.
    #[error("{0}; check that the timeframe in the file's name is right, or correct the line")]
    Candle(#[from] CandleError),
    /// The time of the line before again, or an earlier one.
    #[error(
        "{open_time} is not after the line before ({previous}); sort the file by time and remove duplicates"
    )]
    NotAfter {
        /// This line's time.
        open_time: UtcMs,
        /// The time of the line before.
        previous: UtcMs,
    },
    /// Not text.
    #[error("not text in UTF-8; the file is damaged or not one of candles")]
    NotText,
}

/// Why candle files can't be read.
#[derive(Debug, thiserror::Error)]
pub enum CandleFileError {
    /// The file or folder can't be opened or read.
    #[error("can't read {path}; check that it exists and may be read")]
    Unreadable {
        /// Which file or folder.
        path: PathBuf,
        /// The system's word.
        source: io::Error,
    },
    /// A name that doesn't say whose candles these are.
    #[error(
        "{path} is not named like a candle file ({reason}); name it like BTCUSDT-1m.csv.gz or \
         move it out of the folder"
    )]
    Name {
        /// Which file.
        path: PathBuf,
        /// What is wrong with the name.
        reason: String,
    },
    /// A first line that no layout has.
    #[error(
        "{path} line 1: '{found}' does not begin a candle file; expected the header \
         open_time_ms,open,high,low,close,volume or the 12 columns of a Binance dump"
    )]
    NotCandles {
        /// Which file.
        path: PathBuf,
        /// Its first line, shortened.
        found: String,
    },
    /// A line that is no candle.
    #[error("{path} line {line}: {problem}")]
    Line {
        /// Which file.
        path: PathBuf,
        /// Which line, from 1.
        line: u64,
        /// What is wrong.
        problem: LineProblem,
    },
    /// Compressed data that ends too early or is no gzip.
    #[error("{path}: {source} after line {line}; the file is cut or damaged, fetch it again")]
    Compression {
        /// Which file.
        path: PathBuf,
        /// The last line that could be read.
        line: u64,
        /// The decoder's word.
        source: io::Error,
    },
    /// An archive that is not one csv.
    #[error(
        "{path}: {reason}; a zip of candles holds one csv, as the venue publishes it: fetch it \
         again"
    )]
    Zip {
        /// Which file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// A file without a single candle.
    #[error("{path} holds no candles; fetch it again or remove it")]
    Empty {
        /// Which file.
        path: PathBuf,
    },
    /// A folder without a candle file.
    #[error("{path} holds no candle files (*.csv, *.csv.gz, *.zip); is it the right folder?")]
    NoFiles {
        /// Which folder.
        path: PathBuf,
    },
    /// Two files tell the same candle differently.
    #[error(
        "{first} and {second} tell the {timeframe} candle of {instrument} at {open_time} \
         differently; keep the right one"
    )]
    Conflict {
        /// One file.
        first: PathBuf,
        /// The other.
        second: PathBuf,
        /// Whose candle.
        instrument: InstrumentId,
        /// Of which timeframe.
        timeframe: Timeframe,
        /// Which candle.
        open_time: UtcMs,
    },
}
