//! The technical agent on made and on real candles.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

#[cfg(test)]
mod made;
#[cfg(test)]
mod parts;
#[cfg(test)]
mod real;
