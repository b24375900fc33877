//! The making of a web socket, and the words of its end.

use std::sync::Arc;
use std::time::Duration;

use rustls::ClientConfig;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Error;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, WebSocketConfig};
use tokio_tungstenite::{
    Connector, MaybeTlsStream, WebSocketStream, connect_async_tls_with_config,
};

use super::error::{VenueError, excerpt, retry_after_ms};

/// A kline event has some 300 bytes; beyond this a frame is an attack or a mistake.
const MAX_FRAME_BYTES: usize = 1 << 20;

pub(crate) type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// Connects to `address`, or says what kept it from doing so.
pub(crate) async fn connect(
    address: &str,
    tls: Arc<ClientConfig>,
    within: Duration,
) -> Result<Socket, VenueError> {
    let limits = WebSocketConfig::default()
        .max_message_size(Some(MAX_FRAME_BYTES))
        .max_frame_size(Some(MAX_FRAME_BYTES));
    let connector = Some(Connector::Rustls(tls));
    let connecting = connect_async_tls_with_config(address, Some(limits), true, connector);
    match timeout(within, connecting).await {
        Err(_) => Err(VenueError::Timeout { after_ms: within.as_millis() as u64 }),
        Ok(Ok((socket, _))) => Ok(socket),
        Ok(Err(Error::Http(response))) => {
            let pause_ms = retry_after_ms(response.headers());
            let body = response.body().as_deref().unwrap_or_default();
            Err(VenueError::of_status(response.status().as_u16(), pause_ms, body))
        }
        Ok(Err(error)) => {
            Err(VenueError::Unreachable { detail: excerpt(error.to_string().as_bytes()) })
        }
    }
}

/// Why the venue closed a connection, in its words.
pub(crate) fn farewell(frame: Option<CloseFrame>) -> String {
    frame.map_or_else(
        || "no reason given".to_owned(),
        |f| excerpt(format!("{} {}", u16::from(f.code), f.reason).as_bytes()),
    )
}

/// How a connection broke, in the library's words.
pub(crate) fn breakage(error: &Error) -> String {
    excerpt(error.to_string().as_bytes())
}
