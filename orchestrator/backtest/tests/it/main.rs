//! The floor and the engine over seeded worlds and real candles.

#[cfg(test)]
mod defects;
#[cfg(test)]
mod determinism;
#[cfg(test)]
mod limits;
#[cfg(test)]
mod parts;
#[cfg(test)]
mod witness;
#[cfg(test)]
mod world;
