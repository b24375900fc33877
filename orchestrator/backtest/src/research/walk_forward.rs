//! Learning on one stretch of history and testing on the next, again and again: what is tested is
//! never what was chosen by.

use decision::record::ConfigurationRecord;
use domain::money::Money;
use rust_decimal::Decimal;

use crate::curve::Grain;
use crate::history::{History, HistoryError};
use crate::outcome::Outcome;
use crate::range::TimeRange;
use crate::research::search::{self, TrialError};
use crate::research::space::{Point, Space};
use crate::research::splits::Window;
use crate::run;

/// A window that can't be lived through.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum WindowError {
    /// There are no candles in it.
    #[error(transparent)]
    History(#[from] HistoryError),
    /// Its run can't be, or can't go on.
    #[error(transparent)]
    Trial(#[from] TrialError),
}

/// How far a signal looks ahead, in ms: the horizon, or the longest that the space allows. What
/// begins less than this before a test would know of it.
pub fn horizon_ms(configuration: &ConfigurationRecord, space: &Space) -> i64 {
    candles_ms(configuration, space, "horizon_candles", |technical| technical.horizon_candles)
}

/// How long a signal counts, in ms: its expiry, or the longest that the space allows. Positions
/// that were entered on neighbouring signals are alike for so long.
pub fn expiry_ms(configuration: &ConfigurationRecord, space: &Space) -> i64 {
    candles_ms(configuration, space, "expiry_candles", |technical| technical.expiry_candles)
}

fn candles_ms(
    configuration: &ConfigurationRecord,
    space: &Space,
    name: &str,
    configured: fn(&technical::config::Config) -> u32,
) -> i64 {
    let technical = &configuration.agents.technical;
    let longest = match space.ranges().get(name) {
        Some(range) => range.largest() as i64,
        None => i64::from(configured(technical)),
    };
    technical.decision_timeframe.span_ms().saturating_mul(longest)
}

/// What is learned from: the training's candles, as if there were nothing else.
pub fn training(history: &History, window: &Window) -> Result<History, HistoryError> {
    let (from, to) = (Some(window.train.start), Some(window.train.end));
    history.within(TimeRange { from, to })
}

/// Tests a point on a window, with the configuration's capital. The agents listen to the training and to the
/// gap behind it, so that their indicators are warm; nothing is traded before the test begins.
pub fn test(
    configuration: &ConfigurationRecord,
    history: &History,
    window: &Window,
    point: &Point,
) -> Result<Outcome, WindowError> {
    let (from, to) = (Some(window.train.start), Some(window.test.end));
    let heard = history.within(TimeRange { from, to })?;
    let configuration =
        search::configured(configuration, &heard, point).map_err(TrialError::from)?;
    let outcome = run::run_since(&configuration, &heard, window.test.start, Grain::Marks);
    Ok(outcome.map_err(TrialError::from)?)
}

/// What an account ended with, positions at mark, to 10⁻⁸: the capital of the next test.
pub fn final_quote(outcome: &Outcome) -> Money {
    let equity = Decimal::from_f64_retain(outcome.curve.last().equity_quote).unwrap_or_default();
    Money::new(equity.round_dp(8))
}

/// The tests one after the other, as one account: each must have begun with what the one before
/// ended with. What was open at a test's end is marked, not closed, and listed as left open.
pub fn stitched(tests: impl IntoIterator<Item = Outcome>) -> Option<Outcome> {
    let mut tests = tests.into_iter();
    let mut whole = tests.next()?;
    for test in tests {
        for mark in test.curve.marks() {
            whole.curve.mark(mark.at, mark.equity_quote);
        }
        whole.to = test.to;
        whole.candles += test.candles;
        whole.instruments.extend(test.instruments);
        whole.trades.extend(test.trades);
        whole.left_open.extend(test.left_open);
        whole.fills.extend(test.fills);
        whole.orders.extend(test.orders);
        whole.holes.extend(test.holes);
    }
    whole.instruments.sort_unstable();
    whole.instruments.dedup();
    Some(whole)
}
