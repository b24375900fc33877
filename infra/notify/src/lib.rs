//! E-mail: what to say, and a mail server to hand it to.
//!
//! A mail is handed over or it isn't: whoever sends keeps it until the server has taken it.

pub mod mail;
pub mod mailer;
