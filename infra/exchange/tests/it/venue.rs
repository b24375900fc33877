//! A venue on loopback that answers as a test tells it to, down to the bytes.

use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// What the venue does with a request.
pub(crate) enum Reply {
    /// Answers properly: status, further header lines, body.
    Answer(u16, String, String),
    /// Promises more bytes than it sends.
    CutOff(String),
    /// Sends these bytes and closes.
    Raw(Vec<u8>),
    /// Resets the connection.
    Reset,
    /// Never answers.
    Hang,
}

impl Reply {
    pub(crate) fn ok(body: impl Into<String>) -> Self {
        Self::Answer(200, String::new(), body.into())
    }

    pub(crate) fn status(status: u16, headers: &str, body: &str) -> Self {
        Self::Answer(status, headers.to_owned(), body.to_owned())
    }
}

/// A request as it came.
#[derive(Debug, Clone)]
pub(crate) struct Received {
    pub(crate) method: String,
    /// Path and query, decoded.
    pub(crate) target: String,
    /// The header lines, in small letters.
    pub(crate) headers: String,
    pub(crate) body: String,
}

/// A running venue, and what it was asked.
pub(crate) struct Venue {
    pub(crate) url: String,
    asked: Arc<Mutex<Vec<Received>>>,
}

impl Venue {
    /// Starts a venue that asks `answer` what to do with the nth request (from nought) and its
    /// target.
    pub(crate) async fn start(
        answer: impl Fn(usize, &str) -> Reply + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let asked = Arc::new(Mutex::new(Vec::new()));
        let answer = Arc::new(answer);
        let log = Arc::clone(&asked);
        tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                tokio::spawn(serve(socket, Arc::clone(&answer), Arc::clone(&log)));
            }
        });
        Self { url, asked }
    }

    pub(crate) fn asked(&self) -> Vec<String> {
        self.received().into_iter().map(|request| request.target).collect()
    }

    pub(crate) fn received(&self) -> Vec<Received> {
        self.asked.lock().unwrap().clone()
    }
}

async fn serve(
    mut socket: TcpStream,
    answer: Arc<impl Fn(usize, &str) -> Reply>,
    log: Arc<Mutex<Vec<Received>>>,
) {
    let Some(request) = read_request(&mut socket).await else { return };
    let target = request.target.clone();
    let n = {
        let mut log = log.lock().unwrap();
        log.push(request);
        log.len() - 1
    };
    let head = |status: u16, headers: &str, length: usize| {
        format!(
            "HTTP/1.1 {status} X\r\nconnection: close\r\n{headers}content-length: {length}\r\n\r\n"
        )
    };
    let bytes = match answer(n, &target) {
        Reply::Answer(status, headers, body) => {
            (head(status, &headers, body.len()) + &body).into_bytes()
        }
        Reply::CutOff(body) => (head(200, "", body.len() + 100) + &body).into_bytes(),
        Reply::Raw(bytes) => bytes,
        Reply::Reset => {
            socket.set_zero_linger().unwrap();
            return;
        }
        Reply::Hang => std::future::pending().await,
    };
    let _ = socket.write_all(&bytes).await;
    let _ = socket.shutdown().await;
}

async fn read_request(socket: &mut TcpStream) -> Option<Received> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(socket.read_u8().await.ok()?);
    }
    let head = String::from_utf8(head).ok()?;
    let (first, headers) = head.split_once("\r\n")?;
    let mut words = first.split(' ');
    let (method, target) = (words.next()?.to_owned(), words.next()?);
    let headers = headers.to_lowercase();
    let length = headers.lines().find_map(|line| line.strip_prefix("content-length: "));
    let mut body = vec![0; length.map_or(Some(0), |length| length.trim().parse().ok())?];
    socket.read_exact(&mut body).await.ok()?;
    let plain = [("%5B", "["), ("%5D", "]"), ("%22", "\""), ("%2C", ",")];
    let target = plain.iter().fold(target.to_owned(), |text, (code, c)| text.replace(code, c));
    Some(Received { method, target, headers, body: String::from_utf8(body).ok()? })
}
