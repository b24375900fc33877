//! What a result is worth: how much of it is luck, search, or the order of the trades.

pub mod bootstrap;
pub mod deflated;
pub mod kelly;
pub mod knobs;
pub mod moments;
pub mod monte_carlo;
pub mod normal;
pub mod overfitting;
pub mod search;
pub mod space;
pub mod splits;
pub mod trials;
pub mod verdict;
pub mod walk_forward;
