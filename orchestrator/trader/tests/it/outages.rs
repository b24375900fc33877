//! What a run leans on fails under it: the store pauses, dies or finds its disk full; Redis is away.
//! Nothing is lost: the run goes on, or ends with a clear error and the next one makes up for it.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use store::embedded::Embedded;

use crate::database::block_on;
use crate::harness::{Ended, Folder, PATIENCE, Process, now, wait_until};
use crate::market::Market;
use crate::site::{Site, Undisturbed, head};
use crate::testnet::{self, ends_with_the_same_book, fills};

/// The processes of the PostgreSQL in `data`: the one that was started, and what it started.
fn family(data: &Path) -> Vec<String> {
    let text = fs::read_to_string(data.join("postmaster.pid")).unwrap();
    let first = text.lines().next().unwrap().trim().to_owned();
    let mut found = vec![first.clone()];
    for entry in fs::read_dir("/proc").unwrap().flatten() {
        let stat = fs::read_to_string(entry.path().join("stat")).unwrap_or_default();
        // Behind the name, which may hold anything: state, parent, …
        let parent = stat.rsplit(')').next().unwrap().split_whitespace().nth(1);
        if parent == Some(&first) {
            found.push(entry.file_name().into_string().unwrap());
        }
    }
    found
}

fn signal(data: &Path, name: &str) {
    // One that ended meanwhile is as good.
    let status = Command::new("kill").args(["-s", name]).args(family(data)).status();
    status.unwrap();
}

/// A PostgreSQL that is not the run's own.
pub(crate) struct Server {
    pub(crate) folder: Folder,
    running: Option<Embedded>,
}

impl Server {
    pub(crate) fn start() -> Self {
        let folder = Folder::new("outage-server");
        let running = Some(block_on(Embedded::start(folder.path())).unwrap());
        Self { folder, running }
    }

    pub(crate) fn url(&self) -> String {
        self.running.as_ref().unwrap().url()
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("postgres")
    }

    fn pause(&self) {
        signal(&self.data(), "STOP");
    }

    fn go_on(&self) {
        signal(&self.data(), "CONT");
    }

    /// Without a word, as by a power cut.
    fn die(&mut self) {
        signal(&self.data(), "KILL");
        self.running = None;
    }

    /// In form, with all connections cut.
    pub(crate) fn stop(&mut self) {
        block_on(self.running.take().unwrap().stop()).unwrap();
    }

    fn come_back(&mut self) {
        self.running = Some(block_on(Embedded::start(self.folder.path())).unwrap());
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(running) = self.running.take() {
            signal(&self.data(), "CONT");
            // Not worth an error, least of all on top of another.
            drop(block_on(running.stop()));
        }
    }
}

/// Waits until the venue has booked so many fills; panics where the run ends before.
fn filled(market: &Market, process: &mut Process, count: usize) {
    let done = wait_until(PATIENCE, || fills(market) >= count || !process.is_running());
    assert!(done && process.is_running(), "{}", process.said());
}

fn lost(ended: &Ended) {
    ended.assert_refused(5, &["store"]);
}

#[test]
fn a_store_that_pauses_dies_and_comes_back_loses_no_fill() {
    let mut server = Server::start();
    let site = Site { folder: Folder::new("outage"), url: Some(server.url()) };
    let market = testnet::market(&site);
    let run = || testnet::trading(&site, &market).start();
    let mut process = run();
    filled(&market, &mut process, 2);

    // Slow: what the venue books meanwhile waits.
    // Two minutes of this market; after four without proof of an order trading would halt.
    server.pause();
    std::thread::sleep(Duration::from_secs(1));
    assert!(process.is_running(), "{}", process.said());
    server.go_on();
    let heard = fills(&market);
    filled(&market, &mut process, heard + 2);

    // Down, between any two steps of whatever is under way.
    server.die();
    let ended = process.end(PATIENCE);
    lost(&ended);
    let refused = run().end(PATIENCE);
    refused.assert_refused(5, &["can't reach the store"]);
    // Meanwhile stops and targets go on filling at the venue.
    std::thread::sleep(Duration::from_secs(2));

    // Failed over: cut off in form, as when another server takes its place.
    server.come_back();
    let mut process = run();
    let heard = fills(&market);
    filled(&market, &mut process, heard + 2);
    server.stop();
    lost(&process.end(PATIENCE));

    server.come_back();
    let mut process = run();
    let heard = fills(&market);
    filled(&market, &mut process, heard + 2);
    ends_with_the_same_book(&site, &market, process);
}

#[test]
fn a_store_that_never_answers_ends_the_run() {
    let server = Server::start();
    let site = Site { folder: Folder::new("mute"), url: Some(server.url()) };
    let market = testnet::market(&site);
    let mut process = testnet::trading(&site, &market).start();
    filled(&market, &mut process, 2);
    server.pause();
    let ended = process.end(PATIENCE);
    ended.assert_refused(5, &["lost the store", "no answer within"]);
    server.go_on();
    let mut process = testnet::trading(&site, &market).start();
    let heard = fills(&market);
    filled(&market, &mut process, heard + 2);
    ends_with_the_same_book(&site, &market, process);
}

/// Until the market has told a part of itself.
fn reached(market: &Market, process: &mut Process, part: f64) {
    let total = Undisturbed::get().summary["candles"]["read"].as_u64().unwrap() as f64;
    let goal = (part * total) as u64;
    let streamed = || market.status()["streamed"].as_u64().unwrap();
    let done = wait_until(PATIENCE, || streamed() >= goal || !process.is_running());
    assert!(done && process.is_running(), "{}", process.said());
}

/// A run that goes on ends as one that nobody disturbed.
fn goes_on_to_the_same_end(site: &Site, market: &Market) {
    let undisturbed = Undisturbed::get();
    let summary = site.run(market).end().json();
    assert_eq!(head(&summary), undisturbed.head());
    assert_eq!(site.content("paper"), undisturbed.content);
    assert_eq!(site.verify().json()["holds"], true);
}

#[test]
fn an_embedded_store_that_dies_ends_the_run_and_the_next_goes_on() {
    let site = Site::embedded("own-outage");
    // Now, not while the market runs.
    Undisturbed::get();
    let market = Market::start(&site.folder, &[]);
    for part in [0.2, 0.6] {
        let mut process = site.run(&market).start();
        reached(&market, &mut process, part);
        signal(&site.folder.path().join("data/paper/postgres"), "KILL");
        lost(&process.end(PATIENCE));
    }
    goes_on_to_the_same_end(&site, &market);
    site.folder.assert_deserted_but(&[market.id()]);
}

/// A small disk, mounted until it is dropped.
struct Disk(PathBuf);

impl Disk {
    /// None (said on standard error) where nothing may be mounted here.
    fn mount(at: PathBuf, megabytes: u32) -> Option<Self> {
        fs::create_dir_all(&at).unwrap();
        let size = format!("size={megabytes}m,mode=755");
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", &size, "tmpfs"]).arg(&at);
        let mounted = mount.output().is_ok_and(|done| done.status.success());
        if !mounted {
            eprintln!("skipped: no disk can be mounted here (it takes root)");
        }
        mounted.then_some(Self(at))
    }

    fn ballast(&self) -> PathBuf {
        self.0.join("ballast")
    }

    fn fill(&self) {
        let mut file = fs::File::create(self.ballast()).unwrap();
        for block in [1 << 20, 4096] {
            while file.write_all(&vec![1; block]).is_ok() {}
        }
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        drop(Command::new("umount").arg("--lazy").arg(&self.0).status());
    }
}

#[test]
fn a_full_disk_ends_the_run_and_the_next_goes_on_once_there_is_room() {
    let site = Site::embedded("full");
    let Some(disk) = Disk::mount(site.folder.path().join("data"), 300) else { return };
    // Now, not while the market runs.
    Undisturbed::get();
    let market = Market::start(&site.folder, &[]);
    let mut process = site.run(&market).start();
    reached(&market, &mut process, 0.3);
    disk.fill();
    let ended = process.end(PATIENCE);
    // Either a table can't grow, or the server's own log.
    lost(&ended);
    println!("{}", ended.err);
    // Still full: nothing is traded.
    lost(&site.run(&market).end());
    fs::remove_file(disk.ballast()).unwrap();
    goes_on_to_the_same_end(&site, &market);
    site.folder.assert_deserted_but(&[market.id()]);
}

#[test]
fn a_run_does_without_redis() {
    let undisturbed = Undisturbed::get();
    let site = Site::embedded("no-redis");
    let market = Market::start(&site.folder, &[]);
    let started = now();
    let nobody = "redis://:hunter2@127.0.0.1:9/0";
    let summary = site.run(&market).env("REDIS_URL", nobody).end().json();
    assert_eq!(head(&summary), undisturbed.head(), "after {:?}", started.elapsed());
    // Whoever asks what is wrong is told.
    let doctor = site.verb(&["doctor", "--json"]).env("REDIS_URL", nobody);
    let told = doctor.env("BINANCE_REST_URL", &market.rest).end();
    assert!(told.out.contains("nothing is lost without it"), "{}", told.out);
}
