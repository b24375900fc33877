//! The decision side: the orchestrator's actor, its journal, and what they count.

pub mod journal;
pub mod note;
pub mod orchestrator;
pub mod rows;
pub mod tally;
pub mod work;
