//! What follows from a watermark, and how much of it is kept.

use domain::gateway::Command;

use crate::record::Dated;

/// How much of what happens is kept.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Sink {
    /// What results are made of: orders, fills, trades and changes of the trading state. Opinions,
    /// decisions and marks are made and acted on, but no record of them is built.
    None,
    /// Everything, as the ledger and the tables beside it have it.
    #[default]
    Full,
}

/// What follows from a watermark, in order. Whoever lives through many of them empties it and
/// uses it again.
#[derive(Debug, Default)]
pub struct Outbox {
    /// To be persisted first.
    pub records: Vec<Dated>,
    /// To be sent then.
    pub commands: Vec<Command>,
    sink: Sink,
}

impl Outbox {
    /// An empty one.
    pub const fn new(sink: Sink) -> Self {
        Self { records: Vec::new(), commands: Vec::new(), sink }
    }

    /// Whether everything is kept.
    #[inline]
    pub fn keeps_all(&self) -> bool {
        self.sink == Sink::Full
    }
}
