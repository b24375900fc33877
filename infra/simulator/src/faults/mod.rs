//! Spoils the venue's answers and streams by name, for both markets alike.
//!
//! A plan is data: which fault, when, where and how much. Whether one strikes is a function of the
//! seed, the fault's name and what it would strike (a client's order and its how-manieth attempt, a
//! stream and its market time), never of who asked first. What the venue books stays the truth:
//! the faults spoil what is told of it, but for those that are a venue's own doing.

pub(crate) mod answers;
pub(crate) mod call;
pub(crate) mod candles;
pub(crate) mod hidden;
pub(crate) mod layer;
pub(crate) mod mangle;
pub(crate) mod message;
pub mod names;
pub(crate) mod noise;
pub(crate) mod orders;
pub mod plan;
pub(crate) mod rest;
pub(crate) mod sockets;
pub(crate) mod tap;
