//! What is asked for from time to time: which question is due, and how its answers came.

use std::collections::BTreeMap;
use std::time::Duration;

use domain::instrument::InstrumentId;
use domain::time::UtcMs;
use exchange::binance::error::VenueError;
use exchange::binance::usdm::market::{
    Depth, FundingRate, LongShortRatio, MAX_TRADES, OpenInterest, PublicTrade, UsdmMarket,
};
use tokio::time::Instant;

/// Levels of a side that a snapshot has.
const SNAPSHOT_LEVELS: u32 = 1_000;
/// What ratios are counted over.
const RATIO_PERIOD: &str = "5m";
/// Between two snapshots of one book.
const SNAPSHOT_EVERY: Duration = Duration::from_secs(2);

/// A question.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Question {
    /// The book as a whole, where changes alone do not tell it.
    Snapshot,
    /// The last thousand trades of everybody.
    Trades,
    /// How many contracts are open.
    Interest,
    /// Accounts that are long for each that is short.
    Ratios,
    /// Settlements of funding.
    Funding,
}

/// What the venue said.
#[derive(Debug)]
pub enum Answer {
    /// A book.
    Snapshot(Depth),
    /// Trades, oldest first.
    Trades(Vec<PublicTrade>),
    /// Open interest.
    Interest(OpenInterest),
    /// Ratios, oldest first.
    Ratios(Vec<LongShortRatio>),
    /// Settlements, oldest first.
    Funding(Vec<FundingRate>),
}

impl Question {
    /// Those that are asked whatever happens.
    const REGULAR: [Self; 4] = [Self::Trades, Self::Interest, Self::Ratios, Self::Funding];

    /// How it is called in logs.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Snapshot => "the order book",
            Self::Trades => "public trades",
            Self::Interest => "open interest",
            Self::Ratios => "long/short ratios",
            Self::Funding => "settled funding",
        }
    }

    const fn every(self) -> Duration {
        match self {
            Self::Snapshot => SNAPSHOT_EVERY,
            Self::Trades => Duration::from_secs(5),
            Self::Interest => Duration::from_secs(60),
            Self::Ratios | Self::Funding => Duration::from_secs(300),
        }
    }

    /// Asks it; `funding_from` is where settlements are still unknown from.
    pub async fn ask(
        self,
        venue: &UsdmMarket,
        instrument: InstrumentId,
        funding_from: UtcMs,
    ) -> Result<Answer, VenueError> {
        Ok(match self {
            Self::Snapshot => Answer::Snapshot(venue.depth(instrument, SNAPSHOT_LEVELS).await?),
            Self::Trades => Answer::Trades(venue.trades(instrument, MAX_TRADES).await?),
            Self::Interest => Answer::Interest(venue.open_interest(instrument).await?),
            Self::Ratios => {
                Answer::Ratios(venue.long_short_ratios(instrument, RATIO_PERIOD).await?)
            }
            Self::Funding => Answer::Funding(venue.funding_rates(instrument, funding_from).await?),
        })
    }
}

/// When which question was asked last.
#[derive(Debug, Default)]
pub struct Schedule {
    next: BTreeMap<(Question, InstrumentId), Instant>,
}

impl Schedule {
    /// What is due of `instruments`, snapshots where `wants_snapshot` says so, most urgent first.
    pub fn due(
        &self,
        now: Instant,
        instruments: &[InstrumentId],
        wants_snapshot: impl Fn(InstrumentId) -> bool,
    ) -> Vec<(Question, InstrumentId)> {
        let snapshots = instruments.iter().filter(|id| wants_snapshot(**id));
        let snapshots = snapshots.map(|id| (Question::Snapshot, *id));
        let regular = Question::REGULAR
            .into_iter()
            .flat_map(|question| instruments.iter().map(move |id| (question, *id)));
        let is_due =
            |asked: &(Question, InstrumentId)| self.next.get(asked).is_none_or(|next| *next <= now);
        snapshots.chain(regular).filter(is_due).collect()
    }

    /// It is asked now; the next time is after its pause.
    pub fn asked(&mut self, now: Instant, asked: (Question, InstrumentId)) {
        self.next.insert(asked, now + asked.0.every());
    }

    /// There is more at once.
    pub fn again(&mut self, asked: (Question, InstrumentId)) {
        self.next.remove(&asked);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_question_has_its_own_pause_and_books_come_first() {
        let ids: Vec<InstrumentId> =
            vec!["BTC/USDT:USDT".parse().unwrap(), "ETH/USDT:USDT".parse().unwrap()];
        let mut schedule = Schedule::default();
        let mut now = Instant::now();
        let due = schedule.due(now, &ids, |id| id == ids[1]);
        assert_eq!(due.len(), 1 + 2 * 4);
        assert_eq!(due[0], (Question::Snapshot, ids[1]));
        for asked in due {
            schedule.asked(now, asked);
        }
        assert_eq!(schedule.due(now, &ids, |_| false), []);
        now += Duration::from_secs(5);
        let due = schedule.due(now, &ids, |_| true);
        let questions: Vec<_> = due.iter().map(|(question, _)| *question).collect();
        use Question::{Funding, Snapshot, Trades};
        assert_eq!(questions, [Snapshot, Snapshot, Trades, Trades]);
        schedule.again((Funding, ids[0]));
        let due = schedule.due(now, &ids, |_| false);
        assert_eq!(due.last(), Some(&(Funding, ids[0])));
    }
}
