//! The simulated venue: pure, so that the same candles and commands give the same fills.

pub mod fills;
pub mod venue;
