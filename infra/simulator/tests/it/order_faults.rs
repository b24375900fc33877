//! What is told of orders is spoilt by name, and the books show what really happened.

use std::time::Duration;

use serde_json::json;

use crate::rig::{Came, Rig};

const MINUTE_MS: i64 = 60_000;

#[tokio::test]
async fn accept_then_time_out_books_the_order_and_says_nothing() {
    for (hang, came) in [("false", Came::Broken), ("true", Came::Nothing)] {
        let plan = format!(
            "[[faults]]\nname = \"accept-then-time-out\"\nwhen = {{ nth = [2] }}\n\
             parameters = {{ hang = {hang} }}"
        );
        let rig = Rig::of(&plan).await;
        assert_eq!(rig.rest("a").await.body()["status"], "NEW");
        assert_eq!(rig.rest("b").await, came);
        assert_eq!(rig.rest("c").await.body()["status"], "NEW");
        assert_eq!(rig.order("b").unwrap().status, "NEW");
        assert_eq!(rig.query("b").await.body()["status"], "NEW");
        rig.venue.stop().await;
    }
}

#[tokio::test]
async fn time_out_before_books_nothing() {
    for (hang, came) in [("false", Came::Broken), ("true", Came::Nothing)] {
        let plan = format!(
            "[[faults]]\nname = \"time-out-before\"\nwhen = {{ at_most = 1 }}\n\
             where = {{ order = \"b\" }}\nparameters = {{ hang = {hang} }}"
        );
        let rig = Rig::of(&plan).await;
        assert_eq!(rig.rest("b").await, came);
        assert_eq!(rig.order("b"), None);
        assert_eq!(rig.query("b").await.code(), (400, -2013));
        assert_eq!(rig.rest("b").await.body()["status"], "NEW", "it strikes once");
        rig.venue.stop().await;
    }
}

#[tokio::test]
async fn status_unknown_tells_nothing_of_what_was_done() {
    let plan = json!({ "faults": [
        { "name": "status-unknown", "where": { "order": "done" } },
        { "name": "status-unknown", "where": { "order": "lost" },
          "parameters": { "executed": false, "code": -1006 } },
        { "name": "status-unknown", "where": { "act": "cancel" } },
    ]});
    let rig = Rig::of(&plan.to_string()).await;
    assert_eq!(rig.rest("done").await.code(), (408, -1007));
    assert_eq!(rig.rest("lost").await.code(), (500, -1006));
    assert_eq!((rig.order("done").unwrap().status.as_str(), rig.order("lost")), ("NEW", None));
    assert_eq!(rig.cancel("done").await.code(), (408, -1007));
    assert_eq!(rig.order("done").unwrap().status, "CANCELED");
    rig.venue.stop().await;
}

#[tokio::test]
async fn not_found_for_a_while_and_then_it_appears() {
    let plan = json!({ "faults": [
        { "name": "not-found-for", "where": { "order": "b" }, "parameters": { "for_ms": 90_000 } },
    ]});
    let rig = Rig::of(&plan.to_string()).await;
    assert_eq!(rig.buy("a").await.body()["status"], "FILLED");
    let id = rig.buy("b").await.body()["orderId"].clone();
    let told = async || {
        let mut told = Vec::new();
        for path in ["/api/v3/allOrders", "/api/v3/myTrades"] {
            let rows = rig.get(path, "symbol=BTCUSDT").await.body();
            told.push(rows.as_array().unwrap().len());
        }
        told
    };
    let by_number = format!("symbol=BTCUSDT&orderId={id}");
    for _ in 0..2 {
        assert_eq!(rig.query("b").await.code(), (400, -2013));
        assert_eq!(rig.get("/api/v3/order", &by_number).await.code(), (400, -2013));
        assert_eq!(rig.cancel("b").await.code(), (400, -2011));
        assert_eq!(told().await, [1, 1]);
        assert_eq!(rig.order("b").unwrap().status, "FILLED");
        assert_eq!(rig.books().trades.len(), 2);
        rig.venue.simulator.advance(MINUTE_MS / 2);
    }
    rig.venue.simulator.advance(MINUTE_MS / 2);
    assert_eq!(rig.query("b").await.body()["status"], "FILLED");
    assert_eq!(told().await, [2, 2]);
    rig.venue.stop().await;
}

#[tokio::test]
async fn a_time_out_then_failing_queries_and_a_fill_in_between() {
    let plan = json!({ "faults": [
        { "name": "accept-then-time-out" },
        { "name": "query-fails-for", "parameters": { "for_ms": 2 * MINUTE_MS } },
    ]});
    let rig = Rig::of(&plan.to_string()).await;
    let order = "symbol=BTCUSDT&side=BUY&type=LIMIT&timeInForce=GTC&quantity=1&price=99\
                 &newClientOrderId=a";
    assert_eq!(rig.send(reqwest::Method::POST, "/api/v3/order", order).await, Came::Broken);
    assert_eq!(rig.query("a").await.code(), (503, -1001));
    assert_eq!(rig.get("/api/v3/myTrades", "symbol=BTCUSDT").await.code(), (503, -1001));
    assert_eq!(rig.get("/api/v3/account", "").await.code(), (200, 0));
    rig.step();
    assert_eq!(rig.order("a").unwrap().status, "FILLED");
    assert_eq!(rig.query("a").await.code(), (503, -1001));
    rig.step();
    assert_eq!(rig.query("a").await.body()["status"], "FILLED");
    rig.venue.stop().await;
}

#[tokio::test]
async fn a_seed_repeats_whatever_the_order_of_the_requests() {
    let plan = json!({ "faults": [
        { "name": "time-out-before", "when": { "ratio": 0.5 } },
    ]})
    .to_string();
    let mut runs = Vec::new();
    for (seed, is_reversed) in [(7, false), (7, true), (8, false)] {
        let rig = Rig::with(&plan, |options| simulator::options::Options { seed, ..options }).await;
        let mut names: Vec<_> = (0..24).map(|n| format!("n{n}")).collect();
        if is_reversed {
            names.reverse();
        }
        for name in &names {
            rig.rest(name).await;
        }
        let mut taken: Vec<_> =
            rig.books().orders.into_iter().map(|order| order.client_order_id).collect();
        taken.sort();
        assert!((4..20).contains(&taken.len()), "{taken:?}");
        runs.push(taken);
        rig.venue.stop().await;
    }
    assert_eq!(runs[0], runs[1]);
    assert_ne!(runs[0], runs[2]);
}

#[tokio::test]
async fn the_test_moves_the_market_and_ends_connections() {
    let rig = Rig::of("").await;
    let mut socket = rig.venue.connect("/ws/btcusdt@kline_1m").await;
    rig.venue.until(|status| status["listeners"] == 1).await;
    tokio::time::sleep(Duration::from_millis(30)).await;
    let start = rig.venue.simulator.now();
    assert_eq!(rig.venue.now().await, start.ms(), "it stands");
    rig.venue.simulator.advance(30_000);
    assert_eq!(rig.venue.now().await, start.ms() + 30_000);
    rig.venue.simulator.advance_to(start.plus_ms(2 * MINUTE_MS));
    let closes: Vec<_> = socket.read_some(2).await.iter().map(|m| m["E"].clone()).collect();
    assert_eq!(closes, [start.ms() + MINUTE_MS, start.ms() + 2 * MINUTE_MS]);
    assert!(rig.venue.simulator.idle());
    rig.venue.simulator.drop_connections();
    assert_eq!(socket.read().await, None);
    let mut again = rig.venue.connect("/ws/btcusdt@kline_1m").await;
    rig.venue.until(|status| status["listeners"] == 1).await;
    rig.step();
    assert!(again.read().await.is_some());
    rig.venue.stop().await;
}
