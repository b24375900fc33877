//! No key, secret or password shows: in nothing that is written, served or dumped.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::time::Duration;

use crate::account::{KEY, SECRET};
use crate::harness::{Folder, PATIENCE, Process, wait_until};
use crate::outages::Server;
use crate::site::Site;
use crate::testnet::{ends_with_the_same_book, fills, market, trading};

const MAIL_PASSWORD: &str = "hush-the-mail-servers";
const STORE_PASSWORD: &str = "hush-the-stores";
const REDIS_PASSWORD: &str = "hush-the-hot-states";
const WORDS: [&str; 5] = [KEY, SECRET, MAIL_PASSWORD, STORE_PASSWORD, REDIS_PASSWORD];

/// Every file below a folder that holds one of the words.
fn tells(folder: &Path, words: &[&str], found: &mut Vec<String>) {
    for entry in fs::read_dir(folder).unwrap().filter_map(Result::ok) {
        let path = entry.path();
        if path.is_dir() {
            tells(&path, words, found);
        } else if let Ok(bytes) = fs::read(&path) {
            let text = String::from_utf8_lossy(&bytes);
            if words.iter().any(|word| text.contains(word)) {
                found.push(path.display().to_string());
            }
        }
    }
}

/// What a running process serves at `path`.
fn served(process: &Process, path: &str) -> String {
    let said = process.said();
    let (_, address) = said.split_once("address=").unwrap();
    let address = address.split_whitespace().next().unwrap();
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    text
}

#[test]
fn nothing_that_is_written_served_or_dumped_shows_a_key() {
    let mut server = Server::start();
    // It trusts whoever comes in by its socket, with whatever password.
    let url = server.url().replace("sextant@", &format!("sextant:{STORE_PASSWORD}@"));
    let site = Site { folder: Folder::new("secrets"), url: Some(url) };
    let market = market(&site);
    let launch = trading(&site, &market)
        .env("LOG_LEVEL", "trace")
        .env("REDIS_URL", format!("redis://:{REDIS_PASSWORD}@127.0.0.1:9/0"))
        // Nobody listens there: every attempt is logged.
        .env("SMTP_HOST", "127.0.0.1")
        .env("SMTP_PORT", "9")
        .env("SMTP_TLS", "tls")
        .env("SMTP_USER", "sextant")
        .env("SMTP_PASSWORD", MAIL_PASSWORD)
        .env("NOTIFICATION_EMAIL", "me@example.org");
    let mut process = launch.start();
    let traded = wait_until(PATIENCE, || fills(&market) >= 4 || !process.is_running());
    assert!(traded && process.is_running(), "{}", process.said());
    for (path, word) in [("/metrics", "sextant_"), ("/healthz", "200"), ("/readyz", "store")] {
        let text = served(&process, path);
        assert!(text.contains(word), "{path}: {text}");
        assert!(!WORDS.iter().any(|word| text.contains(word)), "{path}");
    }
    // A panic ends the process by a signal that dumps where that is allowed.
    let limits = fs::read_to_string(format!("/proc/{}/limits", process.id())).unwrap();
    let core = limits.lines().find(|line| line.starts_with("Max core file size")).unwrap();
    let numbers: Vec<_> =
        core.split_whitespace().filter(|word| word.parse::<u64>().is_ok()).collect();
    assert_eq!(numbers, ["1", "1"], "{core}");
    for verb in [&["status"][..], &["config", "show"], &["doctor"]] {
        let told = site.verb(verb).env("BINANCE_API_KEY", KEY).env("BINANCE_API_SECRET", SECRET);
        let told = told.env("BINANCE_SPOT_API_URL", &market.rest).end();
        assert!(!told.out.is_empty(), "{verb:?}: {}", told.err);
    }
    ends_with_the_same_book(&site, &market, process);
    drop(market);
    // All that was written: outputs, the ledger's files, the store's tables, journal and log. The
    // market was told the account by a file.
    fs::remove_file(site.folder.path().join("accounts.toml")).unwrap();
    server.stop();
    let mut found = Vec::new();
    for folder in [&site.folder, &server.folder] {
        tells(folder.path(), &WORDS, &mut found);
    }
    assert!(found.is_empty(), "{found:?}");
    // What is looked through is the run's.
    let mut traded = Vec::new();
    tells(server.folder.path(), &["BTC/USDT"], &mut traded);
    assert!(!traded.is_empty());
}
