//! The report as JSON.

use backtest::metrics::Metrics;
use backtest::metrics::breakdown::{Period, breakdown};
use backtest::metrics::missing::Missing;
use backtest::metrics::trades::TradeStats;
use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::verbs::backtest::report::groups;
use crate::verbs::backtest::saved::{Coverage, Saved};
use crate::verbs::output::with_utc;

/// All that the tables say, and more digits of it.
pub(crate) fn document(saved: &Saved, periods: &[Period]) -> Value {
    let basis = saved.basis();
    let metrics = Metrics::of_basis(&basis);
    let days = basis.days();
    let by_period = |period: &Period| {
        let slices = breakdown(*period, metrics.capital_quote, &days, &basis.rounds);
        let slices = slices.iter().map(|slice| with_utc(json!(slice), &["begin"])).collect();
        (period.name().to_owned(), Value::Array(slices))
    };
    let open = saved.left_open.iter().map(|open| with_utc(json!(open), &["entry_time"]));
    let document = json!({
        "id": saved.id,
        "saved_at": saved.saved_at,
        "quote": saved.quote,
        "pairs": saved.instruments,
        "from": saved.from,
        "to": saved.to,
        "candles": saved.candles,
        "candles_per_second": saved.candles_per_second(),
        "trades": metrics.closed.trades,
        "final_equity": metrics.final_equity_quote,
        "metrics": with_utc(json!(metrics), &["drawdown_from", "drawdown_to"]),
        "per_pair": rows("pair", &groups::per_pair(saved, &basis.rounds), metrics.capital_quote),
        "exit_reasons":
            rows("exit_reason", &groups::exit_reasons(saved, &basis.rounds), metrics.capital_quote),
        "left_open": open.collect::<Vec<_>>(),
        "breakdown": periods.iter().map(by_period).collect::<Map<_, _>>(),
        "missing": missing(saved),
    });
    joined(json!(saved.facts), with_utc(document, &["saved_at", "from", "to"]))
}

/// For each pair which candles there were and which not.
fn missing(saved: &Saved) -> Value {
    let sums = saved.missing();
    let row = |covered: &Coverage| {
        let sum = sums.iter().find(|sum| sum.instrument == covered.pair);
        let number = |of: fn(&Missing) -> u64| sum.map_or(0, of);
        let of_pair = saved.gaps.iter().filter(|gap| gap.pair == covered.pair);
        let holes = of_pair.map(|gap| {
            let hole = json!({
                "from": gap.from, "missing": gap.missing, "session_ended": gap.session_ended,
            });
            with_utc(hole, &["from"])
        });
        let row = json!({
            "pair": covered.pair,
            "timeframe": saved.facts.timeframe_detail,
            "from": covered.from,
            "to": covered.to,
            "candles": covered.candles,
            "missing": number(|sum| sum.candles),
            "times": number(|sum| sum.runs),
            "longest": number(|sum| sum.longest),
            "sessions_ended": number(|sum| sum.sessions_ended),
            "holes": holes.collect::<Vec<_>>(),
        });
        with_utc(row, &["from", "to"])
    };
    saved.facts.candles.iter().map(row).collect()
}

/// Statistics with what they are of, and their profit as a ratio of the capital.
fn rows<N: Serialize>(name: &str, groups: &[(N, TradeStats)], capital_quote: f64) -> Value {
    let row = |(of, stats): &(N, TradeStats)| {
        let closed_profit_ratio = stats.closed_profit_quote / capital_quote;
        let named = json!({ name: of, "closed_profit_ratio": closed_profit_ratio });
        joined(named, json!(stats))
    };
    groups.iter().map(row).collect()
}

/// The fields of both.
fn joined(mut first: Value, second: Value) -> Value {
    if let (Value::Object(first), Value::Object(second)) = (&mut first, second) {
        first.extend(second);
    }
    first
}
