//! Pages that don't come, candles that change, clocks that lie.

use collector::collector::Collector;
use collector::messages::{Input, Output};
use domain::candle::Candle;
use domain::event::Event;
use domain::time::UtcMs;
use domain::timeframe::Timeframe::{self, M1, M5};

use crate::desk::Desk;
use crate::oracle;
use crate::world::{World, candle, instrument, step};

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
fn a_venue_whose_history_lags_is_not_pestered() {
    let mut world = World::new(&["AAA/USDT", "DEAD/USDT"], &[M1, M5]);
    world.trade("DEAD/USDT", &[(0, 100)]);
    world.trade("AAA/USDT", &[(0, 300)]);
    let mut desk = Desk::new(world);
    desk.listen(step(M1, 100), 0, |_| true);
    // Longer than the collector's patience.
    desk.margin_ms = 10_000;
    let before = desk.requests;
    for minute in 101..=160 {
        desk.listen(step(M1, minute), 0, |_| true);
        for _ in 0..59 {
            desk.wait(1000);
        }
        desk.now = step(M1, minute);
    }
    desk.wait(15_000);
    assert_eq!(desk.collector.last_watermark(), Some(step(M1, 160)));
    let requests = desk.requests - before;
    assert!(requests < 60 * 6, "{requests}");
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
