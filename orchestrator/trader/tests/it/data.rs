//! Past candles: fetched, imported, listed; nothing lost or torn, whatever comes in between.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

use exchange::archive::folder::{Archive, load};
use exchange::candle_file;
use serde_json::Value;

use crate::gobetween::{Act, GoBetween};
use crate::harness::{Ended, Folder, Launch, PATIENCE, wait_until};
use crate::market::Market;

const JANUARY_MS: i64 = 1_704_067_200_000;
const DAY_MS: i64 = 86_400_000;
const HEADER: &str = "open_time_ms,open,high,low,close,volume\n";
/// More minutes than are saved at once.
const DAYS: i64 = 40;

/// A market at the end of its generated candles: all of them are past.
fn market(folder: &Folder) -> Market {
    market_of(folder, "BTC/USDT,ETH/USDT")
}

fn market_of(folder: &Folder, pairs: &str) -> Market {
    let end = (JANUARY_MS + DAYS * DAY_MS - 1).to_string();
    let days = DAYS.to_string();
    Market::serve(folder, &["--days", &days, "--pairs", pairs, "--start-at", &end])
}

fn data(folder: &Folder, url: &str, arguments: &[&str]) -> Launch {
    let launch = Launch::sextant(folder, arguments).env("BINANCE_REST_URL", url);
    launch.env("BINANCE_FUTURES_REST_URL", url)
}

fn download(folder: &Folder, url: &str, more: &[&str]) -> Ended {
    data(folder, url, &[&["download-data", "--json"], more].concat()).end()
}

const MINUTES: [&str; 6] =
    ["--pairs", "BTC/USDT", "--timeframe", "1m", "--timerange", "20240101-20240208"];
/// So many candles has [`MINUTES`].
const COUNT: u64 = 38 * 1440;

fn file(folder: &Folder) -> PathBuf {
    folder.path().join("data/candles/binance/BTCUSDT-1m.candles")
}

fn list(folder: &Folder, more: &[&str]) -> Value {
    Launch::sextant(folder, &[&["list-data", "--json"], more].concat()).end().json()
}

/// What an undisturbed download of [`MINUTES`] leaves.
fn undisturbed(market: &Market) -> Vec<u8> {
    let folder = Folder::new("undisturbed");
    let rows = download(&folder, &market.rest, &MINUTES).json();
    assert_eq!(rows[0]["added"], COUNT);
    fs::read(file(&folder)).unwrap()
}

fn assert_nothing_half_written(folder: &Folder) {
    for entry in fs::read_dir(folder.path().join("data/candles/binance")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        assert!(!name.ends_with(".tmp"), "{name}");
    }
}

#[test]
fn what_is_there_is_never_asked_for_again() {
    let folder = Folder::new("again");
    let market = market(&folder);
    let way = GoBetween::start(&market.rest, |_| Act::Pass);
    let range =
        |range| ["--pairs", "BTC/USDT,ETHUSDT", "--timeframe", "1h,1m", "--timerange", range];
    let rows = download(&folder, &way.url, &range("20240110-20240112")).json();
    let row = |rows: &Value, n: usize| {
        let row = &rows[n];
        let text = |name: &str| row[name].as_str().unwrap().to_owned();
        let number = |name: &str| row[name].as_u64().unwrap();
        (text("pair"), text("timeframe"), number("candles"), number("added"), number("missing"))
    };
    assert_eq!(row(&rows, 0), ("BTC/USDT".into(), "1h".into(), 48, 48, 0));
    assert_eq!(row(&rows, 3), ("ETH/USDT".into(), "1m".into(), 2880, 2880, 0));
    // Earlier, later, and what lies between.
    way.asked();
    let rows = download(&folder, &way.url, &range("20240109-20240113")).json();
    assert_eq!(row(&rows, 1), ("BTC/USDT".into(), "1m".into(), 5760, 2880, 0));
    assert!(way.asked().iter().all(|path| path.contains("startTime=")));
    let rows = download(&folder, &way.url, &range("20240109-20240113")).json();
    assert_eq!(row(&rows, 1), ("BTC/USDT".into(), "1m".into(), 5760, 0, 0));
    assert_eq!(way.asked(), Vec::<String>::new());
    // Without a range it goes on to the last candle that has closed for good.
    let rows = download(&folder, &way.url, &["--pairs", "BTC/USDT", "--timeframe", "1h"]).json();
    assert_eq!(rows[0]["to"], JANUARY_MS + DAYS * DAY_MS - 3_600_000);
    assert_eq!(rows[0]["missing"], 0);
    // All anew, where that is asked for.
    let replaced = [&range("20240109-20240113")[..], &["--replace"]].concat();
    let rows = download(&folder, &way.url, &replaced).json();
    assert_eq!((&rows[1]["added"], &rows[1]["replaced"]), (&0.into(), &0.into()));
    assert!(!way.asked().is_empty());
    assert_eq!(list(&folder, &[]).as_array().unwrap().len(), 4);
}

#[test]
fn a_spoilt_way_changes_nothing() {
    let folder = Folder::new("spoilt");
    let market = market(&folder);
    let way = GoBetween::start(&market.rest, |n| match n {
        3 => Act::Refuse(500),
        7 => Act::Cut,
        11 => Act::HangUp,
        15 => Act::Refuse(429),
        _ => Act::Pass,
    });
    let rows = download(&folder, &way.url, &MINUTES).json();
    assert_eq!(rows[0]["added"], COUNT);
    assert!(way.asked().len() > 19);
    assert_eq!(fs::read(file(&folder)).unwrap(), undisturbed(&market));
}

#[test]
fn a_ban_ends_it_and_what_came_before_stays() {
    let folder = Folder::new("ban");
    let market = market(&folder);
    let banned =
        GoBetween::start(&market.rest, |n| if n < 10 { Act::Pass } else { Act::Refuse(418) });
    let ended = download(&folder, &banned.url, &MINUTES);
    ended.assert_refused(4, &["10000 candles were saved", "banned this address"]);
    let told: Value = serde_json::from_str(&ended.out).unwrap();
    assert_eq!(told["exit_code"], 4);
    assert_eq!(banned.asked().len(), 11, "a ban is not to be tested");
    assert_eq!(list(&folder, &[])[0]["candles"], 10_000);
    let rows = download(&folder, &market.rest, &MINUTES).json();
    assert_eq!(rows[0]["added"], COUNT - 10_000);
    assert_eq!(fs::read(file(&folder)).unwrap(), undisturbed(&market));
}

#[test]
fn killed_in_the_middle_it_goes_on_where_it_was() {
    let folder = Folder::new("killed");
    let market = market(&folder);
    let slow = GoBetween::start(&market.rest, |_| Act::Wait(Duration::from_millis(20)));
    let arguments = [&["download-data", "--json"], &MINUTES[..]].concat();
    let mut killed = data(&folder, &slow.url, &arguments).start();
    let saved = wait_until(PATIENCE, || file(&folder).exists() || !killed.is_running());
    assert!(saved && killed.is_running(), "{}", killed.said());
    killed.kill();
    let before = slow.asked().len();
    let kept = list(&folder, &[])[0]["candles"].as_u64().unwrap();
    assert!((20_000..COUNT).contains(&kept), "{kept}");
    // Stopped by a person, all that came is kept.
    let mut stopped = data(&folder, &slow.url, &arguments).start();
    let begun =
        wait_until(PATIENCE, || slow.asked.lock().unwrap().len() > 3 || !stopped.is_running());
    assert!(begun && stopped.is_running(), "{}", stopped.said());
    stopped.signal("TERM");
    let stopped = stopped.end(PATIENCE);
    stopped.assert_refused(1, &["candles were saved", "run the same again", "stopped"]);
    assert!(list(&folder, &[])[0]["candles"].as_u64().unwrap() >= kept + 2_000);
    let rows = download(&folder, &slow.url, &MINUTES).json();
    assert_eq!(rows[0]["candles"], COUNT);
    assert!(before + slow.asked().len() < 120, "it began anew");
    assert_eq!(fs::read(file(&folder)).unwrap(), undisturbed(&market));
    assert_nothing_half_written(&folder);
}

/// Minutes from January on, priced by their number.
fn rows(minutes: impl IntoIterator<Item = i64>) -> String {
    let row = |n: i64| format!("{},{1},{1},{1},{1},1\n", JANUARY_MS + n * 60_000, 100 + n % 9);
    HEADER.to_owned() + &minutes.into_iter().map(row).collect::<String>()
}

#[test]
fn holes_are_mended_and_outages_remembered() {
    let folder = Folder::new("holes");
    // The venue was down twice; the person's file lacks more.
    let whole = (0..3000).filter(|n| !(100..160).contains(n) && !(2000..2003).contains(n));
    folder.write("market/BTCUSDT-1m.csv", &rows(whole));
    folder.write("mine/BTCUSDT-1m.csv", &rows((50..90).chain(170..500).chain(700..1500)));
    let candles = folder.path().join("market");
    let end = (JANUARY_MS + 3000 * 60_000 - 1).to_string();
    let market =
        Market::serve(&folder, &["--candles", candles.to_str().unwrap(), "--start-at", &end]);
    let way = GoBetween::start(&market.rest, |_| Act::Pass);
    let mine = folder.path().join("mine");
    let imported = download(&folder, &way.url, &["--from", mine.to_str().unwrap()]).json();
    assert_eq!((&imported[0]["candles"], &imported[0]["holes"]), (&1170.into(), &2.into()));
    let minutes = ["--pairs", "BTC/USDT", "--timeframe", "1m"];
    let mended = download(&folder, &way.url, &minutes).json();
    // Two pages: one reaches over all holes, one over the rest.
    assert_eq!(way.asked().len(), 3);
    assert_eq!((&mended[0]["missing"], &mended[0]["holes"]), (&63.into(), &2.into()));
    let listed = list(&folder, &["--show-holes"]);
    let holes = listed[0]["each_hole"].as_array().unwrap();
    assert!(holes.iter().all(|hole| hole["confirmed"] == true), "{listed}");
    assert_eq!(holes[0]["from_utc"], "2024-01-01T01:40:00Z");
    assert_eq!((&holes[0]["candles"], &listed[0]["longest_hole"]), (&60.into(), &60.into()));
    download(&folder, &way.url, &minutes).json();
    assert_eq!(way.asked(), Vec::<String>::new());
    let table = Launch::sextant(&folder, &["list-data", "--show-holes"]).end();
    for words in ["1 h 00 min (60)", "2024-01-01 01:40", "the venue has none"] {
        assert!(table.out.contains(words), "{}", table.out);
    }
    // The same of a folder of files.
    let listed = list(&folder, &["--candles", mine.to_str().unwrap(), "--show-holes"]);
    assert_eq!((&listed[0]["missing"], &listed[0]["holes"]), (&280.into(), &2.into()));
    assert_eq!(listed[0]["each_hole"][0]["confirmed"], false);
}

/// As the venue publishes its dumps: microseconds since 2025, in a zip.
fn dump(path: &Path) {
    const SINCE_US: i64 = 1_735_689_600_000_000;
    let row = |n: i64| {
        let open = SINCE_US + n * 3_600_000_000;
        format!("{open},1,2,0.5,1.5,7,{},10,3,1,1,0\n", open + 3_599_999_999)
    };
    let text: String = (0..48).map(row).collect();
    let mut zip = zip::ZipWriter::new(fs::File::create(path).unwrap());
    zip.start_file("ETHUSDT-1h-2025-01.csv", zip::write::SimpleFileOptions::default()).unwrap();
    zip.write_all(text.as_bytes()).unwrap();
    zip.finish().unwrap();
}

#[test]
fn files_are_imported() {
    let folder = Folder::new("import");
    let zip = folder.path().join("ETHUSDT-1h-2025-01.zip");
    dump(&zip);
    folder.write("csv/BTCUSDT-1m-a.csv", &rows(0..60));
    folder.write("csv/BTCUSDT-1m-b.csv", &rows((30..90).chain(1440..1500)));
    let csv = folder.path().join("csv");
    let (zip, csv) = (zip.to_str().unwrap(), csv.to_str().unwrap());
    let nowhere = "http://127.0.0.1:9";
    let all = download(&folder, nowhere, &["--from", zip, "--from", csv]).json();
    let counts = |rows: &Value| {
        let rows = rows.as_array().unwrap().iter();
        rows.map(|row| (row["pair"].as_str().unwrap().to_owned(), row["candles"].as_u64().unwrap()))
            .collect::<Vec<_>>()
    };
    assert_eq!(counts(&all), [("BTC/USDT".to_owned(), 150), ("ETH/USDT".to_owned(), 48)]);
    assert_eq!(all[1]["from_utc"], "2025-01-01T00:00:00Z");
    // The same files for the perpetual, and only a part of them.
    let perpetual = ["--from", csv, "--pairs", "BTC/USDT:USDT", "--timerange", "20240102-20240103"];
    assert_eq!(
        counts(&download(&folder, nowhere, &perpetual).json()),
        [("BTC/USDT:USDT".to_owned(), 60)]
    );
    assert_eq!(counts(&list(&folder, &[])).len(), 3);

    // What contradicts the archive is told, and taken only on demand.
    let before = fs::read(file(&folder)).unwrap();
    let other = rows(80..95).replace(",108,108,108,108,", ",109,109,109,109,");
    folder.write("other/BTCUSDT-1m.csv", &other);
    let other = folder.path().join("other");
    let other = ["--from", other.to_str().unwrap()];
    let refused = download(&folder, nowhere, &other);
    refused.assert_refused(2, &["2024-01-01T01:20:00Z", "BTC/USDT", "--replace"]);
    assert_eq!(fs::read(file(&folder)).unwrap(), before);
    let replaced = download(&folder, nowhere, &[&other[..], &["--replace"]].concat()).json();
    assert_eq!((&replaced[0]["added"], &replaced[0]["replaced"]), (&5.into(), &2.into()));
}

#[test]
fn bad_input_is_refused_and_nothing_written() {
    let folder = Folder::new("bad");
    let market = market(&folder);
    let far = [HEADER, "4102444800000,1,1,1,1,1\n"].concat();
    folder.write("open/BTCUSDT-1m.csv", &far);
    folder.write("unsorted/BTCUSDT-1m.csv", &rows([1, 0]));
    folder.write("torn/BTCUSDT-1m.csv", rows(0..3).trim_end_matches(",1\n"));
    folder.write("contrary/BTCUSDT-1m-a.csv", &rows(0..3));
    folder.write(
        "contrary/BTCUSDT-1m-b.csv",
        &rows(1..3).replace(",102,102,102,102,", ",103,103,103,103,"),
    );
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let refused = |arguments: &[&str], words: &[&str]| {
        download(&folder, &market.rest, arguments).assert_refused(2, words);
    };
    refused(&["--pairs", "XRP/USDT"], &["does not know XRP/USDT"]);
    refused(&["--pairs", "nonsense"], &["--pairs", "'nonsense' is not a pair"]);
    refused(&["--timeframe", "7m"], &["--timeframe", "'7m' is not a timeframe"]);
    refused(&["--timerange", "20240102-20240101"], &["--timerange", "is empty"]);
    refused(&["--timerange", "yesterday"], &["--timerange", "20240101-20240601"]);
    let btc = ["--pairs", "BTC/USDT", "--timeframe", "1h"];
    refused(&[&btc[..], &["--timerange", "20300101-"]].concat(), &["no 1h candle", "2030-01-01"]);
    refused(&["--pairs", "BTC/USDT:USDT"], &["does not know BTC/USDT:USDT"]);
    refused(&["--from", &path("BTCUSDT-3m.csv")], &["can't read", "check that it exists"]);
    refused(&["--from", &path("open")], &["no candles of these pairs"]);
    refused(&["--from", &path("unsorted")], &["line 3", "sort the file"]);
    refused(&["--from", &path("torn")], &["line 4", "columns"]);
    refused(&["--from", &path("contrary")], &["-a.csv", "-b.csv", "differently"]);
    let good = path("contrary/BTCUSDT-1m-a.csv");
    refused(&["--from", &good, "--pairs", "ETH/USDT"], &["no candles of these pairs"]);
    refused(&["--from", &good, "--pairs", "BTC/USDT,BTC/USDT:USDT"], &["one after the other"]);
    assert!(!folder.path().join("data/candles").exists());
    let empty = Launch::sextant(&folder, &["list-data"]).end();
    assert_eq!((empty.code, empty.out.as_str()), (Some(0), ""));
    assert!(empty.err.contains("download-data"));
    assert_eq!(list(&folder, &[]), Value::Array(Vec::new()));
    Launch::sextant(&folder, &["list-data", "--pairs", "BTC/USDT"])
        .end()
        .assert_refused(2, &["no candles of BTC/USDT"]);
}

#[test]
fn damaged_archives_are_told_and_one_writes_at_a_time() {
    let folder = Folder::new("damaged");
    folder.write("BTCUSDT-1m.csv", &rows(0..60));
    let csv = folder.path().join("BTCUSDT-1m.csv");
    let import = ["--from", csv.to_str().unwrap()];
    let nowhere = "http://127.0.0.1:9";
    download(&folder, nowhere, &import).json();
    let mut bytes = fs::read(file(&folder)).unwrap();
    bytes[100] ^= 1;
    fs::write(file(&folder), &bytes).unwrap();
    let damaged = ["BTCUSDT-1m.candles is damaged", "remove it and fetch"];
    download(&folder, nowhere, &import).assert_refused(2, &damaged);
    Launch::sextant(&folder, &["list-data"]).end().assert_refused(2, &damaged);
    assert_eq!(fs::read(file(&folder)).unwrap(), bytes, "left as it was");
    let archive = Archive::new(folder.path().join("data/candles"));
    let _writer = archive.writer().unwrap();
    download(&folder, nowhere, &import).assert_refused(1, &["another process writes to"]);
}

#[test]
fn the_archive_gives_back_what_the_files_hold() {
    let shared = std::env::var_os("SEXTANT_DATA").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data"),
        PathBuf::from,
    );
    let files = shared.join("market/spot/1h");
    if !files.exists() {
        println!("skipped: there is no market data at {}", files.display());
        return;
    }
    let folder = Folder::new("shared");
    let rows = download(&folder, "http://127.0.0.1:9", &["--from", files.to_str().unwrap()]).json();
    let btc = &rows[1];
    // By the data's own account: 28 outages, 128 hours, the longest of 33.
    let told = ["holes", "missing", "longest_hole"].map(|name| btc[name].as_u64().unwrap());
    assert_eq!((btc["pair"].as_str(), told), (Some("BTC/USDT"), [28, 128, 33]));
    let read = candle_file::read_folder(&files).unwrap();
    let pairs: Vec<_> = read.iter().map(|file| file.instrument).collect();
    let archive = folder.path().join("data/candles");
    assert_eq!(load(&archive, &pairs, read[0].timeframe).unwrap(), read);
}

#[test]
fn perpetuals_are_fetched_from_their_own_market_with_funding_and_marks() {
    let folder = Folder::new("perpetuals");
    let market = market_of(&folder, "BTC/USDT,BTC/USDT:USDT");
    let range = ["--timeframe", "1h", "--timerange", "20240101-20240131"];
    let both = [&["--pairs", "BTC/USDT,BTC/USDT:USDT"], &range[..]].concat();
    let rows = download(&folder, &market.rest, &both).json();
    assert_eq!((&rows[0]["added"], &rows[1]["added"]), (&Value::from(720), &Value::from(720)));
    assert!(folder.path().join("data/candles/binance-um/BTCUSDT-1h.candles").exists());

    // Every eight hours but for the moment at which the market begins.
    let beside = ["--pairs", "BTC/USDT:USDT", "--funding", "--marks"];
    let told = download(&folder, &market.rest, &[&beside, &range[..]].concat()).json();
    assert_eq!((&told[0]["kind"], &told[0]["rows"]), (&"funding".into(), &89.into()));
    assert_eq!((&told[1]["kind"], &told[1]["rows"]), (&"marks 1h".into(), &720.into()));
    // Asked for again, and for more, it grows by what is new.
    let longer = ["--timeframe", "1h", "--timerange", "20240131-20240202"];
    let told = download(&folder, &market.rest, &[&beside, &longer[..]].concat()).json();
    assert_eq!((&told[0]["rows"], &told[1]["rows"]), (&95.into(), &768.into()));
    let listed = list(&folder, &[]);
    assert_eq!((&listed[2]["kind"], &listed[2]["rows"]), (&"marks 1h".into(), &768.into()));
    assert_eq!((&listed[3]["kind"], &listed[3]["rows"]), (&"funding".into(), &95.into()));

    let path = |n: usize| told[n]["path"].as_str().unwrap().to_owned();
    let run = |more: &[&str]| {
        let run = ["backtest", "--pairs", "BTC/USDT:USDT", "--timeframe", "1h", "--json"];
        let told = Launch::sextant(&folder, &[&run, more].concat()).end().json();
        told["final_equity"].as_f64().unwrap()
    };
    let plain = run(&[]);
    assert_ne!(run(&["--funding", &path(0)]), plain);
    assert_eq!(run(&["--marks", &path(1), "--leverage", "1"]), plain);

    let spot = ["--pairs", "BTC/USDT", "--funding"];
    let refused = data(&folder, &market.rest, &[&["download-data"], &spot[..]].concat()).end();
    assert_eq!(refused.code, Some(2), "{}", refused.err);
    assert!(refused.err.contains("neither funding nor a mark price"), "{}", refused.err);
}
