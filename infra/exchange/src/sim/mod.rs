//! The simulated venue: pure, so that the same candles and commands give the same fills.

pub mod fills;
#[cfg(test)]
mod tests;
pub mod venue;
