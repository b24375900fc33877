//! The task that writes facts, beside the journal: it never holds up what decides.

use std::sync::Arc;
use std::time::Duration;

use domain::time::{HOUR_MS, UtcMs};
use store::facts::rows::Facts;
use store::store::Store;
use telemetry::metrics::Metrics;
use tokio::sync::mpsc;

/// Between two tries, where the store does not take what is to be written.
const PAUSE: Duration = Duration::from_secs(1);

/// Writes what comes until nothing more can, and deletes what is old. A store that fails is tried
/// again; meanwhile whoever sends has to keep what it hears.
pub async fn write(store: Store, mut facts: mpsc::Receiver<Facts>, metrics: Arc<Metrics>) {
    let mut pruned: Option<UtcMs> = None;
    while let Some(facts_now) = facts.recv().await {
        while let Err(error) = store.write_facts(&facts_now).await {
            tracing::warn!(%error, "what futures tell can't be written; trying again");
            if facts.is_closed() {
                return;
            }
            tokio::time::sleep(PAUSE).await;
        }
        for (kind, count) in facts_now.counts() {
            metrics.facts_stored.of(kind.name()).inc_by(count as u64);
        }
        let Some(now) = latest(&facts_now) else { continue };
        if pruned.is_some_and(|last| now.since(last) < HOUR_MS) {
            continue;
        }
        pruned = Some(now);
        match store.prune_facts(now).await {
            Ok(deleted) => tracing::debug!(deleted, "old facts are gone"),
            Err(error) => tracing::warn!(%error, "old facts can't be deleted"),
        }
    }
}

/// The market's time, as far as the facts tell.
fn latest(facts: &Facts) -> Option<UtcMs> {
    let marks = facts.marks.iter().map(|row| row.at);
    let books = facts.books.iter().map(|row| row.at);
    let trades = facts.trades.iter().map(|row| row.at);
    marks.chain(books).chain(trades).max()
}
