//! Asked to stop, a run settles and goes on later as if it had not been.

use std::time::Duration;

use crate::harness::{PATIENCE, now, wait_until};
use crate::market::Market;
use crate::site::{Site, Undisturbed, head};

/// What a service manager grants.
const GRANTED: Duration = Duration::from_secs(10);

fn stop_and_go_on(signal: &str, part: f64) {
    let undisturbed = Undisturbed::get();
    let site = Site::embedded("settling");
    let market = Market::start(&site.folder, &[]);
    let (mut stopped, mut streamed) = (0, 0);
    let total = undisturbed.summary["candles"]["read"].as_u64().unwrap() as f64;
    let summary = loop {
        let mut process = site.run(&market).start();
        let reached = (f64::from(stopped + 1) * part * total) as u64;
        wait_until(Duration::from_secs(60), || {
            streamed = market.status()["streamed"].as_u64().unwrap();
            streamed >= reached || !process.is_running()
        });
        let is_last = !process.is_running();
        if !is_last {
            process.signal(signal);
            stopped += 1;
        }
        let asked = now();
        let summary = process.end(GRANTED).json();
        println!("{signal} at {streamed} messages: ended after {:?}", asked.elapsed());
        site.folder.assert_deserted_but(&[market.id()]);
        if summary["finished"] == true {
            break summary;
        }
        assert!(stopped < 10);
        assert_eq!(site.verify().json()["head_hash"], summary["ledger_head_hash"]);
    };
    assert!(stopped > 0, "it was over before it could be stopped");
    assert_eq!(head(&summary), undisturbed.head());
    assert_eq!(site.content("paper"), undisturbed.content);
}

#[test]
fn a_terminated_run_settles_and_goes_on() {
    stop_and_go_on("TERM", 0.3);
}

#[test]
fn an_interrupted_run_settles_and_goes_on() {
    stop_and_go_on("INT", 0.45);
}

#[test]
fn a_demo_that_is_interrupted_goes_on() {
    // The simulator of a demo is its child: both end, and the next demo goes on in the same store.
    let demo = |site: &Site| {
        site.verb(&[
            "demo",
            "--days",
            crate::market::DAYS,
            "--pairs",
            crate::market::PAIRS,
            "--exit-at-end",
            "--json",
        ])
    };
    let whole = demo(&Site::embedded("whole")).end().json();
    let site = Site::embedded("interrupted");
    let pause = Undisturbed::get().took.mul_f64(0.3);
    let mut process = demo(&site).start();
    let begun = site.folder.path().join("data/demo/ledger.head");
    wait_until(PATIENCE, || begun.exists() || !process.is_running());
    std::thread::sleep(pause);
    process.signal("INT");
    let first = process.end(GRANTED).json();
    site.folder.assert_deserted();
    let second = demo(&site).end().json();
    println!("interrupted at {}", first["last_watermark_utc"]);
    assert_eq!(second["finished"], true);
    assert_eq!(head(&second), head(&whole));
}
