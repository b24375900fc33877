//! A person's word to a running process: verbs, the file that halts, signals; through kills.

use std::fs;

use serde_json::Value;

use crate::harness::{Launch, PATIENCE, Process, wait_until};
use crate::market::{DAYS, Market, PAIRS};
use crate::site::Site;

/// An hour and a half of market time in a second.
const SPEED: &str = "5000";

pub(crate) fn market(site: &Site) -> Market {
    Market::serve(&site.folder, &["--days", DAYS, "--pairs", PAIRS, "--speed", SPEED])
}

/// A run that goes on until it is stopped; it listens when this returns.
fn running(site: &Site, market: &Market) -> Process {
    let mut process = site.trade(market, &["run", "--json"]).start();
    let listens = || process_listens(site);
    let up = wait_until(PATIENCE, || listens() || !process.is_running());
    assert!(up && process.is_running(), "{}", process.said());
    process
}

pub(crate) fn process_listens(site: &Site) -> bool {
    let file = site.folder.path().join("data/control/paper.pid");
    fs::File::open(file).is_ok_and(|file| file.try_lock_shared().is_err())
}

pub(crate) fn status(site: &Site) -> Value {
    // A server that goes down with the run that started it is gone for a moment.
    let mut told = site.verb(&["status", "--json"]).end();
    wait_until(PATIENCE, || {
        if told.code != Some(5) {
            return true;
        }
        told = site.verb(&["status", "--json"]).end();
        false
    });
    told.json()
}

fn waits_for(site: &Site, state: &str) {
    let found = wait_until(PATIENCE, || status(site)["trading"] == state);
    assert!(found, "never {state}: {}", status(site));
}

pub(crate) fn say(site: &Site, words: &[&str]) -> Launch {
    site.verb(&[words, &["--json"]].concat())
}

#[test]
fn a_halt_outlives_a_kill_and_takes_a_person_to_lift() {
    let site = Site::embedded("halt");
    let market = market(&site);
    let process = running(&site, &market);
    let told = say(&site, &["halt"]).end().json();
    assert_eq!(told[0]["fate"], "done", "{told}");
    assert_eq!(told[0]["told"]["before"], "active", "{told}");
    assert_eq!(told[0]["told"]["after"], "halted", "{told}");
    process.kill();

    let process = running(&site, &market);
    let halted = status(&site);
    assert_eq!(halted["trading"], "halted", "{halted}");
    assert!(halted["trading_why"].as_str().unwrap().starts_with("halt by `sextant halt` of user"));
    let unsaid = site.verb(&["resume"]).end();
    unsaid.assert_refused(3, &["trading is halted: halt by", "takes --yes"]);
    let told = say(&site, &["resume", "--yes"]).end().json();
    assert_eq!(told[0]["told"]["after"], "active", "{told}");
    assert_eq!(status(&site)["trading"], "active");
    // What was said there and back after one watermark is told in its order.
    say(&site, &["pause"]).end().json();
    assert_eq!(status(&site)["trading"], "reducing");
    let told = say(&site, &["halt"]).end().json();
    assert_eq!(told[0]["told"]["before"], "reducing", "{told}");
    process.signal("TERM");
    process.end(PATIENCE).json();
    assert_eq!(status(&site)["trading"], "halted");
    assert_eq!(site.verify().json()["holds"], true);
    let replayed = site.verb(&["replay", "--all", "--from-candles", "--json"]).end();
    assert_eq!(replayed.code, Some(0), "{}{}", replayed.out, replayed.err);
    site.folder.assert_deserted_but(&[market.id()]);
}

#[test]
fn a_file_halts_by_being_there_and_is_not_resumed_past() {
    let site = Site::embedded("file");
    let market = Market::start(&site.folder, &[]);
    let file = site.folder.write("data/HALT", "");
    let summary = site.run(&market).end().json();
    assert_eq!(summary["orders"], 0, "{summary}");
    assert!(summary["denials"].as_object().is_some_and(|denials| !denials.is_empty()), "{summary}");
    let halted = status(&site);
    assert_eq!(halted["trading"], "halted");
    assert!(halted["trading_why"].as_str().unwrap().contains("the file"), "{halted}");
    site.verb(&["resume", "--yes"]).end().assert_refused(3, &["HALT is there; remove it first"]);
    fs::remove_file(file).unwrap();
    let left = site.verb(&["resume", "--yes"]).end();
    assert_eq!(left.code, Some(1), "{}{}", left.out, left.err);
    assert!(left.out.contains("the word is left for the next start"), "{}", left.out);
    site.folder.assert_deserted_but(&[market.id()]);
}

#[test]
fn a_word_that_nobody_heard_waits_for_the_next_start() {
    let site = Site::embedded("left");
    let left = say(&site, &["halt"]).end().json();
    assert_eq!(left[0]["fate"], "left", "{left}");
    let market = Market::start(&site.folder, &[]);
    let summary = site.run(&market).end().json();
    assert_eq!(summary["orders"], 0, "{summary}");
    assert_eq!(status(&site)["trading"], "halted");
    site.folder.assert_deserted_but(&[market.id()]);
}

#[test]
fn signals_halt_and_a_word_closes() {
    let site = Site::embedded("signals");
    let market = market(&site);
    let process = running(&site, &market);
    let open = || status(&site)["portfolio"]["open_positions"].as_i64() >= Some(1);
    assert!(wait_until(PATIENCE, open), "{}", status(&site));
    // It may have been stopped out meanwhile: then there is nothing, which is told as well.
    let closed = wait_until(PATIENCE, || {
        let told = say(&site, &["close", "--all"]).end().json();
        assert_eq!(told[0]["fate"], "done", "{told}");
        assert_eq!(told[0]["told"]["after"], "active", "{told}");
        told[0]["told"]["orders"].as_array().is_some_and(|orders| {
            orders.iter().any(|order| order.as_str().unwrap().starts_with("sell "))
        })
    });
    assert!(closed, "nothing to close: {}", status(&site));
    let forced = || {
        let trades = site.verb(&["trades", "--json"]).end().json();
        trades.as_array().unwrap().iter().any(|trade| trade["exit_reason"] == "force_exit")
    };
    assert!(wait_until(PATIENCE, forced));
    process.signal("USR1");
    waits_for(&site, "halted");
    say(&site, &["resume", "--yes"]).end().json();
    assert_eq!(status(&site)["trading"], "active");
    process.signal("USR2");
    waits_for(&site, "halted");
    process.signal("TERM");
    process.end(PATIENCE).json();
    assert_eq!(site.verify().json()["holds"], true);
    site.folder.assert_deserted_but(&[market.id()]);
}
