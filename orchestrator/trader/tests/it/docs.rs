//! Whoever follows `docs/backtesting.md` gets there: every command of it runs, on real candles.

use std::path::{Path, PathBuf};

use crate::harness::{Folder, Launch};
use crate::market::Market;

/// The commands in the page's `sh` blocks, without the program's name.
fn commands() -> Vec<Vec<String>> {
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/backtesting.md");
    let text = std::fs::read_to_string(page).unwrap();
    let blocks = text.split("```sh\n").skip(1).map(|block| block.split("```").next().unwrap());
    let lines = blocks.flat_map(str::lines).map(str::trim).filter(|line| !line.is_empty());
    let words = |line: &str| {
        let mut words = line.split_whitespace();
        assert_eq!(words.next(), Some("sextant"), "{line}");
        words.map(ToOwned::to_owned).collect()
    };
    lines.map(words).collect()
}

/// Real candles of one hour, if they are there.
fn candles() -> Option<PathBuf> {
    let default = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data");
    let data = std::env::var_os("SEXTANT_DATA").map_or_else(|| default.into(), PathBuf::from);
    let candles = data.join("market/spot/1h");
    candles.is_dir().then_some(candles)
}

#[test]
fn every_command_of_the_page_runs_in_its_order() {
    let commands = commands();
    assert!(commands.len() >= 15, "{commands:?}");
    let folder = Folder::new("docs");
    // 2024-08-01: all that is asked for has closed.
    let end = ["--start-at", "1722470400000"];
    let market = match candles() {
        Some(candles) => {
            Market::serve(&folder, &[&["--candles", candles.to_str().unwrap()], &end[..]].concat())
        }
        None => {
            eprintln!("no real candles here (SEXTANT_DATA): generated ones stand in for them");
            Market::serve(
                &folder,
                &["--days", "220", "--pairs", "BTC/USDT,ETH/USDT", end[0], end[1]],
            )
        }
    };
    for words in &commands {
        let words: Vec<_> = words.iter().map(String::as_str).collect();
        let ended = Launch::sextant(&folder, &words).env("BINANCE_REST_URL", &market.rest).end();
        assert_eq!(ended.code, Some(0), "{words:?}\n{}\n{}", ended.out, ended.err);
        assert!(!ended.out.trim().is_empty(), "{words:?} printed nothing");
    }
    let work = folder.path().join("work");
    let begins = |path: &Path, bytes: &[u8]| std::fs::read(path).unwrap().starts_with(bytes);
    assert!(begins(&work.join("btc.html"), b"<!DOCTYPE html>"));
    assert!(begins(&work.join("btc.png"), b"\x89PNG"));
    assert!(work.join("btc/trades.csv").exists());
}
