//! The collector's actor: it feeds the pure collector and performs what it asks for.

use std::collections::VecDeque;
use std::sync::Arc;

use actix::{Actor, ActorFutureExt, Addr, AsyncContext, Context, Handler, Message, WrapFuture};
use collector::collector::Collector;
use collector::counters::Counters;
use collector::messages::{Input, Output, PageRequest};
use domain::event::Released;
use domain::instrument::Instrument;
use domain::time::UtcMs;
use exchange::binance::error::VenueError;
use exchange::binance::message::StreamMessage;
use exchange::binance::page::CandlePage;
use exchange::binance::rest::RestClient;
use telemetry::metrics::Metrics;
use tokio::sync::{Semaphore, mpsc, oneshot};

use crate::desk::note::Note;
use crate::desk::orchestrator::{Deliver, Orchestrator};
use crate::ending::{Ending, Failure};
use crate::market::tallied;

/// Watermarks that the orchestrator gets at once: it answers when all are decided, and meanwhile
/// the next ones gather.
const PARCEL: usize = 256;
/// With this many watermarks waiting, no more is read from the stream.
const WAITING: usize = 4 * PARCEL;

/// The trading day may begin.
#[derive(Message)]
#[rtype(result = "()")]
pub struct Open {
    /// The venue's clock when the run began.
    pub began_at: UtcMs,
    /// The venue's clock, read before the stream was opened.
    pub venue_time: UtcMs,
    /// What the venue lists.
    pub listed: Vec<Instrument>,
}

/// What the stream said, in order. The answer says whether to go on reading.
#[derive(Message)]
#[rtype(result = "bool")]
pub struct Heard(pub Vec<StreamMessage>);

/// The venue's clock, read while the stream was silent.
#[derive(Message)]
#[rtype(result = "()")]
pub struct Clock(pub UtcMs);

/// Whether everything up to a moment is collected and decided, and whether more may be read.
#[derive(Message)]
#[rtype(result = "State")]
pub struct Ask {
    /// Up to here.
    pub settled_to: UtcMs,
}

/// How far the collector is.
#[derive(Debug, Clone, actix::MessageResponse)]
pub struct State {
    /// Everything up to the moment asked for is decided.
    pub settled: bool,
    /// There is room for more.
    pub room: bool,
    /// What was counted.
    pub counters: Counters,
}

/// Asks to be told when the stream has caught up so often, nothing is asked of the venue and
/// everything that was collected is decided.
#[derive(Message)]
#[rtype(result = "()")]
pub struct WhenIdle {
    /// So often.
    pub caught_up: u64,
    /// Where the answer goes.
    pub tell: oneshot::Sender<()>,
}

/// No more entries, no more reading: what is collected is decided and that is all.
#[derive(Message)]
#[rtype(result = "()")]
pub struct Close;

#[derive(Message)]
#[rtype(result = "()")]
struct Paged {
    request: PageRequest,
    page: Result<CandlePage, VenueError>,
}

/// The collector's actor.
pub struct Market {
    collector: Collector,
    rest: Arc<RestClient>,
    orchestrator: Addr<Orchestrator>,
    endings: mpsc::UnboundedSender<Ending>,
    metrics: Arc<Metrics>,
    waiting: VecDeque<Released>,
    notes: Vec<Note>,
    delivering: bool,
    closed: bool,
    outputs: Vec<Output>,
    /// Leave to ask the venue.
    leave: Arc<Semaphore>,
    fetching: usize,
    caught_up: u64,
    when_idle: Vec<WhenIdle>,
}

impl Market {
    /// Gives a collector its mailbox.
    pub fn new(
        collector: Collector,
        rest: Arc<RestClient>,
        orchestrator: Addr<Orchestrator>,
        endings: mpsc::UnboundedSender<Ending>,
        metrics: Arc<Metrics>,
    ) -> Self {
        Self {
            collector,
            rest,
            orchestrator,
            endings,
            metrics,
            waiting: VecDeque::new(),
            notes: Vec::new(),
            delivering: false,
            closed: false,
            outputs: Vec::new(),
            leave: Arc::new(Semaphore::new(Semaphore::MAX_PERMITS)),
            fetching: 0,
            caught_up: 0,
            when_idle: Vec::new(),
        }
    }

    /// Asks the venue one thing after the other, so that what happens is one sequence.
    pub fn one_by_one(self) -> Self {
        Self { leave: Arc::new(Semaphore::new(1)), ..self }
    }

    fn hear(&mut self, input: Input, ctx: &mut Context<Self>) {
        let mut outputs = std::mem::take(&mut self.outputs);
        self.collector.on_input(input, &mut outputs);
        for output in outputs.drain(..) {
            self.perform(output, ctx);
        }
        self.outputs = outputs;
    }

    fn perform(&mut self, output: Output, ctx: &mut Context<Self>) {
        match output {
            Output::Fetch(request) => self.fetch(request, ctx),
            Output::Release(released) => self.waiting.push_back(released),
            Output::Missing { instrument, timeframe, from, to, count } => {
                tracing::info!(%instrument, %timeframe, %from, %to, count, "the venue has no candles here");
                self.notes.push(Note::Missing { instrument, timeframe, from, to, count });
            }
            Output::Corrected { instrument, before, after } => {
                tracing::warn!(%instrument, at = %after.open_time, ?before, "the venue corrected a candle");
                self.notes.push(Note::Corrected { instrument, after });
            }
            Output::Late { instrument, candle } => {
                tracing::warn!(%instrument, at = %candle.open_time, "a candle came after its time");
                self.notes.push(Note::Corrected { instrument, after: candle });
            }
        }
    }

    fn fetch(&mut self, request: PageRequest, ctx: &mut Context<Self>) {
        self.fetching += 1;
        let (rest, leave) = (Arc::clone(&self.rest), Arc::clone(&self.leave));
        let seconds = self.metrics.rest_request_seconds.start_timer();
        let asked = async move {
            let _leave = leave.acquire().await.expect("nobody closes it");
            let PageRequest { instrument, timeframe, from, limit } = request;
            let page = rest.candles(instrument, timeframe, from, limit).await;
            seconds.observe_duration();
            page
        };
        ctx.spawn(asked.into_actor(self).map(move |page, actor, ctx| {
            actor.on_page(Paged { request, page }, ctx);
        }));
    }

    fn on_page(&mut self, Paged { request, page }: Paged, ctx: &mut Context<Self>) {
        self.fetching -= 1;
        let outcome = if page.is_ok() { "ok" } else { "failed" };
        self.metrics.rest_requests.of(outcome).inc();
        self.metrics.rest_weight_used.set(self.rest.used_weight_ratio());
        match page {
            Ok(page) => {
                for (open_time, error) in page.refused {
                    tracing::warn!(instrument = %request.instrument, %open_time, %error, "refused a candle");
                }
                let (candles, complete_to) = (page.candles, page.complete_to);
                self.hear(Input::Page { request, candles, complete_to }, ctx);
            }
            Err(error) if error.is_retryable() => {
                tracing::warn!(instrument = %request.instrument, %error, "gave up a page of candles");
                self.hear(Input::GaveUp { request }, ctx);
            }
            Err(error) => self.fail(error.into()),
        }
        self.deliver(ctx);
    }

    /// Hands the orchestrator the next parcel, if it is done with the last.
    fn deliver(&mut self, ctx: &mut Context<Self>) {
        if self.delivering {
            return;
        }
        if self.waiting.is_empty() && self.notes.is_empty() {
            self.tell_if_idle();
            return;
        }
        self.delivering = true;
        let parcel = self.waiting.len().min(PARCEL);
        let released = self.waiting.drain(..parcel).collect();
        let notes = std::mem::take(&mut self.notes);
        let sent = self.orchestrator.send(Deliver { released, notes });
        ctx.spawn(sent.into_actor(self).map(|answered, actor, ctx| {
            actor.delivering = false;
            match answered {
                Ok(Some(())) => actor.deliver(ctx),
                // It has said why to whom it concerns.
                Ok(None) => actor.closed = true,
                Err(error) => actor.fail(anyhow::Error::from(error).into()),
            }
        }));
    }

    fn tell_if_idle(&mut self) {
        if self.fetching > 0 {
            return;
        }
        let caught_up = self.caught_up;
        for WhenIdle { tell, .. } in self.when_idle.extract_if(.., |w| w.caught_up <= caught_up) {
            // Whoever asked may have stopped waiting.
            let _ = tell.send(());
        }
    }

    fn has_room(&self) -> bool {
        !self.closed && self.waiting.len() < WAITING && self.collector.wants_more()
    }

    fn fail(&mut self, failure: Failure) {
        self.closed = true;
        // Whoever waits for endings is the process itself: without it, nothing is left to tell.
        let _ = self.endings.send(Ending::Failed(failure));
    }
}

impl Actor for Market {
    type Context = Context<Self>;
}

impl Handler<Open> for Market {
    type Result = ();

    fn handle(&mut self, Open { began_at, venue_time, listed }: Open, ctx: &mut Self::Context) {
        self.hear(Input::Started { venue_time: began_at, listed }, ctx);
        self.hear(Input::Subscribed { venue_time }, ctx);
        self.deliver(ctx);
    }
}

impl Handler<Heard> for Market {
    type Result = bool;

    fn handle(&mut self, Heard(messages): Heard, ctx: &mut Self::Context) -> bool {
        for message in messages {
            match message {
                StreamMessage::Candle { instrument, candle, .. } => {
                    self.hear(Input::Stream { instrument, candle }, ctx);
                }
                StreamMessage::CaughtUp => self.caught_up += 1,
                other => tallied::note(&other, &self.metrics),
            }
        }
        self.deliver(ctx);
        self.has_room()
    }
}

impl Handler<Clock> for Market {
    type Result = ();

    fn handle(&mut self, Clock(venue_time): Clock, ctx: &mut Self::Context) {
        self.hear(Input::VenueTime(venue_time), ctx);
        self.deliver(ctx);
    }
}

impl Handler<Ask> for Market {
    type Result = State;

    fn handle(&mut self, Ask { settled_to }: Ask, _: &mut Self::Context) -> State {
        let idle = !self.delivering && self.waiting.is_empty() && self.notes.is_empty();
        let settled = idle && self.collector.is_settled_to(settled_to);
        let counters = self.collector.counters().clone();
        tallied::show(&counters, &self.metrics);
        State { settled, room: self.has_room(), counters }
    }
}

impl Handler<WhenIdle> for Market {
    type Result = ();

    fn handle(&mut self, asked: WhenIdle, ctx: &mut Self::Context) {
        self.when_idle.push(asked);
        self.deliver(ctx);
    }
}

impl Handler<Close> for Market {
    type Result = ();

    fn handle(&mut self, _: Close, _: &mut Self::Context) {
        self.closed = true;
        self.waiting.clear();
    }
}
