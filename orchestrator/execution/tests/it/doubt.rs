//! Nobody knows whether it was done.

use domain::order::{OrderEvent, Role};
use execution::answer::{Answer, Failure};
use execution::ask::Ask;
use execution::executor::Executor;
use execution::fact::{Fact, Out};
use execution::terms::{Market, Terms};

use crate::book::Book;
use crate::normal::MARKETS;
use crate::venue::{Venue, instrument, p, q};
use crate::world::{Fate, World};

fn is_entry(ask: &Ask) -> bool {
    matches!(ask, Ask::PlaceMarket { name, .. } if name.id.role() == Role::Entry)
}

#[test]
fn a_timed_out_order_whose_queries_fail_for_minutes_is_booked_when_it_fills() {
    for market in MARKETS {
        let mut world = World::new(market);
        world.venue.pieces = 0;
        world.mute();
        world.roads(|ask| if ask.acts() { Fate::Unanswered } else { Fate::Lost });
        world.buy("1");
        world.run(330_000);
        assert_eq!(world.story(Role::Entry), ["submitted", "outcome_unknown"]);
        let told = |fact: &Fact| matches!(fact, Fact::UnknownTooLong { .. });
        assert_eq!(world.facts.iter().filter(|fact| told(fact)).count(), 1);
        assert!(world.halted());
        world.roads(|_| Fate::Fine);
        world.run(30_000);
        assert_eq!(world.story(Role::Entry), ["submitted", "outcome_unknown", "accepted"]);
        world.venue.pieces = 2;
        world.run(60_000);
        assert_eq!(world.count(is_entry), 1);
        assert_eq!(world.book.held, q("1").to_decimal());
        world.settle();
    }
}

#[test]
fn an_order_that_is_not_found_at_first_stays_unknown_until_it_appears() {
    for market in MARKETS {
        let mut world = World::new(market);
        world.venue.hides_for_ms = 55_000;
        world.venue.fills_lag_ms = 55_000;
        world.mute();
        world.roads(|ask| if is_entry(ask) { Fate::Unanswered } else { Fate::Fine });
        world.buy("1");
        world.run(50_000);
        assert_eq!(world.story(Role::Entry), ["submitted", "outcome_unknown"]);
        world.run(60_000);
        assert_eq!(
            world.story(Role::Entry),
            ["submitted", "outcome_unknown", "accepted", "filled"]
        );
        assert_eq!(world.count(is_entry), 1);
        world.settle();
    }
}

#[test]
fn absence_is_proven_by_two_looks_a_settling_time_apart() {
    for market in MARKETS {
        let mut world = World::new(market);
        world.roads(|ask| if ask.acts() { Fate::Lost } else { Fate::Fine });
        world.buy("1");
        let sent = world.now;
        world.run(59_000);
        assert_eq!(world.story(Role::Entry), ["submitted", "outcome_unknown"]);
        world.run(60_000);
        let story = &world.book.stories[&world.id(Role::Entry)];
        let last = story.last().unwrap();
        assert_eq!(last.event, OrderEvent::ProvenAbsent);
        assert!(last.time_exchange.since(sent) >= 60_000);
        assert_eq!(world.count(is_entry), 1);
        world.settle();
    }
}

#[test]
fn an_order_that_appears_after_its_absence_was_proven_is_cancelled_and_halts() {
    let mut world = World::new(Market::Spot);
    world.venue.pieces = 0;
    world.venue.hides_for_ms = 300_000;
    world.mute();
    world.roads(|ask| if is_entry(ask) { Fate::Unanswered } else { Fate::Fine });
    world.buy("1");
    world.run(250_000);
    assert_eq!(*world.story(Role::Entry).last().unwrap(), "proven_absent");
    world.run(200_000);
    assert!(world.halted());
    assert!(world.venue.open_orders().is_empty());
}

/// An executor that has heard an empty venue, and what it asks after an entry.
fn entering() -> (Executor, Book, Out, domain::time::UtcMs) {
    let market = Market::Spot;
    let (mut executor, mut out) = (Executor::new(Terms::usual(market)), Out::default());
    let (mut book, mut venue) = (Book::new(instrument(market)), Venue::new(market));
    let now = domain::time::UtcMs::new(1_700_000_000_000);
    executor.list(instrument(market), now, &mut out);
    executor.resume(&book.memory(), now, &mut out);
    while let Some(request) = out.requests.pop() {
        executor.on_answer(request.id, venue.perform(&request.ask), now, &mut out);
    }
    out = Out::default();
    let protection = domain::gateway::Protection { stop: p("95"), target: p("110") };
    for command in book.enter(domain::order::Side::Buy, q("1"), protection) {
        executor.on_command(&command, now, now, &mut out);
    }
    (executor, book, out, now)
}

#[test]
fn an_ambiguous_answer_and_a_duplicate_name_are_no_refusals() {
    let why = "code -1007: Timeout waiting for response from backend server.".to_owned();
    for failure in [Failure::Ambiguous { why }, Failure::Duplicate] {
        let (mut executor, _, mut out, now) = entering();
        let placed = out.requests.iter().find(|request| is_entry(&request.ask)).unwrap().id;
        out.requests.clear();
        executor.on_answer(placed, Answer::Failed(failure), now, &mut out);
        let told = &out.reports.last().unwrap().event;
        assert_eq!(*told, OrderEvent::OutcomeUnknown);
        let asks: Vec<_> = out.requests.iter().map(|request| request.ask).collect();
        assert!(asks.iter().any(|ask| matches!(ask, Ask::Order { .. })), "{asks:?}");
        assert!(!asks.iter().any(Ask::acts));
    }
}

#[test]
fn an_answer_that_never_comes_is_an_unknown_outcome() {
    let (mut executor, _, mut out, now) = entering();
    out.reports.clear();
    executor.on_tick(now.plus_ms(61_000), &mut out);
    assert_eq!(out.reports[0].event, OrderEvent::OutcomeUnknown);
}

#[test]
fn what_was_not_done_is_asked_again_after_the_venues_pause() {
    for market in MARKETS {
        let mut world = World::new(market);
        world.roads(|ask| if ask.acts() { Fate::Busy(7_000) } else { Fate::Fine });
        world.buy("1");
        world.run(6_500);
        assert_eq!(world.count(is_entry), 1);
        world.roads(|_| Fate::Fine);
        world.run(2_000);
        assert_eq!(world.count(is_entry), 2);
        assert_eq!(world.story(Role::Entry), ["submitted", "accepted", "filled"]);
        world.settle();
    }
}

#[test]
fn pauses_grow_while_nothing_can_be_sent_and_closing_goes_on_for_ever() {
    let mut world = World::new(Market::Usdm { hedge: false });
    world.buy("1");
    world.run(5_000);
    world.roads(|ask| if ask.acts() { Fate::NotSent } else { Fate::Fine });
    world.close();
    world.run(3_600_000);
    let exits = world.count(|ask| matches!(ask, Ask::PlaceMarket { reduce_only: true, .. }));
    assert!((200..300).contains(&exits), "{exits} in an hour");
    world.roads(|_| Fate::Fine);
    world.run(30_000);
    assert_eq!(world.story(Role::Exit), ["submitted", "accepted", "filled"]);
    world.settle();
}

#[test]
fn an_entry_that_grew_stale_is_rejected_and_not_sent() {
    let mut world = World::new(Market::Spot);
    world.roads(|ask| if ask.acts() { Fate::NotSent } else { Fate::Fine });
    world.buy("1");
    world.run(60_000);
    let story = &world.book.stories[&world.id(Role::Entry)];
    let OrderEvent::Rejected { reason } = &story[1].event else { panic!("{story:?}") };
    assert!(reason.contains("stale, not sent"), "{reason}");
    world.roads(|_| Fate::Fine);
    world.run(60_000);
    assert!(world.venue.taken.is_empty());
    world.settle();
}
