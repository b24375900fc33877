//! One WebSocket connection as the replay sees it.

use std::collections::BTreeSet;
use std::sync::Arc;

use tokio::sync::Notify;

use crate::faults::sockets::LineFacts;
use crate::queue::Queue;

/// Streams that a connection may subscribe to, Binance's limit.
pub(crate) const MOST_STREAMS: usize = 1024;

/// Messages that wait for a connection, and what it has asked for.
#[derive(Debug)]
pub(crate) struct Listener {
    /// Whether messages are wrapped with their stream's name.
    pub(crate) combined: bool,
    /// Whether it listens to futures.
    pub(crate) perpetual: bool,
    /// All that it has subscribed to, streams that don't exist included, as Binance keeps them.
    pub(crate) streams: BTreeSet<String>,
    /// How many of them exist.
    pub(crate) subscribed: usize,
    pub(crate) facts: LineFacts,
    pub(crate) queue: Queue,
    /// Candle messages queued since it connected.
    pub(crate) sent: u64,
    /// Its connection ends once the queue is sent.
    pub(crate) cut: bool,
    /// It ends with a closing frame.
    pub(crate) is_closed: bool,
    /// Rung when the queue fills, when it is cut, and when it may be its turn to move the market.
    pub(crate) bell: Arc<Notify>,
}

impl Listener {
    pub(crate) fn new(combined: bool, perpetual: bool, facts: LineFacts) -> Self {
        Self {
            combined,
            perpetual,
            streams: BTreeSet::new(),
            subscribed: 0,
            facts,
            queue: Queue::default(),
            sent: 0,
            cut: false,
            is_closed: false,
            bell: Arc::default(),
        }
    }
}
