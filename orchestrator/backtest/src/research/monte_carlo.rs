//! A run's trades in other orders, and its days in other successions.

use serde::Serialize;

use crate::outcome::Outcome;
use crate::research::bootstrap::{self, Draws, MonteCarlo};
use crate::research::search;

/// What else a run could have brought.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Alternatives {
    /// The drawdown whose odds are told.
    pub deeper_than_ratio: f64,
    /// The closed trades in other orders: the profit stays, the drawdown has a spread.
    pub trades: Option<MonteCarlo>,
    /// The days in blocks of random length.
    pub days: Option<MonteCarlo>,
    /// Mean length of the blocks.
    pub block_days: f64,
    /// Why one of the above is missing.
    pub notes: Vec<String>,
}

/// Draws alternatives. The odds of a drawdown are those of one deeper than the run's own, unless
/// `draws` names a depth above nought.
pub fn alternatives(outcome: &Outcome, draws: Draws) -> Alternatives {
    let own = outcome.curve.drawdown().ratio;
    let deeper_than = if draws.deeper_than > 0.0 { draws.deeper_than } else { own };
    let draws = Draws { deeper_than, ..draws };
    let pnl_quote: Vec<_> = outcome.trades.iter().map(|trade| trade.pnl_quote.to_f64()).collect();
    let capital_quote = outcome.capital_quote.to_f64();
    let returns = search::daily_returns(outcome);
    let block_days = bootstrap::block_days(returns.len());
    let mut notes = Vec::new();
    let trades = bootstrap::shuffle_trades(&pnl_quote, capital_quote, draws);
    let trades = trades.map_err(|e| notes.push(format!("trades in other orders: {e}"))).ok();
    let days = bootstrap::resample_days(&returns, block_days, draws);
    let days = days.map_err(|e| notes.push(format!("days in blocks: {e}"))).ok();
    Alternatives { deeper_than_ratio: deeper_than, trades, days, block_days, notes }
}
