//! Mails through a real SMTP server (aiosmtpd) with STARTTLS and AUTH.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

#[cfg(test)]
mod server;
#[cfg(test)]
mod smtp;
