//! What is printed of runs.

use serde_json::json;

use crate::ending::Outcome;
use crate::verbs::chaos::verdict::{Runs, Verdict};
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
    let (orders, fills) = (sum(|run| run.orders), sum(|run| run.fills));
    let (lost, doubled) = (sum(|run| run.lost.len()), sum(|run| run.doubled.len()));
    let (denied, unequal) = (sum(|run| run.denied.len()), sum(|run| run.unequal.len()));
    let unprotected = sum(|run| run.unprotected.len());
    let kills: u32 = runs.iter().map(|run| run.kills).sum();
    let is_halted = |run: &&Verdict| run.state == "halted";
    let halted = runs.iter().filter(is_halted).count();
    let trading = runs.iter().filter(|run| !is_halted(run));
    let longest_ms = trading.map(|run| run.unprotected_ms).max().unwrap_or(0);
    if json {
        let totals = json!({
            "runs": runs.len(), "failed": failed.len(), "kills": kills, "orders": orders,
            "fills": fills, "lost": lost, "doubled": doubled, "denied": denied,
            "unprotected": unprotected, "unequal": unequal, "halted": halted,
            "longest_unprotected_ms": longest_ms,
        });
        return output::print_json(&json!({ "totals": totals, "runs": runs, "failed": failed }));
    }
    output::print(&format!(
        "{runs} runs with {kills} kills, {orders} orders and {fills} fills; {failed} came to no end\n\
         {lost} lost, {doubled} doubled, {denied} denied, {unprotected} unprotected, {unequal} unequal\n\
         bare for {bare} s at most; {halted} runs ended halted, which a person was told\n",
        runs = runs.len(),
        failed = failed.len(),
        bare = longest_ms / 1_000,
    ))
}
