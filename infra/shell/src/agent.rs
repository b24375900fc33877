//! An agent as an actor: it hears a watermark and answers with its effects.

use std::time::{Duration, Instant};

use actix::{Actor, Context, Handler, Message};
use domain::agent::{Agent, Effects, hear};
use domain::event::{Released, Sequenced};

/// How many watermarks may wait before an agent. The orchestrator sends the next one only after
/// every answer to the last is in, so more than a few means that somebody else writes to it.
const MAILBOX: usize = 16;

/// What became known at a watermark.
#[derive(Debug, Clone, Message)]
#[rtype(result = "Answer")]
pub struct Hear {
    /// Heard first: the account after the last watermark, where it was marked.
    pub account: Option<Sequenced>,
    /// The events.
    pub released: Released,
}

/// An agent is done with a watermark.
#[derive(Debug, actix::MessageResponse)]
pub struct Answer {
    /// The last event that it has heard.
    pub input_seq: u64,
    /// What it answers.
    pub effects: Effects,
    /// How long it worked. Measured outside the agent, and no part of what it says.
    pub took: Duration,
}

/// The actor around an agent.
pub struct AgentActor(Box<dyn Agent>);

impl AgentActor {
    /// Gives an agent its mailbox.
    pub fn new(agent: Box<dyn Agent>) -> Self {
        Self(agent)
    }
}

impl Actor for AgentActor {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        ctx.set_mailbox_capacity(MAILBOX);
    }
}

impl Handler<Hear> for AgentActor {
    type Result = Answer;

    fn handle(&mut self, Hear { account, released }: Hear, _: &mut Self::Context) -> Answer {
        let began = now();
        let mut effects = Effects::new();
        hear(self.0.as_mut(), account.as_ref(), &released.events, &mut effects);
        let input_seq = released.events.last().map_or(0, |last| last.input_seq);
        Answer { input_seq, effects, took: began.elapsed() }
    }
}

#[expect(clippy::disallowed_methods, reason = "measures the agent's work, decides nothing")]
fn now() -> Instant {
    Instant::now()
}
