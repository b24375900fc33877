//! Core, executor and venue together, and everything between them that can go wrong.

mod judge;

use std::collections::BTreeMap;

use domain::gateway::{Command, Protection};
use domain::intervention::Intervention;
use domain::money::{Price, Quantity};
use domain::order::Side;
use domain::time::UtcMs;
use execution::answer::{AccountEvent, Answer, Failure};
use execution::ask::{Ask, Request, RequestId};
use execution::executor::Executor;
use execution::fact::{Fact, Out};
use execution::terms::{Market, Terms};

use crate::book::Book;
use crate::venue::Venue;

/// On its way.
#[derive(Debug, Clone)]
enum Item {
    Arrive(Request, u64, Fate),
    Answer(RequestId, Answer, u64),
    Event(AccountEvent, u64),
}

/// What becomes of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    /// It arrives, and so does its answer.
    Fine,
    /// It never arrives, and nobody knows.
    Lost,
    /// It arrives, and its answer is lost.
    Unanswered,
    /// It did not go out.
    NotSent,
    /// The venue is too busy: nothing done, come back in this many ms.
    Busy(u64),
}

/// How requests and messages travel.
pub(crate) type Travel = Box<dyn FnMut(&Request) -> (Fate, i64, i64)>;
/// When each message of the stream arrives, in ms; none: never.
pub(crate) type Stream = Box<dyn FnMut(&AccountEvent) -> Vec<i64>>;

pub(crate) struct World {
    pub(crate) executor: Executor,
    pub(crate) venue: Venue,
    pub(crate) book: Book,
    pub(crate) now: UtcMs,
    pub(crate) facts: Vec<Fact>,
    /// Whether everything is printed.
    pub(crate) loud: bool,
    /// Every request, in order.
    pub(crate) asks: Vec<Ask>,
    pub(crate) travel: Travel,
    pub(crate) stream: Stream,
    /// Closes what it is told is unprotected.
    pub(crate) obeys: bool,
    queue: BTreeMap<(UtcMs, u64), Item>,
    seq: u64,
    epoch: u64,
    pub(crate) terms: Terms,
    /// For how long the venue has held a position without a stop, closing or an alert.
    pub(crate) bare_ms: i64,
    pub(crate) worst_bare_ms: i64,
    alerted_at: Option<UtcMs>,
}

/// Whether whoever looks into a failure wants to hear everything: LOUD.
#[expect(clippy::disallowed_methods, reason = "a failed life is looked into")]
fn loud() -> bool {
    std::env::var("LOUD").is_ok()
}

impl World {
    pub(crate) fn new(market: Market) -> Self {
        let terms = Terms::usual(market);
        let mut executor = Executor::new(terms);
        let (venue, mut out) = (Venue::new(market), Out::default());
        let book = Book::new(venue.instrument);
        let now = UtcMs::new(1_700_000_000_000);
        executor.resume(&book.memory(), now, &mut out);
        executor.list(venue.instrument, now, &mut out);
        let mut world = Self {
            executor,
            venue,
            book,
            now,
            facts: Vec::new(),
            loud: loud(),
            asks: Vec::new(),
            travel: Box::new(|_| (Fate::Fine, 10, 10)),
            stream: Box::new(|_| vec![20]),
            obeys: true,
            queue: BTreeMap::new(),
            seq: 0,
            epoch: 0,
            terms,
            bare_ms: 0,
            worst_bare_ms: 0,
            alerted_at: None,
        };
        world.venue.now = now;
        world.take(out);
        world.event(AccountEvent::Connected);
        world.run(1_000);
        world
    }

    fn push(&mut self, at: UtcMs, item: Item) {
        self.seq += 1;
        self.queue.insert((at, self.seq), item);
    }

    /// What follows from an input goes where it belongs.
    pub(crate) fn take(&mut self, out: Out) {
        for report in &out.reports {
            if self.loud {
                println!("{} says {report:?}", self.now);
            }
            self.book.hear(report);
        }
        self.book.paid.extend(out.payments);
        for request in out.requests {
            self.asks.push(request.ask);
            let (fate, there_ms, back_ms) = (self.travel)(&request);
            let (at, id) = (self.now.plus_ms(there_ms), request.id);
            match fate {
                Fate::Fine | Fate::Unanswered => {
                    self.push(at, Item::Arrive(request, self.epoch, fate));
                    // A time-out is noticed even if the answer is lost.
                    if fate == Fate::Unanswered {
                        let why = "time-out".to_owned();
                        let answer = Answer::Failed(Failure::Ambiguous { why });
                        self.push(at.plus_ms(back_ms), Item::Answer(id, answer, self.epoch));
                    }
                }
                Fate::Lost => {
                    let answer = Answer::Failed(Failure::Ambiguous { why: "reset".to_owned() });
                    self.push(at.plus_ms(back_ms), Item::Answer(id, answer, self.epoch));
                }
                Fate::NotSent => {
                    let (why, retry_after_ms) = ("no connection".to_owned(), None);
                    let failure = Failure::NothingDone { why, retry_after_ms };
                    self.push(at, Item::Answer(id, Answer::Failed(failure), self.epoch));
                }
                Fate::Busy(ms) => {
                    let (why, retry_after_ms) = ("too many".to_owned(), Some(ms));
                    let failure = Failure::NothingDone { why, retry_after_ms };
                    self.push(at, Item::Answer(id, Answer::Failed(failure), self.epoch));
                }
            }
        }
        self.facts.extend(out.facts);
        for intervention in out.interventions {
            self.book.interventions.push(intervention.clone());
            self.alerted_at = Some(self.now);
            if self.loud {
                println!("{} wants {intervention:?}", self.now);
            }
            if let Intervention::TooLittle { .. } = intervention {
                self.book.leave();
            }
            if let Intervention::Unprotected { .. } = intervention
                && self.obeys
            {
                self.close();
            }
        }
        self.publish();
    }

    /// What the venue says goes on the stream.
    fn publish(&mut self) {
        for event in std::mem::take(&mut self.venue.events) {
            for delay_ms in (self.stream)(&event) {
                self.push(self.now.plus_ms(delay_ms), Item::Event(event.clone(), self.epoch));
            }
        }
    }

    pub(crate) fn command(&mut self, commands: Vec<Command>) {
        for command in commands {
            let mut out = Out::default();
            self.executor.on_command(&command, self.now, self.now, &mut out);
            self.take(out);
        }
    }

    pub(crate) fn enter(&mut self, side: Side, quantity: Quantity, stop: Price, target: Price) {
        let commands = self.book.enter(side, quantity, Protection { stop, target });
        self.command(commands);
    }

    /// Buys 1 with its stop at 95 and its target at 110.
    pub(crate) fn buy(&mut self, quantity: &str) {
        let p = crate::venue::p;
        self.enter(Side::Buy, crate::venue::q(quantity), p("95"), p("110"));
    }

    pub(crate) fn close(&mut self) {
        let commands = self.book.close();
        self.command(commands);
    }

    pub(crate) fn trail(&mut self, trigger: Price) {
        let commands = self.book.trail(trigger);
        self.command(commands);
    }

    pub(crate) fn event(&mut self, event: AccountEvent) {
        let mut out = Out::default();
        self.executor.on_event(event, self.now, &mut out);
        self.take(out);
    }

    /// Dies and starts again from what the core has on disk. What was asked still arrives.
    pub(crate) fn restart(&mut self) {
        self.epoch += 1;
        self.executor = Executor::new(self.terms);
        let mut out = Out::default();
        let memory = self.book.memory();
        self.executor.resume(&memory, self.now, &mut out);
        self.executor.list(self.venue.instrument, self.now, &mut out);
        self.take(out);
        self.event(AccountEvent::Connected);
    }

    /// The market is at `price` now.
    pub(crate) fn price(&mut self, price: &str) {
        self.venue.step(self.now, crate::venue::p(price));
        self.publish();
    }

    /// Lets time pass, a tick each second.
    pub(crate) fn run(&mut self, ms: i64) {
        let until = self.now.plus_ms(ms);
        while self.now < until {
            let next = self.queue.keys().next().map_or(until, |(at, _)| (*at).max(self.now));
            let tick = self.now.plus_ms(1).ceil(1_000);
            let wake = self.executor.next_wake().unwrap_or(until).max(self.now.plus_ms(1));
            let at = next.min(tick).min(wake).min(until);
            self.watch(at.since(self.now));
            self.now = at;
            self.venue.now = at;
            if at == next
                && let Some(((due, _), _)) =
                    self.queue.first_key_value().filter(|((due, _), _)| *due <= at)
            {
                let _ = due;
                let (_, item) = self.queue.pop_first().unwrap();
                self.deliver(item);
                continue;
            }
            if at == tick {
                let price = self.venue.price;
                self.venue.step(at, price);
                self.publish();
            }
            let mut out = Out::default();
            self.executor.on_tick(at, &mut out);
            self.take(out);
        }
    }

    fn deliver(&mut self, item: Item) {
        let mut out = Out::default();
        if self.loud {
            println!("{} {item:?}", self.now);
        }
        match item {
            Item::Arrive(request, epoch, fate) => {
                let answer = self.venue.perform(&request.ask);
                self.publish();
                if fate == Fate::Fine {
                    // Back on the way; ten ms are as good as any.
                    let at = self.now.plus_ms(10);
                    self.push(at, Item::Answer(request.id, answer, epoch));
                }
                return;
            }
            Item::Answer(id, answer, epoch) if epoch == self.epoch => {
                self.executor.on_answer(id, answer, self.now, &mut out);
            }
            Item::Event(event, epoch) if epoch == self.epoch => {
                self.executor.on_event(event, self.now, &mut out);
            }
            _ => return,
        }
        self.take(out);
    }

    /// Everything works again and time passes: both books are equal then.
    pub(crate) fn settle(&mut self) {
        self.travel = Box::new(|_| (Fate::Fine, 10, 10));
        self.stream = Box::new(|_| vec![20]);
        if self.loud {
            println!("{} SETTLES", self.now);
        }
        self.venue.hides_for_ms = 0;
        self.venue.fills_lag_ms = 0;
        if self.venue.pieces == 0 {
            self.venue.pieces = 1;
        }
        self.event(AccountEvent::Connected);
        self.run(400_000);
        self.check();
    }

    /// Requests go the way that `fate` says, at once.
    pub(crate) fn roads(&mut self, fate: impl Fn(&Ask) -> Fate + 'static) {
        self.travel = Box::new(move |request| (fate(&request.ask), 10, 10));
    }

    /// The stream says nothing.
    pub(crate) fn mute(&mut self) {
        self.stream = Box::new(|_| Vec::new());
    }
}
