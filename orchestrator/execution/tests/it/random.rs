//! Random venues, random ways there and back, random deaths: the invariants hold through all of it.

use std::cell::RefCell;
use std::rc::Rc;

use domain::money::Price;
use domain::order::{Role, Side};
use execution::answer::{AccountEvent, Failure};
use execution::ask::Ask;
use execution::terms::Market;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};

use crate::normal::MARKETS;
use crate::venue::q;
use crate::world::{Fate, World};

#[derive(Clone)]
struct Dice(Rc<RefCell<ChaCha8Rng>>);

impl Dice {
    fn new(seed: u64) -> Self {
        Self(Rc::new(RefCell::new(ChaCha8Rng::seed_from_u64(seed))))
    }

    /// 0…n−1.
    fn below(&self, n: u64) -> u64 {
        self.0.borrow_mut().next_u64() % n
    }

    fn ms(&self, most: u64) -> i64 {
        i64::try_from(self.below(most)).unwrap()
    }

    fn percent(&self, chance: u64) -> bool {
        self.below(100) < chance
    }
}

/// How bad it is.
#[derive(Debug, Clone, Copy)]
struct Weather {
    lost: u64,
    unanswered: u64,
    not_sent: u64,
    busy: u64,
    slow_ms: u64,
    silent: u64,
    doubled: u64,
    late_ms: u64,
    deaths: u64,
}

fn weather(dice: &Dice) -> Weather {
    let bad = dice.below(4);
    Weather {
        lost: dice.below(8) * bad,
        unanswered: dice.below(8) * bad,
        not_sent: dice.below(8) * bad,
        busy: dice.below(5) * bad,
        slow_ms: 1 + dice.below(1_500) * bad,
        silent: dice.below(20) * bad,
        doubled: dice.below(20) * bad,
        late_ms: 1 + dice.below(4_000) * bad,
        deaths: dice.below(3) * bad,
    }
}

fn life(seed: u64, market: Market) -> World {
    let dice = Dice::new(seed);
    let sky = weather(&dice);
    let mut world = World::new(market);
    let way = dice.clone();
    world.travel = Box::new(move |request| {
        let fate = match way.below(100) {
            n if n < sky.lost => Fate::Lost,
            n if n < sky.lost + sky.unanswered => Fate::Unanswered,
            n if n < sky.lost + sky.unanswered + sky.not_sent => Fate::NotSent,
            n if n < sky.lost + sky.unanswered + sky.not_sent + sky.busy => {
                Fate::Busy(way.below(3_000))
            }
            _ => Fate::Fine,
        };
        let _ = request;
        (fate, 1 + way.ms(sky.slow_ms), 1 + way.ms(sky.slow_ms))
    });
    let stream = dice.clone();
    world.stream = Box::new(move |_| {
        let mut times = Vec::new();
        if !stream.percent(sky.silent) {
            times.push(1 + stream.ms(sky.late_ms));
        }
        if stream.percent(sky.doubled) {
            times.push(1 + stream.ms(sky.late_ms));
        }
        times
    });
    world.venue.pieces = [1, 1, 2, 3][usize::try_from(dice.below(4)).unwrap()];
    world.venue.fee_permille = [0, 1][usize::try_from(dice.below(2)).unwrap()];
    world.venue.least_quote = [0, 0, 5][usize::try_from(dice.below(3)).unwrap()].into();
    world.venue.renames = dice.percent(30);
    let short = market != Market::Spot;
    let minutes = 3 + dice.below(6);
    for _ in 0..minutes * 60 {
        step(&mut world, &dice, sky, short);
    }
    world.settle();
    world
}

fn step(world: &mut World, dice: &Dice, sky: Weather, short: bool) {
    world.run(1_000);
    let cents = 10_000 + dice.ms(1_601) - 800;
    let price = Price::from_raw(cents * (Price::SCALE / 100));
    // Mostly near where it was.
    let drift = if dice.percent(5) { price } else { world.venue.price };
    world.venue.step(world.now, drift);
    if dice.percent(10) {
        world.venue.hides_for_ms = dice.ms(30_000);
        world.venue.fills_lag_ms = dice.ms(10_000);
    }
    let flat = world.book.closable().is_zero() && world.book.held.abs() < q("0.001").to_decimal();
    let idle = !world.book.is_under_way(Role::Entry) && !world.book.is_under_way(Role::Exit);
    if flat && idle && dice.percent(10) {
        world.book.plan = None;
        let at = world.venue.price;
        let shift = |by: i64| at.plus(Price::from_raw(by * Price::SCALE)).unwrap();
        let lots = ["1", "0.5", "2.345", "0.01"][usize::try_from(dice.below(4)).unwrap()];
        if short && dice.percent(40) {
            world.enter(Side::Sell, q(lots), shift(4), shift(-6));
        } else {
            world.enter(Side::Buy, q(lots), shift(-4), shift(6));
        }
    } else if idle && !flat && dice.percent(4) {
        world.close();
    } else if !flat && dice.percent(3) {
        let by = Price::from_raw(dice.ms(3) * Price::SCALE);
        if let Some((_, protection)) = world.book.plan {
            let long = !world.book.held.is_sign_negative();
            let to = if long { protection.stop.plus(by) } else { protection.stop.minus(by) };
            world.trail(to.unwrap());
        }
    }
    if dice.percent(2)
        && dice.percent(30)
        && world.venue.base.abs() > q("0.02").to_decimal()
        && short
    {
        let all = domain::money::Quantity::try_from(world.venue.base.abs()).unwrap();
        let part = if dice.percent(50) { all } else { q("0.005") };
        let name = if dice.percent(50) { "autoclose-15961" } else { "adl_autoclose" };
        world.venue.liquidate(name, part);
    }
    if dice.percent(1) {
        world.venue.nibble(q("0.003"));
    }
    if short && dice.percent(2) {
        world.venue.fund("0.0001");
    }
    if dice.percent(2) {
        let failure = match dice.below(3) {
            0 => {
                Failure::Refused { code: -2010, reason: "Account has insufficient balance.".into() }
            }
            1 => {
                Failure::Refused { code: -2021, reason: "Order would immediately trigger.".into() }
            }
            _ => Failure::Refused { code: -1013, reason: "Filter failure: NOTIONAL".into() },
        };
        world.venue.refuses = vec![failure];
    }
    if dice.percent(1) {
        world.venue.rejects = 1;
    }
    if dice.percent(sky.deaths) && dice.percent(40) {
        world.restart();
    }
    if dice.percent(1) {
        world.event(AccountEvent::Disconnected);
    } else if dice.percent(3) {
        world.event(AccountEvent::Connected);
    }
    if dice.percent(1) {
        world.event(AccountEvent::Lost);
    }
}

/// A word of whoever looks into a failed life: SEED, MARKET, CASES.
#[expect(clippy::disallowed_methods, reason = "a failed life is looked into by its seed")]
fn word<T: std::str::FromStr>(name: &str) -> Option<T> {
    std::env::var(name).ok()?.parse().ok()
}

/// One market alone, by its place in the list.
fn wanted(market: Market) -> bool {
    word::<usize>("MARKET").is_none_or(|place| MARKETS[place] == market)
}

/// Without a stop, closing or an alert. In the worst weather an order is not found for half a minute
/// after the executor that sent it died, and each question takes nine seconds or is lost.
const LONGEST_MS: i64 = 60_000;

#[test]
fn every_invariant_holds_through_random_lives() {
    let seeds = match word("SEED") {
        Some(seed) => seed..seed + 1,
        None => 0..word("CASES").unwrap_or(700),
    };
    let (mut fills, mut asks, mut worst) = (0, 0, 0);
    let mut failed = Vec::new();
    for seed in seeds {
        for market in MARKETS.into_iter().filter(|market| wanted(*market)) {
            let told = std::panic::catch_unwind(|| {
                let world = life(seed, market);
                (world.venue.fills.len(), world.count(Ask::acts), world.worst_bare_ms)
            });
            match told {
                Ok((filled, asked, bare_ms)) if bare_ms <= LONGEST_MS => {
                    (fills, asks, worst) = (fills + filled, asks + asked, worst.max(bare_ms));
                }
                Ok((_, _, bare_ms)) => failed.push((seed, market, bare_ms)),
                Err(_) => failed.push((seed, market, 0)),
            }
        }
    }
    assert!(failed.is_empty(), "{} lives failed (SEED, market, bare ms): {failed:?}", failed.len());
    println!("{fills} fills, {asks} orders and cancels, bare for {worst} ms at worst");
}
