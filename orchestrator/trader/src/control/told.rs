//! What came of a word.

use std::fmt::Write as _;

use decision::record::{Dated, Record};
use decision::snapshot::TradingState;
use domain::gateway::Command;
use serde::{Deserialize, Serialize};

/// A command as a person reads it; its order is among the records that go with it.
pub fn order(command: &Command, records: &[Dated]) -> String {
    match command {
        Command::Submit { ticket, .. } => {
            format!("{} {} {}", ticket.side, ticket.quantity, ticket.instrument)
        }
        Command::Cancel { client_order_id } | Command::Move { client_order_id, .. } => {
            let of = |dated: &Dated| match &dated.record {
                Record::Order(record) => Some(record.order.ticket),
                _ => None,
            };
            let mut tickets = records.iter().filter_map(of);
            match tickets.find(|ticket| ticket.client_order_id == *client_order_id) {
                Some(ticket) => {
                    format!("cancel of {} {}", ticket.client_order_id, ticket.instrument)
                }
                None => format!("cancel of {client_order_id}"),
            }
        }
    }
}

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
