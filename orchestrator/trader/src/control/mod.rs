//! How a person reaches a running process, past everything that may hang: command files, a file
//! that halts by being there, and signals. A thread of its own hears them and brakes at once; the
//! word then goes its orderly way to the orchestrator and into the ledger.

pub mod brake;
pub mod obey;
pub mod switch;
pub mod told;
pub mod word;
