//! What our own client hears of its account.

use std::time::Duration;

use domain::instrument::InstrumentId;
use domain::order::OrderEvent;
use exchange::binance::error::VenueError;
use exchange::binance::handle::StreamHandle;
use exchange::binance::spot::client::SpotClient;
use exchange::binance::usdm::client::UsdmClient;
use exchange::binance::user_stream::account_event::AccountUpdate;
use exchange::binance::user_stream::event::UserEvent;
use exchange::binance::user_stream::message::UserMessage;
use exchange::binance::user_stream::order_event::OrderUpdate;
use exchange::binance::user_stream::stream::{UserStream, UserStreamOptions};
use exchange::binance::words::{AlgoStatus, ListStatus};
use tokio::sync::mpsc::Receiver;
use tokio::time::timeout;

use crate::support::Venue;
use crate::{trading, usdm};

pub(crate) struct Heard {
    messages: Receiver<UserMessage>,
    instrument: InstrumentId,
    /// Its end ends the stream.
    _handle: StreamHandle,
}

impl Heard {
    pub(crate) async fn spot(client: &SpotClient, venue: &Venue) -> Self {
        let url = format!("ws://{}/ws-api/v3", venue.address());
        let stream = UserStream::spot(client, &url, UserStreamOptions::default());
        Self::connected(stream, trading::btc()).await
    }

    pub(crate) async fn usdm(client: &UsdmClient, venue: &Venue) -> Self {
        let url = format!("ws://{}", venue.address());
        let stream = UserStream::usdm(client, &url, UserStreamOptions::default());
        Self::connected(stream, usdm::btc()).await
    }

    async fn connected(
        stream: Result<(StreamHandle, Receiver<UserMessage>), VenueError>,
        instrument: InstrumentId,
    ) -> Self {
        let (_handle, messages) = stream.unwrap();
        let mut heard = Self { messages, instrument, _handle };
        assert_eq!(heard.next().await, UserMessage::Connected);
        heard
    }

    pub(crate) async fn next(&mut self) -> UserMessage {
        timeout(Duration::from_secs(30), self.messages.recv()).await.expect("a message").unwrap()
    }

    pub(crate) async fn event(&mut self) -> UserEvent {
        match self.next().await {
            UserMessage::Event(event) => event,
            other => panic!("{other:?}"),
        }
    }

    pub(crate) async fn order(&mut self) -> OrderUpdate {
        match self.event().await {
            UserEvent::Order(update) => *update,
            other => panic!("{other:?}"),
        }
    }

    /// What the order's machine hears.
    pub(crate) async fn report(&mut self) -> OrderEvent {
        self.order().await.report(self.instrument).unwrap().unwrap().event
    }

    /// Free and locked of base and quote, on spot.
    pub(crate) async fn balances(&mut self) -> [String; 4] {
        let UserEvent::Balances(told) = self.event().await else { panic!("no balances") };
        let [base, quote] = &told.balances[..] else { panic!("{told:?}") };
        assert_eq!((&*base.asset, &*quote.asset), ("BTC", "USDT"));
        [base.free, base.locked, quote.free, quote.locked].map(|amount| amount.to_string())
    }

    pub(crate) async fn list(&mut self) -> ListStatus {
        match self.event().await {
            UserEvent::List(told) => told.status,
            other => panic!("{other:?}"),
        }
    }

    /// Wallets and positions, on futures.
    pub(crate) async fn account(&mut self) -> AccountUpdate {
        match self.event().await {
            UserEvent::Account(update) => update,
            other => panic!("{other:?}"),
        }
    }

    pub(crate) async fn algo(&mut self) -> (AlgoStatus, Option<u64>) {
        match self.event().await {
            UserEvent::Algo { update, .. } => (update.status, update.order_id),
            other => panic!("{other:?}"),
        }
    }
}
