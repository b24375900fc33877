//! The flags of `walk-forward`.

use clap::Args;

use crate::verbs::backtest::args::Market;
use crate::verbs::hyperopt::args::Searched;

/// `walk-forward`.
#[derive(Debug, Clone, Args)]
pub struct WalkForward {
    /// Candles and configuration.
    #[command(flatten)]
    pub market: Market,
    /// What is searched in each training, and how.
    #[command(flatten)]
    pub searched: Searched,
    /// Months of training.
    #[arg(long, default_value_t = 6, value_name = "MONTHS")]
    pub train: u32,
    /// Months of testing.
    #[arg(long, default_value_t = 1, value_name = "MONTHS")]
    pub test: u32,
    /// Months from one window to the next.
    #[arg(long, default_value_t = 1, value_name = "MONTHS")]
    pub step: u32,
    /// Let every training begin with the history, rather than move along.
    #[arg(long)]
    pub anchored: bool,
}
