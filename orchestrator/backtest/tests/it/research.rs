//! Searches and walks over a seeded market: what is tested is never what was chosen by.

use std::collections::BTreeMap;

use backtest::curve::Grain;
use backtest::history::History;
use backtest::outcome::Outcome;
use backtest::research::space::{Point, Search, Space};
use backtest::research::splits::{WalkForward, Window};
use backtest::research::trials::Trial;
use backtest::research::{search, verdict, walk_forward};
use backtest::run;
use decision::outbox::Sink;
use decision::policy::Policy;
use decision::profile::Profile;
use decision::record::{AgentConfigs, ConfigurationRecord};
use domain::candle::Candle;
use domain::instrument::Asset;
use domain::money::{Money, Price};
use domain::time::{DAY_MS, HOUR_MS, UtcMs};
use domain::timeframe::Timeframe::{H1, H4};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};
use rust_decimal::Decimal;

use crate::tape::listed;

/// 2021-03-01 00:00 UTC.
const MARCH: UtcMs = UtcMs::new(1_614_556_800_000);

const SPACE: &str = "
    min_confidence = { type = 'float', from = 0.5, to = 0.7, step = 0.02 }
    stop_atr_multiple = { type = 'log', from = 0.5, to = 8 }
    trailing = { type = 'choice', values = [true, false] }
    horizon_candles = { type = 'integer', from = 6, to = 48 }
";

/// Hourly candles of so many days, with trends of some days.
fn market(days: i64, seed: u64) -> Vec<Candle> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut unit = || (rng.next_u64() >> 11) as f64 / (1u64 << 53) as f64;
    let (mut price, mut drift) = (1000.0, 0.0);
    let mut candles = Vec::new();
    for hour in 0..days * 24 {
        if hour % 60 == 0 {
            drift = (unit() - 0.5) * 0.004;
        }
        let mut step = || price * (1.0 + drift + (unit() - 0.5) * 0.02);
        let prices = [price, step(), step(), step()].map(|p| Price::nearest(p).unwrap());
        price = prices[3].to_f64();
        let (high, low) = (prices.iter().max().unwrap(), prices.iter().min().unwrap());
        let prices = [prices[0], *high, *low, prices[3]];
        let open_time = MARCH.plus_ms(hour * HOUR_MS);
        candles.push(Candle::new(H1, open_time, prices, 1.0).unwrap());
    }
    candles
}

fn history(days: i64) -> History {
    let candles = [("BTC/USDT", 1), ("ETH/USDT", 2)];
    let candles = candles.map(|(name, seed)| (listed(name), market(days, seed)));
    History::new(candles.into(), &[H4]).unwrap()
}

fn configuration(history: &History) -> ConfigurationRecord {
    let profile = Profile::named("swing-spot").unwrap();
    let profile = Profile { min_confidence: 0.6, ..profile };
    let mut technical = technical::config::Config::for_timeframe(H1);
    technical.timeframe_weights = BTreeMap::from([(H1, 0.8), (H4, 0.2)]);
    let risk = risk::config::Config::new(H1, profile.halt_drawdown());
    let policy = Policy::of(profile);
    ConfigurationRecord {
        seed: 1,
        mode: "backtest".to_owned(),
        began_at: history.from(),
        capital_quote: Money::new(Decimal::from(10_000)),
        quote: "USDT".parse::<Asset>().unwrap(),
        instruments: history.instruments(),
        timeframes: history.timeframes().to_vec(),
        policy_hash: policy.hash(),
        policy,
        agents: AgentConfigs { technical, risk },
    }
}

fn trials(history: &History, numbers: impl IntoIterator<Item = u64>) -> Vec<Trial> {
    let (configuration, space) = (configuration(history), Space::parse(SPACE).unwrap());
    let make = |number| {
        let point = space.point(Search::Random, 5, number);
        search::trial(&configuration, history, number, point).unwrap()
    };
    numbers.into_iter().map(make).collect()
}

#[test]
fn trials_do_not_depend_on_order_or_threads() {
    let history = history(90);
    let forward = trials(&history, 0..12);
    let mut backward = trials(&history, (0..12).rev());
    backward.reverse();
    assert_eq!(forward, backward);
    let halves = std::thread::scope(|scope| {
        let even = scope.spawn(|| trials(&history, (0..12).step_by(2)));
        let odd = scope.spawn(|| trials(&history, (1..12).step_by(2)));
        [even.join().unwrap(), odd.join().unwrap()].concat()
    });
    assert!(halves.iter().all(|trial| *trial == forward[trial.number as usize]));
    assert!(forward.iter().all(|trial| trial.daily_returns.len() == 90 && trial.trades > 0));
    assert!(forward.iter().any(|trial| trial.sharpe_daily != forward[0].sharpe_daily));
    let compounded = |trial: &Trial| trial.daily_returns.iter().fold(1.0, |e, r| e * (1.0 + r));
    assert!(forward.iter().all(|t| (compounded(t) - 1.0 - t.profit_ratio).abs() < 1e-9));
    let verdict = verdict::judge(&forward).unwrap();
    assert_eq!((verdict.trials, verdict.days), (12, 90));
    assert!(verdict.overfitting.is_some() && verdict.deflated_sharpe.is_some(), "{verdict:?}");
}

#[test]
fn listening_trades_nothing_and_hears_everything() {
    let history = history(60);
    let configuration = configuration(&history);
    let whole = run::run(&configuration, &history, Grain::Marks, Sink::None).unwrap();
    let from_start = run::run_since(&configuration, &history, history.from(), Grain::Marks);
    assert_eq!(from_start.as_ref(), Ok(&whole));
    let since = history.from().plus_ms(40 * DAY_MS);
    let later = run::run_since(&configuration, &history, since, Grain::Marks).unwrap();
    assert_eq!((later.from, later.candles, later.curve.start().at), (since, 2 * 20 * 24, since));
    assert_eq!(later.curve.start().equity_quote, 10_000.0);
    assert!(later.curve.marks().iter().all(|mark| mark.at > since));
    assert!(!later.trades.is_empty());
    assert!(later.trades.iter().all(|trade| trade.entry_time >= since));
    // Indicators are warm: what begins cold there needs more than two days to say anything.
    let soon = since.plus_ms(2 * DAY_MS);
    assert!(later.fills.iter().any(|fill| fill.time_exchange < soon), "{:?}", later.fills.first());
}

fn walk(history: &History) -> Vec<(Window, Point)> {
    let configuration = configuration(history);
    let space = Space::parse(SPACE).unwrap();
    let walk = WalkForward {
        train_months: 2,
        purge_ms: walk_forward::horizon_ms(&configuration, &space),
        embargo_ms: walk_forward::expiry_ms(&configuration, &space),
        ..WalkForward::default()
    };
    // The longest horizon that the space allows, and the configured expiry.
    assert_eq!((walk.purge_ms, walk.embargo_ms), (2 * DAY_MS, 2 * HOUR_MS));
    let windows = walk.windows(history.from()..history.to()).unwrap();
    let chosen = windows.into_iter().map(|window| {
        let train = walk_forward::training(history, &window).unwrap();
        assert!(train.to() <= window.test.start.plus_ms(-2 * DAY_MS));
        let tried = trials(&train, 0..4);
        let best = verdict::best(&tried).unwrap();
        (window, best.point.clone())
    });
    chosen.collect()
}

/// Each test begins with what the one before ended with.
fn tested(history: &History, chosen: &[(Window, Point)]) -> Vec<Outcome> {
    let mut configuration = configuration(history);
    let test = |(window, point): &(Window, Point)| {
        let tested = walk_forward::test(&configuration, history, window, point).unwrap();
        configuration.capital_quote = walk_forward::final_quote(&tested);
        tested
    };
    chosen.iter().map(test).collect()
}

#[test]
fn a_walk_forward_is_one_account_of_tests_alone() {
    let history = history(31 + 30 + 31 + 30);
    let chosen = walk(&history);
    assert_eq!(chosen.len(), 2);
    let tests = tested(&history, &chosen);
    let whole = walk_forward::stitched(tests.clone()).unwrap();
    assert_eq!((whole.from, whole.to), (chosen[0].0.test.start, chosen[1].0.test.end));
    assert_eq!(whole.curve.start(), tests[0].curve.start());
    assert_eq!(whole.curve.last(), tests[1].curve.last());
    let (before, after) = (tests[0].curve.last(), tests[1].curve.start());
    assert!((before.equity_quote - after.equity_quote).abs() < 1e-8);
    assert_eq!(whole.trades.len(), tests[0].trades.len() + tests[1].trades.len());
    assert!(whole.trades.iter().all(|trade| trade.entry_time >= whole.from));
    assert_eq!(whole.candles, 2 * 24 * (31 + 30));
    assert_eq!(search::daily_returns(&whole).len(), 31 + 30);
}

#[test]
fn what_follows_changes_neither_choice_nor_test() {
    // The last month is another one; the first window ends before it.
    let (short, long) = (history(31 + 30 + 31), history(31 + 30 + 31 + 30));
    let (of_short, of_long) = (walk(&short), walk(&long));
    assert_eq!(of_short[..], of_long[..1]);
    let (short_tests, long_tests) = (tested(&short, &of_short), tested(&long, &of_long[..1]));
    assert_eq!(short_tests, long_tests);
}

#[test]
fn hashes_tell_searches_apart() {
    let (long, short) = (history(31), history(30));
    assert_ne!(search::history_hash(&long), search::history_hash(&short));
    assert_eq!(search::history_hash(&long), search::history_hash(&history(31)));
    let configuration = configuration(&long);
    let mut later = configuration.clone();
    later.began_at = UtcMs::new(5);
    let hash = search::configuration_hash(&configuration);
    assert_eq!(hash, search::configuration_hash(&later));
    later.policy.profile.stop_atr_multiple = 3.0;
    assert_ne!(hash, search::configuration_hash(&later));
}
