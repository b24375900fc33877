//! The real candles, against TA-Lib as it is installed. Skipped, with the reason printed, where
//! the candles or TA-Lib are missing.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::{fs, io};

use indicators::set::IndicatorSet;

use crate::compare::{Differences, read_rows};

const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/vectors/make_vectors.py");
const DEFAULT_DATA: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data");
/// The script's exit code where numpy or TA-Lib is missing.
const MISSING: i32 = 77;

#[expect(clippy::disallowed_methods, reason = "the only way to tell a test where its data lies")]
fn candle_files() -> io::Result<Vec<PathBuf>> {
    let data = std::env::var("SEXTANT_DATA").unwrap_or_else(|_| DEFAULT_DATA.to_owned());
    let mut files = Vec::new();
    for entry in fs::read_dir(Path::new(&data).join("market/spot/1h"))? {
        let path = entry?.path();
        if path.to_string_lossy().ends_with(".csv.gz") {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

/// TA-Lib's readings, row by row; `Err` says what is missing.
fn ask_talib(candles: &Path, out: &Path) -> Result<Vec<f64>, String> {
    let run = Command::new("python3").arg(SCRIPT).arg("--readings").args([candles, out]).output();
    let output = run.map_err(|error| format!("python3: {error}"))?;
    let message = String::from_utf8_lossy(&output.stderr);
    if output.status.code() == Some(MISSING) {
        return Err(message.trim().to_owned());
    }
    assert!(output.status.success(), "{message}");
    let bytes = fs::read(out).unwrap();
    let (numbers, rest) = bytes.as_chunks::<8>();
    assert!(rest.is_empty());
    Ok(numbers.iter().map(|number| f64::from_le_bytes(*number)).collect())
}

#[test]
fn readings_equal_talib_on_every_real_candle_file() {
    let files = match candle_files() {
        Ok(files) => files,
        Err(error) => return println!("skipped: no real candles ({error})"),
    };
    let folder = tempfile::tempdir().unwrap();
    for file in files {
        let theirs = match ask_talib(&file, &folder.path().join("readings")) {
            Ok(theirs) => theirs,
            Err(reason) => return println!("skipped: {reason}"),
        };
        let (_, rows) = read_rows(&fs::read(&file).unwrap());
        let width = theirs.len() / rows.len();
        let mut set = IndicatorSet::new();
        let mut differences = Differences::default();
        for ((candle, _), theirs) in rows.iter().zip(theirs.chunks(width)) {
            differences.add(candle, &set.push(candle), theirs);
        }
        println!("{}: {differences}", file.display());
    }
}
