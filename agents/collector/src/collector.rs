//! The state machine: inputs in, outputs out.

use domain::candle::Candle;
use domain::event::Released;
use domain::instrument::{Instrument, InstrumentId};
use domain::time::UtcMs;

use crate::config::{Config, ConfigError};
use crate::counters::{Counters, Notes};
use crate::evidence::{Evidence, is_sound, plausible};
use crate::feed::{Feed, Phase};
use crate::messages::{Input, Output, PageRequest};
use crate::outlook::Outlook;
use crate::recent::{Bringer, Recall};
use crate::sequencer::Sequencer;
use crate::stream::Heard;

/// So many waiting candles are enough: until pages have come, the shell shall not read on.
const ENOUGH: usize = 200_000;

/// The price collector. See the crate's documentation for what it promises.
#[derive(Debug)]
pub struct Collector {
    config: Config,
    /// By name.
    feeds: Vec<Feed>,
    outlooks: Vec<Outlook>,
    evidence: Evidence,
    sequencer: Sequencer,
    counters: Counters,
    /// Venue time of the first subscription.
    subscribed: Option<UtcMs>,
    /// Where a fresh start began.
    start: Option<UtcMs>,
    /// How many requests are on their way.
    outstanding: usize,
}

impl Collector {
    /// A collector that has heard nothing.
    ///
    /// # Errors
    /// The first thing in `config` that can't work.
    pub fn new(config: Config) -> Result<Self, ConfigError> {
        config.check()?;
        let mut ids = config.instruments.clone();
        ids.sort_unstable();
        let feeds: Vec<_> = ids.into_iter().map(|id| Feed::new(id, &config)).collect();
        Ok(Self {
            outlooks: vec![Outlook::NONE; feeds.len()],
            feeds,
            config,
            evidence: Evidence::default(),
            sequencer: Sequencer::default(),
            counters: Counters::default(),
            subscribed: None,
            start: None,
            outstanding: 0,
        })
    }

    /// Goes on after what an earlier process released and stored; to be called with all of it,
    /// in order, before [`Input::Started`].
    pub fn observe(&mut self, released: &Released) {
        let watermark = plausible(released.watermark);
        let mut out = Vec::new();
        for sequenced in released.events.iter() {
            let Some(at) = sequenced.event.instrument().and_then(|id| self.find(id)) else {
                continue;
            };
            let counters = &mut self.counters;
            let mut notes = Notes { counters, subscribed: None, out: &mut out };
            self.feeds[at].observe(&sequenced.event, watermark, &mut notes);
        }
        self.sequencer.observe(released, watermark);
    }

    /// Hears one thing and appends what follows from it to `out`.
    pub fn on_input(&mut self, input: Input, out: &mut Vec<Output>) {
        match input {
            Input::Started { venue_time, listed } => self.on_started(venue_time, listed),
            Input::Stream { instrument, candle } => {
                let Some(at) = self.on_stream(instrument, &candle, out) else { return };
                self.look(at);
            }
            Input::Subscribed { venue_time } => {
                self.subscribed.get_or_insert(plausible(venue_time));
                self.evidence.learn(venue_time);
            }
            Input::VenueTime(venue_time) => self.evidence.learn(venue_time),
            Input::Page { request, candles, complete_to } => {
                let Some(at) = self.on_page(request, &candles, plausible(complete_to), out) else {
                    return;
                };
                self.look(at);
            }
            Input::GaveUp { request } => {
                let Some((at, stream)) = self.asked(request) else { return };
                self.outstanding -= 1;
                self.feeds[at].give_up(stream, self.evidence.now(), &self.config);
                self.look(at);
            }
        }
        self.release(out);
        self.ask(out);
    }

    /// What was counted.
    pub const fn counters(&self) -> &Counters {
        &self.counters
    }

    /// Whether everything that closed until `moment` is released, or known not to exist.
    pub fn is_settled_to(&self, moment: UtcMs) -> bool {
        let settled = |o: &Outlook| o.bound > moment && o.candidate.is_none_or(|at| at > moment);
        self.outlooks.iter().all(settled)
    }

    /// Whether the shell shall go on reading the stream; if not, pages are on their way that
    /// will make room.
    pub fn wants_more(&self) -> bool {
        self.outstanding == 0 || self.buffered() < ENOUGH
    }

    /// The last released watermark.
    pub fn last_watermark(&self) -> Option<UtcMs> {
        self.sequencer.last_watermark()
    }

    fn find(&self, id: InstrumentId) -> Option<usize> {
        self.feeds.binary_search_by_key(&id, |feed| feed.id).ok()
    }

    fn buffered(&self) -> usize {
        self.outlooks.iter().map(|outlook| outlook.buffered).sum()
    }

    /// Draws conclusions for one instrument.
    fn look(&mut self, at: usize) {
        let feed = &mut self.feeds[at];
        feed.settle(&self.config);
        self.outlooks[at] = feed.outlook(&self.config);
    }

    fn on_started(&mut self, venue_time: UtcMs, listed: Vec<Instrument>) {
        let venue_time = plausible(venue_time);
        self.evidence.learn(venue_time);
        let start = *self.start.get_or_insert(self.config.base().open_of(venue_time));
        for instrument in listed {
            if let Some(at) = self.find(instrument.id) {
                self.feeds[at].listed = Some(instrument);
            }
        }
        for at in 0..self.feeds.len() {
            let feed = &mut self.feeds[at];
            match (feed.phase, self.sequencer.last_watermark()) {
                (Phase::Idle | Phase::Unlisted, Some(last)) => feed.resume(last, &self.config),
                (Phase::Idle, None) if feed.listed.is_some() => feed.open(start, &self.config),
                (Phase::Idle | Phase::Unlisted, None) => feed.resume(start, &self.config),
                _ => {}
            }
            self.look(at);
        }
    }

    fn on_stream(
        &mut self,
        instrument: InstrumentId,
        candle: &Candle,
        out: &mut Vec<Output>,
    ) -> Option<usize> {
        let at = self.find(instrument)?;
        let full = self.buffered() >= 2 * ENOUGH;
        let feed = &mut self.feeds[at];
        let place = feed.streams.iter().position(|s| s.timeframe == candle.timeframe)?;
        let counters = self.counters.of(candle.timeframe);
        counters.heard += 1;
        if !is_sound(candle) || feed.phase == Phase::Unlisted {
            return None;
        }
        self.evidence.learn(candle.close_time());
        let stream = &mut feed.streams[place];
        if full && candle.open_time > stream.next_open() {
            return Some(at);
        }
        match stream.hear(candle) {
            Heard::Fresh | Heard::Overtaken => {}
            Heard::Duplicate => counters.duplicates += 1,
            Heard::Past(Recall::Released { before, by }) => {
                match by {
                    Bringer::Stream => counters.duplicates += 1,
                    Bringer::Repair => counters.repaired -= 1,
                    Bringer::Page => {}
                }
                let subscribed = self.subscribed;
                let mut notes = Notes { counters: &mut self.counters, subscribed, out };
                if let Some(before) = before.filter(|before| before != candle) {
                    notes.corrected(instrument, before, *candle);
                }
            }
            // Coarse candles of an absent instrument come and go.
            Heard::Past(Recall::Never) if place > 0 && feed.phase == Phase::Absent => {}
            Heard::Past(Recall::Never) => {
                let subscribed = self.subscribed;
                let mut notes = Notes { counters: &mut self.counters, subscribed, out };
                notes.late(instrument, *candle);
            }
        }
        Some(at)
    }

    fn on_page(
        &mut self,
        request: PageRequest,
        candles: &[Candle],
        complete_to: UtcMs,
        out: &mut Vec<Output>,
    ) -> Option<usize> {
        let (at, place) = self.asked(request)?;
        self.outstanding -= 1;
        let subscribed = self.subscribed;
        let mut notes = Notes { counters: &mut self.counters, subscribed, out };
        let stream = &mut self.feeds[at].streams[place];
        let asked_at = stream.outstanding.take()?.asked_at;
        let before = stream.next_open();
        for candle in candles {
            let asked = candle.timeframe == request.timeframe && candle.open_time >= request.from;
            if !asked || !is_sound(candle) {
                continue;
            }
            match stream.read(candle) {
                Some(Recall::Released { before: Some(before), .. }) if before != *candle => {
                    notes.corrected(request.instrument, before, *candle);
                }
                Some(Recall::Never) => notes.late(request.instrument, *candle),
                Some(Recall::Released { .. }) | None => {}
            }
        }
        for denied in stream.prove(stream.timeframe.open_of(complete_to)) {
            notes.late(request.instrument, denied);
        }
        if candles.len() < request.limit as usize {
            self.evidence.doubt(asked_at, complete_to);
        }
        if stream.next_open() == before {
            stream.retry_at = self.evidence.now().plus_ms(self.config.patience_ms);
        }
        Some(at)
    }

    /// The stream that waits for an answer to this request.
    fn asked(&self, request: PageRequest) -> Option<(usize, usize)> {
        let at = self.find(request.instrument)?;
        let mut streams = self.feeds[at].streams.iter();
        let place = streams.position(|s| s.outstanding.is_some_and(|o| o.request == request))?;
        Some((at, place))
    }

    /// Releases every watermark that is settled.
    fn release(&mut self, out: &mut Vec<Output>) {
        while let Some(watermark) = self.outlooks.iter().filter_map(|o| o.candidate).min()
            && self.outlooks.iter().all(|outlook| watermark < outlook.bound)
        {
            let (feeds, config) = (&mut self.feeds, &self.config);
            let (counters, subscribed) = (&mut self.counters, self.subscribed);
            let released = self.sequencer.release(watermark, |batch| {
                let mut notes = Notes { counters, subscribed, out };
                for feed in feeds {
                    feed.release(watermark, config, &mut notes, batch);
                }
            });
            let Some(released) = released else { return };
            out.push(Output::Release(released));
            for at in 0..self.feeds.len() {
                self.look(at);
            }
        }
    }

    /// Asks for what is due, as far as the next watermarks need it.
    fn ask(&mut self, out: &mut Vec<Output>) {
        let now = self.evidence.now();
        let Some(bound) = self.outlooks.iter().map(|outlook| outlook.bound).min() else { return };
        let page_limit = i64::from(self.config.page_limit);
        let page_ms = page_limit.saturating_mul(self.config.base().span_ms());
        let horizon = bound.plus_ms(page_ms.max(self.config.join_grid_ms));
        for at in 0..self.feeds.len() {
            if self.outlooks[at].due > now {
                continue;
            }
            while let Some(request) = self.feeds[at].ask(now, horizon, &self.config) {
                self.outstanding += 1;
                out.push(Output::Fetch(request));
            }
            self.look(at);
        }
    }
}
