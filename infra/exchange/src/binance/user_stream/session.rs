//! How a connection to an account's stream comes about and what keeps it open.

use std::sync::Arc;
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use reqwest::Url;
use rustls::ClientConfig;
use secrecy::ExposeSecret;
use serde_json::json;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;

use super::event::{UserFrame, read_frame};
use super::message::Ending;
use crate::binance::error::VenueError;
use crate::binance::signed::error::CallError;
use crate::binance::signed::params;
use crate::binance::signed::verdict::{Market, of_code};
use crate::binance::socket::{self, Socket};
use crate::binance::spot::client::SpotClient;
use crate::binance::usdm::client::UsdmClient;

/// Which account is listened to.
#[derive(Debug, Clone)]
pub(crate) enum Source {
    /// Spot, by the WebSocket API: one signed request subscribes.
    Spot(SpotClient),
    /// Futures, by a listen key in the address.
    Usdm(UsdmClient),
}

impl Source {
    /// Connects and subscribes.
    pub(crate) async fn open(
        &self,
        base: &Url,
        tls: &Arc<ClientConfig>,
        within: Duration,
    ) -> Result<Socket, Ending> {
        match self {
            Self::Spot(client) => {
                let message = client.signed.signed_message().await.map_err(Ending::NotConnected)?;
                // The base ends in a slash, which the WebSocket API's address does not.
                let address = base.as_str().trim_end_matches('/');
                let socket = socket::connect(address, Arc::clone(tls), within).await;
                let mut socket = socket.map_err(Ending::NotConnected)?;
                let method = "userDataStream.subscribe.signature";
                let request = json!({"id": 1, "method": method, "params": message}).to_string();
                let answer = timeout(within, subscribe(&mut socket, request)).await;
                let answer = answer.unwrap_or_else(|_| {
                    let after_ms = within.as_millis() as u64;
                    Err(Ending::NotConnected(VenueError::Timeout { after_ms }))
                });
                if let Err(Ending::NotSubscribed(CallError::Clock { .. })) = &answer {
                    // What comes of it shows at the next try.
                    let _ = client.compare_clocks().await;
                }
                answer.map(|()| socket)
            }
            Self::Usdm(client) => {
                let key = client.open_stream().await.map_err(Ending::NotSubscribed)?;
                let mut address = format!("{base}private/ws/");
                params::encode(key.listen_key.expose_secret(), &mut address);
                let socket = socket::connect(&address, Arc::clone(tls), within).await;
                socket.map_err(|error| {
                    Ending::NotConnected(without(error, key.listen_key.expose_secret()))
                })
            }
        }
    }
}

/// Sends the subscription and waits for its answer.
async fn subscribe(socket: &mut Socket, request: String) -> Result<(), Ending> {
    let closed = || Ending::Closed { detail: "before the subscription's answer".to_owned() };
    socket.send(Message::text(request)).await.map_err(|_| closed())?;
    while let Some(Ok(message)) = socket.next().await {
        let Message::Text(text) = message else { continue };
        match read_frame(&text).map_err(Ending::NotConnected)? {
            UserFrame::Answer { id: 1, status: 200, .. } => return Ok(()),
            UserFrame::Answer { code, message, .. } => {
                return Err(Ending::NotSubscribed(of_code(Market::Spot, code, &message, None)));
            }
            UserFrame::Event(_) => {}
        }
    }
    Err(closed())
}

/// The error without the stream's key, which stands in the address and so might in its words.
fn without(error: VenueError, secret: &str) -> VenueError {
    let clean = |text: String| if text.contains(secret) { "(withheld)".to_owned() } else { text };
    match error {
        VenueError::Unreachable { detail } => VenueError::Unreachable { detail: clean(detail) },
        VenueError::Refused { status, code, message } => {
            VenueError::Refused { status, code, message: clean(message) }
        }
        VenueError::ServerError { status, excerpt } => {
            VenueError::ServerError { status, excerpt: clean(excerpt) }
        }
        VenueError::Firewall { excerpt } => VenueError::Firewall { excerpt: clean(excerpt) },
        error => error,
    }
}
