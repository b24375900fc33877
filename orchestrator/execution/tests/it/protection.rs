//! Every open position has a working stop, is being closed, or a person knows.

use domain::order::{Role, Side};
use execution::answer::{AccountEvent, Failure};
use execution::ask::Ask;
use execution::fact::Fact;
use execution::terms::Market;

use crate::normal::MARKETS;
use crate::venue::{p, q};
use crate::world::{Fate, World};

pub(crate) const FUTURES: [Market; 2] =
    [Market::Usdm { hedge: false }, Market::Usdm { hedge: true }];

fn places_stop(ask: &Ask) -> bool {
    matches!(ask, Ask::PlaceOco { .. } | Ask::PlaceStop { .. })
}

#[test]
fn partial_fills_and_partial_closes_keep_their_protection() {
    for market in MARKETS {
        let mut world = World::new(market);
        world.venue.pieces = 2;
        world.buy("1");
        world.run(4_000);
        // The entry still fills; what it has by now is protected.
        assert!(!world.venue.open_stops().is_empty(), "{market:?}");
        world.run(30_000);
        let stops = world.venue.open_stops();
        assert_eq!((stops.len(), stops[0].rest()), (1, q("1")));
        if market == Market::Spot {
            // The first unit of the target ends the stop beside it.
            assert!(world.venue.nibble(q("0.3")));
        } else {
            world.venue.liquidate("adl_autoclose", q("0.3"));
        }
        world.run(5_000);
        let stops = world.venue.open_stops();
        assert_eq!((stops.len(), stops[0].rest()), (1, q("0.7")), "{market:?}");
        assert!(world.worst_bare_ms < 10_000, "{}", world.worst_bare_ms);
        world.settle();
    }
}

#[test]
fn a_fee_in_base_units_sizes_the_stop() {
    let mut world = World::new(Market::Spot);
    world.venue.fee_permille = 1;
    world.buy("1");
    world.run(3_000);
    assert_eq!(world.book.held.to_string(), "0.999");
    assert_eq!(world.venue.open_stops()[0].rest(), q("0.999"));
    world.close();
    world.run(3_000);
    assert!(world.book.held.is_zero());
    // Less than the step is left: neither protected nor sold for ever.
    world.buy("0.5555");
    world.run(3_000);
    assert_eq!(world.venue.open_stops()[0].rest(), q("0.554"));
    world.close();
    world.settle();
    let exits = world
        .count(|ask| matches!(ask, Ask::PlaceMarket { name, .. } if name.id.role() == Role::Exit));
    assert_eq!((exits, world.book.dust.to_string().as_str()), (2, "0.0009445"));
}

#[test]
fn a_replaced_stop_of_spot_is_gone_before_the_next_is_placed() {
    for fate in [Fate::Unanswered, Fate::Lost, Fate::NotSent] {
        let mut world = World::new(Market::Spot);
        world.buy("1");
        world.run(3_000);
        world.roads(move |ask| if matches!(ask, Ask::Cancel { .. }) { fate } else { Fate::Fine });
        world.trail(p("97"));
        world.run(8_000);
        world.roads(|_| Fate::Fine);
        world.run(30_000);
        assert_eq!(world.venue.most_stops, 1, "{fate:?}");
        let stops = world.venue.open_stops();
        assert_eq!((stops.len(), stops[0].price), (1, p("97")));
        assert_eq!(world.story(Role::Stop), ["accepted", "moved"]);
        world.settle();
    }
}

#[test]
fn a_replaced_stop_of_futures_stays_until_the_next_works() {
    for market in FUTURES {
        let mut world = World::new(market);
        world.buy("1");
        world.run(3_000);
        world.roads(|ask| if places_stop(ask) { Fate::NotSent } else { Fate::Fine });
        world.trail(p("97"));
        world.run(20_000);
        assert_eq!(world.venue.open_stops()[0].price, p("95"));
        world.roads(|_| Fate::Fine);
        world.run(20_000);
        let stops = world.venue.open_stops();
        assert_eq!((stops.len(), stops[0].price), (1, p("97")));
        assert!(world.worst_bare_ms < 50, "but for the way of the first");
        world.settle();
    }
}

#[test]
fn fifty_moves_leave_one_stop_though_cancels_are_disowned() {
    for market in MARKETS {
        let mut world = World::new(market);
        world.buy("1");
        world.run(3_000);
        for step in 1..=50 {
            world.venue.disowns = 2;
            let trigger = p("95").plus(domain::money::Price::from_raw(step * 2_000_000)).unwrap();
            world.trail(trigger);
            world.run(3_000);
        }
        world.venue.disowns = 0;
        let most = if market == Market::Spot { 1 } else { 3 };
        assert!(world.venue.most_stops <= most, "{} at once", world.venue.most_stops);
        world.run(60_000);
        let stops = world.venue.open_stops();
        assert_eq!((stops.len(), stops[0].price), (1, p("96")), "{market:?}");
        world.settle();
    }
}

#[test]
fn no_stop_is_placed_once_the_position_is_flat() {
    for market in MARKETS {
        let mut world = World::new(market);
        world.buy("1");
        world.run(3_000);
        // Its target fills; the move of its stop crosses that.
        world.mute();
        world.price("111");
        world.trail(p("99"));
        world.run(100);
        let before = world.count(places_stop);
        world.run(120_000);
        let moved = usize::from(market != Market::Spot);
        assert!(world.count(places_stop) <= before + moved, "{market:?}");
        assert!(world.venue.open_orders().is_empty());
        world.settle();
    }
}

#[test]
fn a_stop_rejected_after_acceptance_is_placed_again_once_and_then_given_up() {
    for market in FUTURES {
        for times in [2, 9] {
            let mut world = World::new(market);
            // The target's is one of them.
            world.venue.rejects = times;
            world.buy("1");
            world.run(9_000);
            if times == 2 {
                assert_eq!((world.unprotected(), world.venue.open_stops().len()), (0, 1));
            } else {
                assert!(world.unprotected() > 0);
                assert!(world.book.held.is_zero(), "the core has closed it");
            }
            world.settle();
        }
    }
}

#[test]
fn protection_that_would_be_executed_at_once_closes_the_position() {
    for market in MARKETS {
        let mut world = World::new(market);
        world.roads(|ask| if places_stop(ask) { Fate::NotSent } else { Fate::Fine });
        world.buy("1");
        world.run(1_500);
        world.price("94");
        world.roads(|_| Fate::Fine);
        world.run(10_000);
        assert_eq!(world.unprotected(), 1, "{market:?}");
        assert!(world.book.held.is_zero());
        world.settle();
    }
}

#[test]
fn a_position_without_a_stop_is_told_in_time() {
    for market in MARKETS {
        let mut world = World::new(market);
        world.obeys = false;
        world.roads(|ask| if places_stop(ask) { Fate::NotSent } else { Fate::Fine });
        world.buy("1");
        world.run(9_000);
        assert_eq!(world.unprotected(), 0);
        world.run(2_000);
        assert_eq!(world.unprotected(), 1);
        // Again, but not with every tick.
        world.run(120_000);
        assert_eq!(world.unprotected(), 3);
        world.roads(|_| Fate::Fine);
        world.run(30_000);
        let told =
            |fact: &Fact| matches!(fact, Fact::Protected { after_ms, .. } if *after_ms > 9_000);
        assert!(world.facts.iter().any(told));
        world.settle();
    }
}

#[test]
fn refused_funds_are_looked_into_before_protection_is_given_up() {
    let mut world = World::new(Market::Spot);
    let reason = "Account has insufficient balance for requested action.".to_owned();
    world.venue.refuses = vec![Failure::Refused { code: -2010, reason }];
    world.buy("1");
    world.run(8_000);
    assert_eq!((world.unprotected(), world.venue.open_stops().len()), (0, 1));
    world.settle();
}

#[test]
fn refused_protection_is_asked_for_again_with_pauses() {
    let mut world = World::new(Market::Spot);
    world.obeys = false;
    let refused = Failure::Refused { code: -1013, reason: "Filter failure: NOTIONAL".to_owned() };
    world.venue.refuses = vec![refused; 100];
    world.buy("1");
    world.run(20_000);
    let asked = 100 - world.venue.refuses.len();
    assert!((2..=8).contains(&asked), "{asked} in 20 s");
}

#[test]
fn a_gap_through_the_stop_executes_it_all_the_same() {
    for market in MARKETS {
        let mut world = World::new(market);
        world.buy("1");
        world.run(3_000);
        world.price("70");
        world.run(5_000);
        assert!(world.book.held.is_zero());
        world.settle();
    }
}

#[test]
fn liquidation_and_deleveraging_are_fills_of_the_position() {
    for (market, side) in [(FUTURES[0], Side::Buy), (FUTURES[1], Side::Sell)] {
        for name in ["autoclose-1596107620040000020", "adl_autoclose"] {
            let mut world = World::new(market);
            let (stop, target) =
                if side == Side::Buy { (p("95"), p("110")) } else { (p("105"), p("90")) };
            world.enter(side, q("1"), stop, target);
            world.run(3_000);
            world.venue.liquidate(name, q("1"));
            world.price("100");
            world.run(5_000);
            assert_eq!(world.story(Role::Liquidation), ["filled"]);
            assert!(world.venue.open_orders().is_empty(), "before its stop: that goes too");
            assert!(!world.halted());
            world.settle();
        }
    }
}

#[test]
fn deleveraging_that_is_told_before_the_entry_filled_waits_for_it() {
    for market in FUTURES {
        let mut world = World::new(market);
        world.venue.fills_lag_ms = 30_000;
        world.stream = Box::new(|event| match event {
            AccountEvent::Fill(fill) if fill.name.as_deref() != Some("adl_autoclose") => vec![],
            _ => vec![20],
        });
        world.enter(Side::Buy, q("1"), p("95"), p("110"));
        world.run(1_000);
        world.venue.liquidate("adl_autoclose", q("0.3"));
        world.price("100");
        world.run(60_000);
        assert_eq!(world.story(Role::Liquidation), ["filled"], "{market:?}");
        assert_eq!(world.book.held, q("0.7").to_decimal());
        assert!(!world.halted());
        world.settle();
    }
}

#[test]
fn what_is_given_up_while_it_still_fills_grows_no_more() {
    for market in MARKETS {
        let mut world = World::new(market);
        world.venue.pieces = 200;
        world.buy("1");
        world.run(20_000);
        assert!(!world.book.held.is_zero(), "{market:?}");
        world.close();
        world.run(20_000);
        let given_up =
            |ask: &Ask| matches!(ask, Ask::Cancel { name, .. } if name.id.role() == Role::Entry);
        assert!(world.count(given_up) > 0, "{market:?}");
        // What filled on while it was being cancelled stays, and has its stop.
        let (rest, _) = (world.book.held, world.settle());
        assert!(rest < q("0.02").to_decimal(), "{market:?}: {rest}");
    }
}

#[test]
fn a_list_that_is_not_to_be_had_is_asked_for_with_pauses() {
    for market in MARKETS {
        let mut world = World::new(market);
        world.buy("1");
        world.run(5_000);
        world.roads(|ask| match ask {
            Ask::OpenOrders { .. } => Fate::NotSent,
            _ => Fate::Fine,
        });
        world.close();
        let lists = |ask: &Ask| matches!(ask, Ask::OpenOrders { .. });
        let before = world.count(lists);
        world.run(120_000);
        let asked = world.count(lists) - before;
        assert!((1..60).contains(&asked), "{market:?}: {asked} times in two minutes");
        world.roads(|_| Fate::Fine);
        world.settle();
    }
}
