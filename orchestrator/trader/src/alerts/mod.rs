//! What a person is told at once: found in what happens, kept in the store, sent by mail.

pub mod found;
pub mod post;
pub mod raise;
