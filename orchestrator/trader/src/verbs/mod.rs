//! One file per verb.

pub mod indicators;
pub mod simulate;
