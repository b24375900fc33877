//! Nothing goes wrong.

use domain::order::{Role, Side};
use execution::ask::Ask;
use execution::terms::Market;

use crate::venue::{p, q};
use crate::world::World;

pub(crate) const MARKETS: [Market; 3] =
    [Market::Spot, Market::Usdm { hedge: false }, Market::Usdm { hedge: true }];

#[test]
fn an_entry_is_protected_and_its_target_ends_it() {
    for market in MARKETS {
        let mut world = World::new(market);
        world.buy("1");
        world.run(2_000);
        assert_eq!(world.venue.open_orders().len(), 2, "{market:?}");
        assert_eq!(world.story(Role::Entry), ["submitted", "accepted", "filled"]);
        world.price("111");
        world.run(5_000);
        assert_eq!(world.story(Role::Target), ["accepted", "filled"]);
        world.settle();
        assert_eq!(world.story(Role::Stop), ["accepted", "cancelled"]);
        assert!(world.book.held.is_zero() && world.book.interventions.is_empty());
        assert!(world.worst_bare_ms < 1_000, "{}", world.worst_bare_ms);
    }
}

#[test]
fn a_stop_moves_by_its_next_generation() {
    for market in MARKETS {
        let mut world = World::new(market);
        world.buy("1");
        world.run(2_000);
        world.trail(p("97"));
        world.run(2_000);
        let stop = world.id(Role::Stop);
        assert_eq!(world.book.ends(stop), ["accepted", "moved"]);
        assert_eq!(world.venue.open_stops()[0].seen.name, format!("{stop}1"));
        world.price("96");
        world.settle();
        assert_eq!(world.book.ends(stop), ["accepted", "moved", "filled"]);
        assert!(world.book.held.is_zero());
    }
}

#[test]
fn an_exit_takes_what_protects_away_and_closes() {
    for market in MARKETS {
        let mut world = World::new(market);
        world.buy("1.5");
        world.run(2_000);
        world.close();
        world.run(2_000);
        assert_eq!(world.story(Role::Exit), ["submitted", "accepted", "filled"], "{market:?}");
        let flagged = |ask: &Ask| matches!(ask, Ask::PlaceMarket { reduce_only: true, .. });
        let one_way = market == Market::Usdm { hedge: false };
        assert_eq!(world.count(flagged), usize::from(one_way));
        world.settle();
        assert!(world.book.interventions.is_empty());
    }
}

#[test]
fn a_short_position_of_futures_is_guarded_from_above() {
    let mut world = World::new(Market::Usdm { hedge: true });
    world.enter(Side::Sell, q("2"), p("105"), p("90"));
    world.run(2_000);
    assert_eq!(world.venue.open_orders().len(), 2);
    world.price("106");
    world.settle();
    assert!(world.book.held.is_zero());
}
