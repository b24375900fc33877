//! What all connections share.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use actix_web::HttpRequest;
use domain::time::UtcMs;
use tokio::sync::Notify;

use crate::clock::WallClock;
use crate::faults::layer::Layer;
use crate::faults::plan::MarketName;
use crate::faults::sockets::{LineFacts, LineKind};
use crate::faults::tap::Tap;
use crate::history::History;
use crate::limits::{Limits, Verdict};
use crate::line::Line;
use crate::params::{Refusal, unknown_symbol};
use crate::quotes::Quotes;
use crate::replay::Replay;
use crate::snapshot::Snapshot;
use crate::spot::books::Books;
use crate::usdm;

/// The market, its books and its clocks.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) history: Arc<History>,
    pub(crate) clock: WallClock,
    pub(crate) seed: u64,
    pub(crate) rest_requests: AtomicU64,
    pub(crate) faults: Arc<Layer>,
    /// Rung whenever market time has moved.
    pub(crate) moved: Notify,
    pub(crate) taps: Mutex<Vec<Weak<Tap>>>,
    pub(crate) lines: Mutex<Vec<Weak<Line>>>,
    /// Until when what waits for its time has been looked through.
    pub(crate) passed: Mutex<UtcMs>,
    pub(crate) replay: Mutex<Replay>,
    pub(crate) limits: Mutex<Limits>,
    pub(crate) perpetual_limits: Mutex<Limits>,
    pub(crate) books: Mutex<Books>,
    pub(crate) usdm: Mutex<usdm::books::Books>,
    pub(crate) has_accounts: bool,
    pub(crate) connections: AtomicU64,
}

/// What a request costs and whether it is answered.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Charged {
    pub(crate) verdict: Verdict,
    /// Weight used in this minute.
    pub(crate) used: u64,
    /// Weight allowed per minute.
    pub(crate) limit: u64,
    /// Real seconds until the client may ask again.
    pub(crate) retry_after_seconds: u64,
}

impl Shared {
    pub(crate) fn replay(&self) -> MutexGuard<'_, Replay> {
        self.replay.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Market time.
    pub(crate) fn now(&self) -> UtcMs {
        self.replay().now(self.clock.elapsed_ms())
    }

    /// The accounts' books, once they have met what has closed until now.
    pub(crate) fn books(&self) -> MutexGuard<'_, Books> {
        let now = self.now();
        let mut books = self.books.lock().unwrap_or_else(PoisonError::into_inner);
        books.advance(&self.history, now);
        books
    }

    /// The same of futures.
    pub(crate) fn usdm(&self) -> MutexGuard<'_, usdm::books::Books> {
        let now = self.now();
        let mut books = self.usdm.lock().unwrap_or_else(PoisonError::into_inner);
        books.advance(&self.history, now);
        if books.has_news() {
            let mut replay = self.replay();
            for (stream, payload) in books.take_news() {
                replay.tell_perpetual(&stream, &payload);
            }
        }
        books
    }

    /// Has the accounts' orders meet what has closed until now.
    pub(crate) fn settle(&self) {
        self.pass(self.now());
        if self.has_accounts {
            drop(self.books());
        }
        drop(self.usdm());
        self.moved.notify_waiters();
    }

    /// Moves the market on, moment by moment: what closed is in the accounts' books before anybody
    /// hears of it.
    pub(crate) fn advance_to(&self, until: UtcMs) {
        loop {
            let moment = self.replay().next_until(until);
            self.pass(moment);
            let books = self.books.lock();
            books.unwrap_or_else(PoisonError::into_inner).advance(&self.history, moment);
            let usdm = self.usdm.lock();
            usdm.unwrap_or_else(PoisonError::into_inner).advance(&self.history, moment);
            self.replay().move_to(moment);
            // What it has to tell of what closed.
            drop(self.usdm());
            self.moved.notify_waiters();
            if moment >= until {
                return;
            }
        }
    }

    /// The quotes of a market of spot or of futures.
    pub(crate) fn quotes<'a>(
        &'a self,
        perpetual: bool,
        symbol: &str,
    ) -> Result<Quotes<'a>, Refusal> {
        let market = self.history.markets_of(perpetual).get_key_value(symbol);
        let (symbol, market) = market.ok_or_else(unknown_symbol)?;
        Ok(Quotes::of(&self.history, symbol, market, self.seed))
    }

    /// What really happened to the account of a key.
    pub(crate) fn snapshot(&self, key: &str) -> Snapshot {
        let spot = self.books().snapshot(key);
        let usdm = self.usdm().snapshot(&self.history, key);
        Snapshot { now_ms: self.now().ms(), spot, usdm }
    }

    /// Market time has gone on: what waited for it comes before what happens next.
    pub(crate) fn pass(&self, now: UtcMs) {
        if self.faults.is_empty() {
            return;
        }
        let mut passed = self.passed.lock().unwrap_or_else(PoisonError::into_inner);
        let after = *passed;
        if now <= after {
            return;
        }
        *passed = now;
        if self.faults.resets(after, now) {
            self.lines().iter().filter_map(Weak::upgrade).for_each(|line| line.cut());
            self.replay().cut_all();
            self.taps().iter().filter_map(Weak::upgrade).for_each(|tap| tap.reset());
        }
        self.lines().iter().filter_map(Weak::upgrade).for_each(|line| line.pass(after, now));
        self.replay().pass(after, now);
    }

    pub(crate) fn taps(&self) -> MutexGuard<'_, Vec<Weak<Tap>>> {
        self.taps.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn lines(&self) -> MutexGuard<'_, Vec<Weak<Line>>> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A new connection for accounts' events.
    pub(crate) fn line(&self, market: MarketName) -> Arc<Line> {
        let facts = LineFacts { market, kind: LineKind::User, opened: self.now() };
        let line = Line::new(facts, Arc::clone(&self.faults));
        let mut lines = self.lines();
        lines.retain(|known| known.strong_count() > 0);
        lines.push(Arc::downgrade(&line));
        line
    }

    /// Waits until market time has come to `moment`.
    pub(crate) async fn until(&self, moment: UtcMs) {
        loop {
            let moved = self.moved.notified();
            tokio::pin!(moved);
            moved.as_mut().enable();
            if self.now() >= moment {
                return;
            }
            moved.await;
        }
    }

    /// Remembers a connection that was accepted.
    pub(crate) fn plug(&self, tap: &Arc<Tap>) {
        let mut taps = self.taps();
        taps.retain(|known| known.strong_count() > 0);
        taps.push(Arc::downgrade(tap));
    }

    /// The number of a new connection to an account.
    pub(crate) fn next_connection(&self) -> u64 {
        self.connections.fetch_add(1, Ordering::Relaxed)
    }

    /// Says what time it is, which clients sign their requests by.
    pub(crate) fn tell_time(&self, now: UtcMs) {
        self.books().freshness.tell(now, self.clock.elapsed_ms());
        self.usdm().freshness.tell(now, self.clock.elapsed_ms());
    }

    /// The clock of the venue's limits. The minutes of a market that stands would never end, and
    /// neither would a refusal.
    pub(crate) fn counted_ms(&self) -> i64 {
        let wall_ms = self.clock.elapsed_ms();
        let replay = self.replay();
        let now = replay.now(wall_ms);
        if replay.pace().is_max() { now.plus_ms(wall_ms).ms() } else { now.ms() }
    }

    /// Charges whoever asks, by the market that is asked.
    pub(crate) fn charge(&self, request: &HttpRequest, weight: u64) -> Charged {
        let ip = request.peer_addr().map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |peer| peer.ip());
        let pace = self.replay().pace();
        let counted_ms = self.counted_ms();
        let is_perpetual = ["/fapi/", "/futures/"].iter().any(|of| request.path().starts_with(of));
        let limits = if is_perpetual { &self.perpetual_limits } else { &self.limits };
        let mut limits = limits.lock().unwrap_or_else(PoisonError::into_inner);
        let (verdict, used) = limits.charge(ip, weight, counted_ms);
        let wait_ms = match verdict {
            Verdict::Allowed => 0,
            Verdict::Refused { wait_ms } | Verdict::Banned { wait_ms, .. } => wait_ms,
        };
        let seconds = wait_ms as f64 / 1000.0 / pace.factor();
        Charged { verdict, used, limit: limits.most, retry_after_seconds: seconds.ceil() as u64 }
    }
}
