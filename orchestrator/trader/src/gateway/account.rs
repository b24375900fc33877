//! One account at a venue, whichever market it trades.

use domain::instrument::InstrumentId;
use domain::time::UtcMs;
use exchange::binance::error::VenueError;
use exchange::binance::handle::StreamHandle;
use exchange::binance::order::VenueTrade;
use exchange::binance::signed::error::CallError;
use exchange::binance::signed::paging::{MAX_ROWS, Page};
use exchange::binance::spot::client::SpotClient;
use exchange::binance::usdm::client::UsdmClient;
use exchange::binance::user_stream::message::UserMessage;
use exchange::binance::user_stream::stream::{UserStream, UserStreamOptions};
use execution::answer::{Answer, FillSeen};
use execution::ask::{Ask, Cursor};
use tokio::sync::mpsc;

use super::{seen, spot, usdm};

/// One account, by its client.
#[derive(Debug, Clone)]
pub enum Account {
    /// On spot.
    Spot(SpotClient),
    /// On USD-M futures.
    Usdm(UsdmClient),
}

/// An answer, and the fills that came with it.
pub(super) struct Performed {
    pub(super) answer: Answer,
    pub(super) fills: Vec<FillSeen>,
}

impl From<Answer> for Performed {
    fn from(answer: Answer) -> Self {
        Self { answer, fills: Vec::new() }
    }
}

impl Account {
    /// The venue's clock, as far as the last comparison knows it.
    pub fn venue_now(&self) -> UtcMs {
        match self {
            Self::Spot(client) => client.venue_now(),
            Self::Usdm(client) => client.venue_now(),
        }
    }

    /// Compares the clocks.
    pub async fn compare_clocks(&self) -> Result<(), VenueError> {
        match self {
            Self::Spot(client) => client.compare_clocks().await.map(|_| ()),
            Self::Usdm(client) => client.compare_clocks().await.map(|_| ()),
        }
    }

    /// Listens to the account; the listening ends with the handle.
    pub fn listen(
        &self,
        url: &str,
        options: UserStreamOptions,
    ) -> Result<(StreamHandle, mpsc::Receiver<UserMessage>), VenueError> {
        match self {
            Self::Spot(client) => UserStream::spot(client, url, options),
            Self::Usdm(client) => UserStream::usdm(client, url, options),
        }
    }

    /// Does what is asked, once. `now` is the venue's time.
    pub(super) async fn perform(&self, ask: Ask, now: UtcMs) -> Performed {
        match (self, ask) {
            (_, Ask::Fills { instrument, from }) => self.fills(instrument, from, now).await.into(),
            (Self::Spot(client), ask) => spot::perform(client, ask).await,
            (Self::Usdm(client), ask) => usdm::perform(client, ask, now).await,
        }
    }

    async fn trades(
        &self,
        instrument: InstrumentId,
        page: Page,
    ) -> Result<Vec<VenueTrade>, CallError> {
        match self {
            Self::Spot(client) => client.trades(instrument, page, Some(MAX_ROWS)).await,
            Self::Usdm(client) => client.trades(instrument, page, Some(MAX_ROWS)).await,
        }
    }

    /// A page of fills. Where a moment is asked for that lies further back than the venue answers at
    /// once, one span after the other is asked for until one has fills.
    async fn fills(&self, instrument: InstrumentId, from: Cursor, now: UtcMs) -> Answer {
        let (asked, reached_now) = match from {
            Cursor::After(id) => {
                (self.trades(instrument, Page::From(id.saturating_add(1))).await, true)
            }
            Cursor::Since(moment) => {
                let mut begin = moment;
                loop {
                    let end = begin.plus_ms(self.span_ms());
                    match self.trades(instrument, Page::Between(begin, end)).await {
                        Ok(rows) if rows.is_empty() && end < now => begin = end,
                        asked => break (asked, end >= now),
                    }
                }
            }
        };
        let mut rows = match asked {
            Ok(rows) => rows,
            Err(error) => return seen::failure(error),
        };
        rows.sort_by_key(|row| row.id);
        let complete = reached_now && (rows.len() as u32) < MAX_ROWS;
        Answer::Fills { fills: rows.iter().filter_map(seen::fill).collect(), complete }
    }

    /// The longest span of fills that the venue answers at once, a moment less.
    const fn span_ms(&self) -> i64 {
        match self {
            Self::Spot(_) => 24 * 3_600_000 - 1,
            Self::Usdm(_) => 7 * 24 * 3_600_000 - 1,
        }
    }
}
