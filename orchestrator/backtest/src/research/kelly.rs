//! How much of the equity the record of closed trades justifies to stake: Kelly, "A New
//! Interpretation of Information Rate" (1956).

use std::collections::BTreeMap;

use decision::record::OrderStep;
use domain::ids::Id;
use domain::money::{Money, Price};
use domain::time::UtcMs;
use domain::trade::Trade;
use serde::Serialize;

use crate::outcome::{DatedOrder, Outcome};

/// Trades at break-even that are added to the record before it is believed.
///
/// With a payoff ratio R, a win rate of 1/(1 + R) breaks even. To count k such trades beside n real
/// ones turns the win rate W into (n·W + k/(1 + R))/(n + k), and the Kelly fraction of that is
/// exactly n/(n + k) times the one of W: shrinkage is the posterior mean under a prior of k trades
/// that earn nothing. 100 is where the standard error of a win rate has come down to 5 %, about as
/// large as the edges that are hoped for.
const BREAK_EVEN_TRADES: f64 = 100.0;

/// A cap on the size of a position, with its evidence.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct KellyCap {
    /// How many closed trades it rests on.
    pub trades: usize,
    /// Part of them that won.
    pub win_ratio: f64,
    /// Average win over average loss; none without a win or without a loss.
    pub payoff_ratio: Option<f64>,
    /// Average loss in stakes, at least 1: a stop that was always left early can still be hit.
    pub loss_stakes: f64,
    /// The Kelly fraction of the record taken at its word, of equity; never below 0.
    pub full_ratio: f64,
    /// What is left of it for lack of trades, 0…1.
    pub shrink_ratio: f64,
    /// What the profile takes of it.
    pub fraction: f64,
    /// The largest stake, of equity, 0…1.
    pub cap_ratio: f64,
}

/// A record that can't be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KellyError {
    /// A number that is none.
    #[error("the return of trade {0} is not a finite number")]
    NotFinite(usize),
    /// More than all, or less than nothing.
    #[error("the fraction of kelly must be above 0 and at most 1")]
    Fraction,
}

impl KellyCap {
    /// From out-of-sample trades: `returns` are their profits, net of costs, over what each staked
    /// (what it would have lost at its stop). `fraction` is the profile's, 0.25 for a quarter.
    ///
    /// f = W − (1 − W)/R is what a loss may cost of the equity; over the average loss it is the
    /// stake. Without a loss in the record a loss counts as the whole stake and f = W. A record
    /// that is empty or loses gives a cap of nought: nothing justifies a stake.
    pub fn of(returns: &[f64], fraction: f64) -> Result<Self, KellyError> {
        if !(fraction > 0.0 && fraction <= 1.0) {
            return Err(KellyError::Fraction);
        }
        if let Some(index) = returns.iter().position(|r| !r.is_finite()) {
            return Err(KellyError::NotFinite(index));
        }
        let trades = returns.len();
        let mean = |of: fn(&f64) -> bool| {
            let (mut count, mut sum) = (0u32, 0.0);
            for r in returns.iter().filter(|r| of(r)) {
                (count, sum) = (count + 1, sum + r.abs());
            }
            (count > 0).then(|| (f64::from(count), sum / f64::from(count)))
        };
        let (won, lost) = (mean(|r| *r > 0.0), mean(|r| *r < 0.0));
        let win_ratio = won.map_or(0.0, |(count, _)| count / trades as f64);
        let payoff_ratio = won.zip(lost).map(|((_, win), (_, loss))| win / loss);
        let full = match payoff_ratio {
            Some(payoff) => win_ratio - (1.0 - win_ratio) / payoff,
            None => win_ratio,
        };
        let loss_stakes = lost.map_or(1.0, |(_, loss)| loss.max(1.0));
        let full_ratio = full.max(0.0) / loss_stakes;
        let shrink_ratio = trades as f64 / (trades as f64 + BREAK_EVEN_TRADES);
        let cap_ratio = fraction * shrink_ratio * full_ratio;
        Ok(Self {
            trades,
            win_ratio,
            payoff_ratio,
            loss_stakes,
            full_ratio,
            shrink_ratio,
            fraction,
            cap_ratio,
        })
    }
}

/// What each closed trade brought, in stakes: profit over what its entry would have lost at the
/// stop that went out with it, costs aside. Trades whose stop is not known are left out.
pub fn returns_in_stakes(run: &Outcome) -> Vec<(UtcMs, f64)> {
    let stops: BTreeMap<_, _> = run.orders.iter().filter_map(stop_of_entry).collect();
    let of = |trade: &Trade| {
        let entry = Money::new(trade.entry_price).to_f64();
        let stop = stops.get(&trade.decision_id)?.to_f64();
        let stake = (entry - stop).abs() * trade.quantity.to_f64();
        (stake > 0.0).then(|| (trade.exit_time, trade.pnl_quote.to_f64() / stake))
    };
    run.trades.iter().filter_map(of).collect()
}

fn stop_of_entry(dated: &DatedOrder) -> Option<(Id, Price)> {
    let OrderStep::Intended { protection: Some(protection) } = &dated.order.step else {
        return None;
    };
    Some((dated.order.order.ticket.client_order_id.decision_id(), protection.stop))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(wins: usize, win: f64, losses: usize, loss: f64) -> Vec<f64> {
        [vec![win; wins], vec![-loss; losses]].concat()
    }

    fn close(value: f64, known: f64) {
        assert!((value - known).abs() < 1e-12, "{value} instead of {known}");
    }

    /// Kelly (1956): at even money with odds p of winning the fraction is 2p − 1; Thorp, "The Kelly
    /// Criterion in Blackjack, Sports Betting and the Stock Market" (2006), at odds b to one:
    /// (b·p − q)/b.
    #[test]
    fn the_fractions_of_kelly_and_thorp() {
        let even = KellyCap::of(&record(60, 1.0, 40, 1.0), 1.0).unwrap();
        close(even.full_ratio, 0.2);
        close(even.shrink_ratio, 0.5);
        close(even.cap_ratio, 0.1);
        let two_to_one = KellyCap::of(&record(40, 2.0, 60, 1.0), 0.25).unwrap();
        close(two_to_one.full_ratio, (2.0 * 0.4 - 0.6) / 2.0);
        close(two_to_one.cap_ratio, 0.1 * 0.5 * 0.25);
    }

    #[test]
    fn shrinkage_is_the_fraction_of_the_record_with_break_even_trades() {
        // Payoff 3: a quarter of wins breaks even. 100 such trades are 25 wins and 75 losses.
        let record_alone = KellyCap::of(&record(30, 3.0, 20, 1.0), 1.0).unwrap();
        let with_prior = KellyCap::of(&record(30 + 25, 3.0, 20 + 75, 1.0), 1.0).unwrap();
        close(record_alone.cap_ratio, with_prior.full_ratio);
    }

    #[test]
    fn a_stake_that_loses_more_than_itself_is_smaller() {
        // Gaps: the average loss is 1.5 stakes. Growth of 0.6·ln(1 + 2f) + 0.4·ln(1 − 1.5f) is
        // greatest at f = W/loss − (1 − W)/win.
        let gaps = KellyCap::of(&record(6, 2.0, 4, 1.5), 1.0).unwrap();
        close(gaps.full_ratio, 0.6 / 1.5 - 0.4 / 2.0);
        let trailed = KellyCap::of(&record(6, 2.0, 4, 0.5), 1.0).unwrap();
        assert_eq!(trailed.loss_stakes, 1.0);
        close(trailed.full_ratio, 0.6 - 0.4 / 4.0);
    }

    #[test]
    fn nothing_is_justified_by_nothing_or_by_losses() {
        let none = KellyCap::of(&[], 0.25).unwrap();
        assert_eq!((none.cap_ratio, none.payoff_ratio, none.shrink_ratio), (0.0, None, 0.0));
        for returns in [record(0, 0.0, 50, 1.0), record(30, 1.0, 70, 1.0), vec![0.0; 20]] {
            assert_eq!(KellyCap::of(&returns, 0.25).unwrap().cap_ratio, 0.0);
        }
    }

    #[test]
    fn one_lucky_trade_justifies_little_and_more_trades_more() {
        let caps = [1, 5, 50, 500, 50_000]
            .map(|n| KellyCap::of(&record(2 * n, 1.5, n, 1.0), 0.25).unwrap().cap_ratio);
        assert!(caps[0] < 0.004 && caps.is_sorted_by(|a, b| a < b), "{caps:?}");
        let lucky = KellyCap::of(&[9.0], 0.25).unwrap();
        assert!(lucky.cap_ratio < 0.0025 && lucky.payoff_ratio.is_none());
    }

    #[test]
    fn numbers_that_are_none_are_refused() {
        assert_eq!(KellyCap::of(&[1.0, f64::NAN], 0.25), Err(KellyError::NotFinite(1)));
        for fraction in [0.0, -1.0, 1.1, f64::NAN] {
            assert_eq!(KellyCap::of(&[1.0], fraction), Err(KellyError::Fraction));
        }
    }
}
