//! Scenes to draw: made ones, and one of real candles.

use std::path::PathBuf;

use chart::scene::{Hole, Pair, Scene, TradeMark};
use domain::candle::Candle;
use domain::money::Price;
use domain::signal::Direction;
use domain::time::UtcMs;
use domain::timeframe::Timeframe;

/// 2023-01-01.
const START_MS: i64 = 1_672_531_200_000;

/// Numbers that look random and are the same on every machine.
struct Dice(u64);

impl Dice {
    /// Between −1 and 1, the sum of three throws.
    fn throw(&mut self) -> f64 {
        let mut one = || {
            self.0 = self
                .0
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            (self.0 >> 33) as f64 / f64::from(1u32 << 31)
        };
        (one() + one() + one()) / 1.5 - 1.0
    }
}

/// `count` candles that wander from `price`.
pub(crate) fn walk(timeframe: Timeframe, count: i64, price: f64, seed: u64) -> Vec<Candle> {
    let mut dice = Dice(seed);
    let swing = 0.000_55 * ((timeframe.span_ms() / 60_000) as f64).sqrt();
    let mut open = price;
    let mut candle = |i: i64| {
        let close = open * (1.0 + dice.throw() * swing * 2.0);
        let high = open.max(close) * (1.0 + dice.throw().abs() * swing);
        let low = open.min(close) * (1.0 - dice.throw().abs() * swing);
        let cents = |v: f64| Price::nearest((v * 100.0).round() / 100.0).unwrap();
        let at = UtcMs::new(START_MS + i * timeframe.span_ms());
        let made = Candle::new(timeframe, at, [open, high, low, close].map(cents), 1.0).unwrap();
        open = close;
        made
    };
    (0..count).map(&mut candle).collect()
}

/// A trade every `every` candles, held for half of that, every fourth a short one.
pub(crate) fn trades(candles: &[Candle], every: usize, stake_quote: f64) -> Vec<TradeMark> {
    let open = |i: usize| (candles[i].open_time, candles[i].open.to_f64());
    let make = |n: usize| {
        let (entry_time, entry_price) = open(n * every);
        let (exit_time, exit_price) = open(n * every + every.div_ceil(2));
        let direction = if n % 4 == 3 { Direction::Short } else { Direction::Long };
        let moved = exit_price / entry_price - 1.0;
        let ratio = if n % 4 == 3 { -moved } else { moved } - 0.0008;
        let reason = match (ratio > 0.0, n % 3) {
            (true, 0) => "roi",
            (false, 0) => "stop_loss",
            _ => "exit_signal",
        };
        TradeMark {
            entry_time,
            exit_time,
            entry_price,
            exit_price,
            direction,
            profit_quote: ratio * stake_quote,
            profit_ratio: ratio,
            reason: reason.to_owned(),
            left_open: false,
        }
    };
    (0..candles.len() / every).filter(|n| (n + 1) * every < candles.len()).map(make).collect()
}

/// A scene around pairs: equity from their trades, the first pair bought and held.
pub(crate) fn around(title: &str, pairs: Vec<Pair>) -> Scene {
    let capital = 10_000.0;
    let first = &pairs[0].candles;
    let mut exits: Vec<_> =
        pairs.iter().flat_map(|p| &p.trades).map(|t| (t.exit_time, t.profit_quote)).collect();
    exits.sort_by_key(|(at, _)| *at);
    let mut done = exits.into_iter().peekable();
    let (mut worth, mut equity) = (capital, vec![(first[0].open_time, capital)]);
    for candle in first {
        while let Some((_, profit)) = done.next_if(|(at, _)| *at <= candle.close_time()) {
            worth += profit;
        }
        equity.push((candle.close_time(), worth));
    }
    let entry = first[0].open.to_f64();
    let hold = first.iter().map(|c| (c.close_time(), capital * c.close.to_f64() / entry)).collect();
    let trades: usize = pairs.iter().map(|p| p.trades.len()).sum();
    let figure = |name: &str, value: String| (name.to_owned(), value);
    let metrics = vec![
        figure("Final equity", format!("{worth:.2} USDT")),
        figure("Total profit", format!("{:.2} %", (worth / capital - 1.0) * 100.0)),
        figure("Trades", trades.to_string()),
        figure("Sharpe", "1.23".to_owned()),
        figure("Max drawdown", "−12.3 %".to_owned()),
        figure("Profit factor", "1.41".to_owned()),
        figure("Sortino", "1.87".to_owned()),
        figure("Calmar", "2.01".to_owned()),
        figure("SQN", "1.55".to_owned()),
        figure("Expectancy", "12.50 USDT".to_owned()),
        figure("Longest time under water", "41 d".to_owned()),
    ];
    Scene {
        title: title.to_owned(),
        subtitle: "BTC/USDT and more, 1h, from 2023-01-01, fee 0.04 %, fill at the next open"
            .to_owned(),
        quote: "USDT".to_owned(),
        equity,
        hold,
        pairs,
        metrics,
        notes: vec!["Fees are counted, slippage is not.".to_owned()],
    }
}

/// A pair and what it is drawn with.
pub(crate) fn pair(name: &str, candles: Vec<Candle>, every: usize) -> Pair {
    let hole = candles.len() / 3;
    let from = candles[hole].open_time;
    let holes = vec![Hole { from, to: from.plus_ms(candles[0].timeframe.span_ms() * 40) }];
    Pair { name: name.to_owned(), trades: trades(&candles, every, 2000.0), candles, holes }
}

/// Three pairs over two years of hours, some hundred trades.
pub(crate) fn usual() -> Scene {
    let candles = |price, seed| walk(Timeframe::H1, 2 * 8760, price, seed);
    let pairs = vec![
        pair("BTC/USDT", candles(16_500.0, 7), 190),
        pair("ETH/USDT", candles(1_200.0, 8), 260),
        pair("SOL/USDT", candles(10.0, 9), 310),
    ];
    around("Swing, spot", pairs)
}

/// Where the shared data is, if it is.
fn data() -> Option<PathBuf> {
    let beside = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data");
    #[expect(clippy::disallowed_methods, reason = "a test finds its data by it")]
    let named = std::env::var("SEXTANT_DATA");
    let folder = PathBuf::from(named.unwrap_or_else(|_| beside.to_owned()));
    folder.is_dir().then_some(folder)
}

/// Real candles of a file below the market folder, where it is there.
pub(crate) fn real(file: &str) -> Option<Vec<Candle>> {
    let path = data()?.join("market").join(file);
    let read = exchange::candle_file::read(&path);
    if read.is_err() {
        println!("skipped: {} can't be read", path.display());
    }
    read.ok().map(|file| file.candles)
}
