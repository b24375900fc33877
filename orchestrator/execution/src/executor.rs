//! The executor: whatever it hears, it answers with what follows.

use domain::gateway::Command;
use domain::instrument::Instrument;
use domain::time::UtcMs;

use crate::answer::{AccountEvent, Answer};
use crate::ask::RequestId;
use crate::fact::Out;
use crate::memory::Memory;
use crate::terms::Terms;

/// The lives of all orders of one account at one venue. Pure: time comes in with each call, the
/// venue's, and what it wants done goes out.
#[derive(Debug)]
pub struct Executor {
    terms: Terms,
}

impl Executor {
    /// One that knows nothing; [`resume`](Self::resume) comes before any command.
    pub const fn new(terms: Terms) -> Self {
        Self { terms }
    }

    /// Takes note of an instrument and its filters. What waited for it goes on. May come again.
    pub fn list(&mut self, _instrument: Instrument, _now: UtcMs, _out: &mut Out) {}

    /// Begins from what the recovered core believes. Every order of it is in question until the
    /// venue has proven its state.
    pub fn resume(&mut self, _memory: &Memory, _now: UtcMs, _out: &mut Out) {}

    /// Hears a command of the core, which is on disk by now.
    pub fn on_command(
        &mut self,
        _command: &Command,
        _decided_at: UtcMs,
        _now: UtcMs,
        _out: &mut Out,
    ) {
    }

    /// Hears the answer to a request.
    pub fn on_answer(&mut self, _id: RequestId, _answer: Answer, _now: UtcMs, _out: &mut Out) {}

    /// Hears the account's stream.
    pub fn on_event(&mut self, _event: AccountEvent, _now: UtcMs, _out: &mut Out) {}

    /// Hears that time has passed: about every second, and when [`next_wake`](Self::next_wake) has
    /// come.
    pub fn on_tick(&mut self, _now: UtcMs, _out: &mut Out) {}

    /// When the next tick is due; none where nothing waits for time.
    pub fn next_wake(&self) -> Option<UtcMs> {
        None
    }

    /// Whether nothing is under way or in question: ours and the venue's books are then equal.
    pub fn is_quiet(&self) -> bool {
        self.terms.settle_ms >= 0
    }
}
