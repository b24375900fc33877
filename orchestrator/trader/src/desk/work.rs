//! How long each agent worked on a batch's events, for the record of executions.

use std::collections::BTreeMap;
use std::time::Duration;

use domain::event::Released;
use domain::signal::AgentId;
use exchange::binance::clock::local_now;
use store::executions::ExecutionRow;

/// Work since the last batch, by agent.
#[derive(Debug, Default)]
pub struct Work(BTreeMap<AgentId, ExecutionRow>);

impl Work {
    /// Adds an agent's work on a watermark.
    pub fn add(&mut self, agent: AgentId, released: &Released, took: Duration) {
        let first = released.events.first().map_or(0, |event| event.input_seq);
        let row = self.0.entry(agent).or_insert_with(|| ExecutionRow {
            agent,
            first_input_seq: first,
            last_input_seq: first,
            started_at: local_now(),
            duration_us: 0,
            error: None,
        });
        row.last_input_seq = released.events.last().map_or(first, |event| event.input_seq);
        row.duration_us += u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
    }

    /// The rows of the batch that is about to be written.
    pub fn take(&mut self) -> impl Iterator<Item = ExecutionRow> {
        std::mem::take(&mut self.0).into_values()
    }
}
