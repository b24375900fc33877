//! What a session shows at its end: JSON for programs, a table for people.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use domain::timeframe::Timeframe;
use serde_json::{Value, json};

use crate::ending::Outcome;
use crate::session::Summary;
use crate::terminal;

/// Prints a summary.
pub fn print(summary: &Summary, as_json: bool) -> Outcome<()> {
    let text = if as_json { json(summary).to_string() } else { table(summary) };
    terminal::print(&format!("{text}\n"))
}

/// Says that nothing was traded.
pub fn print_unbegun(as_json: bool) -> Outcome<()> {
    if as_json {
        let unbegun = json!({ "finished": false, "stopped": "before trading began" });
        return terminal::print(&format!("{unbegun}\n"));
    }
    terminal::print("stopped before trading began\n")
}

/// The JSON of a summary.
fn json(summary: &Summary) -> Value {
    let Summary { finished, tally, head, counters, stored, not_trading, folder, simulator } =
        summary;
    let base = counters.timeframes.keys().next().copied();
    let by_timeframe: BTreeMap<_, _> = counters
        .timeframes
        .iter()
        .map(|(timeframe, c)| {
            let stored =
                stored.iter().find(|count| count.timeframe == *timeframe).map_or(0, |s| s.candles);
            let counts = json!({
                "read": c.accepted, "heard": c.heard, "stored": stored, "repaired": c.repaired,
                "backfilled": c.backfilled, "missing": c.missing, "duplicates": c.duplicates,
                "corrected": c.corrected, "late": c.late,
            });
            (timeframe.name(), counts)
        })
        .collect();
    let missing: BTreeMap<_, u64> = counters
        .missing
        .iter()
        .filter_map(|(instrument, missing)| Some((instrument.to_string(), *missing.get(&base?)?)))
        .collect();
    let sum = |of: fn(&collector::counters::StreamCounters) -> u64| {
        counters.timeframes.values().map(of).sum::<u64>()
    };
    json!({
        "finished": finished,
        "candles": {
            "read": sum(|c| c.accepted),
            "stored": stored.iter().map(|count| count.candles).sum::<u64>(),
            "repaired": sum(|c| c.repaired),
            "duplicates": sum(|c| c.duplicates),
            "missing": missing.values().sum::<u64>(),
            "missing_by_pair": missing,
            "base_timeframe": base.map(Timeframe::name),
            "by_timeframe": by_timeframe,
        },
        "signals": tally.signals,
        "decisions": tally.decisions,
        "denials": tally.denials,
        "orders": tally.orders,
        "fills": tally.fills,
        "trades": tally.trades.len(),
        "exit_reasons": tally.exits(),
        "open_positions": tally.open_positions,
        "final_equity": tally.equity_quote,
        "max_drawdown_ratio": tally.max_drawdown_ratio,
        "last_watermark": tally.now,
        "last_watermark_utc": tally.now.to_string(),
        "ledger_entries": head.seq,
        "ledger_head_hash": head.hash,
        "not_trading": not_trading,
        "data_dir": folder,
        "simulator": simulator,
    })
}

/// The table of a summary.
fn table(summary: &Summary) -> String {
    let Summary { tally, head, counters, stored, folder, .. } = summary;
    let mut text = String::new();
    let mut line = |name: &str, value: String| {
        let _ = writeln!(text, "  {name:<22} {value}");
    };
    let counts = |map: &BTreeMap<String, u64>| match map.is_empty() {
        true => "none".to_owned(),
        false => map.iter().map(|(name, n)| format!("{name} {n}")).collect::<Vec<_>>().join(", "),
    };
    line("until", tally.now.to_string());
    line("candles stored", stored.iter().map(|count| count.candles).sum::<u64>().to_string());
    let repaired: u64 = counters.timeframes.values().map(|c| c.repaired).sum();
    let missing = counters.timeframes.values().next().map_or(0, |c| c.missing);
    line("repaired / missing", format!("{repaired} / {missing}"));
    line("signals", counts(&tally.signals));
    line("decisions", counts(&tally.decisions));
    line("denials", counts(&tally.denials));
    line("orders / fills", format!("{} / {}", tally.orders, tally.fills));
    line("open positions", tally.open_positions.to_string());
    line("final equity", format!("{:.2}", tally.equity_quote.to_decimal()));
    line("max drawdown", format!("{:.2} %", tally.max_drawdown_ratio * 100.0));
    line("ledger", format!("{} entries, head {:.16}…", head.seq, head.hash.to_string()));
    line("store", folder.display().to_string());
    if !tally.trades.is_empty() {
        let _ = writeln!(
            text,
            "\n  {:<22} {:>6} {:>6} {:>12}",
            "exit reason", "trades", "wins", "profit"
        );
        for (reason, exit) in tally.exits() {
            let profit = exit.pnl_quote.to_decimal().round_dp(2);
            let _ =
                writeln!(text, "  {reason:<22} {:>6} {:>6} {profit:>12}", exit.trades, exit.wins);
        }
    }
    text
}
