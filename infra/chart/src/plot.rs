//! A scene made ready to be drawn: bounded, finite, in order.

use std::borrow::Cow;

use domain::candle::Candle;
use domain::time::UtcMs;

use crate::months::{self, Year};
use crate::number::{decimals_for, number};
use crate::sample;
use crate::scene::{Pair, Scene, TradeMark};

/// Candles of a pair on the page; more are made coarser.
const CANDLES_OF_PAIR: usize = 20_000;
/// Candles of all pairs on the page.
const CANDLES: usize = 60_000;
/// Points of a curve on the page.
const POINTS: usize = 4_000;
/// Trades on the page: those with the largest profit or loss.
const TRADES: usize = 10_000;

/// A curve: values over time.
pub(crate) type Curve = Vec<(UtcMs, f64)>;

/// A scene, ready.
pub(crate) struct Plot<'a> {
    pub(crate) scene: &'a Scene,
    pub(crate) from: UtcMs,
    pub(crate) to: UtcMs,
    pub(crate) equity: Curve,
    pub(crate) hold: Curve,
    /// Loss from the peak as a ratio, nought or less.
    pub(crate) fall: Curve,
    pub(crate) years: Vec<Year>,
    pub(crate) pairs: Vec<Drawn<'a>>,
    /// All trades that there are, and how many are drawn.
    pub(crate) trades: [usize; 2],
}

/// A pair with as many candles as are drawn.
pub(crate) struct Drawn<'a> {
    pub(crate) pair: &'a Pair,
    pub(crate) candles: Vec<Candle>,
    /// By entry.
    pub(crate) trades: Vec<&'a TradeMark>,
}

impl<'a> Plot<'a> {
    pub(crate) fn new(scene: &'a Scene) -> Self {
        let equity = finite(&scene.equity);
        let candles_each = CANDLES_OF_PAIR.min(CANDLES / scene.pairs.len().max(1)).max(200);
        let least = least_profit(scene);
        let pairs: Vec<_> =
            scene.pairs.iter().map(|p| Drawn::new(p, candles_each, least)).collect();
        let candles = || scene.pairs.iter().flat_map(|p| p.candles.first().zip(p.candles.last()));
        let curve = || [equity.first(), equity.last()].into_iter().flatten().map(|p| p.0);
        let from = candles().map(|(first, _)| first.open_time).chain(curve()).min();
        let to = candles().map(|(_, last)| last.close_time()).chain(curve()).max();
        let from = from.unwrap_or_default();
        let all = scene.pairs.iter().map(|p| p.trades.len()).sum();
        let drawn = pairs.iter().map(|p| p.trades.len()).sum();
        Self {
            scene,
            from,
            // A scene without time still has an axis.
            to: to.unwrap_or_default().max(from.plus_ms(1000)),
            fall: sample::thin(&sample::drawdown(&equity), POINTS),
            hold: sample::thin(&finite(&scene.hold), POINTS),
            years: months::years(&equity),
            equity: sample::thin(&equity, POINTS),
            pairs,
            trades: [all, drawn],
        }
    }

    /// Trades with their pair's place, by exit.
    pub(crate) fn by_exit(&self) -> Vec<(usize, &'a TradeMark)> {
        let pairs = self.pairs.iter().enumerate();
        let mut all: Vec<_> =
            pairs.flat_map(|(i, p)| p.trades.iter().map(move |t| (i, *t))).collect();
        all.sort_by_key(|(_, trade)| (trade.left_open, trade.exit_time));
        all
    }

    /// The place of the pair that is shown first: of the most trades, the first of equals.
    pub(crate) fn shown(&self) -> usize {
        let trades = |i: &usize| self.pairs[*i].pair.trades.len();
        (0..self.pairs.len()).rev().max_by_key(trades).unwrap_or_default()
    }

    /// The pair that is shown first.
    pub(crate) fn first_shown(&self) -> Option<&Drawn<'a>> {
        self.pairs.get(self.shown())
    }

    /// Decimals of amounts in quote units.
    pub(crate) fn money_decimals(&self) -> usize {
        let values = self.equity.iter().map(|p| p.1.abs());
        decimals_for(values.fold(1.0, f64::max))
    }

    /// The largest monthly return, gain or loss, as a ratio.
    pub(crate) fn largest_month(&self) -> f64 {
        let months = self.years.iter().flat_map(|y| y.months).flatten();
        months.map(f64::abs).fold(0.0, f64::max)
    }

    /// How strongly a month is coloured: 0 … 0.6, so that text stays readable on it.
    pub(crate) fn warmth(&self, ratio: f64, largest: f64) -> f64 {
        if largest > 0.0 { 0.04 + 0.56 * (ratio.abs() / largest).min(1.0) } else { 0.0 }
    }

    /// What the page leaves out or made coarser, after the scene's own notes.
    pub(crate) fn notes(&self) -> Vec<Cow<'a, str>> {
        let mut notes: Vec<_> = self.scene.notes.iter().map(|n| Cow::from(n.as_str())).collect();
        let [all, drawn] = self.trades;
        if drawn < all {
            notes.push(Cow::from(format!(
                "Shown are the {} trades with the largest profit or loss, of {}.",
                number(drawn as f64, 0),
                number(all as f64, 0),
            )));
        }
        let coarser: Vec<_> = self.pairs.iter().filter_map(Drawn::coarser).collect();
        if !coarser.is_empty() {
            let list = coarser.join("; ");
            notes.push(Cow::from(format!("Candles are drawn coarser than they were: {list}.")));
        }
        notes
    }
}

impl<'a> Drawn<'a> {
    fn new(pair: &'a Pair, at_most: usize, least_profit: f64) -> Self {
        let candles = sample::coarsen(&pair.candles, at_most);
        let shown = |t: &&TradeMark| is_finite(t) && t.profit_quote.abs() >= least_profit;
        let mut trades: Vec<_> = pair.trades.iter().filter(shown).collect();
        trades.sort_by_key(|trade| trade.entry_time);
        Self { pair, candles, trades }
    }

    /// `BTC/USDT 525,600 × 1m as 4,380 × 2h`, where that is so.
    fn coarser(&self) -> Option<String> {
        let count = |candles: &[Candle]| {
            let timeframe = candles.first()?.timeframe;
            Some((timeframe, format!("{} × {timeframe}", number(candles.len() as f64, 0))))
        };
        let (given, drawn) = (count(&self.pair.candles)?, count(&self.candles)?);
        (given.0 != drawn.0).then(|| format!("{} {} as {}", self.pair.name, given.1, drawn.1))
    }
}

/// The smallest profit or loss of a trade that is shown.
fn least_profit(scene: &Scene) -> f64 {
    let trades = scene.pairs.iter().flat_map(|p| &p.trades).filter(|t| is_finite(t));
    let mut sizes: Vec<_> = trades.map(|t| t.profit_quote.abs()).collect();
    sizes.sort_by(|a, b| b.total_cmp(a));
    if sizes.len() <= TRADES { 0.0 } else { sizes[TRADES - 1] }
}

fn is_finite(trade: &TradeMark) -> bool {
    let TradeMark { entry_price, exit_price, profit_quote, profit_ratio, .. } = trade;
    [entry_price, exit_price, profit_quote, profit_ratio].into_iter().all(|n| n.is_finite())
}

fn finite(points: &[(UtcMs, f64)]) -> Curve {
    points.iter().filter(|(_, value)| value.is_finite()).copied().collect()
}
