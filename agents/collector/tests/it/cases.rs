//! Single accidents, each with what must come of it.

use collector::collector::Collector;
use collector::config::Config;
use collector::messages::{Input, Output, PageRequest};
use domain::candle::Candle;
use domain::event::{Event, Released};
use domain::time::{DAY_MS, HOUR_MS, MINUTE_MS, UtcMs};
use domain::timeframe::Timeframe::{self, D1, H1, H4, M1, M5, M15};

use crate::oracle;
use crate::world::{ORIGIN, World, candle, instrument, step};

const MINUTES_OF_A_DAY: i64 = 1440;

/// A shell that answers at once.
struct Desk {
    world: World,
    collector: Collector,
    now: UtcMs,
    /// Requests that are not answered.
    held: Vec<PageRequest>,
    hold: bool,
    requests: usize,
    released: Vec<Released>,
    others: Vec<Output>,
}

impl Desk {
    fn new(world: World) -> Self {
        let collector = Collector::new(world.config.clone()).unwrap();
        let (now, held) = (world.start, Vec::new());
        let (released, others) = (Vec::new(), Vec::new());
        let mut desk =
            Self { world, collector, now, held, hold: false, requests: 0, released, others };
        desk.begin();
        desk
    }

    fn begin(&mut self) {
        let listed = self.world.listed.clone();
        self.tell(Input::Started { venue_time: self.now, listed });
        self.tell(Input::Subscribed { venue_time: self.now });
    }

    fn tell(&mut self, input: Input) {
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
            let (candles, complete_to) = self.world.page(request, self.now, 0);
            self.tell(Input::Page { request, candles, complete_to });
        }
    }

    /// The stream brings what `keep` lets through, while the venue is ahead of it.
    fn listen(&mut self, until: UtcMs, ahead_ms: i64, mut keep: impl FnMut(&Candle) -> bool) {
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

    fn listen_to_all(&mut self) {
        self.listen(self.world.end, 0, |_| true);
    }

    fn wait(&mut self, ms: i64) {
        self.now = self.now.plus_ms(ms);
        self.tell(Input::VenueTime(self.now));
    }

    fn events(&self) -> Vec<Event> {
        let all = self.released.iter().flat_map(|released| released.events.iter());
        all.map(|sequenced| sequenced.event).collect()
    }
}

fn is_candle(event: &Event, timeframe: Timeframe, open: UtcMs) -> bool {
    matches!(event, Event::CandleClosed { candle, .. }
        if candle.timeframe == timeframe && candle.open_time == open)
}

fn minutes(count: i64) -> World {
    let mut world = World::new(&["AAA/USDT"], &[M1, M5]);
    world.trade("AAA/USDT", &[(0, count)]);
    world
}

fn stream(minute: i64) -> Input {
    Input::Stream { instrument: instrument("AAA/USDT").id, candle: candle(M1, step(M1, minute)) }
}

#[test]
fn a_calm_day_costs_nothing_but_its_history() {
    let mut world = World::new(&["AAA/USDT", "BBB/USDT"], &[M1, M5, M15, H1, H4, D1]);
    for name in ["AAA/USDT", "BBB/USDT"] {
        world.trade(name, &[(-3 * MINUTES_OF_A_DAY, MINUTES_OF_A_DAY)]);
    }
    world.start = ORIGIN.plus_ms(90_000);
    let mut desk = Desk::new(world);
    assert_eq!(desk.requests, 12);
    let first = &desk.released[0];
    assert_eq!(first.watermark, ORIGIN.plus_ms(MINUTE_MS));
    let history = |timeframe: Timeframe| {
        let of = |e: &Event| matches!(e, Event::CandleClosed { candle, .. } if candle.timeframe == timeframe);
        first.events.iter().filter(|s| of(&s.event)).count()
    };
    assert_eq!([M1, M5, H1, D1].map(history), [600, 600, 144, 6]);
    desk.listen_to_all();
    assert_eq!(desk.requests, 12);
    oracle::check(&desk.world, &desk.released);
    assert!(desk.collector.is_settled_to(desk.world.end));
    assert!(!desk.collector.is_settled_to(desk.world.end.plus_ms(MINUTE_MS)));
}

#[test]
fn every_lost_message_is_repaired_by_one_request() {
    let mut world = World::new(&["AAA/USDT", "BBB/USDT"], &[M1, M5, M15, H1, H4, D1]);
    for name in ["AAA/USDT", "BBB/USDT"] {
        world.trade(name, &[(0, 3 * MINUTES_OF_A_DAY)]);
    }
    let mut desk = Desk::new(world);
    let opening = desk.requests;
    let (mut n, mut lost) = (0, 0);
    desk.listen(desk.world.end, 0, |_| {
        n += 1;
        lost += usize::from(n % 97 == 0);
        n % 97 != 0
    });
    desk.wait(5000);
    assert!(desk.collector.is_settled_to(desk.world.end));
    oracle::check(&desk.world, &desk.released);
    let counters = desk.collector.counters().timeframes.values();
    let repaired: u64 = counters.map(|counters| counters.repaired).sum();
    assert_eq!(repaired, lost as u64);
    assert_eq!(desk.requests - opening, lost);
    assert_eq!(desk.others, []);
}

#[test]
fn a_dead_instrument_costs_a_request_for_each_stretch_the_venue_is_ahead() {
    let mut world = World::new(&["AAA/USDT", "DEAD/USDT"], &[M1, M5, H1]);
    world.trade("DEAD/USDT", &[(0, 100)]);
    world.trade("AAA/USDT", &[(0, 5 * MINUTES_OF_A_DAY)]);
    let mut desk = Desk::new(world);
    desk.listen(desk.world.end, 60 * MINUTE_MS, |_| true);
    oracle::check(&desk.world, &desk.released);
    // Two days until the session ends, with three streams, then probes: not 2880.
    let hours = 5 * 24;
    assert!(desk.requests < 3 * hours, "{}", desk.requests);
    let ended = desk.events().into_iter().find(|e| matches!(e, Event::SessionEnded { .. }));
    let (dead, last_close) = (instrument("DEAD/USDT").id, step(M1, 100));
    assert_eq!(ended, Some(Event::SessionEnded { instrument: dead, last_close }));
}

#[test]
fn two_silent_years_are_a_leap() {
    let again = 2 * 365 * MINUTES_OF_A_DAY + 17;
    let mut world = World::new(&["AAA/USDT", "BBB/USDT"], &[M1, M5, H1, D1]);
    world.trade("AAA/USDT", &[(0, 300), (again, again + 300)]);
    world.trade("BBB/USDT", &[(0, 290), (again + 60, again + 300)]);
    world.listed.push(instrument("NEVER/USDT"));
    world.config.instruments.push(instrument("NEVER/USDT").id);
    let mut desk = Desk::new(world);
    desk.listen_to_all();
    oracle::check(&desk.world, &desk.released);
    assert!(desk.requests < 60, "{}", desk.requests);
    let ends_alone = |r: &Released| {
        let is_end = |e: &Event| matches!(e, Event::SessionEnded { .. });
        is_end(&r.events[0].event)
            && !r.events.iter().any(|s| matches!(s.event, Event::SessionStarted { .. }))
    };
    assert!(!desk.released.iter().any(ends_alone));
    assert_eq!(desk.others, []);
}

#[test]
fn real_holes_are_told_once() {
    let mut world = World::new(&["AAA/USDT"], &[M1, M5]);
    world.trade("AAA/USDT", &[(0, 70), (87, 200)]);
    let mut desk = Desk::new(world);
    desk.listen_to_all();
    let id = instrument("AAA/USDT").id;
    let missing = |timeframe, from, to, count| Output::Missing {
        instrument: id,
        timeframe,
        from: step(M1, from),
        to: step(M1, to),
        count,
    };
    assert_eq!(desk.others, [missing(M1, 70, 87, 17), missing(M5, 70, 85, 3)]);
    let counters = desk.collector.counters();
    assert_eq!((counters.missing[&id][&M1], counters.missing[&id][&M5]), (17, 3));
    assert_eq!(counters.timeframes[&M1].repaired, 0);
    let mut again = Collector::new(desk.world.config.clone()).unwrap();
    desk.released.iter().for_each(|released| again.observe(released));
    assert_eq!(again.counters().missing, counters.missing);
    assert_eq!(again.last_watermark(), desk.collector.last_watermark());
}

#[test]
fn a_page_that_does_not_come_is_an_event() {
    let mut desk = Desk::new(minutes(200));
    desk.listen(step(M1, 100), 0, |_| true);
    desk.hold = true;
    let lost = step(M1, 102);
    desk.listen(step(M1, 104), 0, |candle| candle.open_time != lost);
    assert_eq!(desk.collector.last_watermark(), Some(step(M1, 102)));
    let request = desk.held.pop().unwrap();
    assert_eq!((request.from, request.limit), (lost, 1));
    desk.tell(Input::GaveUp { request });
    assert_eq!(desk.collector.last_watermark(), Some(step(M1, 104)));
    let last = desk.released.last().unwrap();
    let (id, timeframe) = (request.instrument, M1);
    let missed = Event::DeadlineMissed { instrument: id, timeframe, open_time: lost };
    assert_eq!(last.events[0].event, missed);
    assert!(is_candle(&last.events[1].event, M1, step(M1, 103)));
    // It is neither missing nor forgotten: when it comes after all, that is recorded.
    assert_eq!(desk.others, []);
    desk.tell(stream(102));
    let late = candle(M1, lost);
    assert_eq!(desk.others, [Output::Late { instrument: id, candle: late }]);
    let counters = desk.collector.counters().timeframes[&M1];
    assert_eq!((counters.late, counters.missing), (1, 0));
    let mut again = Collector::new(desk.world.config.clone()).unwrap();
    desk.released.iter().for_each(|released| again.observe(released));
    assert_eq!(again.counters().missing.len(), 0);
    desk.hold = false;
    desk.listen_to_all();
    assert!(desk.collector.is_settled_to(desk.world.end));
}

#[test]
fn what_was_given_up_counts_if_it_comes_before_its_watermark() {
    let mut desk = Desk::new(minutes(200));
    desk.listen(step(M1, 103), 0, |_| true);
    desk.hold = true;
    let lost = |candle: &Candle| candle.open_time == step(M1, 103) || candle.timeframe == M5;
    desk.listen(step(M1, 106), 0, |candle| !lost(candle));
    assert_eq!(desk.held.len(), 2);
    let minute = desk.held.iter().position(|request| request.timeframe == M1).unwrap();
    let request = desk.held.remove(minute);
    desk.tell(Input::GaveUp { request });
    assert_eq!(desk.collector.last_watermark(), Some(step(M1, 103)));
    // The five minutes' candle still holds the watermark at which its absence would be told.
    desk.tell(stream(103));
    assert_eq!(desk.collector.last_watermark(), Some(step(M1, 104)));
    let request = desk.held.remove(0);
    let (candles, complete_to) = desk.world.page(request, desk.now, 0);
    desk.tell(Input::Page { request, candles, complete_to });
    assert_eq!(desk.collector.last_watermark(), Some(step(M1, 106)));
    desk.hold = false;
    desk.listen_to_all();
    oracle::check(&desk.world, &desk.released);
}

#[test]
fn after_release_a_correction_moves_nothing() {
    let mut desk = Desk::new(minutes(200));
    desk.listen(step(M1, 100), 0, |_| true);
    let released = desk.released.clone();
    let (before, id) = (candle(M1, step(M1, 90)), instrument("AAA/USDT").id);
    let after = Candle { volume_base: before.volume_base + 1.0, ..before };
    desk.tell(Input::Stream { instrument: id, candle: after });
    desk.tell(Input::Stream { instrument: id, candle: after });
    assert_eq!(desk.others, [Output::Corrected { instrument: id, before, after }]);
    assert_eq!(desk.released, released);
    let counters = desk.collector.counters().timeframes[&M1];
    assert_eq!((counters.corrected, counters.duplicates), (1, 2));
    desk.listen_to_all();
    oracle::check(&desk.world, &desk.released);
}

#[test]
fn before_release_the_page_is_right() {
    let mut world = World::new(&["AAA/USDT"], &[M1, M5]);
    world.trade("AAA/USDT", &[(0, 100), (110, 200)]);
    let mut desk = Desk::new(world);
    desk.listen(step(M1, 100), 0, |_| true);
    desk.hold = true;
    let instrument = instrument("AAA/USDT").id;
    let invented = candle(M1, step(M1, 105));
    desk.tell(Input::Stream { instrument, candle: invented });
    let wrong = |minute| Candle { volume_base: 0.5, ..candle(M1, step(M1, minute)) };
    desk.tell(Input::Stream { instrument, candle: wrong(110) });
    desk.hold = false;
    desk.now = step(M1, 120);
    desk.tell(Input::VenueTime(desk.now));
    desk.tell(Input::Stream { instrument, candle: wrong(111) });
    desk.listen_to_all();
    oracle::check(&desk.world, &desk.released);
    assert!(desk.others.contains(&Output::Late { instrument, candle: invented }));
}

#[test]
fn a_clock_that_runs_mad_is_doubted() {
    let mut desk = Desk::new(minutes(400));
    desk.listen(step(M1, 100), 0, |_| true);
    let before = desk.requests;
    desk.tell(Input::VenueTime(UtcMs::new(i64::MAX)));
    let far = candle(M1, step(M1, 40_000_000));
    desk.tell(Input::Stream { instrument: instrument("AAA/USDT").id, candle: far });
    desk.listen(step(M1, 300), 0, |candle| candle.open_time != step(M1, 200));
    assert!(desk.requests - before < 12, "{}", desk.requests - before);
    desk.listen_to_all();
    oracle::check(&desk.world, &desk.released);
}

#[test]
fn enough_is_enough_while_a_page_is_on_its_way() {
    let mut desk = Desk::new(minutes(250_000));
    desk.listen(step(M1, 100), 0, |_| true);
    desk.hold = true;
    desk.listen(step(M1, 150_000), 0, |candle| candle.open_time != step(M1, 100));
    assert!(desk.collector.wants_more());
    desk.listen(step(M1, 190_000), 0, |_| true);
    assert!(!desk.collector.wants_more());
    desk.hold = false;
    let request = desk.held.pop().unwrap();
    let (candles, complete_to) = desk.world.page(request, desk.now, 0);
    desk.tell(Input::Page { request, candles, complete_to });
    assert!(desk.collector.wants_more());
    assert_eq!(desk.collector.last_watermark(), Some(step(M1, 190_000)));
}

#[test]
fn what_is_not_listed_holds_nobody() {
    let mut world = World::new(&["AAA/USDT", "OLD/USDT"], &[M1, H1]);
    for name in ["AAA/USDT", "OLD/USDT"] {
        world.trade(name, &[(0, 200)]);
    }
    world.listed.pop();
    let mut desk = Desk::new(world);
    desk.listen_to_all();
    let old = instrument("OLD/USDT").id;
    assert!(desk.events().iter().all(|event| event.instrument() != Some(old)));
    assert!(desk.collector.is_settled_to(desk.world.end));
    assert!(desk.collector.counters().timeframes[&M1].accepted == 200);
}

#[test]
fn an_instrument_joins_at_the_hour_however_it_was_noticed() {
    let mut world = World::new(&["AAA/USDT", "NEW/USDT"], &[M1, M5]);
    world.trade("AAA/USDT", &[(0, 400)]);
    world.trade("NEW/USDT", &[(130, 400)]);
    let new = instrument("NEW/USDT");
    let joined = |desk: &Desk| {
        let start = Event::SessionStarted { instrument: new };
        let found = desk.released.iter().find(|r| r.events.iter().any(|s| s.event == start));
        found.map(|released| released.watermark)
    };
    let mut heard = Desk::new(world.clone());
    heard.listen_to_all();
    assert_eq!(joined(&heard), Some(ORIGIN.plus_ms(3 * HOUR_MS)));
    let mut deaf = Desk::new(world);
    let after = step(M1, 200);
    deaf.listen(step(M1, 400), 0, |candle| candle.open_time > after);
    deaf.wait(5000);
    assert_eq!(deaf.released, heard.released);
}

#[test]
fn a_session_needs_a_break_that_candles_fit_in() {
    let config = Config {
        session_break_ms: HOUR_MS,
        ..Config::new(vec![instrument("AAA/USDT").id], vec![H1])
    };
    assert!(Collector::new(config).is_err());
    let config = Config::new(vec![instrument("AAA/USDT").id], vec![Timeframe::W1]);
    assert_eq!(config.session_break_ms, 14 * DAY_MS);
    assert!(Collector::new(config).is_ok());
}
