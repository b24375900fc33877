//! One file per verb.

pub mod demo;
pub mod indicators;
pub mod run;
pub mod simulate;
