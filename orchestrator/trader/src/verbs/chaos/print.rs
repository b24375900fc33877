//! What is printed of runs.

use serde_json::json;

use crate::ending::Outcome;
use crate::verbs::chaos::Runs;
use crate::verbs::chaos::verdict::Verdict;
use crate::verbs::output;

/// A line as soon as a run is over, for people alone.
pub(super) fn line(seed: u64, lived: &Outcome<Verdict>, json: bool) -> Outcome<()> {
    match lived {
        _ if json => Ok(()),
        Ok(verdict) => output::print(&told(verdict)),
        Err(failure) => output::print(&format!("seed {seed:>6}: FAILED; {failure}\n")),
    }
}

fn told(verdict: &Verdict) -> String {
    let Verdict { seed, market, kills, orders, fills, entries, unprotected_ms, took_ms, .. } =
        verdict;
    let bare = unprotected_ms / 1_000;
    let word = if verdict.holds() { "ok" } else { "BROKEN" };
    let mut text = format!(
        "seed {seed:>6}, {market}: {word}; {orders} orders, {fills} fills, {kills} kills, {entries} entries, \
         bare for {bare} s at most, {:.1} s; {}\n",
        *took_ms as f64 / 1e3,
        verdict.faults.join(", ")
    );
    if verdict.state != "active" {
        text += &format!("  trading ended {}\n", verdict.state);
    }
    if !verdict.holds() {
        let hours = verdict.minutes / 60;
        text += &format!("  again: sextant chaos --seed {seed} --hours {hours}\n");
    }
    for (what, found) in broken(verdict) {
        for each in found {
            text += &format!("  {what}: {each}\n");
        }
    }
    text
}

fn broken(verdict: &Verdict) -> [(&'static str, &[String]); 5] {
    [
        ("lost", &verdict.lost),
        ("doubled", &verdict.doubled),
        ("denied", &verdict.denied),
        ("unprotected", &verdict.unprotected),
        ("unequal", &verdict.unequal),
    ]
}

/// All of them together.
pub(super) fn summary(runs: &Runs, json: bool) -> Outcome<()> {
    let Runs { verdicts: runs, failed } = runs;
    let sum = |count: fn(&Verdict) -> usize| runs.iter().map(count).sum::<usize>();
    let totals = json!({
        "runs": runs.len(),
        "failed": failed.len(),
        "kills": runs.iter().map(|run| u64::from(run.kills)).sum::<u64>(),
        "orders": sum(|run| run.orders),
        "fills": sum(|run| run.fills),
        "lost": sum(|run| run.lost.len()),
        "doubled": sum(|run| run.doubled.len()),
        "denied": sum(|run| run.denied.len()),
        "unprotected": sum(|run| run.unprotected.len()),
        "unequal": sum(|run| run.unequal.len()),
        "halted": runs.iter().filter(|run| run.state == "halted").count(),
        "longest_unprotected_ms": runs.iter().map(|run| run.unprotected_ms).max(),
    });
    if json {
        return output::print_json(&json!({ "totals": totals, "runs": runs, "failed": failed }));
    }
    output::print(&format!("{totals}\n"))
}
