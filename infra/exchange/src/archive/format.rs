//! One file of candles: a header and records of fixed size, little-endian throughout.
//!
//! | bytes | what |
//! |---|---|
//! | 0–7 | `SEXTANTC` |
//! | 8–11 | format, u32 |
//! | 12–15 | CRC-32 (IEEE 802.3) of all that follows, u32 |
//! | 16–23 | number of candles, u64 |
//! | 24–31 | timeframe, `1h`, noughts behind it |
//! | 32–63 | instrument, `BTC/USDT`, noughts behind it |
//! | 64–87 | of a cached copy: the source's size, time of change in ns, CRC-32s of its beginning and end; else noughts |
//! | from 88 | 48 per candle: open time in ms, i64; open, high, low, close in 10⁻⁸, i64; volume in base units, f64 |

use std::fs::File;
use std::io::{self, BufWriter, Read, Seek, Write};
use std::path::Path;

use domain::candle::Candle;
use domain::instrument::InstrumentId;
use domain::money::Price;
use domain::time::UtcMs;
use domain::timeframe::Timeframe;
use flate2::Crc;

use super::atomic;
use super::error::{ArchiveError, RecordProblem};
use crate::candle_file::{CandleFile, Named};

const MAGIC: &[u8; 8] = b"SEXTANTC";
const VERSION: u32 = 1;
const HEADER_BYTES: usize = 88;
/// From here on the checksum counts.
const CHECKED_FROM: usize = 16;
const RECORD_BYTES: usize = 48;
/// Read, checked and decoded at once: fits a core's own cache.
const CHUNK_BYTES: usize = RECORD_BYTES << 12;

/// What a cached copy was made of; all noughts in an archive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Source {
    pub(super) bytes: u64,
    pub(super) modified_ns: u64,
    pub(super) head_crc: u32,
    pub(super) tail_crc: u32,
}

/// Reads a file and checks all of it.
pub(super) fn read(path: &Path) -> Result<(CandleFile, Source), ArchiveError> {
    let unreadable = |source| ArchiveError::Unreadable { path: path.to_owned(), source };
    let mut file = File::open(path).map_err(unreadable)?;
    let (header, head) = Header::read(path, &mut file)?;
    let mut crc = Crc::new();
    crc.update(&head[CHECKED_FROM..]);
    // The file is as long as its count says, so the count can be believed.
    let mut candles = Vec::with_capacity(header.count);
    let mut left = header.count * RECORD_BYTES;
    let mut chunk = vec![0; CHUNK_BYTES.min(left)];
    let mut problem = None;
    while left > 0 {
        let bytes = &mut chunk[..left.min(CHUNK_BYTES)];
        file.read_exact(bytes).map_err(unreadable)?;
        crc.update(bytes);
        if problem.is_none() {
            problem = decode(header.timeframe, bytes, &mut candles).err();
        }
        left -= bytes.len();
    }
    if crc.sum() != header.checksum {
        return Err(ArchiveError::Checksum { path: path.to_owned() });
    }
    if let Some(problem) = problem {
        let number = candles.len() as u64 + 1;
        return Err(ArchiveError::Candle { path: path.to_owned(), number, problem });
    }
    let Header { instrument, timeframe, source, .. } = header;
    Ok((CandleFile { instrument, timeframe, candles }, source))
}

/// Whose candles a file says that it holds; the candles are neither read nor checked.
pub(super) fn name_of(path: &Path) -> Result<Named, ArchiveError> {
    let unreadable = |source| ArchiveError::Unreadable { path: path.to_owned(), source };
    let mut file = File::open(path).map_err(unreadable)?;
    let (Header { instrument, timeframe, .. }, _) = Header::read(path, &mut file)?;
    Ok(Named { path: path.to_owned(), instrument, timeframe })
}

struct Header {
    checksum: u32,
    count: usize,
    timeframe: Timeframe,
    instrument: InstrumentId,
    source: Source,
}

impl Header {
    /// Reads a file's beginning, and holds it against the file's length.
    fn read(path: &Path, file: &mut File) -> Result<(Self, [u8; HEADER_BYTES]), ArchiveError> {
        let unreadable = |source| ArchiveError::Unreadable { path: path.to_owned(), source };
        let found = file.metadata().map_err(unreadable)?.len();
        let mut head = [0; HEADER_BYTES];
        let known = usize::try_from(found).unwrap_or(HEADER_BYTES).min(HEADER_BYTES);
        file.read_exact(&mut head[..known]).map_err(unreadable)?;
        Ok((Self::parse(path, &head[..known], found)?, head))
    }

    fn parse(path: &Path, head: &[u8], found: u64) -> Result<Self, ArchiveError> {
        let foreign = || ArchiveError::Foreign { path: path.to_owned() };
        let length = |expected| ArchiveError::Length { path: path.to_owned(), expected, found };
        if !head.starts_with(MAGIC) {
            return Err(foreign());
        }
        let Ok(head) = <&[u8; HEADER_BYTES]>::try_from(head) else {
            return Err(length(HEADER_BYTES as u64));
        };
        let version = u32::from_le_bytes(part(head, 8));
        if version != VERSION {
            let path = path.to_owned();
            return Err(ArchiveError::Version { path, found: version, known: VERSION });
        }
        let count = u64::from_le_bytes(part(head, 16));
        let records = count.saturating_mul(RECORD_BYTES as u64);
        let expected = records.saturating_add(HEADER_BYTES as u64);
        if found != expected {
            return Err(length(expected));
        }
        let damaged = || ArchiveError::Checksum { path: path.to_owned() };
        Ok(Self {
            checksum: u32::from_le_bytes(part(head, 12)),
            count: usize::try_from(count).map_err(|_| length(expected))?,
            timeframe: text(&head[24..32]).and_then(|t| t.parse().ok()).ok_or_else(damaged)?,
            instrument: text(&head[32..64]).and_then(|t| t.parse().ok()).ok_or_else(damaged)?,
            source: Source {
                bytes: u64::from_le_bytes(part(head, 64)),
                modified_ns: u64::from_le_bytes(part(head, 72)),
                head_crc: u32::from_le_bytes(part(head, 80)),
                tail_crc: u32::from_le_bytes(part(head, 84)),
            },
        })
    }

    /// As bytes; `checksum` is not of its own making.
    fn bytes(&self) -> [u8; HEADER_BYTES] {
        let mut head = [0; HEADER_BYTES];
        let mut put = |at: usize, bytes: &[u8]| head[at..at + bytes.len()].copy_from_slice(bytes);
        put(0, MAGIC);
        put(8, &VERSION.to_le_bytes());
        put(12, &self.checksum.to_le_bytes());
        put(16, &(self.count as u64).to_le_bytes());
        put(24, self.timeframe.name().as_bytes());
        put(32, self.instrument.as_str().as_bytes());
        put(64, &self.source.bytes.to_le_bytes());
        put(72, &self.source.modified_ns.to_le_bytes());
        put(80, &self.source.head_crc.to_le_bytes());
        put(84, &self.source.tail_crc.to_le_bytes());
        head
    }
}

/// The `N` bytes from `at` on.
fn part<const N: usize>(bytes: &[u8], at: usize) -> [u8; N] {
    bytes[at..at + N].try_into().expect("a slice of N bytes")
}

fn text(padded: &[u8]) -> Option<&str> {
    let end = padded.iter().position(|b| *b == 0).unwrap_or(padded.len());
    str::from_utf8(&padded[..end]).ok()
}

/// Decodes whole records onto `candles`, which are those before.
fn decode(
    timeframe: Timeframe,
    records: &[u8],
    candles: &mut Vec<Candle>,
) -> Result<(), RecordProblem> {
    let mut previous = candles.last().map_or(UtcMs::new(i64::MIN), |c| c.open_time);
    for record in records.chunks_exact(RECORD_BYTES) {
        let number = |at| i64::from_le_bytes(part(record, at));
        let open_time = UtcMs::new(number(0));
        if open_time <= previous {
            return Err(RecordProblem::NotAfter { open_time, previous });
        }
        previous = open_time;
        let ohlc = [8, 16, 24, 32].map(|at| Price::from_raw(number(at)));
        let volume_base = f64::from_le_bytes(part(record, 40));
        candles.push(Candle::new(timeframe, open_time, ohlc, volume_base)?);
    }
    Ok(())
}

/// Writes a file as a whole: it is there with all its candles or not at all.
pub(super) fn write(
    path: &Path,
    instrument: InstrumentId,
    timeframe: Timeframe,
    candles: &[Candle],
    source: Source,
) -> io::Result<()> {
    let mut header = Header { checksum: 0, count: candles.len(), timeframe, instrument, source };
    atomic::write(path, |file| {
        let mut out = BufWriter::with_capacity(CHUNK_BYTES, file);
        let head = header.bytes();
        out.write_all(&head)?;
        let mut crc = Crc::new();
        crc.update(&head[CHECKED_FROM..]);
        for candle in candles {
            let record = record(candle);
            crc.update(&record);
            out.write_all(&record)?;
        }
        header.checksum = crc.sum();
        out.rewind()?;
        out.write_all(&header.bytes())?;
        out.flush()
    })
}

fn record(candle: &Candle) -> [u8; RECORD_BYTES] {
    let Candle { open_time, open, high, low, close, volume_base, .. } = candle;
    let numbers = [open_time.ms(), open.raw(), high.raw(), low.raw(), close.raw()];
    let mut record = [0; RECORD_BYTES];
    for (bytes, number) in record.chunks_exact_mut(8).zip(numbers) {
        bytes.copy_from_slice(&number.to_le_bytes());
    }
    record[40..].copy_from_slice(&volume_base.to_le_bytes());
    record
}
