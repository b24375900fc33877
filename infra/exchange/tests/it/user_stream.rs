//! Streams of accounts against venues that end, refuse, stay silent and let keys die.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use domain::order::{OrderEvent, Role};
use exchange::binance::handle::StreamHandle;
use exchange::binance::signed::error::CallError;
use exchange::binance::user_stream::event::UserEvent;
use exchange::binance::user_stream::message::{Ending, UserMessage};
use exchange::binance::user_stream::stream::{UserStream, UserStreamOptions};
use futures_util::StreamExt;
use tokio::net::TcpListener;
use tokio::sync::mpsc::Receiver;
use tokio::time::timeout;
use tokio_tungstenite::accept_hdr_async;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::handshake::server::{Request, Response};

use crate::account::{asked, btc, keys, name, perpetual, spot, usdm, venue};
use crate::stream_venue::{Socket, say, stay, venue as stream_venue};
use crate::venue::{Reply, Venue};

type Running = (StreamHandle, Receiver<UserMessage>);

/// Impatient, so that tests are quick.
fn options() -> UserStreamOptions {
    UserStreamOptions {
        connect_timeout_ms: 500,
        backoff_base_ms: 2,
        backoff_max_ms: 10,
        ..UserStreamOptions::default()
    }
}

async fn next(running: &mut Running) -> UserMessage {
    let next = timeout(Duration::from_secs(5), running.1.recv()).await;
    next.expect("a message in time").expect("the stream goes on")
}

async fn ending(running: &mut Running) -> Ending {
    loop {
        match next(running).await {
            UserMessage::Disconnected { reason } => return reason,
            UserMessage::Connected | UserMessage::CaughtUp | UserMessage::Event(_) => {}
            UserMessage::Malformed { error } => panic!("{error}"),
        }
    }
}

fn report(name: &str, execution: &str, status: &str, fill: &str) -> String {
    format!(
        r#"{{"subscriptionId":0,"event":{{"e":"executionReport","E":20,"s":"BTCUSDT","c":"{name}",
        "S":"BUY","o":"MARKET","f":"GTC","q":"0.5","p":"0","P":"0","g":-1,"C":"","x":"{execution}",
        "X":"{status}","r":"NONE","i":7,{fill},"T":19,"m":false}}}}"#
    )
}

/// Reads the subscription and checks its signature.
async fn subscription(socket: &mut Socket) {
    let Some(Ok(Message::Text(text))) = socket.next().await else { panic!("no subscription") };
    let request: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(request["method"], "userDataStream.subscribe.signature");
    let params = request["params"].as_object().unwrap();
    let text = |name: &str| {
        let value = &params[name];
        value.as_str().map_or_else(|| value.to_string(), str::to_owned)
    };
    let names = ["apiKey", "recvWindow", "timestamp"];
    let signed = names.map(|name| format!("{name}={}", text(name))).join("&");
    assert_eq!(params.len(), 4);
    assert_eq!(text("signature"), keys().sign(&signed));
}

async fn accepted(socket: &mut Socket) {
    subscription(socket).await;
    say(socket, r#"{"id":1,"status":200,"result":{"subscriptionId":0}}"#).await;
}

#[tokio::test]
async fn spot_subscribes_by_signature_and_tells_fills() {
    let ws = stream_venue(|_, mut socket| async move {
        accepted(&mut socket).await;
        let ours = name(Role::Entry).to_string();
        say(&mut socket, report(&ours, "NEW", "NEW", r#""l":"0","z":"0","L":"0","t":-1"#)).await;
        let fill = r#""l":"0.5","z":"0.5","L":"60000.5","n":"0.03","N":"BNB","t":4"#;
        say(&mut socket, report(&ours, "TRADE", "FILLED", fill)).await;
        let fill = r#""l":"0.5","z":"0.5","L":"0","t":5"#;
        say(&mut socket, report(&ours, "TRADE", "FILLED", fill)).await;
        say(&mut socket, report(&ours, "TRADE", "FILLED", r#""l":"much""#)).await;
        say(&mut socket, r#"{"subscriptionId":0,"event":{"e":"brandNew","E":1}}"#).await;
        say(&mut socket, r#"{"subscriptionId":0,"event":{"e":"eventStreamTerminated","E":1}}"#)
            .await;
        stay(socket).await;
    })
    .await;
    let rest = venue(|_| Reply::ok("{}")).await;
    let mut running = UserStream::spot(&spot(&rest), &ws, options()).unwrap();
    assert_eq!(next(&mut running).await, UserMessage::Connected);
    let mut reports = Vec::new();
    for _ in 0..3 {
        let UserMessage::Event(UserEvent::Order(update)) = next(&mut running).await else {
            panic!("no order event")
        };
        assert!(update.report(perpetual()).is_ok(), "the venue spells both alike");
        reports.push(update.report(btc()).unwrap());
    }
    assert_eq!(reports[0].as_ref().map(|r| &r.event), Some(&OrderEvent::Accepted));
    let Some(OrderEvent::Filled(fill)) = reports[1].as_ref().map(|r| &r.event) else {
        panic!("{reports:?}")
    };
    assert_eq!((fill.venue_fill_id, fill.fee_asset.as_str()), (4, "BNB"));
    assert_eq!((fill.price, fill.quantity), ("60000.5".parse().unwrap(), "0.5".parse().unwrap()));
    assert_eq!(reports[2], None, "an execution without its price is no fill");
    assert!(matches!(next(&mut running).await, UserMessage::Malformed { .. }));
    let unknown = UserEvent::Unknown { event: "brandNew".to_owned() };
    assert_eq!(next(&mut running).await, UserMessage::Event(unknown));
    let ended = Ending::Ended { event: "eventStreamTerminated".to_owned() };
    assert_eq!(ending(&mut running).await, ended);
    assert_eq!(next(&mut running).await, UserMessage::Connected, "and it comes back");
}

#[tokio::test]
async fn a_refused_subscription_is_named_and_a_late_clock_is_compared() {
    let ws = stream_venue(|n, mut socket| async move {
        subscription(&mut socket).await;
        let code = if n == 0 { -1021 } else { -2015 };
        let refusal = format!(r#"{{"id":1,"status":400,"error":{{"code":{code},"msg":"no"}}}}"#);
        say(&mut socket, refusal).await;
        stay(socket).await;
    })
    .await;
    let rest = venue(|_| Reply::ok("{}")).await;
    let client = spot(&rest);
    client.compare_clocks().await.unwrap();
    let compared = rest.received().len();
    let mut running = UserStream::spot(&client, &ws, options()).unwrap();
    let late = ending(&mut running).await;
    assert!(matches!(late, Ending::NotSubscribed(CallError::Clock { .. })), "{late}");
    assert!(rest.received().len() > compared);
    let refused = ending(&mut running).await;
    assert!(matches!(refused, Ending::NotSubscribed(CallError::Unauthorised { .. })), "{refused}");
}

#[tokio::test]
async fn a_stream_without_a_sign_of_life_is_given_up_and_one_with_pongs_is_not() {
    let ws = stream_venue(|n, mut socket| async move {
        accepted(&mut socket).await;
        if n == 0 {
            // Half open: nobody reads, nobody answers.
            std::future::pending::<()>().await;
        }
        stay(socket).await;
    })
    .await;
    let rest = venue(|_| Reply::ok("{}")).await;
    let options = UserStreamOptions {
        ping_every_ms: 20,
        give_up_after_ms: 120,
        rotate_after_ms: 400,
        ..options()
    };
    let mut running = UserStream::spot(&spot(&rest), &ws, options).unwrap();
    assert!(matches!(ending(&mut running).await, Ending::Silent { .. }));
    assert_eq!(ending(&mut running).await, Ending::Rotated, "pongs are signs");
}

/// A venue of futures: hands out `key0`, `key1`, … and streams; tells which paths were opened.
async fn futures_stream(
    script: impl Fn(usize) -> Option<&'static str> + Send + Sync + 'static,
) -> (String, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("ws://{}", listener.local_addr().unwrap());
    let paths = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&paths);
    tokio::spawn(async move {
        let mut n = 0;
        while let Ok((socket, _)) = listener.accept().await {
            let mut path = String::new();
            #[expect(clippy::result_large_err, reason = "the library's own signature")]
            let callback = |request: &Request, response: Response| {
                path = request.uri().to_string();
                Ok(response)
            };
            let Ok(mut socket) = accept_hdr_async(socket, callback).await else { continue };
            log.lock().unwrap().push(path);
            let text = script(n);
            n += 1;
            tokio::spawn(async move {
                if let Some(text) = text {
                    say(&mut socket, text).await;
                }
                stay(socket).await;
            });
        }
    });
    (url, paths)
}

async fn futures_rest(renewed: impl Fn(usize) -> Reply + Send + Sync + 'static) -> Venue {
    let opened = Mutex::new(0);
    let renewals = Mutex::new(0);
    let count = |counter: &Mutex<usize>| {
        let mut n = counter.lock().unwrap();
        *n += 1;
        *n - 1
    };
    // The stand-in tells apart by the order in which requests come: a key is opened first.
    let next_is_open = Mutex::new(true);
    venue(move |_| {
        let mut open = next_is_open.lock().unwrap();
        if *open {
            *open = false;
            return Reply::ok(format!(r#"{{"listenKey":"key{}"}}"#, count(&opened)));
        }
        let reply = renewed(count(&renewals));
        *open = matches!(&reply, Reply::Answer(400, ..));
        reply
    })
    .await
}

#[tokio::test]
async fn a_listen_key_is_renewed_and_replaced_where_the_venue_lost_it() {
    let (ws, paths) = futures_stream(|_| None).await;
    let gone = r#"{"code":-1125,"msg":"This listenKey does not exist."}"#;
    let rest = futures_rest(move |n| match n {
        0 => Reply::ok("{}"),
        1 => Reply::status(400, "", gone),
        _ => Reply::ok("{}"),
    })
    .await;
    let options = UserStreamOptions { renew_every_ms: 40, ..options() };
    let mut running = UserStream::usdm(&usdm(&rest), &ws, options).unwrap();
    assert_eq!(next(&mut running).await, UserMessage::Connected);
    let dead = ending(&mut running).await;
    assert!(matches!(dead, Ending::NotRenewed(CallError::Rejected { code: -1125, .. })), "{dead}");
    assert_eq!(next(&mut running).await, UserMessage::Connected);
    assert_eq!(*paths.lock().unwrap(), ["/private/ws/key0", "/private/ws/key1"]);
    let asked: Vec<_> = asked(&rest).into_iter().take(4).collect();
    let methods: Vec<_> = asked.iter().map(|request| request.method.as_str()).collect();
    assert_eq!(methods, ["POST", "PUT", "PUT", "POST"]);
    assert!(asked.iter().all(|request| request.target == "/fapi/v1/listenKey"));
    assert!(
        asked.iter().all(|r| !r.body.contains("signature") && r.headers.contains("x-mbx-apikey"))
    );
}

#[tokio::test]
async fn a_renewal_that_fails_for_a_while_does_not_end_the_stream() {
    let (ws, _paths) = futures_stream(|_| None).await;
    let rest = futures_rest(|n| match n {
        0..3 => Reply::status(503, "", ""),
        _ => Reply::ok("{}"),
    })
    .await;
    let options = UserStreamOptions { renew_every_ms: 100, ..options() };
    let mut running = UserStream::usdm(&usdm(&rest), &ws, options.clone()).unwrap();
    assert_eq!(next(&mut running).await, UserMessage::Connected);
    let quiet = timeout(Duration::from_millis(400), running.1.recv()).await;
    assert!(quiet.is_err(), "{quiet:?}");
    assert!(asked(&rest).len() >= 5);
    // For too long, it does: the key is dead by then.
    let rest = futures_rest(|_| Reply::status(503, "", "")).await;
    let options = UserStreamOptions { key_life_ms: 150, ..options };
    let mut running = UserStream::usdm(&usdm(&rest), &ws, options).unwrap();
    let dead = ending(&mut running).await;
    assert!(matches!(dead, Ending::NotRenewed(CallError::Ambiguous { .. })), "{dead}");
}

#[tokio::test]
async fn an_expired_key_ends_the_stream_which_comes_back_with_another() {
    let expired = r#"{"e":"listenKeyExpired","E":1,"listenKey":"key0"}"#;
    let (ws, paths) = futures_stream(move |n| (n == 0).then_some(expired)).await;
    let opened = Mutex::new(0);
    let rest = venue(move |_| {
        let mut n = opened.lock().unwrap();
        *n += 1;
        Reply::ok(format!(r#"{{"listenKey":"key{}"}}"#, *n - 1))
    })
    .await;
    let mut running = UserStream::usdm(&usdm(&rest), &ws, options()).unwrap();
    assert_eq!(ending(&mut running).await, Ending::Ended { event: "listenKeyExpired".to_owned() });
    assert_eq!(next(&mut running).await, UserMessage::Connected);
    assert_eq!(*paths.lock().unwrap(), ["/private/ws/key0", "/private/ws/key1"]);
}

#[tokio::test]
async fn the_streams_key_is_not_told() {
    let rest = venue(|_| Reply::ok(r#"{"listenKey":"hushKey77"}"#)).await;
    let client = usdm(&rest);
    for url in ["ws://127.0.0.1:1", "ws://nowhere.invalid", "wss://127.0.0.1:1"] {
        let mut running = UserStream::usdm(&client, url, options()).unwrap();
        let ending = ending(&mut running).await;
        let told = format!("{ending} {ending:?}");
        assert!(!told.contains("hushKey77"), "{told}");
    }
}
