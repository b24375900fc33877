//! A venue of futures on loopback, a real PostgreSQL, and everything in between.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use domain::instrument::InstrumentId;
use futures_util::{SinkExt, StreamExt};
use store::embedded::Embedded;
use store::facts::rows::Kind;
use store::rows::Filter;
use store::store::Store;
use telemetry::metrics::Metrics;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::handshake::server::{Request, Response};

use super::collect::{Collecting, Wanted};

const PATIENCE: Duration = Duration::from_secs(60);

/// The last id that the venue's next snapshot holds.
type Snapshot = Arc<AtomicU64>;

/// Answers questions over HTTP.
async fn rest(snapshot: Snapshot, asked: mpsc::UnboundedSender<String>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((socket, _)) = listener.accept().await {
            tokio::spawn(answer(socket, Arc::clone(&snapshot), asked.clone()));
        }
    });
    url
}

async fn answer(
    mut socket: TcpStream,
    snapshot: Snapshot,
    asked: mpsc::UnboundedSender<String>,
) -> Option<()> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(socket.read_u8().await.ok()?);
    }
    let target = String::from_utf8(head).ok()?.split(' ').nth(1)?.to_owned();
    let path = target.split('?').next()?;
    let body = match path {
        "/fapi/v1/depth" => format!(
            r#"{{"lastUpdateId":{},"bids":[["99","1"],["98","2"]],"asks":[["101","3"]]}}"#,
            snapshot.load(Ordering::SeqCst)
        ),
        "/fapi/v1/trades" => r#"[{"id":7,"price":"100","qty":"2","quoteQty":"200","time":70,
            "isBuyerMaker":true},{"id":8,"price":"101","qty":"1","quoteQty":"101","time":80,
            "isBuyerMaker":false}]"#
            .to_owned(),
        "/fapi/v1/openInterest" => {
            r#"{"symbol":"BTCUSDT","openInterest":"81.5","time":90}"#.to_owned()
        }
        "/futures/data/globalLongShortAccountRatio" => r#"[{"symbol":"BTCUSDT",
            "longShortRatio":"1.8105","longAccount":"0.64","shortAccount":"0.36",
            "timestamp":100}]"#
            .to_owned(),
        "/fapi/v1/fundingRate" => r#"[{"symbol":"BTCUSDT","fundingRate":"-0.0001",
            "fundingTime":110,"markPrice":"100.5"}]"#
            .to_owned(),
        _ => String::new(),
    };
    let status = if body.is_empty() { "404 X" } else { "200 X" };
    let head =
        format!("HTTP/1.1 {status}\r\nconnection: close\r\ncontent-length: {}\r\n\r\n", body.len());
    let _ = asked.send(path.to_owned());
    socket.write_all((head + &body).as_bytes()).await.ok()
}

/// Streams: of books what `updates` brings, of the rest one mark and one liquidation.
async fn streams(updates: mpsc::UnboundedReceiver<String>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("ws://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        let mut updates = Some(updates);
        while let Ok((socket, _)) = listener.accept().await {
            let mut target = String::new();
            #[expect(clippy::result_large_err, reason = "the library's signature")]
            let look = |request: &Request, response: Response| {
                target = request.uri().to_string();
                Ok(response)
            };
            let Ok(socket) = tokio_tungstenite::accept_hdr_async(socket, look).await else {
                continue;
            };
            if target.starts_with("/public/") {
                if let Some(updates) = updates.take() {
                    tokio::spawn(pass_on(socket, updates));
                }
            } else {
                tokio::spawn(tell(socket));
            }
        }
    });
    url
}

async fn pass_on(
    mut socket: WebSocketStream<TcpStream>,
    mut updates: mpsc::UnboundedReceiver<String>,
) {
    while let Some(text) = updates.recv().await {
        let _ = socket.send(Message::text(text)).await;
    }
}

async fn tell(mut socket: WebSocketStream<TcpStream>) {
    for text in [
        r#"{"stream":"btcusdt@markPrice@1s","data":{"e":"markPriceUpdate","E":50,"s":"BTCUSDT",
            "p":"100.5","i":"100.6","P":"100.4","r":"0.0002","T":28800000}}"#,
        r#"{"stream":"btcusdt@forceOrder","data":{"e":"forceOrder","E":60,"o":{"s":"BTCUSDT",
            "S":"SELL","o":"LIMIT","f":"IOC","q":"0.014","p":"99","ap":"98.5","X":"FILLED",
            "l":"0.014","z":"0.014","T":60}}}"#,
    ] {
        let _ = socket.send(Message::text(text)).await;
    }
    while let Some(Ok(_)) = socket.next().await {}
}

fn update(previous: u64, last: u64, bid: &str) -> String {
    format!(
        r#"{{"stream":"btcusdt@depth@500ms","data":{{"e":"depthUpdate","E":{last},"T":{last},
            "s":"BTCUSDT","U":{},"u":{last},"pu":{previous},"b":[["{bid}","5"]],"a":[]}}}}"#,
        previous + 1
    )
}

async fn until(what: &str, mut is_so: impl AsyncFnMut() -> bool) {
    let waiting = async {
        while !is_so().await {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let came = tokio::time::timeout(PATIENCE, waiting).await;
    assert!(came.is_ok(), "{what} does not come about");
}

#[test]
fn all_that_futures_tell_is_in_the_store_and_a_lost_change_costs_no_truth() {
    let folder = tempfile::tempdir().unwrap();
    // Both are installed once per process; a second time changes nothing.
    let _ = rustls::crypto::ring::default_provider().install_default();
    actix::System::new().block_on(async {
        let server = Embedded::start(folder.path()).await.unwrap();
        let store = Store::open(&server.url()).await.unwrap();
        store.migrate().await.unwrap();
        let metrics = Arc::new(Metrics::new("test"));
        let snapshot = Snapshot::new(AtomicU64::new(10));
        let (asked, mut questions) = mpsc::unbounded_channel();
        let (changes, updates) = mpsc::unbounded_channel();
        let instrument: InstrumentId = "BTC/USDT:USDT".parse().unwrap();
        let wanted = Wanted {
            rest_url: rest(Arc::clone(&snapshot), asked).await,
            stream_url: streams(updates).await,
            instruments: vec![instrument],
            limits: Vec::new(),
        };
        let collecting = Collecting::start(wanted, &store, &metrics).await.unwrap();
        let all = Filter::default();
        changes.send(update(10, 12, "100")).unwrap();
        let books = async || store.order_books(&all).await.unwrap();
        until("the book", async || books().await.iter().any(|row| row.last_update_id == 12)).await;
        // What came between 12 and 20 is lost: the next snapshot holds it.
        snapshot.store(21, Ordering::SeqCst);
        changes.send(update(20, 22, "99.5")).unwrap();
        until("the new book", async || books().await.iter().any(|row| row.last_update_id == 22))
            .await;
        until("the rest", async || store.fact_counts().await.unwrap().len() == 7).await;
        collecting.stop().await;

        let found = books().await;
        let (first, last) = (&found[0], found.last().unwrap());
        assert_eq!(first.bid_prices[0].to_string(), "100");
        assert_eq!((first.bid_volume_base, first.spread_quote), (8.into(), 1.into()));
        // The bid of 100 came before the snapshot, which does not have it.
        assert_eq!(last.bid_prices[0].to_string(), "99.5");
        assert_eq!(metrics.book_gaps.get(), 1);
        let ids: Vec<_> = store.public_trades(&all).await.unwrap();
        assert_eq!(ids.iter().map(|row| row.venue_trade_id).collect::<Vec<_>>(), [7, 8]);
        let funding = store.funding_rates(&all).await.unwrap();
        assert_eq!(funding[0].rate_ratio.to_string(), "-0.0001");
        let marks = store.mark_prices(&all).await.unwrap();
        assert_eq!((marks[0].mark.to_string().as_str(), marks[0].at.ms()), ("100.5", 50));
        let forced = store.liquidations(&all).await.unwrap();
        assert_eq!(forced[0].price.to_string(), "98.5");
        let lost: u64 = Kind::ALL.iter().map(|kind| metrics.facts_lost.of(kind.name()).get()).sum();
        assert_eq!(lost, 0);
        assert!(questions.recv().await.is_some());
        store.close().await;
        server.stop().await.unwrap();
    });
}
