//! Bad input: the right exit code, a message that says what to do, nothing left behind.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::time::Duration;

use sqlx::{Connection, PgConnection};
use store::embedded::Embedded;

use crate::database::{block_on, execute};
use crate::harness::{Ended, Folder, Launch, PATIENCE, wait_until};
use crate::market::Market;
use crate::site::{Site, head};

const HEADER: &str = "open_time_ms,open,high,low,close,volume\n";

fn demo_of(site: &Site, candles: &str) -> Ended {
    let folder = site.folder.path().join(candles);
    site.verb(&["demo", "--json", "--exit-at-end", "--candles", folder.to_str().unwrap()]).end()
}

#[test]
fn candle_files_that_are_none() {
    let site = Site::embedded("candles");
    let cut = format!("{HEADER}1617321600000,1,2,0.5,1,3\n1617321660000,1,2\n");
    site.folder.write("malformed/BTCUSDT-1m.csv", &cut);
    demo_of(&site, "malformed").assert_refused(2, &["BTCUSDT-1m.csv line 3", "columns"]);
    let impossible = format!("{HEADER}1617321600000,5,2,0.5,1,3\n");
    site.folder.write("impossible/BTCUSDT-1m.csv", &impossible);
    demo_of(&site, "impossible").assert_refused(2, &["BTCUSDT-1m.csv line 2", "correct the line"]);
    site.folder.write("empty/README", "no candles here");
    demo_of(&site, "empty").assert_refused(2, &["holds no candle files"]);
    demo_of(&site, "missing").assert_refused(2, &["can't read", "check that it exists"]);
    site.folder.assert_deserted();
}

#[test]
fn a_configuration_that_can_t_be() {
    let site = Site::embedded("configuration");
    site.folder.write("work/sextant.toml", "max_position = 3\nrisk_per_trade = \"2 %\"\n");
    let refused = site.verb(&["run"]).end();
    refused.assert_refused(
        2,
        &[
            "sextant.toml",
            "max_position is unknown",
            "did you mean max_positions?",
            "risk_per_trade",
        ],
    );
    site.folder.write("work/sextant.toml", "");

    let profile = include_str!("../../../decision/profiles/swing-spot.toml");
    let impossible = profile.replace("max_heat_ratio = \"0.06\"", "max_heat_ratio = \"0.01\"");
    let impossible = impossible
        .replace("halve_at_drawdown_ratio = \"0.15\"", "halve_at_drawdown_ratio = \"0.5\"");
    assert_ne!(impossible, profile);
    site.folder.write("work/mine.toml", &impossible);
    let refused = site.verb(&["run", "--profile", "mine.toml"]).end();
    refused.assert_refused(2, &["mine.toml", "impossible", "halve_at_drawdown_ratio"]);

    let refused = site.verb(&["run", "--once", "--exit-at-end"]).end();
    refused.assert_refused(2, &["--once and --exit-at-end exclude each other"]);
    assert!(!site.folder.path().join("data").exists(), "a store was begun");
}

#[test]
fn ports_that_are_taken() {
    let site = Site::embedded("ports");
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let refused = Launch::sextant(&site.folder, &["simulate", "--days", "1", "--listen", &address]);
    refused.end().assert_refused(2, &[&address, "in use"]);
    let refused = site.verb(&["run"]).env("SEXTANT_METRICS_ADDR", &address).end();
    refused.assert_refused(2, &[&address, "in use", "SEXTANT_METRICS_ADDR"]);
    site.folder.assert_deserted();
}

#[test]
fn databases_that_don_t_answer() {
    let site = Site::embedded("databases");
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let url = format!("postgres://me:hunter2@{closed}/trading");
    let refused = site.verb(&["run"]).env("DATABASE_URL", url).end();
    refused.assert_refused(5, &[&closed.to_string(), "check that PostgreSQL runs there"]);
    assert!(!refused.err.contains("hunter2"));

    let server_folder = Folder::new("password");
    let server = block_on(Embedded::start(server_folder.path())).unwrap();
    execute(&server.url(), "alter role sextant password 'hunter3'");
    server_folder.write("postgres/pg_hba.conf", "local all all scram-sha-256\n");
    execute_before_refusal(&server);
    let wrong = server.url().replace("sextant@", "sextant:hunter2@");
    let refused = site.verb(&["run"]).env("DATABASE_URL", wrong).end();
    refused.assert_refused(5, &["refuses user 'sextant'", "check the user and the password"]);
    assert!(!refused.err.contains("hunter2"));
    block_on(server.stop()).unwrap();
    site.folder.assert_deserted();
}

/// Has the server read its rules, and waits until it has.
fn execute_before_refusal(server: &Embedded) {
    let url = server.url();
    block_on(async {
        let mut connection = PgConnection::connect(&url).await.unwrap();
        sqlx::query("select pg_reload_conf()").execute(&mut connection).await.unwrap();
    });
    let refuses = || block_on(PgConnection::connect(&url)).is_err();
    assert!(wait_until(PATIENCE, refuses), "the server did not read its rules");
}

/// A venue that answers every request so, until the test ends.
fn venue(answer: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            // Whoever asks may have gone.
            let _ = stream.set_read_timeout(Some(Duration::from_millis(200)));
            let _ = stream.read(&mut [0; 4096]);
            let _ = stream.write_all(answer.as_bytes());
        }
    });
    address
}

/// A run on that venue.
fn run_on(site: &Site, address: &str) -> Launch {
    let launch = site.verb(&["run", "--json"]);
    let launch = launch.env("BINANCE_REST_URL", format!("http://{address}"));
    launch.env("BINANCE_STREAM_URL", format!("ws://{address}"))
}

#[test]
fn a_venue_that_answers_garbage() {
    let html = "HTTP/1.1 200 OK\r\nContent-Length: 15\r\nConnection: close\r\n\r\n<html>hi</html>";
    let site = Site::embedded("garbage");
    let refused = run_on(&site, &venue(html)).end();
    refused.assert_refused(4, &["nonsense", "<html>hi</html>", "check the venue's address"]);
    assert_eq!(refused.json_after(4)["exit_code"], 4);
    site.folder.assert_deserted();
}

#[test]
fn a_venue_that_hangs_up_is_asked_again_and_named_meanwhile() {
    for answer in ["", "no HTTP at all\r\n\r\n"] {
        let site = Site::embedded("hanging-up");
        let mut process = run_on(&site, &venue(answer)).start();
        let asked = |said: &str| said.matches("asking the venue again").count() >= 2;
        let tried = wait_until(PATIENCE, || asked(&process.said()) || !process.is_running());
        assert!(tried && process.is_running(), "{}", process.said());
        assert!(process.said().contains("the venue's answer broke off"), "{}", process.said());
        process.kill();
        site.folder.assert_deserted();
    }
}

#[test]
fn a_store_that_another_process_owns() {
    for (first, beside) in
        [(Site::embedded("owner"), None), (Site::external("owner"), Some(Folder::new("beside")))]
    {
        let market = Market::start(&first.folder, &["--speed", "60"]);
        let mut running = first.trade(&market, &["run", "--json"]).start();
        let begun = || first.folder.path().join("data/paper/ledger.head").exists();
        let begun = wait_until(PATIENCE, || begun() || !running.is_running());
        assert!(begun && running.is_running(), "{}", running.said());
        let holder = format!("held by process {}", running.id());
        // On the database of the first, from a folder of its own.
        let second = match beside {
            Some(folder) => Site { folder, url: first.url.clone() }.trade(&market, &["run"]).end(),
            None => first.trade(&market, &["run"]).end(),
        };
        second.assert_refused(5, &[&holder, "stop that one first"]);
        assert!(running.is_running());
        running.signal("TERM");
        assert_eq!(running.end(PATIENCE).json()["finished"], false);
        first.folder.assert_deserted_but(&[market.id()]);
    }
}

#[test]
fn another_configuration_on_the_same_store() {
    let site = Site::external("another");
    let market = Market::serve(&site.folder, &["--days", "2", "--pairs", crate::market::PAIRS]);
    let summary = site.run(&market).end().json();
    let before = site.content("paper");
    let launch = site.run(&market).env("INITIAL_CAPITAL", "2000").env("SEXTANT_SEED", "7");
    let refused = launch.end();
    refused
        .assert_refused(3, &["INITIAL_CAPITAL was 1000", "SEXTANT_SEED was 1", "SEXTANT_DATA_DIR"]);
    assert_eq!(site.content("paper"), before);
    // With its own configuration it is what it was.
    assert_eq!(head(&site.run(&market).end().json()), head(&summary));
}
