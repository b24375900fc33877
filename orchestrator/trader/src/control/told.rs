//! What came of a word.

use std::fmt::Write as _;

use decision::snapshot::TradingState;
use serde::{Deserialize, Serialize};

/// What a person is told of a word.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Told {
    /// Whether it was done, and is in the ledger.
    pub done: bool,
    /// The trading state before it.
    pub before: TradingState,
    /// And after it.
    pub after: TradingState,
    /// Orders that it sent: closing ones, and cancels of what was under way.
    pub orders: Vec<String>,
    /// Why it was not done, or what else a person should know.
    pub note: Option<String>,
}

impl Told {
    /// One that was not done.
    pub fn refused(state: TradingState, why: impl Into<String>) -> Self {
        Self {
            done: false,
            before: state,
            after: state,
            orders: Vec::new(),
            note: Some(why.into()),
        }
    }

    /// As a sentence.
    pub fn text(&self) -> String {
        let mut text = match (self.done, self.before == self.after) {
            (false, _) => "refused".to_owned(),
            (true, true) => format!("trading is {}, as before", self.after.name()),
            (true, false) => {
                format!("trading was {}, is {} now", self.before.name(), self.after.name())
            }
        };
        if !self.orders.is_empty() {
            let _ = write!(text, "; sent: {}", self.orders.join(", "));
        }
        if let Some(note) = &self.note {
            let _ = write!(text, "; {note}");
        }
        text
    }
}
