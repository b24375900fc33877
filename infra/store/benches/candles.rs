//! How fast candles go in and come out, beside what PostgreSQL itself can do on this machine.
//!
//! `cargo bench -p store`. Every database is fresh and has the same tables and indexes; every
//! figure is the best of three. Raw COPY gets its bytes ready-made, in one transaction.

#![expect(clippy::unwrap_used, reason = "a benchmark that can't run should stop where it can't")]
#![expect(clippy::disallowed_methods, reason = "a benchmark measures wall time")]

use std::time::{Duration, Instant};

use domain::candle::Candle;
use domain::event::{Event, Released, Sequenced};
use domain::ledger::{EntryKind, Head};
use domain::money::Price;
use domain::time::UtcMs;
use domain::timeframe::Timeframe;
use futures_util::TryStreamExt;
use sqlx::postgres::PgConnection;
use sqlx::{Connection, Executor};
use store::embedded::Embedded;
use store::journal::{Batch, Journal};
use store::seal::Seals;
use store::store::Store;

const PAIRS: [&str; 5] = ["AVAX/USDT", "BTC/USDT", "ETH/USDT", "POL/USDT", "SOL/USDT"];
const CANDLES: usize = 500_000;
const ROUNDS: usize = 3;

fn main() {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(run());
}

async fn run() {
    let folder = std::env::temp_dir().join(format!("sextant-bench-{}", std::process::id()));
    let begun = Instant::now();
    let server = Embedded::start(&folder).await.unwrap();
    let started = begun.elapsed();
    let store = Store::open(&server.url()).await.unwrap();
    store.migrate().await.unwrap();
    println!("first start: server {} ms, with tables {} ms", ms(started), ms(begun.elapsed()));
    store.close().await;
    server.stop().await.unwrap();
    let begun = Instant::now();
    let server = Embedded::start(&folder).await.unwrap();
    let started = begun.elapsed();
    let store = Store::open(&server.url()).await.unwrap();
    store.migrate().await.unwrap();
    println!("next start:  server {} ms, with tables {} ms", ms(started), ms(begun.elapsed()));
    store.close().await;

    let market = market();
    let mut appended = Vec::new();
    let mut again = Vec::new();
    let mut read = Vec::new();
    let mut copied = [Vec::new(), Vec::new()];
    for round in 0..ROUNDS {
        let store = fresh(&server, &format!("append{round}")).await;
        let mut journal = journal(&store, &folder, &format!("append{round}")).await;
        appended.push(append(&mut journal, &market).await);
        again.push(append(&mut journal, &market).await);
        read.push(read_back(&store).await);
        for (which, format) in ["text", "binary"].into_iter().enumerate() {
            let bytes = take_out(&server, round, format).await;
            let name = format!("raw{round}{format}");
            let raw = fresh(&server, &name).await;
            raw.close().await;
            copied[which].push(copy_in(&server, &name, format, &bytes).await);
        }
        store.close().await;
    }
    let [text, binary] = copied.map(best);
    let append = best(appended);
    println!("candles: {CANDLES} in batches of {}", CANDLES / market.len());
    println!("raw COPY, text:      {:>9.0} rows/s", rate(text));
    println!("raw COPY, binary:    {:>9.0} rows/s", rate(binary));
    println!("append, new:         {:>9.0} rows/s", rate(append));
    println!("  of raw text COPY:   {:>8.2}", rate(append) / rate(text));
    println!("  of raw binary COPY: {:>8.2}", rate(append) / rate(binary));
    println!("append, overlapping: {:>9.0} rows/s", rate(best(again)));
    println!("read back:           {:>9.0} rows/s", rate(best(read)));
    ledger(&server, &folder).await;
    server.stop().await.unwrap();
    std::fs::remove_dir_all(&folder).unwrap();
}

/// One commit per entry, as an order needs it before it leaves, and many entries in one.
async fn ledger(server: &Embedded, folder: &std::path::Path) {
    let store = fresh(server, "ledger").await;
    let mut journal = journal(&store, folder, "ledger").await;
    let mut head = Head::GENESIS;
    let payload = format!("{{\"snapshot\":\"{}\"}}", "0123456789abcdef".repeat(200));
    for (commits, entries) in [(500, 1), (20, 1000)] {
        let begun = Instant::now();
        for _ in 0..commits {
            let mut batch = Batch::default();
            for _ in 0..entries {
                let at = UtcMs::new(head.seq as i64);
                batch.entries.push(head.append(EntryKind::Order, at, 1, payload.clone()));
            }
            journal.append(&batch).await.unwrap();
        }
        let each = begun.elapsed() / commits;
        println!("ledger, {entries:>4} entries of 3 kB per commit: {:.2} ms each", millis(each));
    }
    let begun = Instant::now();
    let report = store.verify(&Seals::in_folder(&folder.join("ledger"))).await.unwrap();
    println!("verify: {} entries in {} ms", report.entries, ms(begun.elapsed()));
    store.close().await;
}

async fn fresh(server: &Embedded, name: &str) -> Store {
    let store = Store::open(&server.create_database(name).await.unwrap()).await.unwrap();
    store.migrate().await.unwrap();
    store
}

async fn journal(store: &Store, folder: &std::path::Path, name: &str) -> Journal {
    let seals = folder.join(name);
    std::fs::create_dir(&seals).unwrap();
    Journal::open(store, Seals::in_folder(&seals)).await.unwrap()
}

async fn append(journal: &mut Journal, market: &[Batch]) -> Duration {
    let begun = Instant::now();
    for batch in market {
        journal.append(batch).await.unwrap();
    }
    begun.elapsed()
}

async fn read_back(store: &Store) -> Duration {
    let begun = Instant::now();
    let mut inputs = store.inputs(0).await.unwrap();
    let mut count = 0;
    while let Some(page) = inputs.next().await.unwrap() {
        count += page.iter().map(|released| released.events.len()).sum::<usize>();
    }
    assert_eq!(count, CANDLES);
    begun.elapsed()
}

async fn take_out(server: &Embedded, round: usize, format: &str) -> Vec<u8> {
    let url = server.url().replace("/sextant?", &format!("/append{round}?"));
    let mut connection = PgConnection::connect(&url).await.unwrap();
    let statement =
        format!("copy (select * from candles order by input_seq) to stdout (format {format})");
    let stream = connection.copy_out_raw(&statement).await.unwrap();
    let chunks: Vec<_> = stream.try_collect().await.unwrap();
    chunks.concat()
}

async fn copy_in(server: &Embedded, name: &str, format: &str, bytes: &[u8]) -> Duration {
    let url = server.url().replace("/sextant?", &format!("/{name}?"));
    let mut connection = PgConnection::connect(&url).await.unwrap();
    connection.execute("checkpoint").await.unwrap();
    let begun = Instant::now();
    let statement = format!("copy candles from stdin (format {format})");
    let mut copy = connection.copy_in_raw(&statement).await.unwrap();
    for chunk in bytes.chunks(1 << 20) {
        copy.send(chunk).await.unwrap();
    }
    copy.finish().await.unwrap();
    begun.elapsed()
}

/// Minutes of five pairs, about 10 000 candles in a batch.
fn market() -> Vec<Batch> {
    let pairs = PAIRS.map(|pair| pair.parse().unwrap());
    let mut seq = 0;
    let mut minute = |number: i64| {
        let open_time = UtcMs::new(1_617_321_600_000 + number * 60_000);
        let events = pairs.iter().enumerate().map(|(index, instrument)| {
            seq += 1;
            let close = 100_000_000 * (1 + index as i64 * 500) + (number * 7919) % 90_000_000;
            let [open, high, low] = [close - 1_000, close + 250_000, close - 310_000];
            let ohlc = [open, high, low, close].map(Price::from_raw);
            let volume = 0.1 + (number % 977) as f64 * 1.37;
            let candle = Candle::new(Timeframe::M1, open_time, ohlc, volume).unwrap();
            Sequenced {
                input_seq: seq,
                event: Event::CandleClosed { instrument: *instrument, candle },
            }
        });
        Released { watermark: open_time.plus_ms(60_000), events: events.collect() }
    };
    let minutes: Vec<Released> = (0..(CANDLES / PAIRS.len()) as i64).map(&mut minute).collect();
    let batch = |released: &[Released]| Batch { released: released.to_vec(), ..Batch::default() };
    minutes.chunks(2_000).map(batch).collect()
}

fn best(times: Vec<Duration>) -> Duration {
    times.into_iter().min().unwrap()
}

fn rate(time: Duration) -> f64 {
    CANDLES as f64 / time.as_secs_f64()
}

fn ms(time: Duration) -> u128 {
    time.as_millis()
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}
