//! Recorded funding of perpetuals: csv, plain or `.gz`, with the header
//! `funding_time_ms,funding_rate`, named after the symbol (`BTCUSDT-funding-8h.csv.gz`).

use std::fs::File;
use std::io::{self, BufReader, Read, Write};
use std::path::{Path, PathBuf};

use domain::funding::FundingRate;
use domain::instrument::InstrumentId;
use domain::time::UtcMs;
use flate2::read::MultiGzDecoder;
use rust_decimal::Decimal;

use crate::archive::atomic;

const HEADER: &str = "funding_time_ms,funding_rate";
/// No venue settles more than a perpetual's whole worth at once.
const LARGEST: Decimal = Decimal::ONE;

/// Why recorded funding can't be read.
#[derive(Debug, thiserror::Error)]
pub enum FundingFileError {
    /// It can't be opened, read or decompressed.
    #[error("can't read {path}; check that it exists, is whole and may be read")]
    Unreadable {
        /// Which file.
        path: PathBuf,
        /// The system's word.
        source: io::Error,
    },
    /// Another first line.
    #[error("{path} does not begin with {HEADER}; it holds no recorded funding")]
    NotFunding {
        /// Which file.
        path: PathBuf,
    },
    /// A line that is no settlement, or not after the one before.
    #[error(
        "{path} line {line}: '{text}' is no settlement after the one before; correct or remove it"
    )]
    Line {
        /// Which file.
        path: PathBuf,
        /// Which line, from 1.
        line: usize,
        /// What stands there, shortened.
        text: String,
    },
    /// Of none of the perpetuals asked for.
    #[error("{path} is named after none of the perpetuals; name it like BTCUSDT-funding.csv.gz")]
    NoOnes {
        /// Which file.
        path: PathBuf,
    },
}

/// Reads the settlements of the perpetual among `instruments` that the file is named after, times
/// strictly ascending.
pub fn read(
    path: &Path,
    instruments: &[InstrumentId],
) -> Result<Vec<FundingRate>, FundingFileError> {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let symbol = name.split(['-', '.']).next().unwrap_or_default();
    let of = instruments.iter().find(|id| id.is_perpetual() && id.symbol() == symbol);
    let instrument = *of.ok_or_else(|| FundingFileError::NoOnes { path: path.to_owned() })?;
    let unreadable = |source| FundingFileError::Unreadable { path: path.to_owned(), source };
    let mut file = BufReader::new(File::open(path).map_err(unreadable)?);
    let mut text = String::new();
    if path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("gz")) {
        MultiGzDecoder::new(file).read_to_string(&mut text).map_err(unreadable)?;
    } else {
        file.read_to_string(&mut text).map_err(unreadable)?;
    }
    let mut lines = text.lines().enumerate();
    if lines.next().is_none_or(|(_, header)| header.trim_end() != HEADER) {
        return Err(FundingFileError::NotFunding { path: path.to_owned() });
    }
    let mut rates: Vec<FundingRate> = Vec::new();
    for (index, line) in lines.filter(|(_, line)| !line.trim().is_empty()) {
        let after = |rate: &FundingRate| {
            rates.last().is_none_or(|last| last.time_exchange < rate.time_exchange)
        };
        let rate = parse(line.trim_end(), instrument).filter(after);
        rates.push(rate.ok_or_else(|| FundingFileError::Line {
            path: path.to_owned(),
            line: index + 1,
            text: line.chars().take(60).collect(),
        })?);
    }
    Ok(rates)
}

/// Writes settlements, times strictly ascending, as [`read`] reads them; the file is there as a
/// whole or as it was before.
pub fn write(path: &Path, rates: &[FundingRate]) -> io::Result<()> {
    let mut text = format!("{HEADER}\n");
    for rate in rates {
        text += &format!("{},{}\n", rate.time_exchange.ms(), rate.rate_ratio.normalize());
    }
    atomic::write(path, |file| file.write_all(text.as_bytes()))
}

fn parse(line: &str, instrument: InstrumentId) -> Option<FundingRate> {
    let (time, rate) = line.split_once(',')?;
    let time_exchange = UtcMs::new(time.parse().ok().filter(|ms| *ms >= 0)?);
    let rate = rate.parse().or_else(|_| Decimal::from_scientific(rate)).ok()?;
    let fits = rate.abs() < LARGEST;
    fits.then(|| FundingRate { instrument, time_exchange, rate_ratio: rate.normalize() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_text(text: &str) -> Result<Vec<FundingRate>, FundingFileError> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("BTCUSDT-funding-8h.csv");
        std::fs::write(&path, text).unwrap();
        read(&path, &["ETH/USDT:USDT".parse().unwrap(), "BTC/USDT:USDT".parse().unwrap()])
    }

    #[test]
    fn what_is_written_is_read_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("BTCUSDT-funding.csv");
        let instrument = "BTC/USDT:USDT".parse().unwrap();
        let rate = |ms, text: &str| FundingRate {
            instrument,
            time_exchange: UtcMs::new(ms),
            rate_ratio: text.parse().unwrap(),
        };
        let rates = [rate(0, "0.00010000"), rate(28_800_000, "-0.0000125")];
        write(&path, &rates).unwrap();
        assert_eq!(read(&path, &[instrument]).unwrap(), rates);
    }

    #[test]
    fn settlements_are_read_and_nonsense_is_named() {
        let rates = read_text(&format!("{HEADER}\n1000,0.0001\n2000,-1e-05\n\n")).unwrap();
        let found: Vec<_> =
            rates.iter().map(|r| (r.time_exchange.ms(), r.rate_ratio.to_string())).collect();
        assert_eq!(found, [(1000, "0.0001".to_owned()), (2000, "-0.00001".to_owned())]);
        assert_eq!(rates[0].instrument.as_str(), "BTC/USDT:USDT");
        for (line, at) in [("1000,x", 3), ("999,0.1", 3), ("2000,1", 3), ("2000", 3), ("-1,0", 3)] {
            let error = read_text(&format!("{HEADER}\n1000,0.0001\n{line}\n")).unwrap_err();
            assert!(matches!(error, FundingFileError::Line { line, .. } if line == at), "{error}");
        }
        assert!(matches!(read_text("a,b\n1,2\n"), Err(FundingFileError::NotFunding { .. })));
        assert!(matches!(
            read(Path::new("BTCUSDT-funding.csv"), &["BTC/USDT".parse().unwrap()]),
            Err(FundingFileError::NoOnes { .. })
        ));
    }
}
