//! Questions over HTTP.

use std::time::Duration;

use domain::candle::CandleError;
use domain::instrument::InstrumentId;
use domain::time::UtcMs;
use domain::timeframe::Timeframe;
use exchange::binance::error::VenueError;
use exchange::binance::rest::RestClient;
use exchange::binance::signed::verdict::Market;
use exchange::binance::transport::RestOptions;
use tokio::time::Instant;

use crate::venue::{Reply, Venue};

/// Impatient, so that tests are quick.
fn options() -> RestOptions {
    RestOptions {
        timeout_ms: 500,
        deadline_ms: 10_000,
        settle_ms: 1_500,
        backoff_base_ms: 2,
        backoff_max_ms: 10,
        seed: 1,
        pace: 1,
        ..RestOptions::default()
    }
}

fn client(venue: &Venue) -> RestClient {
    RestClient::new(&venue.url, Market::Spot, options()).unwrap()
}

fn id(text: &str) -> InstrumentId {
    text.parse().unwrap()
}

fn time(ms: i64) -> Reply {
    Reply::ok(format!(r#"{{"serverTime":{ms}}}"#))
}

fn symbol(name: &str, status: &str) -> String {
    format!(
        r#"{{"symbol":"{name}","status":"{status}","filters":[
            {{"filterType":"PRICE_FILTER","minPrice":"0","maxPrice":"0","tickSize":"0.01"}},
            {{"filterType":"LOT_SIZE","minQty":"0.1","maxQty":"9","stepSize":"0.1"}},
            {{"filterType":"NOTIONAL","minNotional":"5","applyMinToMarket":true}}]}}"#
    )
}

fn info(limit: u32, symbols: &[String]) -> Reply {
    Reply::ok(format!(
        r#"{{"timezone":"UTC","rateLimits":[{{"rateLimitType":"REQUEST_WEIGHT",
            "interval":"MINUTE","intervalNum":1,"limit":{limit}}}],"symbols":[{}]}}"#,
        symbols.join(",")
    ))
}

#[tokio::test]
async fn every_question_is_put_as_the_venue_documents() {
    let venue = Venue::start(|_, target| match target.split('?').next().unwrap() {
        "/api/v3/ping" => Reply::ok("{}"),
        "/api/v3/time" => time(300_000),
        "/api/v3/exchangeInfo" => {
            info(6_000, &[symbol("ETHUSDT", "TRADING"), symbol("MATICUSDT", "BREAK")])
        }
        "/api/v3/klines" => Reply::ok(
            r#"[[60000,"2","3","1","2.5","7.25",119999,"0",3,"0","0","0"],
                [120000,"2","1","1","2.5","7.25",179999,"0",3,"0","0","0"],
                [240000,"2","3","1","2.5","7.25",299999,"0",3,"0","0","0"],
                [300000,"2","3","1","2.5","7.25",359999,"0",3,"0","0","0"]]"#,
        ),
        "/api/v3/ticker/price" => {
            Reply::ok(r#"[{"symbol":"BTCUSDT","price":"2"},{"symbol":"ETHUSDT","price":"1.5"}]"#)
        }
        _ => Reply::status(404, "", ""),
    })
    .await;
    let client = client(&venue);
    client.ping().await.unwrap();
    assert_eq!(client.time().await, Ok(UtcMs::new(300_000)));
    let asked = [id("ETH/USDT"), id("MATIC/USDT")];
    let listing = client.instruments(&asked).await.unwrap();
    assert_eq!(listing.instruments[0].id, asked[0]);
    assert_eq!(listing.not_trading, [(asked[1], "BREAK".to_owned())]);
    assert_eq!(listing.limits[0].limit, 6_000);
    let page = client.candles(id("BTC/USDT"), Timeframe::M1, UtcMs::new(60_000), 5_000).await;
    let page = page.unwrap();
    // The last closed candle closed just now and may not be final yet.
    assert_eq!(page.complete_to, UtcMs::new(298_500));
    assert_eq!(page.candles.len(), 1);
    assert!(matches!(page.refused[..], [(_, CandleError::OutOfOrder { .. })]));
    let prices = client.prices(&[id("ETH/USDT"), id("BTC/USDT")]).await.unwrap();
    assert_eq!(prices[0], (id("ETH/USDT"), "1.5".parse().unwrap()));
    assert_eq!(
        venue.asked(),
        [
            "/api/v3/ping",
            "/api/v3/time",
            r#"/api/v3/exchangeInfo?symbols=["ETHUSDT","MATICUSDT"]"#,
            "/api/v3/time",
            "/api/v3/klines?symbol=BTCUSDT&interval=1m&startTime=60000&limit=1000",
            r#"/api/v3/ticker/price?symbols=["ETHUSDT","BTCUSDT"]"#,
        ]
    );
}

#[tokio::test]
async fn futures_have_paths_and_weights_of_their_own() {
    let venue = Venue::start(|_, target| match target.split('?').next().unwrap() {
        "/fapi/v1/ping" => Reply::ok("{}"),
        "/fapi/v1/time" => time(300_000),
        "/fapi/v1/exchangeInfo" => {
            let listed = symbol("ETHUSDT", "TRADING");
            let listed = listed.replace("\"status\"", "\"contractType\":\"PERPETUAL\",\"status\"");
            let listed =
                listed.replace(r#""NOTIONAL","minNotional""#, r#""MIN_NOTIONAL","notional""#);
            info(2_400, &[listed, symbol("BTCUSDT_260925", "TRADING")])
        }
        "/fapi/v1/klines" | "/fapi/v1/markPriceKlines" => {
            Reply::ok(r#"[[60000,"2","3","1","2.5","7.25",119999,"0",3,"0","0","0"]]"#)
        }
        "/fapi/v1/ticker/price" => Reply::ok(
            r#"[{"symbol":"BTCUSDT","price":"2","time":1},
                {"symbol":"ETHUSDT","price":"1.5","time":1}]"#,
        ),
        _ => Reply::status(404, "", ""),
    })
    .await;
    let client = RestClient::new(&venue.url, Market::Usdm, options()).unwrap();
    client.ping().await.unwrap();
    let asked = [id("ETH/USDT:USDT"), id("BTC/USDT:USDT")];
    let listing = client.instruments(&asked).await.unwrap();
    assert_eq!(listing.instruments[0].id, asked[0]);
    assert_eq!(listing.unknown, [asked[1]]);
    let page = client.candles(asked[0], Timeframe::M1, UtcMs::new(60_000), 99).await.unwrap();
    assert_eq!(page.candles.len(), 1);
    let marks = client.mark_candles(asked[0], Timeframe::M1, UtcMs::new(60_000), 600).await;
    assert_eq!(marks.unwrap().candles, page.candles);
    let prices = client.prices(&asked[..1]).await.unwrap();
    assert_eq!(prices, [(asked[0], "1.5".parse().unwrap())]);
    assert_eq!(
        venue.asked(),
        [
            "/fapi/v1/ping",
            "/fapi/v1/exchangeInfo",
            "/fapi/v1/time",
            "/fapi/v1/klines?symbol=ETHUSDT&interval=1m&startTime=60000&limit=99",
            "/fapi/v1/time",
            "/fapi/v1/markPriceKlines?symbol=ETHUSDT&interval=1m&startTime=60000&limit=600",
            "/fapi/v1/ticker/price",
        ]
    );
    let of_spot = client.candles(id("ETH/USDT"), Timeframe::M1, UtcMs::new(0), 9).await;
    assert!(matches!(of_spot, Err(VenueError::NotPerpetual { .. })), "{of_spot:?}");
    let of_spot = client.instruments(&[id("ETH/USDT")]).await;
    assert!(matches!(of_spot, Err(VenueError::NotPerpetual { .. })), "{of_spot:?}");
}

#[tokio::test]
async fn the_clock_is_compared() {
    let venue = Venue::start(|_, _| time(4_000_000_000_000)).await;
    let reading = client(&venue).clock().await.unwrap();
    assert!(reading.offset_ms > 1_000_000_000, "{reading:?}");
    assert!((0..2_000).contains(&reading.round_trip_ms), "{reading:?}");
}

#[tokio::test]
async fn unknown_instruments_are_named_one_by_one() {
    let venue = Venue::start(|_, target| {
        if target.contains("NOPE") {
            return Reply::status(400, "", r#"{"code":-1121,"msg":"Invalid symbol."}"#);
        }
        info(6_000, &[symbol("ETHUSDT", "TRADING"), symbol("BTCUSDT", "TRADING")])
    })
    .await;
    let client = client(&venue);
    let asked = [id("ETH/USDT"), id("NOPE/USDT"), id("BTC/USDT")];
    let listing = client.instruments(&asked).await.unwrap();
    assert_eq!(listing.instruments.len(), 2);
    assert_eq!(listing.unknown, [asked[1]]);
    assert_eq!(venue.asked().len(), 4);
    let refused = client.instruments(&[id("BTC/USDT:USDT")]).await.unwrap_err();
    assert!(matches!(refused, VenueError::NotSpot { .. }), "{refused}");
}

#[tokio::test]
async fn passing_failures_are_tried_again() {
    for n in 0..8 {
        let venue = Venue::start(move |count, _| match (count, n) {
            (0, 0) => Reply::status(500, "", "internal"),
            (0, 1) => Reply::status(503, "", "<html>maintenance</html>"),
            (0, 2) => Reply::CutOff(r#"{"serverTime":"#.to_owned()),
            (0, 3) => Reply::ok(r#"{"serverTime":"#),
            (0, 4) => Reply::Reset,
            (0, 5) => Reply::Hang,
            (0, 6) => Reply::status(429, "retry-after: 0\r\n", ""),
            (0, 7) => Reply::Raw(Vec::new()),
            _ => time(7),
        })
        .await;
        assert_eq!(client(&venue).time().await, Ok(UtcMs::new(7)), "case {n}");
        assert_eq!(venue.asked().len(), 2, "case {n}");
    }
}

#[tokio::test]
async fn lasting_failures_end_by_name_within_the_deadline() {
    let outcome = async |reply: fn() -> Reply| {
        let venue = Venue::start(move |_, _| reply()).await;
        let impatient = RestOptions { timeout_ms: 50, deadline_ms: 400, ..options() };
        let begun = Instant::now();
        let error =
            RestClient::new(&venue.url, Market::Spot, impatient).unwrap().time().await.unwrap_err();
        assert!(begun.elapsed() < Duration::from_secs(10), "{error}");
        assert!(error.is_retryable(), "{error}");
        assert!(venue.asked().len() > 1, "{error}");
        error
    };
    let server_error = outcome(|| Reply::status(502, "", "bad gateway")).await;
    assert!(matches!(server_error, VenueError::ServerError { status: 502, .. }), "{server_error}");
    let cut_off = outcome(|| Reply::CutOff("{".to_owned())).await;
    assert!(matches!(cut_off, VenueError::BrokenOff { .. }), "{cut_off}");
    let truncated = outcome(|| Reply::ok("{")).await;
    assert!(matches!(truncated, VenueError::BrokenOff { .. }), "{truncated}");
    let reset = outcome(|| Reply::Reset).await;
    assert!(matches!(reset, VenueError::BrokenOff { .. }), "{reset}");
    let silent = outcome(|| Reply::Hang).await;
    assert!(matches!(silent, VenueError::Timeout { .. }), "{silent}");
    let no_http = outcome(|| Reply::Raw(b"SSH-2.0-OpenSSH_9.2\r\n".to_vec())).await;
    assert!(matches!(no_http, VenueError::BrokenOff { .. }), "{no_http}");
}

#[tokio::test]
async fn what_no_retry_mends_is_asked_once() {
    let outcome = async |reply: fn() -> Reply| {
        let venue = Venue::start(move |_, _| reply()).await;
        let error = client(&venue).time().await.unwrap_err();
        assert_eq!(venue.asked().len(), 1, "{error}");
        let text = error.to_string();
        assert!(text.chars().count() < 350, "{text}");
        error
    };
    let not_served = outcome(|| Reply::status(451, "", "unavailable for legal reasons")).await;
    assert_eq!(not_served, VenueError::NotServed);
    let firewall = outcome(|| Reply::status(403, "", "<html>denied</html>")).await;
    assert!(matches!(firewall, VenueError::Firewall { .. }), "{firewall}");
    const INVALID: &str = r#"{"code":-1100,"msg":"Illegal characters found in a parameter."}"#;
    let refused = outcome(|| Reply::status(400, "", INVALID)).await;
    assert!(matches!(refused, VenueError::Refused { status: 400, code: -1100, .. }), "{refused}");
    let moved = outcome(|| Reply::status(302, "location: http://127.0.0.1:1/\r\n", "")).await;
    assert!(matches!(moved, VenueError::Refused { status: 302, .. }), "{moved}");
    let page = outcome(|| Reply::ok(format!("<html>{}</html>", "a".repeat(9_999)))).await;
    assert!(
        matches!(&page, VenueError::Malformed { excerpt, .. } if excerpt.len() == 120),
        "{page}"
    );
    let other = outcome(|| Reply::ok(r#"{"serverTime":"soon"}"#)).await;
    assert!(matches!(other, VenueError::Malformed { .. }), "{other}");
    let endless = outcome(|| Reply::ok(" ".repeat(17 << 20))).await;
    assert!(matches!(endless, VenueError::TooLarge { .. }), "{endless}");
}

#[tokio::test]
async fn a_venue_that_is_not_there_is_named() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let impatient = RestOptions { deadline_ms: 50, ..options() };
    let error = RestClient::new(&url, Market::Spot, impatient).unwrap().ping().await.unwrap_err();
    assert!(matches!(error, VenueError::Unreachable { .. }), "{error}");
    let error = RestClient::new("not an address", Market::Spot, options()).unwrap_err();
    assert!(matches!(error, VenueError::BadUrl { .. }), "{error}");
}

#[tokio::test]
async fn a_ban_is_heeded_without_another_request() {
    let venue = Venue::start(|_, _| Reply::status(418, "retry-after: 120\r\n", "")).await;
    let client = client(&venue);
    let banned = client.time().await.unwrap_err();
    assert_eq!(banned, VenueError::Banned { retry_after_ms: 120_000 });
    for _ in 0..20 {
        let banned = client.ping().await.unwrap_err();
        let VenueError::Banned { retry_after_ms } = banned else { panic!("{banned}") };
        assert!((100_000..=120_000).contains(&retry_after_ms), "{retry_after_ms}");
    }
    assert_eq!(venue.asked().len(), 1);
}

#[tokio::test]
async fn a_limit_is_waited_out_by_all_who_ask() {
    let venue = Venue::start(|n, _| match n {
        0 => Reply::status(429, "retry-after: 1\r\n", ""),
        _ => time(7),
    })
    .await;
    let client = client(&venue);
    let begun = Instant::now();
    assert!(client.time().await.is_ok());
    assert!(begun.elapsed() >= Duration::from_secs(1));

    let venue = Venue::start(|_, _| Reply::status(429, "retry-after: 30\r\n", "")).await;
    let client = RestClient::new(&venue.url, Market::Spot, options()).unwrap();
    let begun = Instant::now();
    for _ in 0..5 {
        let limited = client.time().await.unwrap_err();
        let VenueError::RateLimited { retry_after_ms } = limited else { panic!("{limited}") };
        assert!((25_000..=30_000).contains(&retry_after_ms), "{retry_after_ms}");
    }
    // Nobody asks again before the time, and nobody waits for what can't come in time.
    assert_eq!(venue.asked().len(), 1);
    assert!(begun.elapsed() < Duration::from_secs(1));
}

/// A venue whose minute takes 300 ms, that counts weights and bans whoever passes its limit.
async fn accelerated(limit: u32) -> Venue {
    let begun = Instant::now();
    let used = std::sync::Mutex::new((0, 0));
    Venue::start(move |_, target| {
        let now_ms = begun.elapsed().as_millis() as i64 * 200;
        let mut used = used.lock().unwrap();
        if used.0 != now_ms / 60_000 {
            *used = (now_ms / 60_000, 0);
        }
        let weight = match target.split('?').next().unwrap() {
            "/api/v3/exchangeInfo" => 20,
            "/api/v3/ticker/price" => 4,
            _ => 1,
        };
        used.1 += weight;
        if used.1 > limit {
            return Reply::status(418, "retry-after: 120\r\n", "");
        }
        let counted = format!("X-MBX-USED-WEIGHT-1M: {}\r\n", used.1);
        let body = match weight {
            20 => match info(limit, &[symbol("BTCUSDT", "TRADING")]) {
                Reply::Answer(_, _, body) => body,
                _ => String::new(),
            },
            4 => r#"[{"symbol":"BTCUSDT","price":"2"}]"#.to_owned(),
            _ => format!(r#"{{"serverTime":{now_ms}}}"#),
        };
        Reply::Answer(200, counted, body)
    })
    .await
}

#[tokio::test]
async fn the_venues_limit_is_never_passed() {
    let venue = accelerated(100).await;
    let patient = RestOptions { deadline_ms: 10_000, ..options() };
    let client = std::sync::Arc::new(RestClient::new(&venue.url, Market::Spot, patient).unwrap());
    client.instruments(&[id("BTC/USDT")]).await.unwrap();
    let mut tasks = Vec::new();
    for _ in 0..8 {
        let client = std::sync::Arc::clone(&client);
        tasks.push(tokio::spawn(async move {
            for _ in 0..6 {
                client.prices(&[id("BTC/USDT")]).await.unwrap();
            }
        }));
    }
    for task in tasks {
        task.await.unwrap();
    }
    let asked = venue.asked();
    let useful = asked.iter().filter(|target| target.contains("ticker")).count();
    assert_eq!(useful, 48);
    // Waiting costs a look at the venue's clock now and then, no more.
    assert!(asked.len() < 80, "{}", asked.len());
}

#[tokio::test]
async fn a_full_window_ends_with_the_deadline() {
    // The venue's clock stands still, so its window never ends.
    let venue = Venue::start(|_, target| {
        let counted = "x-mbx-used-weight-1m: 95\r\n".to_owned();
        match target.contains("exchangeInfo") {
            true => info(100, &[]),
            false => Reply::Answer(200, counted, r#"{"serverTime":59000}"#.to_owned()),
        }
    })
    .await;
    let impatient = RestOptions { deadline_ms: 300, ..options() };
    let client = RestClient::new(&venue.url, Market::Spot, impatient).unwrap();
    client.instruments(&[]).await.unwrap();
    client.time().await.unwrap();
    let limited = client.time().await.unwrap_err();
    assert!(matches!(limited, VenueError::RateLimited { .. }), "{limited}");
    assert!(venue.asked().len() < 12);
}
