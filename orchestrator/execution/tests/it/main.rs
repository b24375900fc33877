//! Orders against a venue that loses, doubles, overtakes, hides and refuses.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod book;
mod closing;
mod doubt;
mod fills;
mod funding;
mod history;
mod load;
mod normal;
mod protection;
mod random;
mod restart;
mod vanishing;
mod venue;
mod world;
