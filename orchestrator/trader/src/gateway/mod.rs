//! The way to a real venue: performs what the executor asks for, and brings it what the venue says.
//! It decides nothing.

pub mod account;
mod clock;
pub mod fills;
pub mod open;
pub mod pump;
mod seen;
mod spot;
pub mod turns;
mod usdm;
