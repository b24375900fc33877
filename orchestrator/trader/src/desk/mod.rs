//! The decision side: the orchestrator's actor, its journal, and what they count.

#[expect(clippy::module_inception, reason = "the desk is what this folder is about")]
pub mod desk;
pub mod journal;
pub mod note;
pub mod orchestrator;
pub mod rows;
pub mod tally;
pub mod work;
