//! The thread that listens to what futures tell beside candles, and asks for what is not streamed.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use actix::Arbiter;
use domain::instrument::InstrumentId;
use domain::time::UtcMs;
use exchange::binance::error::VenueError;
use exchange::binance::handle::StreamHandle;
use exchange::binance::message::StreamMessage;
use exchange::binance::stream::{StreamClient, StreamOptions};
use exchange::binance::transport::RestOptions;
use exchange::binance::usdm::book::{Book, Step};
use exchange::binance::usdm::fact::{Fact, FactKind, Route};
use exchange::binance::usdm::market::UsdmMarket;
use exchange::binance::weight::WeightLimit;
use futures_util::StreamExt;
use futures_util::future::BoxFuture;
use futures_util::stream::FuturesUnordered;
use store::facts::rows::Facts;
use store::rows::Filter;
use store::store::Store;
use telemetry::metrics::Metrics;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio::time::{Instant, MissedTickBehavior, interval, timeout};

use super::keep::Keep;
use super::poll::{Answer, Question, Schedule};
use super::writer;
use crate::ending::Outcome;

/// How often what was told is handed to be written.
const EVERY: Duration = Duration::from_secs(1);
/// Questions under way at once.
const SIDE_BY_SIDE: usize = 4;
/// With more of the venue's weight used, nothing is asked: candles come first.
const WEIGHT_LEFT_TO_CANDLES: f64 = 0.5;
/// How long one question may take: the next one knows more.
const DEADLINE_MS: u64 = 10_000;
/// How long the end may take.
const ENDING: Duration = Duration::from_secs(2);
/// Settlements that one answer holds.
const FUNDING_PAGE: usize = 1_000;

/// Where and of what.
pub struct Wanted {
    /// The venue's REST address.
    pub rest_url: String,
    /// The venue's stream address.
    pub stream_url: String,
    /// Perpetuals.
    pub instruments: Vec<InstrumentId>,
    /// The venue's limits.
    pub limits: Vec<WeightLimit>,
}

/// Facts are being collected.
pub struct Collecting {
    arbiter: Arbiter,
    stop: oneshot::Sender<()>,
    writer: JoinHandle<()>,
}

impl Collecting {
    /// Begins. The caller runs an actix system.
    pub async fn start(wanted: Wanted, store: &Store, metrics: &Arc<Metrics>) -> Outcome<Self> {
        let mut settled = BTreeMap::new();
        for instrument in &wanted.instruments {
            let last =
                Filter { instrument: Some(*instrument), limit: Some(1), ..Filter::default() };
            if let Some(row) = store.funding_rates(&last).await?.pop() {
                settled.insert(*instrument, row.at);
            }
        }
        let (out, facts) = mpsc::channel(1);
        let (stop, stopped) = oneshot::channel();
        let arbiter = Arbiter::new();
        let collector_metrics = Arc::clone(metrics);
        arbiter.spawn(async move {
            match Collector::new(&wanted, settled, out, collector_metrics) {
                Ok((collector, streams)) => collector.run(streams, stopped).await,
                Err(error) => tracing::error!(%error, "nothing but candles is collected"),
            }
        });
        let writer = actix::spawn(writer::write(store.clone(), facts, Arc::clone(metrics)));
        Ok(Self { arbiter, stop, writer })
    }

    /// Ends; what was told is written, as far as that is done in time.
    pub async fn stop(self) {
        // Gone means that it has ended already.
        let _ = self.stop.send(());
        if timeout(ENDING, self.writer).await.is_err() {
            tracing::warn!("the last of what futures told was not written in time");
        }
        self.arbiter.stop();
    }
}

/// The two streams, by route.
struct Streams {
    market: (StreamHandle, mpsc::Receiver<StreamMessage>),
    public: (StreamHandle, mpsc::Receiver<StreamMessage>),
}

type Asked = (Question, InstrumentId, Result<Answer, VenueError>);

struct Collector {
    venue: UsdmMarket,
    instruments: Vec<InstrumentId>,
    books: BTreeMap<InstrumentId, Book>,
    /// Whose books changed since they were taken down last.
    changed: BTreeSet<InstrumentId>,
    keep: Keep,
    schedule: Schedule,
    /// What failed the last time: told once.
    failing: BTreeSet<Question>,
    out: mpsc::Sender<Facts>,
    metrics: Arc<Metrics>,
}

impl Collector {
    fn new(
        wanted: &Wanted,
        settled: BTreeMap<InstrumentId, UtcMs>,
        out: mpsc::Sender<Facts>,
        metrics: Arc<Metrics>,
    ) -> Result<(Self, Streams), VenueError> {
        let options = RestOptions { deadline_ms: DEADLINE_MS, ..RestOptions::default() };
        let venue = UsdmMarket::new(&wanted.rest_url, options)?;
        venue.keep_to(&wanted.limits);
        let instruments = wanted.instruments.clone();
        let kinds = [FactKind::Mark, FactKind::Depth, FactKind::Liquidation];
        let facts: Vec<_> =
            instruments.iter().flat_map(|id| kinds.map(|kind| (*id, kind))).collect();
        let open = |route| {
            let options = StreamOptions::default();
            StreamClient::spawn_facts(&wanted.stream_url, route, facts.clone(), options)
        };
        let streams = Streams { market: open(Route::Market)?, public: open(Route::Public)? };
        let books = instruments.iter().map(|id| (*id, Book::default())).collect();
        let collector = Self {
            venue,
            instruments,
            books,
            changed: BTreeSet::new(),
            keep: Keep::new(settled),
            schedule: Schedule::default(),
            failing: BTreeSet::new(),
            out,
            metrics,
        };
        Ok((collector, streams))
    }

    async fn run(mut self, streams: Streams, mut stopped: oneshot::Receiver<()>) {
        let Streams { market: (_market, mut market), public: (_public, mut public) } = streams;
        let mut tick = interval(EVERY);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut asked: FuturesUnordered<BoxFuture<'static, Asked>> = FuturesUnordered::new();
        loop {
            tokio::select! {
                // A session that is gone stops it as well.
                _ = &mut stopped => break,
                Some(message) = market.recv() => self.hear(message),
                Some(message) = public.recv() => self.hear_books(message),
                Some((question, instrument, answer)) = asked.next() => {
                    self.on_answer(question, instrument, answer);
                }
                _ = tick.tick() => {
                    self.ask(&mut asked);
                    self.hand_over();
                }
            }
        }
        self.take_down_books();
        let last = self.keep.take();
        self.count();
        if !last.is_empty() && self.out.send(last).await.is_err() {
            tracing::warn!("the last of what futures told was not written");
        }
    }

    fn hear(&mut self, message: StreamMessage) {
        match message {
            StreamMessage::Fact { instrument, fact } => match *fact {
                Fact::Mark(mark) => self.keep.mark(instrument, &mark),
                Fact::Liquidation(order) => self.keep.liquidation(instrument, &order),
                Fact::Depth(update) => {
                    if let Some(book) = self.books.get_mut(&instrument) {
                        match book.on_update(update) {
                            Step::Applied => {
                                self.changed.insert(instrument);
                            }
                            Step::Gap => self.gap(instrument),
                            Step::Old | Step::Held => {}
                        }
                    }
                }
            },
            StreamMessage::Disconnected { reason } => {
                tracing::warn!(%reason, "the stream of facts ended; another follows");
            }
            StreamMessage::Malformed { excerpt } => {
                tracing::warn!(excerpt, "the venue sent a fact that makes no sense");
            }
            _ => {}
        }
    }

    /// Over a new connection every book begins anew.
    fn hear_books(&mut self, message: StreamMessage) {
        if matches!(message, StreamMessage::Connected | StreamMessage::Disconnected { .. }) {
            self.books.values_mut().for_each(Book::reconnected);
            self.changed.clear();
        }
        self.hear(message);
    }

    fn gap(&self, instrument: InstrumentId) {
        self.metrics.book_gaps.inc();
        tracing::info!(%instrument, "the order book lost a change and is taken anew");
    }

    /// Asks what is due, as far as that takes nothing from the candles.
    fn ask(&mut self, asked: &mut FuturesUnordered<BoxFuture<'static, Asked>>) {
        if self.venue.used_weight_ratio() > WEIGHT_LEFT_TO_CANDLES {
            return;
        }
        let now = Instant::now();
        let wants = |id: InstrumentId| self.books.get(&id).is_some_and(Book::wants_snapshot);
        let due = self.schedule.due(now, &self.instruments, wants);
        for (question, instrument) in due.into_iter().take(SIDE_BY_SIDE.saturating_sub(asked.len()))
        {
            self.schedule.asked(now, (question, instrument));
            let (venue, from) = (self.venue.clone(), self.keep.funding_from(instrument));
            asked.push(Box::pin(async move {
                (question, instrument, question.ask(&venue, instrument, from).await)
            }));
        }
    }

    fn on_answer(
        &mut self,
        question: Question,
        instrument: InstrumentId,
        answer: Result<Answer, VenueError>,
    ) {
        let answer = match answer {
            Ok(answer) => {
                self.failing.remove(&question);
                answer
            }
            Err(error) => {
                if self.failing.insert(question) {
                    let what = question.name();
                    tracing::warn!(%instrument, what, %error, "the venue does not tell; asking on");
                }
                return;
            }
        };
        match answer {
            Answer::Snapshot(depth) => {
                if let Some(book) = self.books.get_mut(&instrument) {
                    match book.on_snapshot(&depth) {
                        Step::Gap => self.gap(instrument),
                        _ => {
                            self.changed.insert(instrument);
                        }
                    }
                }
            }
            Answer::Trades(trades) => self.keep.trades(instrument, &trades),
            Answer::Interest(interest) => self.keep.interest(instrument, &interest),
            Answer::Ratios(ratios) => self.keep.ratios(instrument, &ratios),
            Answer::Funding(rates) => {
                if rates.len() == FUNDING_PAGE {
                    self.schedule.again((question, instrument));
                }
                self.keep.funding(instrument, &rates);
            }
        }
    }

    /// Hands over what there is, unless the last is still being written: then it waits.
    fn hand_over(&mut self) {
        self.take_down_books();
        if let Ok(room) = self.out.try_reserve() {
            let facts = self.keep.take();
            if !facts.is_empty() {
                room.send(facts);
            }
        }
        self.keep.bound();
        self.count();
    }

    fn take_down_books(&mut self) {
        for instrument in std::mem::take(&mut self.changed) {
            if let Some(book) = self.books.get(&instrument) {
                self.keep.book(instrument, book);
            }
        }
    }

    fn count(&mut self) {
        let counted = self.keep.counted();
        for (kind, count) in counted.conflated {
            self.metrics.facts_conflated.of(kind.name()).inc_by(count);
        }
        for (kind, count) in counted.lost {
            self.metrics.facts_lost.of(kind.name()).inc_by(count);
            tracing::warn!(kind = kind.name(), count, "what futures told came to nobody");
        }
    }
}
