//! A collector, its shell and the wire between it and the venue, which does its worst.

use std::collections::{BTreeMap, VecDeque};

use collector::collector::Collector;
use collector::counters::StreamCounters;
use collector::messages::{Input, Output, PageRequest};
use domain::candle::Candle;
use domain::event::{Event, Released};
use domain::instrument::InstrumentId;
use domain::time::UtcMs;
use domain::timeframe::Timeframe;

use crate::rng::Rng;
use crate::world::World;

/// How bad it gets; ratios per step or message.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Trouble {
    pub(crate) drop: f64,
    pub(crate) duplicate: f64,
    pub(crate) disconnect: f64,
    pub(crate) kill: f64,
    /// A later message of another stream comes first.
    pub(crate) reorder: f64,
    /// The venue runs ahead of what is read, and pages take their time.
    pub(crate) delay: f64,
    /// The venue's clock is told though the stream speaks.
    pub(crate) clock: f64,
    pub(crate) margin_ms: i64,
}

/// Candles, and what the venue vouches for.
type Answer = (Vec<Candle>, UtcMs);

pub(crate) struct Run<'a> {
    world: &'a World,
    trouble: Trouble,
    rng: Rng,
    collector: Collector,
    now: UtcMs,
    upcoming: VecDeque<(UtcMs, InstrumentId, Candle)>,
    connected: bool,
    /// Messages on the wire, in order.
    wire: VecDeque<(InstrumentId, Candle)>,
    /// Requests on their way, some with an answer.
    pages: Vec<(PageRequest, Option<Answer>)>,
    unstored: Vec<Released>,
    pub(crate) stored: Vec<Released>,
    pub(crate) missing: BTreeMap<(InstrumentId, Timeframe), u64>,
    pub(crate) requests: usize,
    pub(crate) kills: usize,
    pub(crate) oddities: Vec<Output>,
    heard: BTreeMap<(InstrumentId, Timeframe, UtcMs), u64>,
    subscribed: UtcMs,
}

impl<'a> Run<'a> {
    pub(crate) fn new(world: &'a World, trouble: Trouble, seed: u64) -> Self {
        let mut run = Self {
            world,
            trouble,
            rng: Rng(seed),
            collector: Collector::new(world.config.clone()).unwrap(),
            now: world.start,
            upcoming: world.by_close().into_iter().filter(|c| c.0 > world.start).collect(),
            connected: false,
            wire: VecDeque::new(),
            pages: Vec::new(),
            unstored: Vec::new(),
            stored: Vec::new(),
            missing: BTreeMap::new(),
            requests: 0,
            kills: 0,
            oddities: Vec::new(),
            heard: BTreeMap::new(),
            subscribed: world.start,
        };
        run.begin();
        run
    }

    /// Lets everything happen until all that closed until the world's end is settled.
    pub(crate) fn finish(mut self) -> Self {
        let mut idle = 0;
        while self.now < self.world.end || !self.wire.is_empty() || !self.settled() {
            self.step();
            idle = if self.now > self.world.end { idle + 1 } else { 0 };
            assert!(idle < 100_000, "it never settles, with {} requests", self.requests);
        }
        self.store();
        self
    }

    pub(crate) fn collector(&self) -> &Collector {
        &self.collector
    }

    fn settled(&self) -> bool {
        self.collector.is_settled_to(self.world.end)
    }

    fn begin(&mut self) {
        let venue_time = match self.stored.is_empty() {
            true => self.world.start,
            false => self.now,
        };
        let listed = self.world.listed.clone();
        self.tell(Input::Started { venue_time, listed });
        self.subscribe();
        self.subscribed = self.now;
    }

    fn subscribe(&mut self) {
        self.connected = true;
        self.tell(Input::Subscribed { venue_time: self.now });
    }

    fn tell(&mut self, input: Input) {
        let mut out = Vec::new();
        self.collector.on_input(input, &mut out);
        for output in out {
            match output {
                Output::Fetch(request) => {
                    assert!(request.limit <= self.world.config.page_limit);
                    let alike = |r: &PageRequest| {
                        (r.instrument, r.timeframe) == (request.instrument, request.timeframe)
                    };
                    assert!(!self.pages.iter().any(|(r, _)| alike(r)), "two at once: {request:?}");
                    self.requests += 1;
                    self.pages.push((request, None));
                }
                Output::Release(released) => self.unstored.push(released),
                Output::Missing { instrument, timeframe, from, to, count } => {
                    assert_eq!(count, timeframe.count_between(from, to));
                    *self.missing.entry((instrument, timeframe)).or_default() += count;
                }
                odd @ (Output::Corrected { .. } | Output::Late { .. }) => self.oddities.push(odd),
            }
        }
    }

    fn store(&mut self) {
        self.stored.append(&mut self.unstored);
    }

    fn step(&mut self) {
        let trouble = self.trouble;
        if self.rng.chance(0.3) {
            self.store();
        }
        // Killed more often, it might never come as far as its first release.
        if self.kills < 12 && self.rng.chance(trouble.kill) {
            return self.kill();
        }
        if self.rng.chance(trouble.disconnect) {
            self.wire.clear();
            self.connected = false;
        }
        if !self.connected && self.rng.chance(0.3) {
            self.subscribe();
        }
        if self.rng.chance(trouble.clock) {
            self.tell(Input::VenueTime(self.now));
        }
        if !self.pages.is_empty() && !self.rng.chance(trouble.delay) {
            self.answer();
        }
        let may_advance = self.wire.is_empty() || self.rng.chance(trouble.delay);
        if may_advance && (self.connected || self.rng.chance(0.5)) {
            self.advance();
        }
        if !self.wire.is_empty() && self.collector.wants_more() {
            self.deliver();
        } else if self.wire.is_empty() && self.connected {
            self.tell(Input::VenueTime(self.now));
        }
    }

    /// The venue's time moves on to the next close; at the end by some seconds.
    fn advance(&mut self) {
        let Some((close, ..)) = self.upcoming.front() else {
            self.now = self.now.plus_ms(self.world.config.patience_ms / 2);
            return;
        };
        let close = *close;
        // In a silence the clock is told now and then.
        if close.since(self.now) > 30_000 && self.rng.chance(0.2) {
            let silence_ms = self.rng.below(close.since(self.now) as u64) as i64;
            self.now = self.now.plus_ms(silence_ms);
            return;
        }
        self.now = close;
        while let Some((_, id, candle)) = self.upcoming.pop_front_if(|next| next.0 == close) {
            if !self.connected || self.rng.chance(self.trouble.drop) {
                continue;
            }
            self.wire.push_back((id, candle));
            if self.rng.chance(self.trouble.duplicate) {
                self.wire.push_back((id, candle));
            }
        }
    }

    fn deliver(&mut self) {
        for _ in 0..self.rng.between(1, 8) {
            let mut at = 0;
            if self.rng.chance(self.trouble.reorder) {
                let pick = self.rng.below(self.wire.len().min(40) as u64) as usize;
                let Some((id, candle)) = self.wire.get(pick) else { return };
                // The first of its stream: streams themselves are in order.
                let alike =
                    |(i, c): &(InstrumentId, Candle)| (i, c.timeframe) == (id, candle.timeframe);
                at = self.wire.iter().position(alike).unwrap();
            }
            let Some((instrument, candle)) = self.wire.remove(at) else { return };
            let key = (instrument, candle.timeframe, candle.open_time);
            *self.heard.entry(key).or_default() += 1;
            self.tell(Input::Stream { instrument, candle });
        }
    }

    fn answer(&mut self) {
        let at = self.rng.below(self.pages.len() as u64) as usize;
        let (request, answer) = &mut self.pages[at];
        let request = *request;
        let fresh = || self.world.page(request, self.now, self.trouble.margin_ms);
        let (candles, complete_to) = answer.get_or_insert_with(fresh).clone();
        if self.rng.chance(self.trouble.delay) {
            return;
        }
        self.pages.swap_remove(at);
        self.tell(Input::Page { request, candles, complete_to });
    }

    fn kill(&mut self) {
        self.kills += 1;
        self.unstored.clear();
        self.wire.clear();
        self.pages.clear();
        self.connected = false;
        self.heard.clear();
        self.missing.clear();
        self.collector = Collector::new(self.world.config.clone()).unwrap();
        for released in &self.stored {
            self.collector.observe(released);
        }
        self.begin();
    }

    /// What the counters must be if the process was never killed.
    pub(crate) fn expected_counters(&self, timeframe: Timeframe) -> StreamCounters {
        let mut counters = StreamCounters::default();
        let events = self.stored.iter().flat_map(|released| released.events.iter());
        for event in events.map(|sequenced| sequenced.event) {
            let Event::CandleClosed { instrument, candle } = event else { continue };
            if candle.timeframe != timeframe {
                continue;
            }
            counters.accepted += 1;
            let key = (instrument, timeframe, candle.open_time);
            if self.heard.contains_key(&key) {
                continue;
            }
            match candle.close_time() > self.subscribed {
                true => counters.repaired += 1,
                false => counters.backfilled += 1,
            }
        }
        let heard = self.heard.iter().filter(|((_, t, _), _)| *t == timeframe);
        for (_, copies) in heard {
            counters.heard += copies;
            counters.duplicates += copies - 1;
        }
        let missing = crate::oracle::missing(&self.stored);
        let missing = missing.iter().filter(|((_, t), _)| *t == timeframe);
        counters.missing = missing.map(|(_, count)| count).sum();
        counters
    }
}
