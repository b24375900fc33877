//! `plot`: a backtest as a page and a picture.

mod figures;

use std::path::Path;

use backtest::curve::Grain;
use backtest::history::Series;
use backtest::metrics::trades::Round;
use backtest::outcome::{Hole, OpenPosition};
use chart::scene::{self, Pair, Scene, TradeMark};
use domain::candle::Candle;
use domain::time::UtcMs;
use domain::trade::Trade;
use rust_decimal::Decimal;
use serde_json::json;

use crate::cli::Plot;
use crate::config::settings::Settings;
use crate::ending::{Code, Failure, Outcome};
use crate::verbs::backtest::report::whole_file;
use crate::verbs::backtest::{self as verb, Tested};
use crate::verbs::output;

/// Width and height of the picture.
const PICTURE: (u32, u32) = (1600, 1200);

/// Runs a backtest and writes its page and its picture.
pub fn plot(asked: &Plot, settings: &Settings, json: bool) -> Outcome<()> {
    if asked.out == asked.png {
        let message = "--out and --png name the same file; the page and the picture are two";
        return Err(Failure::new(Code::Usage, message));
    }
    let run = &asked.run;
    if run.monte_carlo.is_some() || run.export.is_some() || !run.breakdown.is_empty() {
        let message = "--monte-carlo, --export and --breakdown are for backtest; leave them out";
        return Err(Failure::new(Code::Usage, message));
    }
    let tested = verb::test(run, settings, Grain::Marks)?;
    let scene = scene(asked, &tested);
    let picture = chart::png(&scene, PICTURE.0, PICTURE.1)?;
    replace(&asked.out, chart::html(&scene).as_bytes())?;
    replace(&asked.png, &picture)?;
    if json {
        let trades = tested.result.trades.len();
        return output::print_json(&json!({
            "page": asked.out, "picture": asked.png, "trades": trades,
        }));
    }
    output::print(&format!("{}\n{}\n", asked.out.display(), asked.png.display()))
}

fn replace(path: &Path, content: &[u8]) -> Outcome<()> {
    whole_file::replace(path, content)
        .map_err(|error| Failure::from(error).context(format!("can't write {}", path.display())))
}

fn scene(asked: &Plot, tested: &Tested) -> Scene {
    let result = &tested.result;
    let pairs: Vec<_> = tested.history.series().iter().map(|series| pair(tested, series)).collect();
    let names: Vec<_> = pairs.iter().map(|pair| pair.name.as_str()).collect();
    let start = result.curve.start();
    let marks = std::iter::once(&start).chain(result.curve.marks());
    let (from, to) = (output::moment(result.from), output::moment(result.to));
    let holes: u64 = result.holes.iter().map(|hole| hole.missing).sum();
    let missing = format!("{holes} candles are missing from the history.");
    Scene {
        title: format!("Backtest: {}", asked.run.strategy.name()),
        subtitle: format!(
            "{} at each {}, filled at {}, {from} to {to} UTC",
            names.join(", "),
            tested.timeframe,
            asked.run.venue.fill,
        ),
        quote: result.quote.to_string(),
        equity: marks.map(|mark| (mark.at, mark.equity_quote)).collect(),
        hold: held(result.capital_quote.to_f64(), tested.history.series()),
        metrics: figures::of(result),
        notes: (holes > 0).then_some(missing).into_iter().collect(),
        pairs,
    }
}

fn pair(tested: &Tested, series: &Series) -> Pair {
    let (id, result) = (series.instrument().id, &tested.result);
    let trades = result.trades.iter().filter(|trade| trade.instrument == id).map(closed);
    let open = result.left_open.iter().filter(|open| open.instrument == id);
    Pair {
        name: id.to_string(),
        candles: series.base().to_vec(),
        trades: trades.chain(open.map(|open| left_open(open, result.to))).collect(),
        holes: series.holes().map(hole).collect(),
    }
}

fn closed(trade: &Trade) -> TradeMark {
    let round = Round::of(trade);
    TradeMark {
        entry_time: trade.entry_time,
        exit_time: trade.exit_time,
        entry_price: float(trade.entry_price),
        exit_price: float(trade.exit_price),
        direction: trade.direction,
        profit_quote: round.pnl_quote,
        profit_ratio: round.pnl_ratio,
        reason: trade.exit_reason.to_string(),
        left_open: false,
    }
}

fn left_open(open: &OpenPosition, end: UtcMs) -> TradeMark {
    let round = Round::of_open(open, end);
    TradeMark {
        entry_time: open.entry_time,
        exit_time: end,
        entry_price: float(open.entry_price),
        exit_price: open.mark.to_f64(),
        direction: open.direction,
        profit_quote: round.pnl_quote,
        profit_ratio: round.pnl_ratio,
        reason: "left open".to_owned(),
        left_open: true,
    }
}

fn hole(hole: Hole) -> scene::Hole {
    let missing = i64::try_from(hole.missing).unwrap_or(i64::MAX);
    let span = missing.saturating_mul(hole.timeframe.span_ms());
    scene::Hole { from: hole.from, to: hole.from.plus_ms(span) }
}

/// The capital in equal parts in every pair, bought at its first open and never sold. A pair that
/// has no candles yet is cash.
fn held(capital_quote: f64, series: &[Series]) -> Vec<(UtcMs, f64)> {
    let part = capital_quote / series.len().max(1) as f64;
    let mut closes: Vec<(UtcMs, usize, f64)> = Vec::new();
    for (i, series) in series.iter().enumerate() {
        let entry = series.base().first().map_or(1.0, |candle| candle.open.to_f64());
        let worth = |c: &Candle| (c.close_time(), i, part * c.close.to_f64() / entry);
        closes.extend(series.base().iter().map(worth));
    }
    closes.sort_by_key(|(at, i, _)| (*at, *i));
    let mut parts = vec![part; series.len()];
    let mut whole: Vec<(UtcMs, f64)> = Vec::new();
    for moment in closes.chunk_by(|a, b| a.0 == b.0) {
        for (_, i, worth) in moment {
            parts[*i] = *worth;
        }
        whole.push((moment[0].0, parts.iter().sum()));
    }
    whole
}

/// Of a picture, not of a book.
fn float(price: Decimal) -> f64 {
    domain::money::Money::new(price).to_f64()
}
