//! No sequence of signals, words, prices, sessions and fills gets an order past a limit.

use proptest::prelude::*;

use decision::policy::Policy;
use domain::timeframe::Timeframe;

use crate::parts::{floor, policy};
use crate::witness::Witness;
use crate::world::{Nature, World};

fn nature() -> impl Strategy<Value = Nature> {
    let sigma = prop_oneof![Just(0.0), 0.0005..0.02f64];
    (sigma, -0.003..0.002f64, 0.0..0.03f64, 0.0..0.02f64)
        .prop_map(|(sigma, drift, jumps, breaks)| Nature { sigma, drift, jumps, breaks })
}

fn live(seed: u64, nature: Nature, steps: usize, policy: Policy) -> Witness {
    let mut world = World::new(seed, nature);
    let mut floor = floor(policy.clone(), Timeframe::M15);
    let mut witness = Witness::new(policy);
    for _ in 0..steps {
        let (released, effects) = world.turn();
        witness.live(&mut floor, &released, effects);
    }
    witness
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, ..ProptestConfig::default() })]

    #[test]
    fn no_order_gets_past_a_limit(seed: u64, nature in nature(), steps in 1usize..600) {
        live(seed, nature, steps, policy());
    }
}

#[test]
fn the_worlds_reach_every_limit() {
    let mut seen = std::collections::BTreeMap::<String, u32>::new();
    for seed in 0..60u64 {
        let wild = (seed % 4) as f64;
        let nature = Nature {
            sigma: 0.002 + 0.003 * wild,
            drift: -0.0002 * wild,
            jumps: 0.004 * wild,
            breaks: 0.002 * wild,
        };
        // In some a narrow limit of the heat binds before the others do.
        let mut policy = policy();
        if seed % 3 == 0 {
            policy.profile.max_heat_ratio = policy.profile.risk_per_trade_ratio;
        }
        for (what, count) in live(seed, nature, 800, policy).seen.0 {
            *seen.entry(what).or_default() += count;
        }
    }
    println!("{seen:?}");
    for what in [
        "entry",
        "halted",
        "reducing",
        "active",
        "day_loss",
        "no_risk_word",
        "risk_word",
        "too_many_positions",
        "venue_minimum",
        "in_transit",
        "heat",
        "Heat",
        "Cash",
        "Share",
        "Drawdown",
        "RiskWord",
        "VenueMaximum",
        "no_signal",
        "low_confidence",
        "flat",
        "already_positioned",
        "nothing_to_sell",
        "no_range",
        "stop_loss",
        "trailing_stop_loss",
        "roi",
        "exit_signal",
        "force_exit",
        "moved",
        "expired",
        "cancelled",
    ] {
        assert!(seen.get(what).is_some_and(|count| *count > 0), "{what} never happened");
    }
}
