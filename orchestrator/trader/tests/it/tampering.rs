//! Whoever changes the ledger by SQL is found by `sextant verify`, and decisions changed past it by
//! `sextant replay`.

use crate::database::execute;
use crate::harness::Ended;
use crate::market::Market;
use crate::site::Site;

/// A finished run on a database that may be changed.
fn traded() -> Site {
    let site = Site::external("tampering");
    let market = Market::start(&site.folder, &[]);
    assert_eq!(site.run(&market).end().json()["finished"], true);
    site
}

/// Runs statements past the fence that guards the ledger.
fn tamper(site: &Site, sql: &str) {
    let sql = format!(
        "begin; alter table ledger disable trigger all; {sql}; \
         alter table ledger enable trigger all; commit"
    );
    execute(site.url.as_deref().unwrap(), &sql);
}

fn replay(site: &Site, more: &[&str]) -> Ended {
    site.verb(&[&["replay", "--all", "--json"], more].concat()).end()
}

#[test]
fn tampering_is_named() {
    let site = traded();
    let entries = site.verify().json()["entries"].as_u64().unwrap();
    // What is done, what undoes it, and what `verify` must say.
    let last = entries - 1;
    let cases = [
        (
            "update ledger set payload = replace(payload, 'buy', 'sell') where seq = (select min(seq) \
             from decisions where action = 'buy')"
                .to_owned(),
            "altered",
        ),
        ("update ledger set at = at + interval '1 ms' where seq = 700".to_owned(), "entry 700 was altered"),
        ("delete from ledger where seq = 500".to_owned(), "entry 500 was removed"),
        (
            format!(
                "insert into ledger select {}, hash, repeat('b', 64), seal, kind, at, input_seq, \
                 payload from ledger where seq = {entries}",
                entries + 1
            ),
            "was inserted",
        ),
        (format!("delete from ledger where seq > {last}"), "tail was cut"),
        ("update ledger set seal = repeat('a', 64) where seq = 9".to_owned(), "entry 9 was forged"),
    ];
    for (sql, words) in cases {
        tamper(&site, &format!("create table saved as select * from ledger; {sql}"));
        let told = site.verify().json_after(1);
        assert_eq!(told["holds"], false, "{sql}");
        let message = told["message"].as_str().unwrap();
        assert!(message.contains(words), "{sql}: {message}");
        let text = site.verb(&["verify"]).end();
        assert!(text.out.contains(words) && text.code == Some(1), "{sql}: {}", text.out);
        println!("{message}");
        let restore =
            "delete from ledger; insert into ledger select * from saved; drop table saved";
        tamper(&site, restore);
    }
    assert_eq!(site.verify().json()["holds"], true);
}

#[test]
fn replaying_every_decision_gives_no_difference() {
    let site = traded();
    let frozen = replay(&site, &[]).json();
    assert_eq!(frozen["same"], true);
    let candles = replay(&site, &["--from-candles"]).json();
    assert_eq!(candles["same"], true);
    let decisions = site.content("paper")["decisions"].0;
    assert_eq!(frozen["from_snapshots"]["replayed"], decisions);
    assert_eq!(candles["from_candles"]["replayed"], decisions);

    let entry = "(select min(seq) from decisions where action = 'buy')";
    tamper(
        &site,
        &format!(
            "update ledger set payload = replace(payload, '\"buy\"', '\"sell\"') where seq = {entry}"
        ),
    );
    for more in [&[][..], &["--from-candles"]] {
        let told = replay(&site, more).json_after(1);
        assert_eq!(told["same"], false, "{told}");
        let differences = told["from_snapshots"]["differences"].as_array().unwrap();
        assert!(!differences.is_empty(), "{told}");
    }
}

#[test]
fn candles_that_are_gone_are_noticed() {
    let site = traded();
    let url = site.url.as_deref().unwrap();
    execute(url, "delete from candles where input_seq = 4000");
    let told = site.verify().json_after(1);
    assert!(told["message"].as_str().unwrap().contains("input 4000 is missing"), "{told}");
}
