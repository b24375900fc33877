//! The floor and the engine over seeded worlds and real candles.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

#[cfg(test)]
mod bias;
mod defects;
#[cfg(test)]
mod determinism;
#[cfg(test)]
mod ema_cross;
#[cfg(test)]
mod futures;
#[cfg(test)]
mod history;
#[cfg(test)]
mod interventions;
#[cfg(test)]
mod limits;
#[cfg(test)]
mod parts;
#[cfg(test)]
mod research;
#[cfg(test)]
mod run;
#[cfg(test)]
mod tape;
#[cfg(test)]
mod venues;
#[cfg(test)]
mod witness;
#[cfg(test)]
mod world;
