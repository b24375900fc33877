//! Killed at any moment, nothing acknowledged is lost or doubled.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use domain::ledger::Head;
use store::embedded::Embedded;
use store::journal::{Batch, Journal};
use store::seal::Seals;
use store::store::Store;

use crate::batches::{chain, minutes};
use crate::harness::folder;
use crate::journal::read_all;

const DATA: &str = "SEXTANT_STORE_TEST_OWNER";

/// Batch `number` of an endless stream: twenty candles and three entries.
fn batch(head: &mut Head, number: i64) -> Batch {
    Batch { released: minutes(20 * number..20 * (number + 1)), ..chain(head, 3) }
}

/// Not a test: the process that the tests kill. Says the number of each batch once it is written.
#[tokio::test]
#[ignore = "runs as the process that other tests kill"]
#[expect(clippy::disallowed_methods, reason = "how the test that starts it says where")]
async fn owner() {
    let data = std::env::var(DATA).unwrap();
    let server = Embedded::start(Path::new(&data)).await.unwrap();
    let store = Store::open(&server.url()).await.unwrap();
    store.migrate().await.unwrap();
    let mut journal = Journal::open(&store, Seals::in_folder(Path::new(&data))).await.unwrap();
    let mut head = Head::GENESIS;
    for number in 0.. {
        let batch = batch(&mut head, number);
        if head.seq > journal.head().await.unwrap().seq {
            journal.append(&batch).await.unwrap();
        }
        println!("acknowledged {number}");
        std::io::stdout().flush().unwrap();
    }
}

fn start_owner(data: &Path) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["kill::owner", "--exact", "--ignored", "--nocapture"])
        .env(DATA, data)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap()
}

/// Reads on until batch `number` is acknowledged.
fn wait_for(owner: &mut Child, number: i64) -> i64 {
    let lines = BufReader::new(owner.stdout.as_mut().unwrap()).lines();
    for line in lines.map_while(Result::ok) {
        let found = line.strip_prefix("acknowledged ").and_then(|n| n.parse::<i64>().ok());
        if found.is_some_and(|found| found >= number) {
            return found.unwrap();
        }
    }
    panic!("the owner ended by itself");
}

/// All that was acknowledged is there, in order, once; and it goes on.
async fn check(data: &Path, acknowledged: i64) -> i64 {
    let server = Embedded::start(data).await.unwrap();
    let store = Store::open(&server.url()).await.unwrap();
    let seals = Seals::in_folder(data);
    let report = store.verify(&seals).await.unwrap();
    assert_eq!(report.fault, None);
    let written = (report.entries / 3) as i64;
    assert!(written > acknowledged, "{written} batches, {acknowledged} acknowledged");
    assert!(read_all(&store, 0).await == minutes(0..20 * written));

    // The batch in flight is written again, whether it arrived or not, and one more.
    let mut journal = Journal::open(&store, seals.clone()).await.unwrap();
    let mut head = Head::GENESIS;
    for number in 0..=written {
        let batch = batch(&mut head, number);
        if number + 1 >= written {
            journal.append(&batch).await.unwrap();
        }
    }
    assert_eq!(store.verify(&seals).await.unwrap().entries, head.seq);
    assert!(read_all(&store, 0).await == minutes(0..20 * (written + 1)));
    journal.close().await.unwrap();
    store.close().await;
    server.stop().await.unwrap();
    written
}

#[tokio::test]
async fn killing_the_owner_loses_nothing_acknowledged() {
    let data = folder("kill");
    let mut next = 0;
    for more in [0, 7, 23, 61] {
        let mut owner = start_owner(&data);
        let acknowledged = wait_for(&mut owner, next + more);
        owner.kill().unwrap();
        owner.wait().unwrap();
        // Twice at once, while the old server is on its way down; twice after that.
        if more > 20 {
            wait_until_gone(&data).await;
        }
        next = check(&data, acknowledged).await;
    }
}

#[tokio::test]
async fn a_server_that_outlived_owner_and_guard_is_replaced() {
    let data = folder("orphan");
    let mut owner = start_owner(&data);
    let acknowledged = wait_for(&mut owner, 5);
    let server = postmaster(&data);
    let guard = field(server, 4);
    // The guard's processes are the shells in its group.
    let in_group = |pid: &u32| field(*pid, 5) == guard;
    for shell in processes("sh").into_iter().filter(in_group) {
        kill(shell);
    }
    owner.kill().unwrap();
    owner.wait().unwrap();
    assert!(Embedded::attach(&data).is_some());
    check(&data, acknowledged).await;
}

#[tokio::test]
async fn killing_the_server_loses_nothing_acknowledged() {
    let data = folder("server");
    let server = Embedded::start(&data).await.unwrap();
    let store = Store::open(&server.url()).await.unwrap();
    store.migrate().await.unwrap();
    let seals = Seals::in_folder(&data);
    let mut journal = Journal::open(&store, seals.clone()).await.unwrap();
    let mut head = Head::GENESIS;
    for number in 0..8 {
        journal.append(&batch(&mut head, number)).await.unwrap();
    }
    kill(postmaster(&data));
    let last = batch(&mut head, 8);
    let mut refused = journal.append(&last).await;
    // Its children notice in their own time that it is gone.
    for _ in 0..500 {
        if refused.is_err() {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        refused = journal.append(&last).await;
    }
    refused.unwrap_err();
    drop(server);
    check(&data, 7).await;
}

/// Waits until nothing of the server is left.
async fn wait_until_gone(data: &Path) {
    for _ in 0..3000 {
        if Embedded::attach(data).is_none() && !data.join("postgres/postmaster.pid").exists() {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    panic!("the server is still there");
}

fn postmaster(data: &Path) -> u32 {
    let lock = fs::read_to_string(data.join("postgres/postmaster.pid")).unwrap();
    lock.lines().next().unwrap().parse().unwrap()
}

/// A field of /proc/PID/stat, counted from 1 as its manual does; nought where it is gone.
fn field(pid: u32, number: usize) -> u32 {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let after_name = stat.rsplit(") ").next().unwrap_or_default();
    after_name.split(' ').nth(number - 3).and_then(|field| field.parse().ok()).unwrap_or(0)
}

fn processes(name: &str) -> Vec<u32> {
    let pids = fs::read_dir("/proc").unwrap().flatten();
    let pids = pids.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    let named = |pid: &u32| {
        let comm = fs::read_to_string(format!("/proc/{pid}/comm")).unwrap_or_default();
        comm.trim() == name
    };
    pids.filter(named).collect()
}

fn kill(pid: u32) {
    assert!(Command::new("kill").args(["-9", &pid.to_string()]).status().unwrap().success());
}
