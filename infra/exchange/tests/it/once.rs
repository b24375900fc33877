//! An order leaves once, whatever comes of it, and doubt is told apart from refusal.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use exchange::binance::error::VenueError;
use exchange::binance::signed::error::CallError;
use exchange::binance::spot::client::SpotClient;
use futures_util::future::join_all;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use crate::account::{
    KEY, SECRET, asked, btc, keys, options, order, perpetual, spot, time, usdm, venue,
};
use crate::venue::Reply;

type Doubt = (&'static str, fn() -> Reply);

/// What the venue may do with an order that leaves us in doubt.
fn doubtful() -> Vec<Doubt> {
    vec![
        ("no answer", || Reply::Hang),
        ("a reset", || Reply::Reset),
        ("a connection closed", || Reply::Raw(Vec::new())),
        ("a truncated answer", || Reply::CutOff(r#"{"symbol":"BTCUSDT","ord"#.to_owned())),
        ("truncated JSON", || Reply::ok(r#"{"symbol":"BTCUSDT","orderId":12,"cli"#)),
        ("another page", || Reply::ok("<html>hello</html>")),
        ("an answer of another kind", || Reply::ok("{}")),
        ("no HTTP", || Reply::Raw(b"SSH-2.0-OpenSSH\r\n".to_vec())),
        ("a redirect", || Reply::status(302, "location: /elsewhere\r\n", "")),
        ("status unknown", || {
            let body = r#"{"code":-1007,"msg":"Timeout waiting for response from backend server. Send status unknown; execution status unknown."}"#;
            Reply::status(408, "", body)
        }),
        ("an unexpected response", || {
            Reply::status(400, "", r#"{"code":-1006,"msg":"Execution status unknown."}"#)
        }),
        ("a failure of its own", || Reply::status(503, "", "unavailable")),
        ("a bad gateway", || Reply::status(502, "", "<html>")),
    ]
}

#[tokio::test]
async fn an_order_in_doubt_is_ambiguous_and_is_sent_once() {
    let trials = doubtful().into_iter().map(|(what, reply)| async move {
        let venue = venue(move |_| reply()).await;
        let error = spot(&venue).place(&order()).await.unwrap_err();
        assert!(matches!(error, CallError::Ambiguous { .. }), "{what}: {error}");
        assert!(!error.nothing_done(), "{what}");
        // Time for whoever might send it again.
        tokio::time::sleep(std::time::Duration::from_millis(30)).await;
        assert_eq!(asked(&venue).len(), 1, "{what}");
    });
    join_all(trials).await;
}

#[tokio::test]
async fn a_cancel_in_doubt_is_ambiguous_and_a_question_is_asked_again() {
    let flaky = venue(|n| match n {
        0 => Reply::Reset,
        1 => Reply::status(503, "", ""),
        2 => Reply::CutOff("[".to_owned()),
        3 => Reply::ok("[]"),
        _ => Reply::Reset,
    })
    .await;
    let client = spot(&flaky);
    assert_eq!(client.open_orders(Some(btc())).await, Ok(Vec::new()));
    assert_eq!(asked(&flaky).len(), 4);
    let error = client.cancel(btc(), "x").await.unwrap_err();
    assert!(matches!(error, CallError::Ambiguous { .. }), "{error}");
    assert_eq!(asked(&flaky).len(), 5);
}

#[tokio::test]
async fn what_certainly_did_nothing_is_told_apart() {
    let refused = |code: i64, words: &str| format!(r#"{{"code":{code},"msg":"{words}"}}"#);
    let insufficient = refused(-2010, "Account has insufficient balance for requested action.");
    let duplicate = refused(-2010, "Duplicate order sent.");
    let key = refused(-2015, "Invalid API-key, IP, or permissions for action.");
    let venue = venue(move |n| match n {
        0 => Reply::status(400, "", &insufficient),
        1 => Reply::status(400, "", &duplicate),
        2 => Reply::status(401, "", &key),
        3 => Reply::status(403, "", "<html>"),
        _ => Reply::status(451, "", ""),
    })
    .await;
    let client = spot(&venue);
    let mut errors = Vec::new();
    for _ in 0..5 {
        errors.push(client.place(&order()).await.unwrap_err());
    }
    assert!(matches!(errors[0], CallError::Rejected { code: -2010, .. }), "{}", errors[0]);
    assert!(matches!(errors[1], CallError::Duplicate { .. }), "{}", errors[1]);
    assert!(matches!(errors[2], CallError::Unauthorised { code: -2015, .. }), "{}", errors[2]);
    assert!(matches!(errors[3], CallError::NotSent(VenueError::Firewall { .. })), "{}", errors[3]);
    assert_eq!(errors[4], CallError::NotSent(VenueError::NotServed));
    let certain: Vec<_> = errors.iter().map(CallError::nothing_done).collect();
    assert_eq!(certain, [true, false, true, true, true]);
    assert_eq!(asked(&venue).len(), 5);
    // Nobody listens there.
    let nowhere = SpotClient::new("http://127.0.0.1:1", keys(), options()).unwrap();
    let error = nowhere.place(&order()).await.unwrap_err();
    assert!(matches!(error, CallError::NotSent(VenueError::Unreachable { .. })), "{error}");
}

/// A connection that is kept and then closed under the next request: libraries like to send that
/// request again on another connection.
#[tokio::test]
async fn a_kept_connection_that_dies_under_an_order_sends_it_once() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let orders = Arc::new(AtomicUsize::new(0));
    let seen = Arc::clone(&orders);
    tokio::spawn(async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            let seen = Arc::clone(&seen);
            tokio::spawn(async move {
                let mut buffer = vec![0; 4_096];
                while let Ok(n @ 1..) = socket.read(&mut buffer).await {
                    if buffer[..n].starts_with(b"POST") {
                        seen.fetch_add(1, Ordering::SeqCst);
                        return;
                    }
                    let Reply::Answer(_, _, body) = time() else { return };
                    let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", body.len());
                    let _ = socket.write_all((head + &body).as_bytes()).await;
                }
            });
        }
    });
    let client = SpotClient::new(&url, keys(), options()).unwrap();
    for n in 1..=5 {
        client.compare_clocks().await.unwrap();
        let error = client.place(&order()).await.unwrap_err();
        assert!(matches!(error, CallError::Ambiguous { .. }), "{error}");
        assert_eq!(orders.load(Ordering::SeqCst), n);
    }
}

#[tokio::test]
async fn no_failure_tells_the_key_the_secret_or_the_signature() {
    let trials = doubtful().into_iter().map(|(_, reply)| async move {
        let venue = venue(move |_| reply()).await;
        let (spot, usdm) = (spot(&venue), usdm(&venue));
        let mut told = format!("{spot:?} {usdm:?}");
        let error = spot.place(&order()).await.unwrap_err();
        told += &format!("{error} {error:?}");
        let error = spot.order(btc(), "x").await.unwrap_err();
        told += &format!("{error} {error:?}");
        let error = usdm.positions(Some(perpetual())).await.unwrap_err();
        told += &format!("{error} {error:?}");
        for request in asked(&venue) {
            let text = format!("{}{}", request.target, request.body);
            let (_, signature) = text.split_once("signature=").unwrap();
            assert!(!told.contains(signature), "{told}");
        }
        told
    });
    let mut told = join_all(trials).await.concat();
    // What the HTTP library says of a venue that is not there begins with the whole address.
    let nowhere = SpotClient::new("http://127.0.0.1:1", keys(), options()).unwrap();
    for error in [
        nowhere.place(&order()).await.unwrap_err(),
        nowhere.order(btc(), "x").await.unwrap_err(),
        nowhere.account().await.unwrap_err(),
    ] {
        told += &format!("{error} {error:?} {error:#?}");
    }
    assert!(!told.contains("signature="), "{told}");
    assert!(!told.contains(KEY) && !told.contains(SECRET), "{told}");
    assert!(!told.contains("timestamp="), "{told}");
}
