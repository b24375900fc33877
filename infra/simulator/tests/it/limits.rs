use domain::time::{MINUTE_MS, UtcMs};
use reqwest::StatusCode;

use crate::support::{Folder, Reply, START, Venue};

fn used(reply: &Reply) -> u64 {
    let header = |name| reply.headers[name].to_str().unwrap().parse().unwrap();
    assert_eq!(header("x-mbx-used-weight"), header("x-mbx-used-weight-1m"));
    header("x-mbx-used-weight-1m")
}

fn retry_after(reply: &Reply) -> u64 {
    reply.headers["retry-after"].to_str().unwrap().parse().unwrap()
}

#[tokio::test]
async fn requests_weigh_what_they_weigh_on_binance() {
    let venue = Folder::of("BTCUSDT", 0..10).serve().await;
    let mut expected = 0;
    for (path, weight) in [
        ("/api/v3/ping", 1),
        ("/api/v3/time", 1),
        ("/api/v3/exchangeInfo?symbol=BTCUSDT", 20),
        ("/api/v3/klines?symbol=BTCUSDT&interval=1m", 2),
        ("/api/v3/klines?symbol=NOPE&interval=1m", 2),
        ("/api/v3/ticker/price?symbol=BTCUSDT", 2),
        ("/api/v3/ticker/price", 4),
        ("/api/v3/ticker/price?symbols=%5B%22BTCUSDT%22%5D", 4),
    ] {
        expected += weight;
        assert_eq!(used(&venue.ask(path).await), expected, "{path}");
    }
    assert_eq!(venue.status().await["rest_requests"], 8, "the status itself isn't counted");
    venue.stop().await;
}

#[tokio::test]
async fn over_the_limit_comes_429_and_then_418() {
    let venue = Folder::of("BTCUSDT", 0..10).serve().await;
    for _ in 0..300 {
        assert_eq!(venue.ask("/api/v3/exchangeInfo").await.status, StatusCode::OK);
    }
    let refused = venue.ask("/api/v3/ping").await;
    assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(used(&refused), 6001);
    assert_eq!(refused.body["code"], -1003);
    assert!((1..=60).contains(&retry_after(&refused)));
    let mut banned = refused;
    for _ in 0..10 {
        banned = venue.ask("/api/v3/ping").await;
    }
    assert_eq!(banned.status, StatusCode::IM_A_TEAPOT);
    assert_eq!(banned.body["code"], -1003);
    assert!((61..=120).contains(&retry_after(&banned)));
    assert!(banned.body["msg"].as_str().unwrap().contains("IP banned until"));
    venue.stop().await;
}

#[tokio::test]
async fn a_minute_is_the_markets() {
    let folder = Folder::of("BTCUSDT", 0..10_000);
    let venue = Venue::of(folder.options()).await;
    for _ in 0..20 {
        venue.ask("/api/v3/ping").await;
    }
    assert_eq!(used(&venue.ask("/api/v3/ping").await), 21);
    let mut socket = venue.connect("/ws/btcusdt@kline_1m").await;
    socket.read_some(5).await;
    drop(socket);
    venue.until(|status| status["listeners"] == 0).await;
    assert_eq!(used(&venue.ask("/api/v3/ping").await), 1, "minutes have passed since");
    assert!(venue.now().await > UtcMs::new(START).plus_ms(MINUTE_MS).ms());
    venue.stop().await;
}
