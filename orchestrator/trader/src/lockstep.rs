//! A session in step with a market that somebody moves by hand: after each move everything that
//! follows is done, in one order, before the next. Then a run is a function of the market, its
//! faults and its seed, and can be had again.

use std::sync::mpsc::Sender;

use actix::Addr;
use domain::instrument::InstrumentId;
use domain::time::UtcMs;
use exchange::binance::catch_up::CatchUp;
use tokio::sync::mpsc::UnboundedSender;
use tokio::sync::{oneshot, watch};

use crate::gateway::open::turn;
use crate::gateway::pump::Word;
use crate::market::actor::{Clock, Market, WhenIdle};
use crate::steps;

/// A move of the market.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Move {
    /// Its time after it.
    pub at: UtcMs,
    /// After so many further steps of its decision path the process dies.
    pub dies_after: Option<u32>,
}

/// What keeps a session in step.
#[derive(Debug, Clone)]
pub struct Lockstep {
    /// The moves; the next one follows when the last is done.
    pub moves: watch::Receiver<Move>,
    /// What is being closed at the venue after each of them.
    pub done: Sender<Vec<InstrumentId>>,
    /// Whether what need not be on disk before something else happens stays in memory until then,
    /// as if every kill came before it was written; or is written at once.
    pub writes_late: bool,
}

impl Lockstep {
    /// The market's time.
    pub fn now(&self) -> UtcMs {
        self.moves.borrow().at
    }

    /// Keeps step until somebody is gone. Candles come first: the stream brings what the market has
    /// told, what is missing is asked for, all of it is decided. Then the account.
    pub async fn keep(
        mut self,
        market: Addr<Market>,
        stream: CatchUp,
        venue: Option<UnboundedSender<Word>>,
    ) {
        let mut asked = 0;
        loop {
            let Move { at, dies_after } = *self.moves.borrow_and_update();
            if let Some(left) = dies_after {
                steps::allow(left);
            }
            asked += 1;
            stream.ask();
            let heard = idle(&market, asked).await
                && market.send(Clock(at)).await.is_ok()
                && idle(&market, asked).await;
            if !heard {
                return;
            }
            let closing = match &venue {
                Some(venue) => turn(venue, at).await,
                None => Vec::new(),
            };
            if self.done.send(closing).is_err() || self.moves.changed().await.is_err() {
                return;
            }
        }
    }
}

/// Waits until the collector has done all it can; false where it is gone.
async fn idle(market: &Addr<Market>, caught_up: u64) -> bool {
    let (tell, told) = oneshot::channel();
    market.send(WhenIdle { caught_up, tell }).await.is_ok() && told.await.is_ok()
}
