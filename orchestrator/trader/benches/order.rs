//! The way of an order: the commit that it waits for, and encode, sign, send until the venue's
//! answer is read.
//!
//! `cargo bench -p trader --bench order`. The store is the embedded PostgreSQL with its usual
//! durability; the venue is a bare responder on loopback that answers every request with a filled
//! market order, so that what is measured is this side.

#![expect(clippy::unwrap_used, reason = "a benchmark that can't run should stop where it can't")]
#![expect(clippy::disallowed_methods, reason = "a benchmark measures wall time")]

mod venue;

use std::sync::Arc;
use std::time::{Duration, Instant};

use domain::ids::{Id, RunSeed};
use domain::ledger::{EntryKind, Head};
use domain::order::{ClientOrderId, Role, Side};
use domain::time::UtcMs;
use exchange::binance::signed::client::SignedOptions;
use exchange::binance::signed::keys::Keys;
use exchange::binance::spot::client::SpotClient;
use exchange::binance::spot::order::{SpotKind, SpotOrder};
use store::embedded::Embedded;
use store::journal::{Batch, Journal};
use store::seal::Seals;
use store::store::Store;

const ORDERS: usize = 2_000;
/// A decision's entry with its snapshot and two signals is about this long, an order's this.
const DECISION_BYTES: usize = 3_000;
const ORDER_BYTES: usize = 400;

const ORDER: &str = r#"{"symbol":"BTCUSDT","orderId":28,"orderListId":-1,
"clientOrderId":"sx000000000000000000000000e","transactTime":1507725176595,"price":"0.00000000",
"origQty":"0.01000000","executedQty":"0.01000000","origQuoteOrderQty":"0.000000",
"cummulativeQuoteQty":"600.00000000","status":"FILLED","timeInForce":"GTC","type":"MARKET",
"side":"BUY","workingTime":1507725176595,"selfTradePreventionMode":"NONE","fills":[{
"price":"60000.00000000","qty":"0.01000000","commission":"0.00001000","commissionAsset":"BTC",
"tradeId":56}]}"#;

fn main() {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(run());
}

async fn run() {
    let folder = tempfile::tempdir().unwrap();
    let server = Embedded::start(folder.path()).await.unwrap();
    let store = Store::open(&server.url()).await.unwrap();
    store.migrate().await.unwrap();
    let mut journal = Journal::open(&store, Seals::in_folder(folder.path())).await.unwrap();
    let client = client(venue::serve(Arc::new(|_| ORDER.to_owned())).await).await;

    let mut head = Head::GENESIS;
    let (mut commits, mut sends, mut both) = (Vec::new(), Vec::new(), Vec::new());
    for n in 0..ORDERS {
        let begun = Instant::now();
        journal.append(&batch(&mut head, n)).await.unwrap();
        let committed = Instant::now();
        client.place(&order(n)).await.unwrap();
        let sent = Instant::now();
        commits.push(committed - begun);
        sends.push(sent - committed);
        both.push(sent - begun);
    }
    println!("{ORDERS} orders, one after the other:");
    print("commit of decision and order", &mut commits);
    print("encode, sign, send, read", &mut sends);
    print("both", &mut both);
    store.close().await;
    server.stop().await.unwrap();
}

fn print(what: &str, took: &mut [Duration]) {
    took.sort_unstable();
    let at = |ratio: f64| {
        let index = ((took.len() as f64 * ratio) as usize).min(took.len() - 1);
        took[index].as_secs_f64() * 1e3
    };
    println!("{what:>30}: p50 {:.3} ms, p99 {:.3} ms, max {:.3} ms", at(0.5), at(0.99), at(1.0));
}

fn batch(head: &mut Head, n: usize) -> Batch {
    let (at, seq) = (UtcMs::new(1_700_000_000_000 + n as i64), n as u64 + 1);
    let mut entry = |kind, bytes| {
        let payload = serde_json::json!({ "n": n, "text": "x".repeat(bytes) }).to_string();
        head.append(kind, at, seq, payload)
    };
    let entries =
        vec![entry(EntryKind::Decision, DECISION_BYTES), entry(EntryKind::Order, ORDER_BYTES)];
    Batch { entries, ..Batch::default() }
}

fn order(n: usize) -> SpotOrder {
    let id = Id::of(RunSeed(1), n as u64, "decision", "BTC/USDT");
    SpotOrder {
        instrument: "BTC/USDT".parse().unwrap(),
        side: Side::Buy,
        client_order_id: ClientOrderId::new(id, Role::Entry).into(),
        kind: SpotKind::Market { quantity: "0.01".parse().unwrap() },
    }
}

async fn client(url: String) -> SpotClient {
    let keys = Keys::new("key".into(), &"secret".into()).unwrap();
    let client = SpotClient::new(&url, keys, SignedOptions::default()).unwrap();
    client.compare_clocks().await.unwrap();
    client
}
