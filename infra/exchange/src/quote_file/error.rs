//! What can be wrong with a capture of quotes.

use std::io;
use std::path::PathBuf;

use domain::quote::QuoteError;
use domain::time::UtcMs;

/// What is wrong with a line.
#[derive(Debug, thiserror::Error)]
pub enum QuoteProblem {
    /// Not text.
    #[error("not text in UTF-8; the file is damaged or not a capture")]
    NotText,
    /// No time of receipt in front.
    #[error("no time of receipt and message; the file is cut or not a capture")]
    NotACapture,
    /// Not the message that it says it is.
    #[error("not a bookTicker message: {0}")]
    Message(serde_json::Error),
    /// Text where a number belongs.
    #[error("{field} '{text}' is not a number that fits")]
    Number {
        /// Which field.
        field: &'static str,
        /// What stands there, shortened.
        text: String,
    },
    /// Prices that make no quote.
    #[error(transparent)]
    Quote(#[from] QuoteError),
    /// Earlier than the quote before.
    #[error(
        "{at} is before the quote before it ({previous}); sort the capture by the venue's time"
    )]
    Backwards {
        /// This quote's time.
        at: UtcMs,
        /// The time of the one before.
        previous: UtcMs,
    },
}

/// Why a capture can't be read.
#[derive(Debug, thiserror::Error)]
pub enum QuoteFileError {
    /// It can't be opened or read.
    #[error("can't read {path}; check that it exists and may be read")]
    Unreadable {
        /// Which file.
        path: PathBuf,
        /// The system's word.
        source: io::Error,
    },
    /// Damaged compression.
    #[error("{path} is damaged after line {line}: {source}; fetch it again")]
    Compression {
        /// Which file.
        path: PathBuf,
        /// The last line that could be read.
        line: u64,
        /// The decoder's word.
        source: io::Error,
    },
    /// A line that is wrong.
    #[error("{path}, line {line}: {problem}")]
    Line {
        /// Which file.
        path: PathBuf,
        /// Which line.
        line: u64,
        /// What is wrong.
        problem: QuoteProblem,
    },
}
