//! A go-between that spoils the way to the market: it hands requests on and counts those for
//! candles, and fails as told.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// What becomes of a request for candles.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Act {
    /// It is answered.
    Pass,
    /// After a while.
    Wait(Duration),
    /// Half of the answer comes.
    Cut,
    /// The connection ends without an answer.
    HangUp,
    /// This status, and a wish to be left alone for a second.
    Refuse(u16),
}

/// Decides by the request's number, from nought.
type Policy = dyn Fn(usize) -> Act + Send + Sync;

pub(crate) struct GoBetween {
    pub(crate) url: String,
    pub(crate) asked: Arc<Mutex<Vec<String>>>,
}

impl GoBetween {
    /// Before the market at `rest`, an `http://` address.
    pub(crate) fn start(rest: &str, policy: impl Fn(usize) -> Act + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let market = rest.strip_prefix("http://").unwrap().to_owned();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let (policy, log): (Arc<Policy>, _) = (Arc::new(policy), Arc::clone(&asked));
        // Ends with the test's process.
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let (market, policy, log) = (market.clone(), Arc::clone(&policy), Arc::clone(&log));
                // A client that is killed in between is what some tests are about.
                std::thread::spawn(move || serve(client, &market, &*policy, &log).ok());
            }
        });
        Self { url, asked }
    }

    /// The paths of all requests for candles since the last call.
    pub(crate) fn asked(&self) -> Vec<String> {
        std::mem::take(&mut *self.asked.lock().unwrap())
    }
}

fn serve(
    mut client: TcpStream,
    market: &str,
    policy: &Policy,
    log: &Mutex<Vec<String>>,
) -> std::io::Result<()> {
    let mut lines = BufReader::new(client.try_clone()?).lines();
    let request = lines.next().transpose()?.unwrap_or_default();
    while lines.next().transpose()?.is_some_and(|line| !line.is_empty()) {}
    let path = request.split(' ').nth(1).unwrap_or_default().to_owned();
    let act = if path.contains("klines") {
        let mut log = log.lock().unwrap();
        log.push(path.clone());
        policy(log.len() - 1)
    } else {
        Act::Pass
    };
    match act {
        Act::HangUp => return Ok(()),
        Act::Refuse(status) => {
            let body = r#"{"code":-1003,"msg":"enough"}"#;
            let length = body.len();
            return write!(
                client,
                "HTTP/1.1 {status} No\r\nRetry-After: 1\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n{body}"
            );
        }
        Act::Wait(pause) => std::thread::sleep(pause),
        Act::Pass | Act::Cut => {}
    }
    let mut upstream = TcpStream::connect(market)?;
    write!(upstream, "GET {path} HTTP/1.1\r\nHost: market\r\nConnection: close\r\n\r\n")?;
    let mut answer = Vec::new();
    upstream.read_to_end(&mut answer)?;
    let end = if matches!(act, Act::Cut) { answer.len() / 2 } else { answer.len() };
    client.write_all(&answer[..end])
}
