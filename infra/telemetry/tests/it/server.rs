//! The endpoints over real HTTP.

use crate::repository::promtool;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::Stdio;
use std::sync::Arc;
use telemetry::metrics::Metrics;
use telemetry::readiness::Readiness;
use telemetry::server::{Server, ServerError};

const ANY: &str = "127.0.0.1:0";

fn start(readiness: Readiness) -> (Server, Arc<Metrics>) {
    let metrics = Arc::new(Metrics::new("1.2.3"));
    let server = Server::start(ANY.parse().unwrap(), Arc::clone(&metrics), readiness).unwrap();
    (server, metrics)
}

/// Status code and body.
fn get(address: SocketAddr, path: &str) -> (u16, String) {
    let mut stream = TcpStream::connect(address).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    (status, body.to_owned())
}

fn json(address: SocketAddr, path: &str) -> (u16, serde_json::Value) {
    let (status, body) = get(address, path);
    (status, serde_json::from_str(&body).unwrap())
}

#[test]
fn metrics_show_what_was_counted() {
    let (server, metrics) = start(Readiness::expecting(&[]));
    metrics.candles_read.of("1m").inc_by(3);
    metrics.denials.of("max_heat").inc();
    metrics.equity_quote.set(1012.5);
    metrics.decision_seconds.observe(0.000_02);

    let (status, text) = get(server.address(), "/metrics");
    assert_eq!(status, 200);
    for line in [
        "sextant_candles_read_total{timeframe=\"1m\"} 3",
        "sextant_denials_total{reason=\"max_heat\"} 1",
        "sextant_equity_quote 1012.5",
        "sextant_watermark_to_decision_seconds_bucket{le=\"0.000025\"} 1",
        "sextant_build_info{version=\"1.2.3\"} 1",
        "sextant_win_ratio NaN",
    ] {
        assert!(text.lines().any(|found| found == line), "{line} is not in\n{text}");
    }
    #[cfg(target_os = "linux")]
    assert!(text.contains("process_resident_memory_bytes"));
    server.stop();
}

#[test]
fn alive_is_not_ready() {
    let readiness = Readiness::expecting(&["store", "streams"]);
    let (server, _) = start(readiness.clone());
    let (status, alive) = json(server.address(), "/healthz");
    assert_eq!((status, &alive["status"]), (200, &"alive".into()));

    readiness.ready("streams");
    readiness.not_ready("store", "connection refused");
    let (status, report) = json(server.address(), "/readyz");
    assert_eq!(status, 503);
    let expected = serde_json::json!({ "ready": false, "checks": {
        "store": { "ready": false, "reason": "connection refused" },
        "streams": { "ready": true },
    }});
    assert_eq!(report, expected);

    readiness.ready("store");
    assert_eq!(json(server.address(), "/readyz").0, 200);
    assert_eq!(get(server.address(), "/nothing").0, 404);
}

#[test]
fn a_taken_port_is_named_with_what_to_do() {
    let held = TcpListener::bind(ANY).unwrap();
    let address = held.local_addr().unwrap();
    let metrics = Arc::new(Metrics::new("1.2.3"));
    let error = Server::start(address, metrics, Readiness::expecting(&[])).unwrap_err();
    assert!(matches!(error, ServerError::AddressInUse(_)), "{error:?}");
    let text = error.to_string();
    assert!(text.contains(&address.to_string()) && text.contains("SEXTANT_METRICS_ADDR"), "{text}");
}

#[test]
fn stopping_frees_the_port_although_a_client_stays() {
    let (server, metrics) = start(Readiness::expecting(&[]));
    let address = server.address();
    let mut idle = TcpStream::connect(address).unwrap();
    write!(idle, "GET /healthz HTTP/1.1\r\nHost: test\r\n\r\n").unwrap();
    let mut answer = [0; 16];
    idle.read_exact(&mut answer).unwrap();
    server.stop();
    Server::start(address, metrics, Readiness::expecting(&[])).unwrap().stop();
}

#[test]
fn it_starts_inside_a_runtime() {
    actix_web::rt::System::new().block_on(async {
        let (server, _) = start(Readiness::expecting(&[]));
        assert_eq!(get(server.address(), "/healthz").0, 200);
        server.stop();
    });
}

#[test]
fn promtool_finds_nothing_to_blame() {
    let metrics = Metrics::new("1.2.3");
    metrics.candles_read.of("1m").inc();
    metrics.candle_last_close.of("BTC/USDT").set(1.7e9);
    let Some(mut promtool) = promtool() else { return };
    let mut child = promtool
        .args(["check", "metrics"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(&metrics.render().unwrap()).unwrap();
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && said.trim().is_empty(), "{said}");
}
