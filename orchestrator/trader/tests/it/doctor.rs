//! `doctor`: what it finds, what it says to do, and whose fault its exit code names.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;

use domain::time::UtcMs;
use exchange::binance::clock::local_now;
use exchange::binance::signed::client::SignedOptions;
use exchange::binance::signed::keys::Keys;
use exchange::binance::usdm::client::UsdmClient;
use serde_json::Value;
use simulator::options::{AccountOptions, Options, Source, Speed};
use simulator::server::{Simulator, serve};

use crate::alerts::MailServer;
use crate::database::block_on;
use crate::harness::{Ended, Launch};
use crate::market::Market;
use crate::site::Site;

const KEY: &str = "keyForTheDoctor";
const SECRET: &str = "hunter2-of-the-doctor";
const PAIR: &str = "BTC/USDT";

/// A venue whose clock goes right, with one account.
fn venue(may_withdraw: bool) -> Simulator {
    venue_of(PAIR, may_withdraw)
}

fn venue_of(pair: &str, may_withdraw: bool) -> Simulator {
    let now = local_now();
    let account = AccountOptions::new(KEY, SECRET, &[("USDT", 1000.into())]);
    let account = account.with_futures(&[("USDT", 1000.into())]);
    let source = Source::Generated {
        pairs: vec![pair.parse().unwrap()],
        start: UtcMs::new(now.ms() - 3_600_000),
        days: 1,
    };
    let options = Options {
        speed: Speed::Factor(1.0),
        start_at: Some(now),
        accounts: vec![AccountOptions { may_withdraw, ..account }],
        ..Options::new(source)
    };
    block_on(serve(options)).unwrap()
}

/// `doctor` at a venue, with a key.
fn at(site: &Site, venue: &Simulator, secret: &str) -> Launch {
    let url = format!("http://{}", venue.address());
    let launch = site.verb(&["doctor", "--json"]).env("CRYPTO_PAIRS", PAIR);
    let launch = launch.env("BINANCE_REST_URL", &url).env("BINANCE_SPOT_API_URL", &url);
    let launch = launch.env("BINANCE_TESTNET", "false").env("BINANCE_API_KEY", KEY);
    launch.env("BINANCE_API_SECRET", secret)
}

fn row<'a>(told: &'a Value, name: &str) -> &'a Value {
    let rows = told["checks"].as_array().unwrap();
    rows.iter().find(|row| row["name"] == name).unwrap_or_else(|| panic!("no {name}: {told:#}"))
}

fn assert_keeps_secrets(ended: &Ended) {
    for text in [&ended.out, &ended.err] {
        assert!(!text.contains(SECRET) && !text.contains(KEY), "{text}");
    }
}

#[test]
fn all_is_well_or_says_what_to_do() {
    let site = Site::embedded("doctor");
    // Between reading the clock and serving it, a busy machine may take its time.
    let ended = (0..5)
        .map(|_| {
            let venue = venue(false);
            let ended = at(&site, &venue, SECRET).end();
            block_on(venue.stop()).unwrap();
            ended
        })
        .find(|ended| ended.code == Some(0))
        .expect("one of them in time");
    assert_keeps_secrets(&ended);
    let told = ended.json();
    assert_eq!(told["well"], true);
    for (name, level) in [
        ("configuration", "ok"),
        ("disk space", "ok"),
        ("store", "ok"),
        ("mail", "warn"),
        ("venue", "ok"),
        ("pairs", "ok"),
        ("keys", "ok"),
        ("account", "ok"),
        ("key's rights", "ok"),
    ] {
        let row = row(&told, name);
        assert!(row["level"] == level || name == "disk space", "{row}");
        assert_eq!(row["to_do"] == "", row["level"] == "ok", "{row}");
    }
    assert!(row(&told, "mail")["what"].as_str().unwrap().contains("SMTP_HOST, NOTIFICATION_EMAIL"));
    site.folder.assert_deserted();
}

/// The finding of `name` that speaks of all these words.
fn told<'a>(found: &'a Value, name: &str, words: &[&str]) -> &'a Value {
    let rows = found["checks"].as_array().unwrap();
    let speaks = |row: &&Value| {
        let what = row["what"].as_str().unwrap();
        row["name"] == name && words.iter().all(|word| what.contains(word))
    };
    rows.iter().find(speaks).unwrap_or_else(|| panic!("no {name} with {words:?}: {found:#}"))
}

#[test]
fn an_account_on_futures_is_looked_at() {
    let site = Site::embedded("doctor-usdm");
    let pair = "BTC/USDT:USDT";
    let venue = venue_of(pair, false);
    let url = format!("http://{}", venue.address());
    let look = |profile: &str, capital: &str| {
        let launch = at(&site, &venue, SECRET).env("CRYPTO_PAIRS", pair);
        let launch = launch.env("BINANCE_FUTURES_REST_URL", &url).env("SEXTANT_PROFILE", profile);
        let ended = launch.env("INITIAL_CAPITAL", capital).end();
        assert_keeps_secrets(&ended);
        serde_json::from_str::<Value>(&ended.out).unwrap()
    };
    let found = look("intraday-futures", "1000");
    for (name, words) in [
        ("venue", &["answers"][..]),
        ("pairs", &["all 1 are traded"]),
        ("keys", &["accepted on USD-M futures"]),
        ("account", &["one-way mode"]),
        ("account", &["the wallet has 1000 USDT, the capital is 1000"]),
        ("account", &[pair, "leverage 20, crossed margin"]),
        // A third of the capital at leverage 5, in the first bracket.
        ("leverage", &["up to 125 for positions of 1666.67, which need 0.004", "wants 5"]),
        ("key's rights", &["it may read and trade"]),
    ] {
        assert_eq!(told(&found, name, words)["level"], "ok");
    }
    assert!(found["checks"].as_array().unwrap().iter().any(|row| row["name"] == "clock"));
    // More than there is, and so much of it that the venue allows less leverage.
    let rich = look("intraday-futures", "300000000");
    assert_eq!(told(&rich, "account", &["the wallet has 1000"])["level"], "warn");
    assert_eq!(told(&rich, "leverage", &["up to 4 for"])["level"], "fail");
    // So much that more margin must be kept than the profile reckons with.
    let near = look("intraday-futures", "10000000");
    assert_eq!(told(&near, "leverage", &["which need 0.02", "reckons with 0.01"])["level"], "warn");
    let client = futures(&venue, SECRET);
    block_on(client.set_position_mode(true)).unwrap();
    let hedged = look("intraday-futures", "1000");
    assert_eq!(told(&hedged, "account", &["hedge mode"])["level"], "ok");
    block_on(venue.stop()).unwrap();
}

fn futures(venue: &Simulator, secret: &str) -> UsdmClient {
    let keys = Keys::new(KEY.into(), &secret.into()).unwrap();
    let url = format!("http://{}", venue.address());
    let client = UsdmClient::new(&url, keys, SignedOptions::default()).unwrap();
    block_on(client.compare_clocks()).unwrap();
    client
}

#[test]
fn a_key_that_withdraws_or_is_not_taken_fails() {
    let site = Site::embedded("doctor-keys");
    let venue_ = venue(true);
    let ended = at(&site, &venue_, SECRET).end();
    assert_keeps_secrets(&ended);
    let told = ended.json_after(1);
    assert_eq!(row(&told, "key's rights")["level"], "fail");
    assert!(row(&told, "key's rights")["what"].as_str().unwrap().contains("may withdraw"));
    let wrong = at(&site, &venue_, "hunter3").end();
    assert_keeps_secrets(&wrong);
    let told = wrong.json_after(1);
    assert_eq!(row(&told, "keys")["level"], "fail", "{told:#}");
    assert!(!wrong.out.contains("hunter3") && !wrong.err.contains("hunter3"));
    // The smallest order is dearer than the capital.
    let poor = at(&site, &venue_, SECRET).env("INITIAL_CAPITAL", "0.5").end().json_after(1);
    assert_eq!(row(&poor, "pairs")["level"], "fail", "{poor:#}");
    block_on(venue_.stop()).unwrap();
}

#[test]
fn a_venue_that_is_away_is_not_this_machine_s_fault() {
    let site = Site::embedded("doctor-away");
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let launch =
        site.verb(&["doctor", "--json"]).env("BINANCE_REST_URL", format!("http://{closed}"));
    let told = launch.end().json_after(4);
    assert_eq!(row(&told, "venue")["level"], "fail");
    assert_eq!(told["well"], false);
    // A clock that is years off is.
    let market = Market::serve(&site.folder, &["--days", "1", "--pairs", PAIR]);
    let launch = site.verb(&["doctor"]).env("CRYPTO_PAIRS", PAIR);
    let ended = launch.env("BINANCE_REST_URL", &market.rest).end();
    assert_eq!(ended.code, Some(1), "{}", ended.out);
    let clock = ended.out.lines().find(|line| line.starts_with("clock")).unwrap();
    assert!(clock.contains("FAIL") && clock.contains("NTP"), "{clock}");
}

#[test]
fn the_store_its_seal_and_what_waits_are_looked_at() {
    let site = Site::embedded("doctor-store");
    let market = Market::serve(&site.folder, &["--days", "2", "--pairs", crate::market::PAIRS]);
    site.run(&market).end().json();
    let look = || site.verb(&["doctor", "--json"]).env("BINANCE_REST_URL", &market.rest).end();
    let told = look().json_after(1);
    for name in ["store", "tables", "seal", "alerts"] {
        assert_eq!(row(&told, name)["level"], "ok", "{told:#}");
    }
    assert!(row(&told, "store")["what"].as_str().unwrap().contains("nobody writes"), "{told:#}");
    fs::remove_file(site.folder.path().join("data/paper/ledger.head")).unwrap();
    let told = look().json_after(1);
    assert_eq!(row(&told, "seal")["level"], "fail");
    assert!(row(&told, "seal")["what"].as_str().unwrap().ends_with("ledger.head is missing"));
    site.folder.write("data/HALT", "");
    assert_eq!(row(&look().json_after(1), "halt")["level"], "warn");
    site.folder.assert_deserted_but(&[market.id()]);
}

/// A Redis that gives these answers, one to each command.
fn redis(answers: &'static [&'static str]) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
            let mut stream = stream;
            for answer in answers {
                // *<words>, then two lines for each.
                let Some(Ok(head)) = lines.next() else { return };
                let words: usize = head.trim_start_matches('*').parse().unwrap();
                assert_eq!(lines.by_ref().take(2 * words).count(), 2 * words);
                // Whoever asked may have gone.
                let _ = stream.write_all(answer.as_bytes());
            }
        }
    });
    port
}

#[test]
fn redis_and_the_mail_server_are_asked() {
    let site = Site::embedded("doctor-around");
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let look = |arguments: &[&str]| {
        site.verb(arguments).env("BINANCE_REST_URL", format!("http://{closed}"))
    };
    let arguments = ["doctor", "--json"];
    let good = redis(&["+OK\r\n", "+PONG\r\n"]);
    let url = format!("redis://:hunter2%40@127.0.0.1:{good}/0");
    let told = look(&arguments).env("REDIS_URL", url).end().json_after(4);
    assert_eq!(row(&told, "redis")["level"], "ok", "{told:#}");
    let bad = redis(&["-WRONGPASS no\r\n"]);
    let url = format!("redis://:hunter2@127.0.0.1:{bad}/0");
    let ended = look(&arguments).env("REDIS_URL", url).end();
    assert!(!ended.out.contains("hunter2") && !ended.err.contains("hunter2"));
    assert_eq!(row(&ended.json_after(1), "redis")["level"], "fail");

    let mail = |arguments: &[&str], port: u16| {
        let launch = look(arguments).env("SMTP_HOST", "127.0.0.1").env("SMTP_TLS", "none");
        let launch = launch.env("SMTP_PORT", port.to_string());
        launch.env("NOTIFICATION_EMAIL", "me@example.org").end().json_after(4)
    };
    assert_eq!(row(&mail(&arguments, closed.port()), "mail")["level"], "fail");
    if !MailServer::is_here() {
        return;
    }
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let server = MailServer::start(port);
    assert_eq!(row(&mail(&arguments, port), "mail")["level"], "ok");
    let told = mail(&["doctor", "--json", "--send-test-mail"], port);
    assert_eq!(row(&told, "mail")["level"], "ok", "{told:#}");
    assert_eq!(server.next()["subject"], "[sextant] a test");
    assert!(server.mails.try_recv().is_err(), "more than one mail");
}
