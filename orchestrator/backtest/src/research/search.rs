//! From a point to a trial: the same run as any backtest, of which the days are kept.

use decision::outbox::Sink;
use decision::record::ConfigurationRecord;
use domain::canonical;
use domain::time::UtcMs;
use sha2::{Digest, Sha256};

use crate::curve::Grain;
use crate::history::History;
use crate::metrics::daily;
use crate::metrics::ratios;
use crate::outcome::Outcome;
use crate::research::knobs;
use crate::research::space::{Point, SpaceError};
use crate::research::trials::Trial;
use crate::run::{self, RunError};

/// A trial that can't be made.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum TrialError {
    /// Its point can't be applied.
    #[error(transparent)]
    Point(#[from] SpaceError),
    /// Its run can't be, or can't go on.
    #[error(transparent)]
    Run(#[from] RunError),
}

/// A configuration with the values of a point, for the instruments of a history.
pub fn configured(
    configuration: &ConfigurationRecord,
    history: &History,
    point: &Point,
) -> Result<ConfigurationRecord, SpaceError> {
    let mut changed = configuration.clone();
    knobs::apply(point, &mut changed.agents.technical, &mut changed.policy.profile)?;
    changed.policy_hash = changed.policy.hash();
    changed.instruments = history.instruments();
    Ok(changed)
}

/// Makes a trial. What it brings depends on the arguments alone.
pub fn trial(
    configuration: &ConfigurationRecord,
    history: &History,
    number: u64,
    point: Point,
) -> Result<Trial, TrialError> {
    let configuration = configured(configuration, history, &point)?;
    let outcome = run::run(&configuration, history, Grain::Days, Sink::None)?;
    let daily_returns = daily_returns(&outcome);
    let capital_quote = outcome.capital_quote.to_f64();
    let profit_quote = outcome.curve.last().equity_quote - capital_quote;
    Ok(Trial {
        number,
        point,
        profit_ratio: if capital_quote > 0.0 { profit_quote / capital_quote } else { 0.0 },
        sharpe_daily: ratios::sharpe(&daily_returns).unwrap_or(0.0),
        trades: outcome.trades.len() as u64,
        max_drawdown_ratio: outcome.curve.drawdown().ratio,
        daily_returns,
    })
}

/// The returns of each UTC day of a run, marked to market.
pub fn daily_returns(outcome: &Outcome) -> Vec<f64> {
    let capital_quote = outcome.capital_quote.to_f64();
    let days = daily::days(capital_quote, outcome.from, outcome.to, outcome.curve.days());
    days.into_iter().map(|day| day.return_ratio).collect()
}

/// SHA-256 of what trials are applied to, in hex. When a run began and what it is called in the
/// ledger do not matter.
pub fn configuration_hash(configuration: &ConfigurationRecord) -> String {
    let mut same = configuration.clone();
    same.began_at = UtcMs::default();
    let text = canonical::encode(&same).expect("a checked configuration has finite numbers only");
    hex::encode(Sha256::digest(text))
}

/// SHA-256 of a history's instruments, timeframes and candles, in hex.
pub fn history_hash(history: &History) -> String {
    let mut hash = Sha256::new();
    let timeframes: Vec<_> = history.timeframes().iter().map(|t| t.name()).collect();
    hash.update(timeframes.join(" "));
    for series in history.series() {
        let instrument = canonical::encode(series.instrument());
        hash.update(instrument.expect("an instrument has no floats"));
        hash.update((series.base().len() as u64).to_le_bytes());
        for candle in series.base() {
            hash.update(candle.open_time.ms().to_le_bytes());
            for price in [candle.open, candle.high, candle.low, candle.close] {
                hash.update(price.to_f64().to_bits().to_le_bytes());
            }
            hash.update(candle.volume_base.to_bits().to_le_bytes());
        }
    }
    hex::encode(hash.finalize())
}
