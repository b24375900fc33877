//! What a backtest tells.

use backtest::research::monte_carlo::Alternatives;
use domain::time::UtcMs;
use serde_json::{Value, json};

use super::Tested;
use crate::ending::Outcome;
use crate::verbs::{monte_carlo, output};

/// Prints a run.
pub(super) fn print(tested: &Tested, drawn: Option<&Alternatives>, json: bool) -> Outcome<()> {
    if json {
        let mut document = document(tested);
        if let Some(drawn) = drawn {
            document["monte_carlo"] = json!(drawn);
        }
        return output::print_json(&document);
    }
    let result = &tested.result;
    let end = result.curve.last().equity_quote;
    let rate = rate(tested);
    let mut text = format!(
        "{} on {} at each {}, {} to {}\n",
        tested.strategy.name(),
        names(tested).join(", "),
        tested.timeframe,
        output::moment(result.from),
        output::moment(result.to),
    );
    // The tables of the report stand here.
    text += &format!(
        "{} trades, {} left open; {} became {end:.2} {}\n",
        result.trades.len(),
        result.left_open.len(),
        result.capital_quote,
        result.quote,
    );
    for series in tested.history.series() {
        let holes: Vec<_> = series.holes().collect();
        let missing: u64 = holes.iter().map(|hole| hole.missing).sum();
        let ended = holes.iter().filter(|hole| hole.ended).count();
        let pair = series.instrument().id;
        match (holes.len(), ended) {
            (0, _) => {}
            (all, 0) => text += &format!("{pair}: {missing} candles are missing in {all} places\n"),
            (all, ended) => {
                text += &format!(
                    "{pair}: {missing} candles are missing in {all} places; {ended} of them end a \
                     session\n"
                );
            }
        }
    }
    text += &format!(
        "{} candles read in {:.2} s, lived through in {:.3} s ({rate:.0} a second)\n",
        result.candles, tested.read_seconds, tested.engine_seconds,
    );
    if let Some(drawn) = drawn {
        text.push('\n');
        text += &monte_carlo::section(drawn);
    }
    output::print(&text)
}

/// The run for programs.
fn document(tested: &Tested) -> Value {
    let result = &tested.result;
    json!({
        "strategy": tested.strategy.name(),
        "pairs": names(tested),
        "timeframe": tested.timeframe,
        "timeframe_detail": tested.history.base(),
        "fill": tested.fill.name(),
        "from": moment(result.from),
        "to": moment(result.to),
        "candles": result.candles,
        "capital": result.capital_quote.to_f64(),
        "trades": result.trades.len(),
        "left_open": result.left_open.len(),
        "final_equity": result.curve.last().equity_quote,
        "max_drawdown_ratio": result.curve.drawdown().ratio,
        "candles_per_second": rate(tested).round(),
        "engine_seconds": tested.engine_seconds,
        "read_seconds": tested.read_seconds,
        "missing": missing(tested),
    })
}

/// For each pair what there is and what is not.
fn missing(tested: &Tested) -> Vec<Value> {
    let timeframe = tested.history.base();
    let series = tested.history.series().iter().map(|series| {
        let (candles, holes) = (series.base(), series.holes().collect::<Vec<_>>());
        let missing: u64 = holes.iter().map(|hole| hole.missing).sum();
        let holes = holes.iter().map(|hole| {
            json!({
                "from": moment(hole.from),
                "missing": hole.missing,
                "session_ended": hole.ended,
            })
        });
        json!({
            "pair": series.instrument().id,
            "timeframe": timeframe,
            "from": candles.first().map(|candle| moment(candle.open_time)),
            "to": candles.last().map(|candle| moment(candle.close_time())),
            "candles": candles.len(),
            "missing": missing,
            "holes": holes.collect::<Vec<_>>(),
        })
    });
    series.collect()
}

fn names(tested: &Tested) -> Vec<String> {
    tested.result.instruments.iter().map(ToString::to_string).collect()
}

fn moment(at: UtcMs) -> String {
    at.to_string()
}

/// Candles per second inside the engine.
fn rate(tested: &Tested) -> f64 {
    tested.result.candles as f64 / tested.engine_seconds.max(1e-9)
}
