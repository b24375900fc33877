//! The client against venues on loopback that misbehave in every way that venues do.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

#[cfg(test)]
mod account;
#[cfg(test)]
mod once;
#[cfg(test)]
mod rest;
#[cfg(test)]
mod stream;
#[cfg(test)]
mod stream_venue;
#[cfg(test)]
mod subscription;
#[cfg(test)]
mod user_stream;
#[cfg(test)]
mod venue;
