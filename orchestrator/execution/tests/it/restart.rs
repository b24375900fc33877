//! Starts from what the core remembers.

use domain::order::Role;
use execution::ask::Ask;
use execution::fact::Fact;
use execution::terms::Market;

use crate::normal::MARKETS;
use crate::venue::{p, q};
use crate::world::{Fate, World};

#[test]
fn a_restart_with_an_open_entry_learns_what_became_of_it() {
    for market in MARKETS {
        for (fate, pieces) in [(Fate::Lost, 1), (Fate::Fine, 0), (Fate::Fine, 1), (Fate::Fine, 3)] {
            let mut world = World::new(market);
            world.venue.pieces = pieces;
            world.mute();
            world.travel = Box::new(move |request| {
                let fate = if request.ask.acts() { fate } else { Fate::Fine };
                (fate, 500, 500)
            });
            world.buy("1");
            world.run(100);
            world.restart();
            world.run(150_000);
            world.venue.pieces = 1;
            world.run(60_000);
            let (placed, held) = (world.venue.taken.iter(), world.book.held);
            let entries = placed.filter(|name| name.ends_with('e')).count();
            assert_eq!(entries, usize::from(fate == Fate::Fine), "{market:?} {pieces}");
            assert_eq!(held.is_zero(), fate == Fate::Lost);
            world.settle();
        }
    }
}

#[test]
fn a_restart_finds_the_stop_and_keeps_it() {
    for market in MARKETS {
        let mut world = World::new(market);
        world.buy("1");
        world.run(3_000);
        world.trail(p("96"));
        world.run(3_000);
        let before = world.venue.taken.len();
        for _ in 0..3 {
            world.restart();
            world.run(5_000);
        }
        assert_eq!(world.venue.taken.len(), before, "{market:?}: nothing new is placed");
        world.trail(p("97"));
        world.run(3_000);
        assert_eq!(world.venue.open_stops()[0].price, p("97"));
        world.settle();
    }
}

#[test]
fn a_restart_without_the_stop_places_it_under_a_new_name() {
    for market in MARKETS {
        let mut world = World::new(market);
        world.buy("1");
        world.run(3_000);
        world.mute();
        let open: Vec<_> = world.venue.open_stops().iter().map(|o| o.seen.clone()).collect();
        let name = open[0].name.parse().unwrap();
        let instrument = world.venue.instrument.id;
        let ask = match market {
            Market::Spot => Ask::Cancel { name, instrument },
            Market::Usdm { .. } => Ask::CancelConditional { name, instrument },
        };
        world.venue.perform(&ask);
        world.restart();
        world.run(5_000);
        let stops = world.venue.open_stops();
        assert_eq!(stops.len(), 1);
        assert!(!open.iter().any(|o| o.name == stops[0].seen.name));
        assert_eq!(world.unprotected(), 0);
        world.settle();
    }
}

#[test]
fn a_crash_after_the_targets_fill_leaves_no_stop() {
    for market in MARKETS {
        let mut world = World::new(market);
        world.buy("1");
        world.run(3_000);
        world.mute();
        world.price("111");
        world.restart();
        world.run(90_000);
        assert!(world.venue.open_orders().is_empty(), "{market:?}");
        assert_eq!(*world.story(Role::Target).last().unwrap(), "filled");
        assert_eq!(*world.story(Role::Stop).last().unwrap(), "cancelled");
        world.settle();
    }
}

#[test]
fn a_crash_between_the_end_of_the_old_stop_and_the_new_one_is_made_good() {
    for market in MARKETS {
        for after_ms in [5, 15, 25, 35, 45, 55] {
            let mut world = World::new(market);
            world.buy("1");
            world.run(3_000);
            world.trail(p("97"));
            world.run(after_ms);
            world.restart();
            world.run(100_000);
            let stops = world.venue.open_stops();
            assert_eq!(stops.len(), 1, "{market:?} after {after_ms} ms");
            assert_eq!(world.unprotected(), 0);
            world.settle();
        }
    }
}

#[test]
fn a_position_older_than_the_look_back_keeps_its_stop() {
    for market in MARKETS {
        let mut world = World::new(market);
        world.buy("1");
        world.run(3_000);
        // Its fills are older than the day that is asked for.
        world.run(3 * domain::time::DAY_MS / 2);
        for fill in world.book.booked.values_mut() {
            *fill = world.now;
        }
        let before = world.venue.taken.len();
        world.restart();
        world.run(60_000);
        assert_eq!(world.venue.taken.len(), before);
        assert_eq!(world.venue.open_stops().len(), 1);
        world.close();
        world.run(120_000);
        assert!(world.book.held.is_zero());
    }
}

#[test]
fn a_restart_without_a_position_takes_no_booked_fill_for_a_new_one() {
    for market in MARKETS {
        let mut world = World::new(market);
        world.buy("1");
        world.run(3_000);
        world.price("111");
        world.run(30_000);
        assert!(world.book.held.is_zero() && world.book.closable().is_zero(), "{market:?}");
        world.book.plan = None;
        world.book.orders.clear();
        world.restart();
        world.run(120_000);
        assert!(world.book.interventions.is_empty(), "{:?}", world.book.interventions);
        let told = |fact: &Fact| matches!(fact, Fact::ForeignOrder { .. });
        assert!(!world.facts.iter().any(told), "{market:?}: {:?}", world.facts);
        world.settle();
    }
}

#[test]
fn a_late_fill_of_before_the_crash_is_recovered_though_a_later_one_is_booked() {
    for market in MARKETS {
        let mut world = World::new(market);
        world.venue.pieces = 2;
        // The second fill is lost, later ones are heard.
        let mut heard = 0;
        world.stream = Box::new(move |event| {
            if matches!(event, execution::answer::AccountEvent::Fill(_)) {
                heard += 1;
                if heard == 2 {
                    return Vec::new();
                }
            }
            vec![20]
        });
        world.buy("1");
        world.run(2_500);
        world.restart();
        world.run(60_000);
        assert_eq!(world.book.held, q("1").to_decimal(), "{market:?}");
        world.settle();
    }
}

#[test]
fn a_position_without_a_plan_is_told_at_once() {
    let mut world = World::new(Market::Spot);
    world.obeys = false;
    world.buy("1");
    world.run(3_000);
    world.book.plan = None;
    world.book.orders.clear();
    world.restart();
    assert_eq!(world.unprotected(), 1);
    world.run(5_000);
    let told = |fact: &&Fact| matches!(fact, Fact::ForeignOrder { .. });
    assert_eq!(world.facts.iter().filter(told).count(), 2, "its stop and its target, once each");
}
