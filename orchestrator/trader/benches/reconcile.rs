//! A start on 10,000 open orders and 100,000 fills, asked for over loopback: how long until nothing
//! is in question any more, and how much memory at most.
//!
//! `cargo bench -p trader --bench reconcile`. None of it is the program's own, so that every fill's
//! order must be looked up, and every page is signed, sent, read and gone through.

#![expect(clippy::unwrap_used, reason = "a benchmark that can't run should stop where it can't")]
#![expect(clippy::disallowed_methods, reason = "a benchmark measures wall time")]
#![allow(unreachable_pub, reason = "nothing of a binary can be reached from outside it")]

mod venue;

/// The program's own way from a request to its answer.
#[path = "../src/gateway"]
mod gateway {
    #[expect(dead_code, reason = "no stream is listened to")]
    mod account;
    #[expect(dead_code, reason = "no stream is listened to")]
    mod seen;
    mod spot;
    mod usdm;

    use domain::time::UtcMs;
    use exchange::binance::spot::client::SpotClient;
    use execution::answer::Answer;
    use execution::ask::Ask;

    pub(crate) async fn perform(client: &SpotClient, ask: Ask, now: UtcMs) -> Answer {
        account::Account::Spot(client.clone()).perform(ask, now).await.answer
    }
}

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use domain::instrument::{Filters, Instrument};
use exchange::binance::signed::client::SignedOptions;
use exchange::binance::signed::keys::Keys;
use exchange::binance::spot::client::SpotClient;
use execution::executor::Executor;
use execution::fact::Out;
use execution::memory::Memory;
use execution::terms::{Market, Terms};

const ORDERS: u64 = 10_000;
const FILLS: u64 = 100_000;
/// What the venue puts on a page.
const PAGE: u64 = 1_000;

#[tokio::main]
async fn main() {
    let url = venue::serve(Arc::new(says)).await;
    let keys = Keys::new("key".into(), &"secret".into()).unwrap();
    let client = SpotClient::new(&url, keys, SignedOptions::default()).unwrap();
    client.compare_clocks().await.unwrap();

    let (mut executor, mut out) = (Executor::new(Terms::usual(Market::Spot)), Out::default());
    let read = |text: &str| text.parse().unwrap();
    let filters = Filters {
        tick: "0.01".parse().unwrap(),
        step: read("0.001"),
        min_quantity: read("0.001"),
        max_quantity: read("1000"),
        min_notional_quote: "5".parse().unwrap(),
    };
    let began = Instant::now();
    let mut now = client.venue_now();
    executor.list(Instrument { id: "BTC/USDT".parse().unwrap(), filters }, now, &mut out);
    executor.resume(&Memory::default(), now, &mut out);
    let mut asked = 0;
    while !executor.is_quiet() {
        while let Some(request) = out.requests.pop() {
            asked += 1;
            let answer = gateway::perform(&client, request.ask, now).await;
            executor.on_answer(request.id, answer, now, &mut out);
        }
        // Pauses between questions are not waited for.
        now = now.plus_ms(1_000);
        executor.on_tick(now, &mut out);
    }
    let took = began.elapsed();
    println!("{ORDERS} orders, {FILLS} fills, {asked} requests: {took:.2?}, {}", peak());
}

fn says(path: &str) -> String {
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    let query: BTreeMap<&str, &str> =
        query.split('&').filter_map(|pair| pair.split_once('=')).collect();
    let from = |name: &str, first: u64| query.get(name).map_or(first, |id| id.parse().unwrap());
    let rows: Vec<String> = match path {
        "/api/v3/myTrades" => {
            let first = from("fromId", 1);
            (first..=FILLS.min(first + PAGE - 1)).map(trade).collect()
        }
        "/api/v3/openOrders" => (0..ORDERS).map(order).collect(),
        "/api/v3/allOrders" => {
            let first = from("orderId", 0);
            (first..ORDERS.min(first + PAGE)).map(order).collect()
        }
        "/api/v3/order" => return order(from("orderId", 0)),
        _ => return r#"{"balances":[]}"#.to_owned(),
    };
    format!("[{}]", rows.join(","))
}

fn trade(id: u64) -> String {
    format!(
        r#"{{"symbol":"BTCUSDT","id":{id},"orderId":{},"orderListId":-1,"price":"100.00000000",
"qty":"0.00100000","quoteQty":"0.10000000","commission":"0.00010000","commissionAsset":"USDT",
"time":{},"isBuyer":true,"isMaker":false,"isBestMatch":true}}"#,
        id % ORDERS,
        1_700_000_000_000 + id * 100
    )
}

fn order(id: u64) -> String {
    format!(
        r#"{{"symbol":"BTCUSDT","orderId":{id},"orderListId":-1,"clientOrderId":"web_{id}",
"price":"90.00000000","origQty":"1.00000000","executedQty":"0.01000000",
"cummulativeQuoteQty":"1.00000000","status":"PARTIALLY_FILLED","timeInForce":"GTC","type":"LIMIT",
"side":"BUY","stopPrice":"0.00000000","icebergQty":"0.00000000","time":1700000000000,
"updateTime":1700000000000,"isWorking":true,"workingTime":1700000000000,
"origQuoteOrderQty":"0.00000000","selfTradePreventionMode":"NONE"}}"#
    )
}

/// The largest resident memory so far, as Linux has it: the venue's pages included.
fn peak() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmHWM")).unwrap_or("VmHWM: unknown");
    line.to_owned()
}
