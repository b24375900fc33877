//! The flags of `hyperopt`, and those that `walk-forward` shares.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use backtest::research::space;
use clap::{Args, ValueEnum};

use crate::verbs::backtest::args::Market;

/// `hyperopt`.
#[derive(Debug, Clone, Args)]
pub struct Hyperopt {
    /// Candles and configuration.
    #[command(flatten)]
    pub market: Market,
    /// What is searched and how.
    #[command(flatten)]
    pub searched: Searched,
    /// Go on with the record of the same search instead of beginning anew.
    #[arg(long)]
    pub resume: bool,
    /// Where every trial is recorded [default: a file of the data folder, named after the search].
    #[arg(long, value_name = "FILE")]
    pub record: Option<PathBuf>,
}

/// What is searched and how.
#[derive(Debug, Clone, Args)]
pub struct Searched {
    /// TOML file of parameters and their ranges [default: confidence, stop, target, trailing and
    /// expiry].
    #[arg(long, value_name = "FILE")]
    pub space: Option<PathBuf>,
    /// How many trials; for a grid at most so many.
    #[arg(long, default_value_t = 100, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=1_000_000))]
    pub trials: u64,
    /// How points are chosen.
    #[arg(long, value_enum, default_value_t = Search::Random, value_name = "KIND")]
    pub search: Search,
    /// Threads [default: one for each core].
    #[arg(long, value_name = "N")]
    pub threads: Option<NonZeroUsize>,
}

/// How points are chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Search {
    /// Each value drawn on its own; --seed tells which.
    Random,
    /// Every point once.
    Grid,
}

impl From<Search> for space::Search {
    fn from(search: Search) -> Self {
        match search {
            Search::Random => Self::Random,
            Search::Grid => Self::Grid,
        }
    }
}
