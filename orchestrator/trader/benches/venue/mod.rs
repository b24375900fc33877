//! A venue on loopback that answers at once what a bench tells it to: what is measured is this side.

use std::sync::Arc;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// What it answers to a path with its query.
pub(crate) type Says = Arc<dyn Fn(&str) -> String + Send + Sync>;

/// Serves, and gives back its address. It tells the time itself.
pub(crate) async fn serve(says: Says) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((socket, _)) = listener.accept().await {
            tokio::spawn(answer(socket, Arc::clone(&says)));
        }
    });
    url
}

#[expect(clippy::disallowed_methods, reason = "a venue tells the time")]
async fn answer(mut socket: TcpStream, says: Says) {
    socket.set_nodelay(true).unwrap();
    let mut read = Vec::new();
    let mut piece = [0; 4_096];
    loop {
        let Ok(count @ 1..) = socket.read(&mut piece).await else { return };
        read.extend_from_slice(&piece[..count]);
        let text = String::from_utf8_lossy(&read);
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let wanted = head.to_ascii_lowercase();
        let length = wanted.lines().find_map(|line| line.strip_prefix("content-length: "));
        if body.len() < length.map_or(0, |length| length.parse().unwrap()) {
            continue;
        }
        let path = head.split(' ').nth(1).unwrap_or_default();
        let content = if path.starts_with("/api/v3/time") {
            let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
            format!("{{\"serverTime\":{}}}", now.as_millis())
        } else {
            says(path)
        };
        let length = content.len();
        let head = format!(
            "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n"
        );
        read.clear();
        if socket.write_all((head + &content).as_bytes()).await.is_err() {
            return;
        }
    }
}
