//! The task that reads the stream for the collector's actor.

use std::sync::Arc;
use std::time::Duration;

use actix::Addr;
use domain::time::UtcMs;
use exchange::binance::message::StreamMessage;
use exchange::binance::rest::RestClient;
use tokio::sync::mpsc;

use crate::market::actor::{Ask, Clock, Heard, Market};

/// Messages that are handed on together.
const PARCEL: usize = 512;
/// After this long without a message, the venue's clock is asked instead.
const SILENCE: Duration = Duration::from_secs(3);
/// How often a full collector is asked whether there is room again.
const PATIENCE: Duration = Duration::from_millis(1);

/// Reads the stream into the actor until either is gone. A collector without room stops the
/// reading, which stops the venue: nothing is dropped.
pub async fn read(
    mut messages: mpsc::Receiver<StreamMessage>,
    market: Addr<Market>,
    rest: Arc<RestClient>,
) {
    let mut parcel = Vec::with_capacity(PARCEL);
    loop {
        match tokio::time::timeout(SILENCE, messages.recv_many(&mut parcel, PARCEL)).await {
            Ok(0) => return,
            Ok(_) => {
                let Ok(mut room) = market.send(Heard(std::mem::take(&mut parcel))).await else {
                    return;
                };
                while !room {
                    tokio::time::sleep(PATIENCE).await;
                    let Ok(state) = market.send(Ask { settled_to: UtcMs::default() }).await else {
                        return;
                    };
                    room = state.room;
                }
            }
            Err(_) => match rest.time().await {
                Ok(time) => {
                    if market.send(Clock(time)).await.is_err() {
                        return;
                    }
                }
                Err(error) => {
                    tracing::warn!(%error, "the stream is silent and the venue does not answer")
                }
            },
        }
    }
}
