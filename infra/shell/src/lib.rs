//! Mailboxes for pure agents. With the binary, the only crate that knows actix.

pub mod agent;
pub mod post;
