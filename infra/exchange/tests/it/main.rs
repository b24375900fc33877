//! The client against venues on loopback that misbehave in every way that venues do.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

#[cfg(test)]
mod rest;
#[cfg(test)]
mod stream;
#[cfg(test)]
mod stream_venue;
#[cfg(test)]
mod subscription;
#[cfg(test)]
mod venue;
