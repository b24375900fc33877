//! Whatever happens on the way, the same is released.

use proptest::prelude::*;

use crate::oracle;
use crate::rng::Rng;
use crate::run::{Run, Trouble};
use crate::world::World;

fn trouble(rng: &mut Rng) -> Trouble {
    let mut maybe = |most: f64| {
        let share = rng.below(100) as f64 / 100.0;
        if rng.chance(0.3) { 0.0 } else { most * share }
    };
    Trouble {
        drop: maybe(0.2),
        duplicate: maybe(0.2),
        disconnect: maybe(0.03),
        kill: maybe(0.02),
        reorder: maybe(0.5),
        delay: maybe(0.9),
        clock: maybe(0.1),
        margin_ms: maybe(8000.0) as i64,
    }
}

fn check(seed: u64) {
    let mut rng = Rng(seed);
    let world = World::random(&mut rng);
    let calm = Run::new(&world, Trouble::default(), seed).finish();
    oracle::check(&world, &calm.stored);
    let trouble = trouble(&mut rng);
    let run = Run::new(&world, trouble, seed).finish();
    oracle::check(&world, &run.stored);
    for timeframe in &world.config.timeframes {
        let mut counters =
            run.collector().counters().timeframes.get(timeframe).copied().unwrap_or_default();
        let mut expected = run.expected_counters(*timeframe);
        assert_eq!(counters.missing, expected.missing, "{timeframe}");
        if run.kills > 0 {
            continue;
        }
        if *timeframe != world.config.timeframes[0] {
            // Copies of candles that belong to no session may or may not be noticed.
            (counters.duplicates, counters.late) = (0, 0);
            expected.duplicates = 0;
        }
        assert_eq!(counters, expected, "{timeframe}");
    }
    if run.kills == 0 {
        assert_eq!(run.missing, oracle::missing(&run.stored));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn releases_depend_on_the_history_alone(seed: u64) {
        check(seed);
    }

    #[test]
    fn a_longer_history_changes_nothing_before(seed: u64, cut in 0.1..0.9) {
        let mut rng = Rng(seed);
        let world = World::random(&mut rng);
        let mut shorter = world.clone();
        let length_ms = (world.end.since(world.start) as f64 * cut) as i64;
        shorter.end = world.start.plus_ms(length_ms.max(0));
        for candles in shorter.history.values_mut() {
            candles.retain(|candle| candle.close_time() <= shorter.end);
        }
        let before = Run::new(&shorter, Trouble::default(), seed).finish();
        let after = Run::new(&world, Trouble::default(), seed).finish();
        let until = before.stored.partition_point(|released| released.watermark <= shorter.end);
        assert!(after.stored.starts_with(&before.stored[..until]));
    }
}
