//! The journal's actor: the single writer, on a thread of its own, so that the market goes on
//! while a transaction is on its way to the disk.

use std::sync::Arc;
use std::time::Duration;

use actix::{Actor, ActorFutureExt, AtomicResponse, Context, Handler, Message, WrapFuture};
use store::error::StoreError;
use store::journal::{Batch, Journal};
use telemetry::metrics::Metrics;

/// Only the orchestrator writes, and it waits for the last batch before it sends another.
const MAILBOX: usize = 4;

/// How long a batch may take. A store that is slower than this does not answer: whoever goes on
/// waiting neither decides nor books, and nobody is told.
const PATIENCE: Duration = Duration::from_secs(30);

/// Rows that must be on disk together.
#[derive(Message)]
#[rtype(result = "Result<(), StoreError>")]
pub struct Append(pub Batch);

/// Owns the store's one writing connection.
pub struct JournalActor {
    journal: Option<Journal>,
    metrics: Arc<Metrics>,
}

impl JournalActor {
    /// Gives a journal its mailbox.
    pub fn new(journal: Journal, metrics: Arc<Metrics>) -> Self {
        Self { journal: Some(journal), metrics }
    }
}

impl Actor for JournalActor {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        ctx.set_mailbox_capacity(MAILBOX);
    }
}

impl Handler<Append> for JournalActor {
    type Result = AtomicResponse<Self, Result<(), StoreError>>;

    fn handle(&mut self, Append(batch): Append, _: &mut Self::Context) -> Self::Result {
        // Lent to the future; the response is atomic, so no other message finds it gone.
        let mut journal = self.journal.take().expect("one batch at a time: the response is atomic");
        let timer = self.metrics.journal_commit_seconds.start_timer();
        let append = async move {
            let appended = tokio::time::timeout(PATIENCE, journal.append(&batch)).await;
            timer.observe_duration();
            let mute = |_| {
                let reason = format!("no answer within {} s", PATIENCE.as_secs());
                Err(StoreError::Lost { reason })
            };
            (journal, appended.unwrap_or_else(mute))
        };
        AtomicResponse::new(Box::pin(append.into_actor(self).map(
            |(journal, appended), actor, _| {
                actor.metrics.store_up.set(i64::from(appended.is_ok()));
                actor.journal = Some(journal);
                appended
            },
        )))
    }
}
