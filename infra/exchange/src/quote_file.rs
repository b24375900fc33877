//! Recorded quotes: a capture of Binance's combined stream, plain or `.gz`.
//!
//! A line is the local time of receipt in nanoseconds, a blank, and the message as it came. Read
//! are the `bookTicker` messages of one symbol; trades, depth updates and snapshots are passed over.

pub mod error;
#[cfg(test)]
mod tests;

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use domain::instrument::InstrumentId;
use domain::money::{Price, Quantity};
use domain::quote::Quote;
use domain::time::UtcMs;
use flate2::bufread::MultiGzDecoder;
use serde::Deserialize;

use self::error::{QuoteFileError, QuoteProblem};

/// The quotes of a capture, one by one, times never going back. It ends at its first error.
pub struct QuoteFile {
    path: PathBuf,
    instrument: InstrumentId,
    symbol: String,
    input: Box<dyn BufRead + Send>,
    line: u64,
    buffer: Vec<u8>,
    last: Option<UtcMs>,
    failed: bool,
}

/// The longest line that is taken: a snapshot of a deep book is far shorter.
const MAX_LINE: u64 = 1 << 22;

#[derive(Deserialize)]
struct Message<'a> {
    #[serde(borrow)]
    data: BookTicker<'a>,
}

#[derive(Deserialize)]
struct BookTicker<'a> {
    s: &'a str,
    b: &'a str,
    #[serde(rename = "B")]
    bid_quantity: &'a str,
    a: &'a str,
    #[serde(rename = "A")]
    ask_quantity: &'a str,
    /// When it was; futures only.
    #[serde(rename = "T")]
    time: Option<i64>,
}

/// Opens a capture to read the quotes of `instrument`.
pub fn open(path: &Path, instrument: InstrumentId) -> Result<QuoteFile, QuoteFileError> {
    let unreadable = |source| QuoteFileError::Unreadable { path: path.to_owned(), source };
    let file = BufReader::with_capacity(1 << 16, File::open(path).map_err(unreadable)?);
    let is_gzip = path.extension().is_some_and(|e| e.eq_ignore_ascii_case("gz"));
    let input: Box<dyn BufRead + Send> = if is_gzip {
        Box::new(BufReader::with_capacity(1 << 16, MultiGzDecoder::new(file)))
    } else {
        Box::new(file)
    };
    Ok(QuoteFile {
        path: path.to_owned(),
        instrument,
        symbol: instrument.symbol(),
        input,
        line: 0,
        buffer: Vec::with_capacity(1 << 10),
        last: None,
        failed: false,
    })
}

impl QuoteFile {
    /// Reads on to the next quote; none at the end.
    fn read(&mut self) -> Result<Option<Quote>, QuoteFileError> {
        loop {
            self.buffer.clear();
            match self.input.by_ref().take(MAX_LINE).read_until(b'\n', &mut self.buffer) {
                Ok(0) => return Ok(None),
                Ok(_) => self.line += 1,
                Err(source) => return Err(self.unread(source)),
            }
            let found = self.parse().map_err(|problem| {
                let (path, line) = (self.path.clone(), self.line);
                QuoteFileError::Line { path, line, problem }
            })?;
            if let Some(quote) = found {
                self.last = Some(quote.time_exchange);
                return Ok(Some(quote));
            }
        }
    }

    fn unread(&self, source: io::Error) -> QuoteFileError {
        use io::ErrorKind::{InvalidData, InvalidInput, UnexpectedEof};
        let path = self.path.clone();
        if matches!(source.kind(), InvalidData | InvalidInput | UnexpectedEof) {
            return QuoteFileError::Compression { path, line: self.line, source };
        }
        QuoteFileError::Unreadable { path, source }
    }

    /// The quote in the line that was read, none where it holds something else.
    fn parse(&self) -> Result<Option<Quote>, QuoteProblem> {
        let text = str::from_utf8(&self.buffer).map_err(|_| QuoteProblem::NotText)?.trim_end();
        if text.is_empty() {
            return Ok(None);
        }
        let (received, message) = text.split_once(' ').ok_or(QuoteProblem::NotACapture)?;
        let received: i64 = received.parse().map_err(|_| QuoteProblem::NotACapture)?;
        // Most of a capture is something else: its parsing would take most of the time.
        if !message.contains("@bookTicker\"") {
            return Ok(None);
        }
        let Message { data } = serde_json::from_str(message).map_err(QuoteProblem::Message)?;
        if data.s != self.symbol {
            return Ok(None);
        }
        // The spot stream says no time of its own.
        let at = UtcMs::new(data.time.unwrap_or(received / 1_000_000));
        if let Some(previous) = self.last.filter(|previous| at < *previous) {
            return Err(QuoteProblem::Backwards { at, previous });
        }
        let bid = (price("bid", data.b)?, quantity("bid quantity", data.bid_quantity)?);
        let ask = (price("ask", data.a)?, quantity("ask quantity", data.ask_quantity)?);
        Ok(Some(Quote::new(self.instrument, at, bid, ask)?))
    }
}

fn price(field: &'static str, text: &str) -> Result<Price, QuoteProblem> {
    text.parse().map_err(|_| number(field, text))
}

fn quantity(field: &'static str, text: &str) -> Result<Quantity, QuoteProblem> {
    text.parse().map_err(|_| number(field, text))
}

fn number(field: &'static str, text: &str) -> QuoteProblem {
    QuoteProblem::Number { field, text: text.chars().take(40).collect() }
}

impl Iterator for QuoteFile {
    type Item = Result<Quote, QuoteFileError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.failed {
            return None;
        }
        let found = self.read();
        self.failed = found.is_err();
        found.transpose()
    }
}
