//! The collector: accounts for every candle and releases watermarks in one order.

use std::collections::BTreeMap;

use domain::candle::Candle;
use domain::event::{Event, Released, Sequenced};
use domain::instrument::{Instrument, InstrumentId};
use domain::time::UtcMs;

use crate::config::{Config, ConfigError};
use crate::counters::Counters;
use crate::desk::{Desk, Presence};
use crate::messages::{Input, Output, PageRequest};
use crate::stream::{Copy, Hole, Source, Stream};

/// Candles that may be held before the stream should be read no further.
const BUFFERED: usize = 200_000;

/// The pure collector. What it releases is a function of the venue's history and of the moment
/// when the run began, whatever got lost, doubled or late on the way.
#[derive(Debug, Clone)]
pub struct Collector {
    config: Config,
    desks: BTreeMap<InstrumentId, Desk>,
    /// The venue's latest time that the stream, or its silence, bears witness to.
    evidence: UtcMs,
    subscribed_at: UtcMs,
    watermark: Option<UtcMs>,
    input_seq: u64,
    counters: Counters,
}

impl Collector {
    /// A collector that has heard nothing.
    pub fn new(config: Config) -> Result<Self, ConfigError> {
        let config = config.checked()?;
        let desks = config.instruments.iter().map(|id| (*id, Desk::new(*id, &config))).collect();
        let mut counters = Counters::default();
        for timeframe in &config.timeframes {
            counters.of(*timeframe);
        }
        let (evidence, subscribed_at) = (UtcMs::default(), UtcMs::default());
        Ok(Self { config, desks, evidence, subscribed_at, watermark: None, input_seq: 0, counters })
    }

    /// Hears again what was released before, in order, to go on after it.
    pub fn observe(&mut self, released: &Released) {
        self.watermark = Some(released.watermark);
        for Sequenced { input_seq, event } in released.events.iter() {
            self.input_seq = *input_seq;
            let Some(desk) = event.instrument().and_then(|id| self.desks.get_mut(&id)) else {
                continue;
            };
            match event {
                Event::SessionStarted { instrument } => {
                    desk.listed = Some(*instrument);
                    desk.presence = Presence::Present;
                    desk.ended = None;
                    for stream in &mut desk.streams {
                        stream.restart(UtcMs::default());
                    }
                }
                Event::SessionEnded { last_close, .. } => {
                    let (probe_from, empty_to) = (*last_close, *last_close);
                    desk.presence = Presence::Absent { probe_from, empty_to };
                }
                Event::CandleClosed { candle, .. } => {
                    let base = self.config.timeframes.first() == Some(&candle.timeframe);
                    for stream in &mut desk.streams {
                        if stream.timeframe == candle.timeframe {
                            stream.resume(candle.open_time, Some(*candle));
                        } else if base && stream.last_close().is_none() {
                            // Nothing of a coarser timeframe so far: it goes on with the candle
                            // that the session's base candles lie in.
                            let open = stream.timeframe.open_of(candle.open_time);
                            if stream.next_open() == UtcMs::default() {
                                stream.restart(open);
                            }
                        }
                    }
                }
                Event::DeadlineMissed { timeframe, open_time, .. } => {
                    let mut streams = desk.streams.iter_mut();
                    if let Some(stream) = streams.find(|stream| stream.timeframe == *timeframe) {
                        stream.resume(*open_time, None);
                    }
                }
                Event::AccountMarked { .. } => {}
            }
        }
    }

    /// Hears one input and says what follows.
    pub fn on_input(&mut self, input: Input, out: &mut Vec<Output>) {
        match input {
            Input::Started { began_at, listed } => self.start(began_at, listed),
            Input::Subscribed { venue_time } => {
                self.subscribed_at = venue_time;
                self.evidence = self.evidence.max(venue_time);
            }
            Input::VenueTime(venue_time) => self.evidence = self.evidence.max(venue_time),
            Input::Stream { instrument, candle } => self.on_stream(instrument, candle, out),
            Input::Page { request, candles, complete_to } => {
                self.on_page(request, candles, complete_to, out);
            }
            Input::GaveUp { request } => self.give_up(request),
        }
        self.go_on(out);
    }

    /// What was counted.
    pub const fn counters(&self) -> &Counters {
        &self.counters
    }

    /// The last watermark.
    pub const fn last_watermark(&self) -> Option<UtcMs> {
        self.watermark
    }

    /// Whether there is room for more of the stream.
    pub fn wants_more(&self) -> bool {
        let streams = self.desks.values().flat_map(|desk| &desk.streams);
        streams.map(Stream::buffered).sum::<usize>() < BUFFERED
    }

    /// Whether everything that closed up to `moment` is released and nothing is being asked for.
    pub fn is_settled_to(&self, moment: UtcMs) -> bool {
        self.desks.values().filter(|desk| desk.listed.is_some()).all(|desk| match desk.presence {
            Presence::Absent { empty_to, .. } => {
                !desk.probing && empty_to >= moment.floor(self.config.join_grid_ms)
            }
            Presence::Joining { at, .. } => at > moment,
            Presence::Present => {
                let accounted = desk.frontier() > moment || desk.is_over(&self.config);
                accounted && desk.first_close().is_none_or(|close| close > moment)
            }
        })
    }

    fn start(&mut self, began_at: UtcMs, listed: Vec<Instrument>) {
        self.evidence = self.evidence.max(began_at);
        let begins = began_at.floor(self.config.timeframes[0].span_ms());
        for instrument in listed {
            let Some(desk) = self.desks.get_mut(&instrument.id) else { continue };
            desk.listed = Some(instrument);
            match (self.watermark, desk.presence) {
                (None, _) => desk.begin_joining(UtcMs::default(), begins, true, &self.config),
                (Some(watermark), Presence::Absent { probe_from, .. }) => {
                    // What closed up to the last full hour had been asked for before it was passed.
                    let asked_to = watermark.floor(self.config.join_grid_ms);
                    let probe_from = probe_from.max(asked_to).max(begins);
                    desk.presence = Presence::Absent { probe_from, empty_to: asked_to };
                }
                (Some(_), _) => {}
            }
        }
    }

    fn on_stream(&mut self, instrument: InstrumentId, candle: Candle, out: &mut Vec<Output>) {
        self.evidence = self.evidence.max(candle.close_time());
        let Some(desk) = self.desks.get_mut(&instrument) else { return };
        let Some(stream) = desk.streams.iter_mut().find(|s| s.timeframe == candle.timeframe) else {
            return;
        };
        let counters = self.counters.of(candle.timeframe);
        counters.heard += 1;
        let absent = matches!(desk.presence, Presence::Absent { .. });
        if absent || candle.open_time >= stream.next_open() {
            if !stream.hold(candle, Source::Stream) {
                counters.duplicates += 1;
            }
            return;
        }
        match stream.copy(&candle, Source::Stream) {
            Copy::Overtaken => counters.repaired = counters.repaired.saturating_sub(1),
            Copy::Duplicate => counters.duplicates += 1,
            Copy::Corrected { before } => {
                counters.corrected += 1;
                out.push(Output::Corrected { instrument, before, after: candle });
            }
            Copy::Late => {
                counters.late += 1;
                out.push(Output::Late { instrument, candle });
            }
        }
    }

    fn on_page(
        &mut self,
        request: PageRequest,
        candles: Vec<Candle>,
        complete_to: UtcMs,
        out: &mut Vec<Output>,
    ) {
        let instrument = request.instrument;
        let Some(desk) = self.desks.get_mut(&instrument) else { return };
        let base = request.timeframe == desk.base().timeframe;
        if let Presence::Absent { probe_from, empty_to } = &mut desk.presence {
            if !(base && desk.probing && request.from == *probe_from) {
                return;
            }
            desk.probing = false;
            let first = candles.first().filter(|candle| candle.open_time >= *probe_from);
            let Some(first) = first.copied() else {
                *empty_to = complete_to.max(*empty_to);
                return;
            };
            let after =
                self.watermark.map_or(first.close_time(), |w| first.close_time().max(w.plus_ms(1)));
            let at = after.ceil(self.config.join_grid_ms);
            desk.begin_joining(first.open_time, at, false, &self.config);
            return;
        }
        let Some(stream) = desk.streams.iter_mut().find(|s| s.timeframe == request.timeframe)
        else {
            return;
        };
        stream.fetching = false;
        let counters = self.counters.of(request.timeframe);
        for candle in candles {
            if candle.timeframe != request.timeframe {
                continue;
            }
            if candle.open_time >= stream.next_open() {
                stream.hold(candle, Source::Page);
                continue;
            }
            match stream.copy(&candle, Source::Page) {
                Copy::Corrected { before } => {
                    counters.corrected += 1;
                    out.push(Output::Corrected { instrument, before, after: candle });
                }
                Copy::Late => {
                    counters.late += 1;
                    out.push(Output::Late { instrument, candle });
                }
                Copy::Overtaken | Copy::Duplicate => {}
            }
        }
        self.account(instrument, request.timeframe, Some(complete_to), out);
    }

    /// Accepts what is held in order; steps over what the venue doesn't have.
    fn account(
        &mut self,
        instrument: InstrumentId,
        timeframe: domain::timeframe::Timeframe,
        complete_to: Option<UtcMs>,
        out: &mut Vec<Output>,
    ) {
        let Some(desk) = self.desks.get_mut(&instrument) else { return };
        let break_ms = self.config.session_break_ms;
        let Some(index) = desk.streams.iter().position(|s| s.timeframe == timeframe) else {
            return;
        };
        loop {
            let next_open = desk.streams[index].next_open();
            if desk.is_beyond(next_open, &self.config) {
                // What comes now belongs to the next session.
                return;
            }
            let stream = &mut desk.streams[index];
            let begins_anew = matches!(desk.presence, Presence::Joining { .. })
                && index == 0
                && stream.last_close().is_some_and(|last| next_open.since(last) > break_ms)
                && stream.first_ahead() == Some(next_open);
            if begins_anew {
                // History before a break is another session's.
                let Presence::Joining { at, at_start } = desk.presence else { return };
                desk.begin_joining(next_open, at, at_start, &self.config);
                continue;
            }
            if let Some((candle, heard, hole)) = stream.accept() {
                let counters = self.counters.of(timeframe);
                counters.accepted += 1;
                if !heard && candle.close_time() > self.subscribed_at {
                    counters.repaired += 1;
                } else if !heard {
                    counters.backfilled += 1;
                }
                if let Some(Hole { from, to, count }) = hole {
                    counters.missing += count;
                    *self.counters.missing.entry((instrument, timeframe)).or_default() += count;
                    out.push(Output::Missing { instrument, timeframe, from, to, count });
                }
                continue;
            }
            match complete_to {
                Some(complete_to) if stream.skip(complete_to) => {}
                _ => return,
            }
        }
    }

    fn give_up(&mut self, request: PageRequest) {
        let Some(desk) = self.desks.get_mut(&request.instrument) else { return };
        if matches!(desk.presence, Presence::Absent { .. }) {
            desk.probing = false;
            return;
        }
        let present = desk.presence == Presence::Present;
        let Some(stream) = desk.streams.iter_mut().find(|s| s.timeframe == request.timeframe)
        else {
            return;
        };
        stream.fetching = false;
        if !present || request.from != stream.next_open() {
            return;
        }
        // The market can't wait for ever: on to what is known, or to what is due by now.
        let due = stream.timeframe.open_of(self.evidence.plus_ms(-self.config.patience_ms));
        let to = stream.first_ahead().map_or(due, |ahead| ahead.min(due));
        while stream.next_open() < to {
            let open = stream.next_open();
            stream.given_up.push(open);
            stream.resume(open, None);
        }
    }

    /// Accepts, releases and asks, until nothing more follows.
    fn go_on(&mut self, out: &mut Vec<Output>) {
        loop {
            let ready: Vec<_> = self
                .desks
                .values()
                .filter(|desk| !matches!(desk.presence, Presence::Absent { .. }))
                .flat_map(|desk| desk.streams.iter().map(move |stream| (desk.id, stream)))
                .filter(|(_, stream)| stream.first_ahead() == Some(stream.next_open()))
                .map(|(id, stream)| (id, stream.timeframe))
                .collect();
            for (instrument, timeframe) in ready {
                self.account(instrument, timeframe, None, out);
            }
            for desk in self.desks.values_mut() {
                desk.turn(&self.config);
            }
            if !self.release(out) {
                break;
            }
        }
        self.ask(out);
    }

    /// Releases the next watermark, if everything that belongs to it is known.
    fn release(&mut self, out: &mut Vec<Output>) -> bool {
        let Some(watermark) = self.next_watermark() else { return false };
        let mut events = Vec::new();
        self.take(watermark, &mut events);
        if events.is_empty() {
            return false;
        }
        self.sequence(watermark, events, out);
        true
    }

    fn sequence(&mut self, watermark: UtcMs, events: Vec<Event>, out: &mut Vec<Output>) {
        let first = self.input_seq + 1;
        let sequenced = |(n, event)| Sequenced { input_seq: first + n as u64, event };
        let events: std::sync::Arc<[_]> = events.into_iter().enumerate().map(sequenced).collect();
        self.input_seq += events.len() as u64;
        self.watermark = Some(watermark);
        out.push(Output::Release(Released { watermark, events }));
    }

    /// Takes what belongs to a watermark: who joins, what was given up, then the candles.
    fn take(&mut self, watermark: UtcMs, events: &mut Vec<Event>) {
        let mut candles = Vec::new();
        let mut missed = Vec::new();
        let mut taken = Vec::new();
        for desk in self.desks.values_mut() {
            let break_ms = self.config.session_break_ms;
            if let Some(last_close) = desk.ended.take_if(|last| watermark.since(*last) > break_ms) {
                events.push(Event::SessionEnded { instrument: desk.id, last_close });
            }
        }
        for desk in self.desks.values_mut() {
            match (desk.presence, desk.listed) {
                (Presence::Joining { at, .. }, Some(instrument)) if at == watermark => {
                    events.push(Event::SessionStarted { instrument });
                    desk.presence = Presence::Present;
                }
                (Presence::Present, _) => {}
                _ => continue,
            }
            let instrument = desk.id;
            for stream in &mut desk.streams {
                let timeframe = stream.timeframe;
                stream.given_up.retain(|open_time| {
                    let due = timeframe.close_of(*open_time) <= watermark;
                    if due {
                        let open_time = *open_time;
                        missed.push(Event::DeadlineMissed { instrument, timeframe, open_time });
                    }
                    !due
                });
                stream.release(watermark, &mut taken);
                candles.extend(taken.drain(..).map(|candle| (instrument, candle)));
            }
        }
        candles.sort_by_key(|(instrument, candle)| {
            (candle.close_time(), candle.timeframe, *instrument)
        });
        events.extend(missed);
        let closed = candles.into_iter();
        events
            .extend(closed.map(|(instrument, candle)| Event::CandleClosed { instrument, candle }));
    }

    /// The earliest moment with something to release, if nothing earlier can still turn up.
    fn next_watermark(&self) -> Option<UtcMs> {
        let (mut next, mut bound): (Option<UtcMs>, Option<UtcMs>) = (None, None);
        let earliest =
            |of: &mut Option<UtcMs>, at: UtcMs| *of = Some(of.map_or(at, |known| known.min(at)));
        for desk in self.desks.values().filter(|desk| desk.listed.is_some()) {
            match desk.presence {
                Presence::Absent { .. } => {}
                Presence::Joining { at, .. } => {
                    earliest(&mut next, at);
                    if desk.frontier() <= at {
                        earliest(&mut bound, at);
                    }
                }
                Presence::Present => {
                    if let Some(close) = desk.first_close() {
                        earliest(&mut next, close);
                    }
                    let given_up = desk.streams.iter().flat_map(|stream| {
                        stream.given_up.first().map(|open| stream.timeframe.close_of(*open))
                    });
                    for close in given_up {
                        earliest(&mut next, close);
                    }
                    if !desk.is_over(&self.config) {
                        earliest(&mut bound, desk.frontier());
                    }
                }
            }
        }
        let next = next.filter(|next| bound.is_none_or(|bound| *next < bound))?;
        let asked = next.floor(self.config.join_grid_ms);
        let absent_asked = self.desks.values().all(|desk| match desk.presence {
            Presence::Absent { empty_to, .. } => desk.listed.is_none() || empty_to >= asked,
            Presence::Joining { .. } | Presence::Present => true,
        });
        absent_asked.then_some(next)
    }

    /// Asks for what is due and has not come.
    fn ask(&mut self, out: &mut Vec<Output>) {
        let due = self.evidence.plus_ms(-self.config.patience_ms);
        let hour = due.floor(self.config.join_grid_ms);
        let limit = self.config.page_limit;
        for desk in self.desks.values_mut().filter(|desk| desk.listed.is_some()) {
            let instrument = desk.id;
            match desk.presence {
                Presence::Absent { probe_from, empty_to } => {
                    if !desk.probing && empty_to < hour {
                        desk.probing = true;
                        let timeframe = desk.base().timeframe;
                        out.push(Output::Fetch(PageRequest {
                            instrument,
                            timeframe,
                            from: probe_from,
                            limit: 1,
                        }));
                    }
                }
                Presence::Joining { .. } | Presence::Present => {
                    if desk.is_over(&self.config) {
                        continue;
                    }
                    for stream in desk.streams.iter_mut().filter(|stream| !stream.fetching) {
                        let (timeframe, from) = (stream.timeframe, stream.next_open());
                        let to = match stream.first_ahead() {
                            Some(ahead) => ahead,
                            None if stream.frontier() <= due => self.evidence,
                            None => continue,
                        };
                        stream.fetching = true;
                        let wanted = timeframe.count_between(from, to).saturating_add(1);
                        let limit = u32::try_from(wanted).unwrap_or(limit).clamp(2, limit);
                        out.push(Output::Fetch(PageRequest { instrument, timeframe, from, limit }));
                    }
                }
            }
        }
    }
}
