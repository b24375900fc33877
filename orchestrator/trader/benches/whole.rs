//! The whole program from outside: how soon it decides after its first-ever start, how much memory
//! it takes with five pairs, and how fast it goes through candles. Run by `make bench`.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use store::embedded::Embedded;

const SEXTANT: &str = env!("CARGO_BIN_EXE_sextant");
const PAIRS: &str = "BTC/USDT,ETH/USDT,SOL/USDT,AVAX/USDT,POL/USDT";
const DAYS: &str = "30";

struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[expect(clippy::disallowed_methods, reason = "a benchmark measures wall time")]
fn now() -> Instant {
    Instant::now()
}

fn main() {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let dir = tempfile::tempdir().expect("a temporary folder");
    open_to_all(dir.path());
    measure("embedded store", &dir.path().join("embedded"), None);
    let database = runtime.block_on(Embedded::start(&dir.path().join("server"))).expect("a server");
    let url = runtime.block_on(database.create_database("bench")).expect("a database");
    measure("external PostgreSQL", &dir.path().join("external"), Some(&url));
    runtime.block_on(database.stop()).expect("an orderly end");
}

/// Another user's server has to get through.
fn open_to_all(folder: &Path) {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(folder, fs::Permissions::from_mode(0o711)).expect("our own folder");
}

fn measure(name: &str, data_dir: &Path, url: Option<&str>) {
    let mut market = Command::new(SEXTANT);
    market.args([
        "simulate",
        "--json",
        "--listen",
        "127.0.0.1:0",
        "--days",
        DAYS,
        "--pairs",
        PAIRS,
    ]);
    let mut market = Process(market.stdout(Stdio::piped()).spawn().expect("a simulator"));
    let mut line = String::new();
    let out = market.0.stdout.take().expect("it was piped");
    BufReader::new(out).read_line(&mut line).expect("its addresses");
    let addresses: serde_json::Value = serde_json::from_str(&line).expect("JSON");

    let port = std::net::TcpListener::bind("127.0.0.1:0")
        .and_then(|l| l.local_addr())
        .expect("a free port");
    let mut run = Command::new(SEXTANT);
    run.args(["run", "--exit-at-end", "--json", "--log-level", "warn"])
        .env("BINANCE_REST_URL", addresses["rest"].as_str().expect("a URL"))
        .env("BINANCE_STREAM_URL", addresses["stream"].as_str().expect("a URL"))
        .env("CRYPTO_PAIRS", PAIRS)
        .env("SEXTANT_METRICS_ADDR", port.to_string())
        .env("SEXTANT_DATA_DIR", data_dir)
        .current_dir(std::env::temp_dir());
    if let Some(url) = url {
        run.env("DATABASE_URL", url);
    }
    let started = now();
    let mut run = Process(run.stdout(Stdio::piped()).spawn().expect("the trader"));
    let out = run.0.stdout.take().expect("it was piped");
    let pid = run.0.id();
    let (mut first_decision, mut peak_rss, mut peak_pss) = (None, 0, 0);
    while run.0.try_wait().expect("its state").is_none() {
        if first_decision.is_none() && decided(&port.to_string()) {
            first_decision = Some(started.elapsed());
        }
        peak_rss = peak_rss.max(tree_kib(pid, "Rss:"));
        peak_pss = peak_pss.max(tree_kib(pid, "Pss:"));
        std::thread::sleep(Duration::from_millis(5));
    }
    let took = started.elapsed();
    let mut text = String::new();
    BufReader::new(out).read_to_string(&mut text).expect("its summary");
    let summary: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    let candles = summary["candles"]["stored"].as_u64().unwrap_or(0);
    let first =
        first_decision.map_or("not seen".to_owned(), |d| format!("{:.2} s", d.as_secs_f64()));
    println!("{name}: first-ever start to first decision {first}");
    let mb = |kib: u64| kib as f64 / 1024.0;
    println!(
        "{name}: peak resident memory of the process and its children {:.0} MB ({:.0} MB with \
         shared pages counted once)",
        mb(peak_rss),
        mb(peak_pss)
    );
    println!(
        "{name}: {candles} candles collected, decided on and stored in {:.1} s, {:.0} candles/s",
        took.as_secs_f64(),
        candles as f64 / took.as_secs_f64()
    );
}

/// Whether the metrics tell of a decision.
fn decided(address: &str) -> bool {
    let Ok(mut stream) = TcpStream::connect(address) else { return false };
    let asked = stream.write_all(b"GET /metrics HTTP/1.0\r\nHost: sextant\r\n\r\n");
    let mut text = String::new();
    if asked.is_err() || stream.read_to_string(&mut text).is_err() {
        return false;
    }
    text.lines().any(|line| line.starts_with("sextant_decisions_total") && !line.ends_with(" 0"))
}

/// Memory of a process and all that it started: resident pages, or those with shared ones split.
fn tree_kib(root: u32, kind: &str) -> u64 {
    let mut pids = vec![root];
    let mut next = 0;
    while let Some(pid) = pids.get(next).copied() {
        next += 1;
        let children =
            fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap_or_default();
        pids.extend(children.split_whitespace().filter_map(|child| child.parse::<u32>().ok()));
    }
    let size = |pid: u32| {
        let rollup = fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).unwrap_or_default();
        let line = rollup.lines().find_map(|line| line.strip_prefix(kind))?.trim();
        line.strip_suffix(" kB")?.trim().parse::<u64>().ok()
    };
    pids.into_iter().filter_map(size).sum()
}
