//! Stops that are gone, or there again, though nobody said so.

use domain::order::{OrderState, Role};
use execution::ask::Ask;
use execution::terms::Market;

use crate::normal::MARKETS;
use crate::protection::FUTURES;
use crate::venue::{Kind, p, q};
use crate::world::World;

/// Changes stops from one state to another behind everybody's back.
fn tamper(world: &mut World, from: OrderState, to: OrderState) {
    let orders = world.venue.plain.values_mut().chain(world.venue.algos.values_mut());
    let stops = orders.filter(|order| order.kind == Kind::Waits && order.below);
    for order in stops.filter(|order| order.seen.state == from) {
        order.seen.state = to;
    }
}

#[test]
fn a_stop_that_vanishes_in_silence_is_missed_in_time() {
    for market in MARKETS {
        let mut world = World::new(market);
        world.buy("1");
        world.run(15_000);
        world.mute();
        tamper(&mut world, OrderState::Accepted, OrderState::Cancelled);
        assert!(world.venue.open_stops().is_empty(), "{market:?}");
        world.run(20_000);
        assert_eq!(world.venue.open_stops().len(), 1, "{market:?}");
    }
}

#[test]
fn a_stop_that_the_venue_does_not_know_any_more_protects_nothing() {
    for market in MARKETS {
        let mut world = World::new(market);
        world.buy("1");
        world.run(15_000);
        let orders = world.venue.plain.values_mut().chain(world.venue.algos.values_mut());
        for order in orders.filter(|order| order.is_open()) {
            (order.seen.state, order.seen.name) = (OrderState::Cancelled, "forgotten".to_owned());
        }
        world.run(16_000);
        let is_closed = world.book.held.is_zero() || world.book.is_under_way(Role::Exit);
        assert!(is_closed && world.unprotected() == 1, "{market:?}");
        world.settle();
    }
}

#[test]
fn a_stop_that_works_after_all_is_taken_away_once_the_position_is_flat() {
    for market in MARKETS {
        let mut world = World::new(market);
        world.buy("1");
        world.run(5_000);
        world.close();
        world.run(120_000);
        assert!(world.book.held.is_zero() && world.venue.open_orders().is_empty(), "{market:?}");
        tamper(&mut world, OrderState::Cancelled, OrderState::Accepted);
        assert!(!world.venue.open_orders().is_empty(), "{market:?}");
        world.run(90_000);
        assert!(world.venue.open_orders().is_empty(), "{market:?}");
        assert_eq!(world.book.interventions, [], "{market:?}");
    }
}

#[test]
fn a_disowned_stop_that_closes_a_later_position_is_booked_and_told() {
    for market in FUTURES {
        let mut world = World::new(market);
        world.buy("1");
        world.run(5_000);
        world.close();
        world.run(120_000);
        world.price("100");
        world.buy("2");
        world.run(5_000);
        let before = world.book.held;
        // The first position's stop works after all, and is met before anybody asks.
        let first = world.venue.algos.values_mut().find(|order| order.below).unwrap();
        (first.seen.state, first.seen.triggered_order_id) = (OrderState::Accepted, None);
        (first.reduce_only, first.price) = (true, p("99"));
        world.price("98.5");
        world.run(20_000);
        assert_eq!(before - world.book.held, q("1").to_decimal(), "{market:?}");
        assert!(world.halted(), "{market:?}");
        world.settle();
    }
}

#[test]
fn an_exit_that_is_refused_is_not_asked_for_again_at_once() {
    let mut world = World::new(Market::Usdm { hedge: false });
    world.buy("1");
    world.run(5_000);
    // Nothing is held there any more, and nobody tells.
    world.mute();
    tamper(&mut world, OrderState::Accepted, OrderState::Cancelled);
    world.venue.base = rust_decimal::Decimal::ZERO;
    world.price("94");
    world.run(180_000);
    let exits =
        |ask: &Ask| matches!(ask, Ask::PlaceMarket { name, .. } if name.id.role() == Role::Exit);
    assert!((1..10).contains(&world.count(exits)), "{} exits", world.count(exits));
    assert!(world.halted());
}
