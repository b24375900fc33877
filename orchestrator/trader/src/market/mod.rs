//! The market side: the collector's actor, and the tasks that bring it the venue's words.

pub mod actor;
pub mod facts;
pub mod feed;
pub mod tallied;
