//! The simulated venue: pure, so that the same prices and commands give the same fills.

mod booking;
mod fills;
mod holding;
mod margin;
mod market;
mod matching;
mod quotes;
pub mod terms;
#[cfg(test)]
mod tests;
pub mod venue;
