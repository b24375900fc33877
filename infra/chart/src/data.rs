//! What the page's script draws from: whole numbers, each the difference from the one before where
//! that is shorter.

use domain::candle::Candle;
use domain::signal::Direction;
use domain::time::UtcMs;
use serde_json::{Value, json};

use crate::number::decimals_for;
use crate::plot::{Curve, Drawn, Plot};
use crate::scene::TradeMark;

/// JSON that may stand in a script element: nothing in it ends that element.
pub(crate) fn json(plot: &Plot<'_>) -> String {
    let reasons = reasons(plot);
    let decimals = plot.money_decimals();
    let trades: Vec<_> =
        plot.by_exit().iter().map(|(pair, t)| trade(*pair, t, &reasons, decimals)).collect();
    let data = json!({
        "quote": plot.scene.quote,
        "from": seconds(plot.from),
        "to": seconds(plot.to),
        "decimals": decimals,
        "equity": curve(&plot.equity, decimals),
        "hold": curve(&plot.hold, decimals),
        "fall": curve(&plot.fall, 5),
        "pairs": plot.pairs.iter().map(pair).collect::<Vec<_>>(),
        "shown": plot.shown(),
        "reasons": reasons,
        "trades": trades,
    });
    data.to_string()
        .replace('<', "\\u003c")
        .replace('\u{2028}', "\\u2028")
        .replace('\u{2029}', "\\u2029")
}

fn seconds(at: UtcMs) -> i64 {
    at.ms().div_euclid(1000)
}

/// Every reason once, in order.
fn reasons<'a>(plot: &Plot<'a>) -> Vec<&'a str> {
    let trades = plot.pairs.iter().flat_map(|p| &p.trades);
    let mut reasons: Vec<_> = trades.map(|t| t.reason.as_str()).collect();
    reasons.sort_unstable();
    reasons.dedup();
    reasons
}

/// `[decimals, Δseconds, Δvalue, Δseconds, Δvalue, …]`.
fn curve(points: &Curve, decimals: usize) -> Value {
    let scale = libm::pow(10.0, decimals as f64);
    let mut numbers = vec![decimals as i64];
    let (mut before, mut value_before) = (0, 0);
    for (at, value) in points {
        let (at, value) = (seconds(*at), (value * scale).round() as i64);
        numbers.extend([at - before, value.wrapping_sub(value_before)]);
        (before, value_before) = (at, value);
    }
    json!(numbers)
}

fn pair(drawn: &Drawn<'_>) -> Value {
    let holes: Vec<_> = drawn.pair.holes.iter().map(|h| [seconds(h.from), seconds(h.to)]).collect();
    let candles = &drawn.candles;
    let timeframe = candles.first().map(|c| c.timeframe);
    let unit = unit(candles);
    json!({
        "name": drawn.pair.name,
        "timeframe": timeframe.map(|t| t.name()),
        "span": timeframe.map(|t| t.span_ms() / 1000),
        "unit": unit.ilog10(),
        "opens": opens(candles),
        "prices": prices(candles, unit),
        "holes": holes,
    })
}

/// The largest power of ten of 10⁻⁸ that divides every price.
fn unit(candles: &[Candle]) -> i64 {
    let prices = || candles.iter().flat_map(|c| [c.open, c.high, c.low, c.close]);
    let divides = |unit: &i64| prices().all(|p| p.raw() % unit == 0);
    (0..=8).rev().map(|e| 10i64.pow(e)).find(divides).unwrap_or(1)
}

/// `[first, Δ, times, Δ, times, …]` in seconds.
fn opens(candles: &[Candle]) -> Vec<i64> {
    let mut runs: Vec<i64> = candles.first().map(|c| seconds(c.open_time)).into_iter().collect();
    for pair in candles.windows(2) {
        let step = seconds(pair[1].open_time) - seconds(pair[0].open_time);
        match runs.as_mut_slice() {
            [_, .., last, times] if *last == step => *times += 1,
            _ => runs.extend([step, 1]),
        }
    }
    runs
}

/// Per candle: open from the last close, close from the open, how far the high is above both and
/// how far the low is below both.
fn prices(candles: &[Candle], unit: i64) -> Vec<i64> {
    let mut before = 0;
    let mut numbers = Vec::with_capacity(candles.len() * 4);
    for candle in candles {
        let [open, high, low, close] =
            [candle.open, candle.high, candle.low, candle.close].map(|p| p.raw() / unit);
        numbers.extend([
            open - before,
            close - open,
            high - open.max(close),
            open.min(close) - low,
        ]);
        before = close;
    }
    numbers
}

/// `[pair, entry, exit − entry, direction, entry price, exit price, profit, profit ratio, reason,
/// left open]`, times in seconds.
fn trade(pair: usize, trade: &TradeMark, reasons: &[&str], decimals: usize) -> Value {
    let direction = match trade.direction {
        Direction::Long => 1,
        Direction::Flat => 0,
        Direction::Short => -1,
    };
    let entry = seconds(trade.entry_time);
    json!([
        pair,
        entry,
        seconds(trade.exit_time) - entry,
        direction,
        rounded(trade.entry_price, decimals_for(trade.entry_price)),
        rounded(trade.exit_price, decimals_for(trade.exit_price)),
        rounded(trade.profit_quote, decimals),
        rounded(trade.profit_ratio, 5),
        reasons.binary_search(&trade.reason.as_str()).unwrap_or_default(),
        i32::from(trade.left_open),
    ])
}

fn rounded(value: f64, decimals: usize) -> f64 {
    let scale = libm::pow(10.0, decimals as f64);
    (value * scale).round() / scale
}
