//! The orchestrator: it gathers, decides, persists and dispatches, and nothing more.

use std::time::Duration;

use actix::{
    Actor, ActorFutureExt, AsyncContext, AtomicResponse, Context, Handler, Message, WrapFuture,
};
use domain::event::Released;
use domain::intervention::Intervention;
use domain::ledger::Head;
use tokio::sync::mpsc;

use crate::control::told::Told;
use crate::desk::desk::{Desk, Writes};
use crate::desk::note::Note;
use crate::desk::rows;
use crate::desk::tally::Tally;
use crate::ending::{Ending, Outcome};
use crate::gateway::pump::News;

/// A hold's row waits no longer than this.
const HOLD_LAG: Duration = Duration::from_millis(500);

/// Watermarks in order. Answered when all of them are decided; with nothing after a failure.
#[derive(Message)]
#[rtype(result = "Option<()>")]
pub struct Deliver {
    /// The watermarks.
    pub released: Vec<Released>,
    /// What else the collector found.
    pub notes: Vec<Note>,
}

/// Writes down what is still in memory. Answered with the numbers when it is on disk.
#[derive(Message)]
#[rtype(result = "Option<(Tally, Head)>")]
pub struct Settle;

/// The orchestrator's actor.
pub struct Orchestrator {
    desk: Option<Desk>,
    endings: mpsc::UnboundedSender<Ending>,
}

impl Orchestrator {
    /// Gives a desk its mailbox; what ends the run is said to `endings`.
    pub fn new(desk: Desk, endings: mpsc::UnboundedSender<Ending>) -> Self {
        Self { desk: Some(desk), endings }
    }

    /// Lends the desk to a future and takes it back. Responses are atomic, so that no message
    /// finds it lent; after a failure nothing is done any more.
    fn with_desk<T, F>(&mut self, work: impl FnOnce(Desk) -> F) -> AtomicResponse<Self, Option<T>>
    where
        T: 'static,
        F: Future<Output = (Desk, Outcome<T>)> + 'static,
    {
        let Some(desk) = self.desk.take() else {
            return AtomicResponse::new(Box::pin(async { None }.into_actor(self)));
        };
        AtomicResponse::new(Box::pin(work(desk).into_actor(self).map(
            |(desk, outcome), actor, _| {
                match outcome {
                    Ok(value) => {
                        actor.desk = Some(desk);
                        Some(value)
                    }
                    Err(failure) => {
                        // Whoever waits for endings is the process itself: without it, nothing is left.
                        let _ = actor.endings.send(Ending::Failed(failure));
                        None
                    }
                }
            },
        )))
    }
}

impl Actor for Orchestrator {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        ctx.run_interval(HOLD_LAG, |_, ctx| ctx.notify(Lagging));
    }
}

impl Handler<Deliver> for Orchestrator {
    type Result = AtomicResponse<Self, Option<()>>;

    fn handle(
        &mut self,
        Deliver { released, notes }: Deliver,
        _: &mut Self::Context,
    ) -> Self::Result {
        self.with_desk(|mut desk| async move {
            rows::add_notes(&mut desk.batch, notes);
            for released in released {
                if let Err(failure) = desk.watermark(released).await {
                    return (desk, Err(failure));
                }
            }
            (desk, Ok(()))
        })
    }
}

impl Handler<Settle> for Orchestrator {
    type Result = AtomicResponse<Self, Option<(Tally, Head)>>;

    fn handle(&mut self, _: Settle, _: &mut Self::Context) -> Self::Result {
        self.with_desk(|mut desk| async move {
            let flushed = desk.flush().await;
            let numbers = (desk.tally.clone(), desk.head);
            (desk, flushed.map(|()| numbers))
        })
    }
}

/// What a real venue says. Answered when it is booked; with nothing after a failure.
#[derive(Message)]
#[rtype(result = "Option<()>")]
pub struct Heard(pub News);

impl Handler<Heard> for Orchestrator {
    type Result = AtomicResponse<Self, Option<()>>;

    fn handle(&mut self, Heard(news): Heard, _: &mut Self::Context) -> Self::Result {
        self.with_desk(|mut desk| async move {
            let heard = desk.hear(news).await;
            (desk, heard)
        })
    }
}

/// A person's word, or what only a person can settle. Answered when it is on disk and done.
#[derive(Message)]
#[rtype(result = "Option<Told>")]
pub struct Intervene(pub Intervention);

impl Handler<Intervene> for Orchestrator {
    type Result = AtomicResponse<Self, Option<Told>>;

    fn handle(&mut self, Intervene(word): Intervene, _: &mut Self::Context) -> Self::Result {
        self.with_desk(|mut desk| async move {
            let told = desk.intervene(&word).await;
            (desk, told)
        })
    }
}

/// The hold's lag has passed.
#[derive(Message)]
#[rtype(result = "Option<()>")]
struct Lagging;

impl Handler<Lagging> for Orchestrator {
    type Result = AtomicResponse<Self, Option<()>>;

    fn handle(&mut self, _: Lagging, _: &mut Self::Context) -> Self::Result {
        self.with_desk(|mut desk| async move {
            // What is written in step with the market does not wait for the clock.
            let waits = desk.writes == Writes::Behind && !desk.batch.is_empty();
            let written = if waits { desk.write_behind().await } else { Ok(()) };
            (desk, written)
        })
    }
}
