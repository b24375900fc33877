//! Each fill once, whichever way and whenever it comes.

use domain::instrument::Instrument;
use domain::order::{Role, Side};
use execution::answer::{AccountEvent, FillSeen};
use execution::ask::Ask;
use execution::executor::Executor;
use execution::fact::{Fact, Out};
use execution::memory::Memory;
use execution::terms::{Market, Terms};

use crate::normal::MARKETS;
use crate::venue::{Venue, p, q};
use crate::world::{Fate, World};

#[test]
fn a_fill_before_its_acknowledgement_is_booked() {
    for market in MARKETS {
        let mut world = World::new(market);
        world.travel = Box::new(|request| {
            let slow = matches!(request.ask, Ask::PlaceMarket { .. });
            (if slow { Fate::Unanswered } else { Fate::Fine }, 10, 20_000)
        });
        world.buy("1");
        world.run(2_000);
        assert_eq!(world.story(Role::Entry), ["submitted", "accepted", "filled"]);
        assert_eq!(world.venue.open_orders().len(), 2);
        world.run(30_000);
        // The time-out that comes later says nothing new.
        assert_eq!(world.story(Role::Entry), ["submitted", "accepted", "filled"]);
        world.settle();
    }
}

#[test]
fn a_fill_before_its_instrument_waits_for_it() {
    let market = Market::Spot;
    let mut world = World::new(market);
    world.buy("1");
    world.run(2_000);
    let fill = world.venue.fills[0].clone();
    let (mut executor, mut out) = (Executor::new(Terms::usual(market)), Out::default());
    let now = world.now;
    executor.resume(&Memory::default(), now, &mut out);
    let stranger = FillSeen { symbol: "ETHUSDT".to_owned(), ..fill };
    for _ in 0..3 {
        executor.on_event(AccountEvent::Fill(stranger.clone()), now, &mut out);
    }
    assert_eq!(out.facts, [Fact::UnknownInstrument { symbol: "ETHUSDT".to_owned() }]);
    assert!(out.reports.is_empty());
    let instrument = Instrument { id: "ETH/USDT".parse().unwrap(), ..world.venue.instrument };
    executor.list(instrument, now, &mut out);
    // It is known now, and nobody's: told, not booked.
    let page = out.requests.iter().find(|r| matches!(r.ask, Ask::Fills { .. })).unwrap().id;
    let answer = execution::answer::Answer::Fills { fills: vec![stranger], complete: true };
    executor.on_answer(page, answer, now.plus_ms(10), &mut out);
    assert!(out.reports.is_empty());
}

#[test]
fn a_fill_whose_order_is_not_known_is_booked_once_its_name_is() {
    // A stop fills while nobody listens; the list of trades knows no names.
    for market in MARKETS {
        let mut world = World::new(market);
        world.venue.renames = true;
        world.buy("1");
        world.run(5_000);
        world.mute();
        world.price("94");
        world.restart();
        world.run(20_000);
        assert_eq!(world.count(|ask| matches!(ask, Ask::OrderById { .. })).min(1), 1);
        assert!(world.story(Role::Stop).contains(&"filled"), "{market:?}");
        world.settle();
    }
}

#[test]
fn a_fill_told_by_stream_and_list_many_times_is_booked_once() {
    for market in MARKETS {
        let mut world = World::new(market);
        world.stream = Box::new(|_| vec![5, 6, 3_000, 40_000, 70_000]);
        world.venue.pieces = 3;
        world.buy("2.345");
        world.run(100_000);
        for _ in 0..5 {
            world.event(AccountEvent::Lost);
            world.run(1_000);
        }
        // `Book::hear` would have refused the second.
        assert_eq!(world.book.held, q("2.345").to_decimal());
        world.settle();
    }
}

#[test]
fn a_fill_under_two_numbers_is_booked_once_and_halts() {
    for (market, pieces) in MARKETS.into_iter().flat_map(|market| [(market, 1), (market, 2)]) {
        let mut world = World::new(market);
        world.mute();
        world.venue.pieces = pieces;
        world.buy("1");
        world.run(15);
        // The stream tells the first under a number that no list knows.
        let fill = world.venue.fills[0].clone();
        let venue_fill_id = fill.venue_fill_id + 1_000_000;
        world.event(AccountEvent::Fill(FillSeen { venue_fill_id, ..fill }));
        assert!(!world.book.held.is_zero(), "{market:?}: nobody could know yet");
        // The list tells it under its own.
        world.run(70_000);
        assert!(world.halted(), "{market:?} {pieces}: a person must look at it");
        let entry = &world.book.stories[&world.id(Role::Entry)];
        let filled = entry.iter().filter_map(|report| match &report.event {
            domain::order::OrderEvent::Filled(fill) => Some(fill.quantity.to_decimal()),
            _ => None,
        });
        assert_eq!(
            filled.sum::<rust_decimal::Decimal>(),
            q("1").to_decimal(),
            "{market:?} {pieces}: no more than asked for"
        );
        // Protected, or closed where the venue holds less than the book and refuses the stop.
        let stops = world.venue.open_stops();
        let is_protected = stops.len() == 1 && stops[0].rest() == q("1");
        assert!(is_protected || world.venue.base.is_zero(), "{market:?} {pieces}: {stops:?}");
    }
}

#[test]
fn a_fill_told_again_after_the_position_turned_is_not_booked_again() {
    for hedge in [false, true] {
        let mut world = World::new(Market::Usdm { hedge });
        world.stream = Box::new(|_| vec![20, 30_000]);
        world.buy("1");
        world.run(5_000);
        world.close();
        world.run(5_000);
        world.enter(Side::Sell, q("1"), p("105"), p("90"));
        world.run(60_000);
        assert_eq!(world.book.held, -q("1").to_decimal());
        world.settle();
    }
}

#[test]
fn fills_during_a_disconnect_are_recovered() {
    for market in MARKETS {
        let mut world = World::new(market);
        world.buy("1");
        world.run(5_000);
        world.event(AccountEvent::Disconnected);
        world.mute();
        world.price("94");
        world.run(15_000);
        assert!(world.book.held.is_zero(), "it is asked for without the stream too");
        world.event(AccountEvent::Connected);
        world.run(5_000);
        let found = |fact: &Fact| matches!(fact, Fact::Recovered { .. });
        assert!(world.facts.iter().any(found));
        assert_eq!(*world.story(Role::Stop).last().unwrap(), "filled");
        world.settle();
    }
}

#[test]
fn a_connected_but_silent_stream_loses_no_fill() {
    for market in MARKETS {
        let mut world = World::new(market);
        world.mute();
        world.buy("1");
        world.run(10_000);
        assert_eq!(world.venue.open_orders().len(), 2);
        world.price("111");
        world.run(70_000);
        assert!(world.book.held.is_zero());
        world.settle();
    }
}

#[test]
fn an_end_waits_for_every_fill_before_it() {
    let mut world = World::new(Market::Spot);
    world.venue.pieces = 2;
    world.venue.fills_lag_ms = 20_000;
    // Orders are told, fills are not.
    world.stream = Box::new(|event| match event {
        AccountEvent::Fill(_) => Vec::new(),
        _ => vec![20],
    });
    world.buy("0.004");
    world.run(15_000);
    assert_eq!(world.story(Role::Entry), ["submitted", "accepted"]);
    world.run(40_000);
    let story = world.story(Role::Entry);
    assert_eq!(story[2..], ["filled"; 3]);
    world.settle();
}

/// Somebody else buys on the same account.
fn buys_beside(world: &mut World, name: &str) {
    let sizing = execution::ask::Sizing {
        instrument: world.venue.instrument.id,
        side: Side::Buy,
        quantity: q("0.5"),
        position_side: None,
    };
    world.venue.place_market(name, &sizing, false);
}

#[test]
fn foreign_orders_are_told_once_and_neither_booked_nor_adopted() {
    for market in MARKETS {
        let mut world = World::new(market);
        buys_beside(&mut world, "web_123");
        world.price("100");
        world.run(200_000);
        let told = |fact: &&Fact| matches!(fact, Fact::ForeignOrder { .. });
        assert_eq!(world.facts.iter().filter(told).count(), 1, "{:?}", world.facts);
        assert!(world.book.stories.is_empty());
        // Futures are counted; on spot what was there before the first look is beside the books.
        assert_eq!(world.halted(), market != Market::Spot);
    }
}

#[test]
fn orders_of_another_instance_are_told_and_halt() {
    // Another store decides on the same account: its names are of our form, and not ours.
    for market in MARKETS {
        let mut world = World::new(market);
        let name = "sx0123456789abcdef01234567e";
        assert!(name.parse::<domain::venue_name::VenueName>().is_ok());
        buys_beside(&mut world, name);
        world.price("100");
        world.run(200_000);
        assert!(world.halted(), "{market:?}");
        let told = |fact: &&Fact| matches!(fact, Fact::ForeignOrder { .. });
        assert_eq!(world.facts.iter().filter(told).count(), 1, "{:?}", world.facts);
        assert!(world.book.stories.is_empty(), "{market:?}: it is neither booked nor adopted");
    }
}

#[test]
fn an_order_under_our_name_that_we_did_not_send_halts() {
    // Another instance with the same seed, begun at the same moment, makes the same names; the venue
    // takes one again once its order has filled.
    for market in MARKETS {
        let mut world = World::new(market);
        world.buy("1");
        world.run(5_000);
        let sizing = execution::ask::Sizing {
            instrument: world.venue.instrument.id,
            side: Side::Buy,
            quantity: q("1"),
            position_side: None,
        };
        let name = world.id(Role::Entry).to_string();
        world.venue.place_market(&name, &sizing, false);
        world.price("100");
        world.run(70_000);
        assert!(world.halted(), "{market:?}");
        assert_eq!(world.book.held, q("1").to_decimal(), "{market:?}");
        assert_eq!(world.venue.open_stops()[0].rest(), q("1"), "{market:?}: ours is protected");
    }
}

#[test]
fn books_that_differ_on_two_looks_are_told_and_halt() {
    for market in MARKETS {
        let mut world = World::new(market);
        world.buy("1");
        world.run(200_000);
        assert!(!world.halted());
        world.venue.base += q("0.5").to_decimal();
        world.run(65_000);
        assert!(!world.halted(), "one look may lag");
        world.run(200_000);
        let differ = world.facts.iter().filter_map(|fact| match fact {
            Fact::BooksDiffer { subject, ours, venues } => Some((subject.clone(), *venues - *ours)),
            _ => None,
        });
        let differ: Vec<_> = differ.collect();
        assert_eq!(differ.len(), 1);
        assert_eq!(differ[0].1, q("0.5").to_decimal());
        assert!(world.halted());
    }
}

#[test]
fn a_small_venue_pages_its_fills() {
    let mut venue = Venue::new(Market::Spot);
    venue.page = 1;
    let mut world = World::new(Market::Spot);
    world.venue.page = 1;
    world.venue.pieces = 2;
    world.mute();
    world.buy("1");
    world.run(60_000);
    assert_eq!(world.book.held, q("1").to_decimal());
    world.settle();
}
