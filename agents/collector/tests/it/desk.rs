//! A shell that does as it is told, one thing at a time.

use collector::collector::Collector;
use collector::messages::{Input, Output, PageRequest};
use domain::candle::Candle;
use domain::event::{Event, Released};
use domain::time::UtcMs;

use crate::world::World;

/// A shell that answers at once.
pub(crate) struct Desk {
    pub(crate) world: World,
    pub(crate) collector: Collector,
    pub(crate) now: UtcMs,
    /// Requests that are not answered.
    pub(crate) held: Vec<PageRequest>,
    pub(crate) hold: bool,
    pub(crate) margin_ms: i64,
    pub(crate) requests: usize,
    pub(crate) released: Vec<Released>,
    pub(crate) others: Vec<Output>,
}

impl Desk {
    pub(crate) fn new(world: World) -> Self {
        let collector = Collector::new(world.config.clone()).unwrap();
        let (now, held, hold, margin_ms) = (world.start, Vec::new(), false, 0);
        let (released, others) = (Vec::new(), Vec::new());
        let mut desk =
            Self { world, collector, now, held, hold, margin_ms, requests: 0, released, others };
        desk.begin();
        desk
    }

    pub(crate) fn begin(&mut self) {
        let listed = self.world.listed.clone();
        self.tell(Input::Started { venue_time: self.now, listed });
        self.tell(Input::Subscribed { venue_time: self.now });
    }

    pub(crate) fn tell(&mut self, input: Input) {
        let mut out = Vec::new();
        self.collector.on_input(input, &mut out);
        for output in out {
            match output {
                Output::Fetch(request) => {
                    self.requests += 1;
                    self.held.push(request);
                }
                Output::Release(released) => self.released.push(released),
                other => self.others.push(other),
            }
        }
        if !self.hold
            && let Some(request) = self.held.pop()
        {
            let (candles, complete_to) = self.world.page(request, self.now, self.margin_ms);
            self.tell(Input::Page { request, candles, complete_to });
        }
    }

    /// The stream brings what `keep` lets through, while the venue is ahead of it.
    pub(crate) fn listen(
        &mut self,
        until: UtcMs,
        ahead_ms: i64,
        mut keep: impl FnMut(&Candle) -> bool,
    ) {
        let since = self.now;
        for (close, instrument, candle) in self.world.by_close() {
            if close > since && close <= until {
                self.now = close.plus_ms(ahead_ms);
                if keep(&candle) {
                    self.tell(Input::Stream { instrument, candle });
                }
            }
        }
        self.now = until.plus_ms(ahead_ms);
    }

    pub(crate) fn listen_to_all(&mut self) {
        self.listen(self.world.end, 0, |_| true);
    }

    pub(crate) fn wait(&mut self, ms: i64) {
        self.now = self.now.plus_ms(ms);
        self.tell(Input::VenueTime(self.now));
    }

    pub(crate) fn events(&self) -> Vec<Event> {
        let all = self.released.iter().flat_map(|released| released.events.iter());
        all.map(|sequenced| sequenced.event).collect()
    }
}
