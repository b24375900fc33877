//! What is collected of quiet and of eventful times.

use collector::collector::Collector;
use collector::config::Config;
use collector::messages::Output;
use domain::event::{Event, Released};
use domain::time::{DAY_MS, HOUR_MS, MINUTE_MS};
use domain::timeframe::Timeframe::{self, D1, H1, H4, M1, M5, M15};

use crate::desk::Desk;
use crate::oracle;
use crate::world::{ORIGIN, World, instrument, step};

const MINUTES_OF_A_DAY: i64 = 1440;

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
