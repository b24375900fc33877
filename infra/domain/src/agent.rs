//! The port that every agent implements: a pure state machine.

use crate::event::Sequenced;
use crate::signal::{AgentId, Feature, RiskWord, Signal};

/// What an agent answers to an event.
#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    /// An opinion.
    Signal(Signal),
    /// A caution.
    RiskWord(RiskWord),
}

/// Where an agent puts its answers; reused from event to event.
#[derive(Debug, Clone, PartialEq)]
pub struct Effects {
    /// The answers, in order.
    pub answers: Vec<Effect>,
    /// Whether anybody will ask what they rest on.
    pub explained: bool,
}

impl Effects {
    /// No answers yet, and each to be explained.
    pub const fn new() -> Self {
        Self { answers: Vec::new(), explained: true }
    }

    /// Answers. An answer is large: it is made where it is to lie.
    #[inline]
    pub fn say(&mut self, answer: impl FnOnce() -> Effect) {
        self.answers.extend(std::iter::once_with(answer));
    }

    /// The numbers that an answer rests on; none where nobody will ask.
    pub fn basis(&self, numbers: impl FnOnce() -> Vec<Feature>) -> Vec<Feature> {
        if self.explained { numbers() } else { Vec::new() }
    }
}

impl Default for Effects {
    fn default() -> Self {
        Self::new()
    }
}

/// A pure state machine: it hears events and answers with typed effects. It reads no clock, no
/// random numbers and no environment, so the same events give the same effects.
pub trait Agent: Send {
    /// Who it is.
    fn id(&self) -> AgentId;

    /// Hears one event. An agent without fresh knowledge stays silent: silence is not neutral.
    fn on_event(&mut self, event: &Sequenced, out: &mut Effects);
}

/// Lets an agent hear the events of a watermark, the account first where it was marked: the same
/// for an actor, a backtest and a replay.
#[inline]
pub fn hear(
    agent: &mut dyn Agent,
    account: Option<&Sequenced>,
    events: &[Sequenced],
    out: &mut Effects,
) {
    if let Some(account) = account {
        agent.on_event(account, out);
    }
    for event in events {
        agent.on_event(event, out);
    }
}
