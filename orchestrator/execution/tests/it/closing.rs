//! Exits, and what else closes at the same moment.

use domain::order::{OrderEvent, Role, Side};
use execution::ask::Ask;
use execution::fact::Out;
use execution::terms::Market;

use crate::normal::MARKETS;
use crate::venue::{p, q};
use crate::world::{Fate, World};

fn exits(ask: &Ask) -> bool {
    matches!(ask, Ask::PlaceMarket { name, .. } if name.id.role() == Role::Exit)
}

#[test]
fn an_exit_is_not_sent_when_the_stop_filled_meanwhile() {
    for market in MARKETS {
        let mut world = World::new(market);
        world.buy("1");
        world.run(3_000);
        world.stream = Box::new(|_| vec![4_000]);
        world.price("94");
        world.close();
        world.run(20_000);
        assert_eq!(world.venue.fills.len(), 2, "{market:?}: an entry and a stop");
        let story = &world.book.stories[&world.id(Role::Exit)];
        assert!(matches!(story[1].event, OrderEvent::Rejected { .. }), "{story:?}");
        if market == Market::Spot {
            assert_eq!(world.count(exits), 0);
        }
        assert_eq!(*world.story(Role::Stop).last().unwrap(), "filled");
        world.settle();
    }
}

#[test]
fn a_partly_filled_stop_leaves_the_exit_the_rest() {
    for market in MARKETS {
        let mut world = World::new(market);
        world.buy("1");
        world.run(3_000);
        if market == Market::Spot {
            world.venue.nibble(q("0.4"));
        } else {
            world.venue.liquidate("adl_autoclose", q("0.4"));
        }
        world.close();
        world.run(10_000);
        assert!(world.book.held.is_zero(), "{market:?}");
        // Less went out than was written down.
        assert_eq!(world.story(Role::Exit), ["submitted", "accepted", "filled", "cancelled"]);
        world.settle();
    }
}

#[test]
fn a_refused_reduction_is_looked_into() {
    // The venue closes the position, and nobody hears of it before the exit.
    let mut world = World::new(Market::Usdm { hedge: false });
    world.buy("1");
    world.run(3_000);
    world.mute();
    world.venue.liquidate("autoclose-1", q("1"));
    world.close();
    world.run(5_000);
    let story = &world.book.stories[&world.id(Role::Exit)];
    let OrderEvent::Rejected { reason } = &story[1].event else { panic!("{story:?}") };
    assert!(reason.contains("ReduceOnly"));
    assert!(world.book.held.is_zero());
    assert!(!world.halted());
    world.settle();
}

#[test]
fn closing_is_reduce_only_in_one_way_mode_and_names_its_side_in_hedge_mode() {
    for hedge in [false, true] {
        let mut world = World::new(Market::Usdm { hedge });
        world.enter(Side::Sell, q("1"), p("105"), p("90"));
        world.run(3_000);
        world.close();
        world.run(3_000);
        let orders = world.asks.iter().filter_map(|ask| match ask {
            Ask::PlaceMarket { sizing, reduce_only, .. } => {
                Some((*reduce_only, sizing.position_side))
            }
            Ask::PlaceStop { sizing, .. } | Ask::PlaceTarget { sizing, .. } => {
                Some((!hedge, sizing.position_side))
            }
            _ => None,
        });
        let short = hedge.then_some(domain::signal::Direction::Short);
        let orders: Vec<_> = orders.collect();
        assert_eq!(orders, [(false, short), (!hedge, short), (!hedge, short), (!hedge, short)]);
        world.settle();
    }
}

#[test]
fn a_reversal_waits_for_what_the_earlier_position_left() {
    for hedge in [false, true] {
        let mut world = World::new(Market::Usdm { hedge });
        world.buy("1");
        world.run(3_000);
        // Exit and stop at once; the stop's fill is told late.
        world.stream = Box::new(|_| vec![6_000]);
        world.close();
        world.price("94");
        world.run(1_500);
        if world.book.closable().is_zero() {
            world.enter(Side::Sell, q("1"), p("99"), p("90"));
        }
        world.run(8_000);
        if world.book.closable().is_zero() && !world.book.is_under_way(Role::Entry) {
            world.enter(Side::Sell, q("1"), p("99"), p("90"));
        }
        world.run(20_000);
        assert_eq!(world.book.held, -q("1").to_decimal());
        let first = |name: &str, of: fn(&Ask) -> bool| {
            let place = world.asks.iter().position(of);
            place.unwrap_or_else(|| panic!("{name}"))
        };
        let short = first("entry", |ask| {
            matches!(ask, Ask::PlaceMarket { sizing, name, .. }
                if sizing.side == Side::Sell && name.id.role() == Role::Entry)
        });
        let earlier: Vec<_> = world.asks[short..]
            .iter()
            .filter(|ask| matches!(ask, Ask::PlaceStop { sizing, .. } if sizing.side == Side::Sell))
            .collect();
        assert!(earlier.is_empty(), "no stop of the first position after the second's entry");
        world.settle();
    }
}

#[test]
fn an_exit_whose_answer_is_lost_closes_once_and_protects_what_it_did_not() {
    for market in MARKETS {
        for fate in [Fate::Unanswered, Fate::Lost] {
            let mut world = World::new(market);
            world.buy("1");
            world.run(3_000);
            world.roads(move |ask| if exits(ask) { fate } else { Fate::Fine });
            world.close();
            world.run(200_000);
            assert_eq!(world.count(exits), 1);
            let closed = fate == Fate::Unanswered;
            assert_eq!(world.book.held.is_zero(), closed);
            assert_eq!(world.venue.open_stops().len(), usize::from(!closed), "{market:?}");
            world.settle();
        }
    }
}

#[test]
fn an_entry_is_cancelled_before_and_after_it_was_sent() {
    for sent in [false, true] {
        let mut world = World::new(Market::Spot);
        world.venue.pieces = 0;
        world.roads(move |ask| if ask.acts() && !sent { Fate::NotSent } else { Fate::Fine });
        world.buy("1");
        world.run(2_000);
        let client_order_id = *world.book.orders.keys().next().unwrap();
        world.command(vec![domain::gateway::Command::Cancel { client_order_id }]);
        world.run(5_000);
        assert_eq!(*world.story(Role::Entry).last().unwrap(), "cancelled");
        world.settle();
    }
}

#[test]
fn what_is_too_little_to_be_sold_is_left_and_nothing_halts() {
    let mut world = World::new(Market::Spot);
    world.venue.least_quote = 5.into();
    // Bought for more than the venue's least order, of which a part of the target fills.
    world.buy("0.06");
    world.run(3_000);
    assert!(world.venue.nibble(q("0.02")));
    world.run(1_000);
    world.close();
    world.run(20_000);
    assert_eq!((world.book.held, world.book.dust), (0.into(), q("0.04").to_decimal()));
    assert!(!world.halted() && world.venue.open_orders().is_empty());
    world.settle();
    // The next position has nothing to do with it.
    world.buy("1");
    world.run(3_000);
    assert_eq!(world.venue.open_stops()[0].quantity, q("1"));
    world.settle();
}

#[test]
fn a_position_that_is_too_little_to_protect_is_left() {
    let mut world = World::new(Market::Spot);
    world.venue.least_quote = 5.into();
    world.buy("0.01");
    world.run(60_000);
    assert_eq!(world.book.dust, q("0.01").to_decimal());
    assert!(!world.halted());
    world.settle();
}

#[test]
fn an_order_that_is_too_large_is_no_dust() {
    let mut world = World::new(Market::Spot);
    world.buy("1");
    world.run(3_000);
    world.venue.least_quote = 1_000_000.into();
    for _ in 0..2 {
        world.close();
        world.run(10_000);
    }
    assert_eq!(world.book.dust, 0.into());
    assert!(world.halted());
}

#[test]
fn less_than_the_least_quantity_is_left_without_asking() {
    let mut world = World::new(Market::Spot);
    world.buy("0.006");
    world.run(3_000);
    let mut instrument = world.venue.instrument;
    instrument.filters.min_quantity = q("0.01");
    let mut out = Out::default();
    world.executor.list(instrument, world.now, &mut out);
    world.take(out);
    world.run(3_000);
    let placed = world.venue.taken.len();
    world.close();
    world.run(3_000);
    assert_eq!(world.venue.taken.len(), placed);
    assert_eq!((world.book.held, world.book.dust), (0.into(), q("0.006").to_decimal()));
    assert!(!world.halted());
}
