use std::io::Write;
use std::path::PathBuf;

use domain::candle::CandleError;
use flate2::Compression;
use flate2::write::GzEncoder;

use super::error::{CandleFileError, LineProblem};
use super::*;

const HEAD: &str = "open_time_ms,open,high,low,close,volume\n";
const ROWS: &str = "\
1617321600000,58720.45,58840.43,58720.44,58760.34,61.685675
1617321660000,58760.34,58820.97,58739.28,58750.01,25.392093
1617321840000,58750.01,58758.27,58666.2,58672.92,0
";

struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn file(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.0.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        path
    }

    fn read(&self) -> Result<Vec<CandleFile>, CandleFileError> {
        read_folder(self.0.path())
    }
}

fn gzip(text: &str) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(text.as_bytes()).unwrap();
    encoder.finish().unwrap()
}

fn zipped(files: &[(&str, &str)]) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, text) in files {
        let options = zip::write::SimpleFileOptions::default();
        let options = options.compression_method(zip::CompressionMethod::Deflated);
        zip.start_file(*name, options).unwrap();
        zip.write_all(text.as_bytes()).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

/// The three rows as Binance dumps them, times multiplied.
fn dump(factor: i64) -> String {
    let row = |row: &str| {
        let (time, rest) = row.split_once(',').unwrap();
        let time = time.parse::<i64>().unwrap() * factor;
        format!("{time},{rest},{},1.0,5,0.5,0.5,0\r\n", time + 59_999 * factor)
    };
    ROWS.lines().map(row).collect()
}

#[test]
fn every_layout_gives_the_same_candles() {
    let folder = Folder::new();
    let plain = format!("{HEAD}{ROWS}");
    let expected = read(&folder.file("BTCUSDT-1m.csv", &plain)).unwrap();
    assert_eq!(expected.instrument.as_str(), "BTC/USDT");
    assert_eq!(expected.timeframe, Timeframe::M1);
    assert_eq!(expected.candles.len(), 3);
    assert_eq!(expected.candles[0].volume_base, 61.685675);
    assert_eq!(expected.candles[2].low, "58666.2".parse().unwrap());
    let more =
        "open_time_ms,open,high,low,close,volume,trades\n".to_owned() + &ROWS.replace('\n', ",7\n");
    let headed = "open_time,open,high,low,close,volume,a,b,c,d,e,f\n".to_owned() + &dump(1);
    for (name, bytes) in [
        ("BTCUSDT-1m-20210402-20210402.csv.gz", gzip(&plain)),
        ("BTCUSDT-1m-crlf.csv", plain.replace('\n', "\r\n").into_bytes()),
        ("BTCUSDT-1m-bom.csv", format!("\u{feff}{plain}\n").into_bytes()),
        ("BTCUSDT-1m-full.csv", more.into_bytes()),
        ("BTCUSDT-1m-2021-04.csv", dump(1).into_bytes()),
        ("BTCUSDT-1m-2025-04.csv.gz", gzip(&dump(1000))),
        ("BTC_USDT-1m-headed.csv", headed.into_bytes()),
        ("BTCUSDT-1m-2025-05.zip", zipped(&[("BTCUSDT-1m-2025-05.csv", &dump(1000))])),
    ] {
        assert_eq!(read(&folder.file(name, bytes)).unwrap(), expected, "{name}");
    }
    // All of them overlap and agree.
    assert_eq!(folder.read().unwrap(), [expected]);
}

#[test]
fn a_folder_is_merged_per_instrument_and_timeframe() {
    let folder = Folder::new();
    let rows: Vec<_> = ROWS.lines().collect();
    folder.file("ETHUSDT-1m-b.csv", format!("{HEAD}{}\n{}\n", rows[0], rows[1]));
    folder.file("ETHUSDT-1m-a.csv", format!("{HEAD}{}\n{}\n", rows[1], rows[2]));
    folder.file("BTCUSDT-1m.csv", format!("{HEAD}{ROWS}"));
    folder.file("BTCUSDT-1mo-2021-04.csv", format!("{HEAD}1617235200000,1,2,1,2,3\n"));
    folder.file("README.md", "not a candle file");
    folder.file(".BTCUSDT-1m.csv", "half written");
    let files = folder.read().unwrap();
    let names: Vec<_> = files.iter().map(|f| (f.instrument.symbol(), f.timeframe.name())).collect();
    let expected = [("BTCUSDT", "1m"), ("BTCUSDT", "1M"), ("ETHUSDT", "1m")];
    assert_eq!(names, expected.map(|(symbol, name)| (symbol.to_owned(), name)));
    assert_eq!(files[0].candles, files[2].candles);
}

#[test]
fn files_that_disagree_are_named() {
    let folder = Folder::new();
    let first = folder.file("BTCUSDT-1m-a.csv", format!("{HEAD}{ROWS}"));
    let other = ROWS.replace("25.392093", "25.392094").split_off(ROWS.find('\n').unwrap() + 1);
    let second = folder.file("BTCUSDT-1m-b.csv", format!("{HEAD}{other}"));
    let text = folder.read().unwrap_err().to_string();
    for part in
        [first.to_str().unwrap(), second.to_str().unwrap(), "BTC/USDT", "2021-04-02T00:01:00Z"]
    {
        assert!(text.contains(part), "{text}");
    }
}

fn line_problem(text: &str) -> (u64, LineProblem) {
    match read(&Folder::new().file("BTCUSDT-1m.csv", text)) {
        Err(CandleFileError::Line { line, problem, path }) => {
            assert!(path.ends_with("BTCUSDT-1m.csv"));
            (line, problem)
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn bad_lines_are_named() {
    use LineProblem::{Candle, Columns, NotAfter, NotText, Number};
    let with = |row: &str| line_problem(&format!("{HEAD}{ROWS}{row}\n"));
    assert!(matches!(with("1617321840000,1,1,1,1,1"), (5, NotAfter { .. })), "duplicate");
    assert!(matches!(with("1617321720000,1,1,1,1,1"), (5, NotAfter { .. })), "unsorted");
    assert!(matches!(with("1617321900001,1,1,1,1,1"), (5, Candle(CandleError::OffGrid { .. }))));
    assert!(matches!(with("1617321900000,1,1,2,1,1"), (5, Candle(CandleError::OutOfOrder { .. }))));
    for price in ["0", "-1"] {
        let (line, problem) = with(&format!("1617321900000,1,1,{price},1,1"));
        assert!(matches!((line, &problem), (5, Candle(CandleError::PriceNotPositive { .. }))));
    }
    for volume in ["-1", "NaN", "inf"] {
        let (_, problem) = with(&format!("1617321900000,1,1,1,1,{volume}"));
        assert!(matches!(problem, Candle(CandleError::BadVolume { .. })), "{volume}");
    }
    for row in [
        "x,1,1,1,1,1",
        "-60000,1,1,1,1,1",
        "-9223372036854775808,1,1,1,1,1",
        "9223372036854720000,1,1,1,1,1",
        "1,,1,1,1,1",
        "1,1,1,nan,1,1",
        "1,1,1,1,0x1,1",
        "1,1,1,1,1,abc",
        "1,1,99999999999999,1,1,1",
    ] {
        assert!(matches!(with(row), (5, Number { .. })), "{row}");
    }
    for row in ["1617321900000,1,1,1,1", "1617321900000,1,1,1,1,1,1", "{}"] {
        assert!(matches!(with(row), (5, Columns { expected: 6, .. })), "{row}");
    }
    // Microseconds that are no whole millisecond.
    assert!(matches!(
        line_problem(&dump(1000).replace("600000000,", "600000001,")),
        (1, Number { .. })
    ));
    let path = Folder::new();
    let path = path.file("BTCUSDT-1m.csv", [HEAD.as_bytes(), &[0xff, 0xfe, b'\n']].concat());
    assert!(matches!(read(&path), Err(CandleFileError::Line { line: 2, problem: NotText, .. })));
}

#[test]
fn files_that_are_none_are_named() {
    let folder = Folder::new();
    let first_lines = [
        "<html>",
        "time,open,high,low,close,volume",
        "1,2,3",
        "\u{1}\u{2}",
        "\n\n",
        &"9".repeat(9999),
    ];
    for text in first_lines {
        let found = read(&folder.file("BTCUSDT-1m.csv", text));
        assert!(matches!(found, Err(CandleFileError::NotCandles { .. })), "{text}: {found:?}");
    }
    for text in ["", HEAD] {
        let found = read(&folder.file("BTCUSDT-1m.csv", text));
        assert!(matches!(found, Err(CandleFileError::Empty { .. })), "{text}");
    }
    for name in [
        "BTCUSDT.csv",
        "BTCUSDT-7m.csv",
        "btcusdt-trades-20210108.csv.gz",
        "-1m.csv",
        "BTCUSDT-1m.json",
    ] {
        let found = read(&folder.file(name, format!("{HEAD}{ROWS}")));
        assert!(matches!(found, Err(CandleFileError::Name { .. })), "{name}");
    }
    let whole = gzip(&format!("{HEAD}{ROWS}"));
    for bytes in [&whole[..whole.len() - 9], &whole[..20], b"no gzip at all", b""] {
        let found = read(&folder.file("BTCUSDT-1m.csv.gz", bytes));
        assert!(matches!(found, Err(CandleFileError::Compression { .. })), "{found:?}");
    }
    let whole = zipped(&[("a.csv", &dump(1))]);
    let mut damaged = whole.clone();
    damaged[60] ^= 1;
    let two = zipped(&[("a.csv", &dump(1)), ("b.csv", "")]);
    for bytes in [&whole[..whole.len() - 9], &two, b"no zip at all", b""] {
        let found = read(&folder.file("BTCUSDT-1m.zip", bytes));
        assert!(matches!(found, Err(CandleFileError::Zip { .. })), "{found:?}");
    }
    assert!(read(&folder.file("BTCUSDT-1m.zip", damaged)).is_err());
    let missing = folder.0.path().join("ETHUSDT-1m.csv");
    assert!(matches!(read(&missing), Err(CandleFileError::Unreadable { .. })));
    assert!(matches!(read_folder(&missing), Err(CandleFileError::Unreadable { .. })));
    assert!(matches!(Folder::new().read(), Err(CandleFileError::NoFiles { .. })));
}

#[test]
fn what_is_written_is_read_again() {
    let folder = Folder::new();
    let path = folder.file("BTCUSDT-1m.csv", format!("{HEAD}{ROWS}"));
    let candles = read(&path).unwrap().candles;
    let copy = folder.0.path().join("BTCUSDT-1m-mark.csv");
    write(&copy, &candles).unwrap();
    assert_eq!(read(&copy).unwrap().candles, candles);
    assert_eq!(std::fs::read(&copy).unwrap(), std::fs::read(&path).unwrap());
}
