//! From flags and configuration to what is run over what.

use std::path::Path;

use backtest::engine::paper_terms;
use backtest::history::History;
use decision::policy::{Costs, Policy};
use decision::record::ConfigurationRecord;
use domain::timeframe::Timeframe;
use exchange::archive::cache::Copies;
use exchange::sim::terms::{Margin, Terms};

use super::args::{Market, Venue};
use super::candles::{self, Read};
use super::now;
use crate::config::settings::Settings;
use crate::ending::{Code, Failure, Outcome};
use crate::setup::{self, Begin};

/// What the live system's agents are run over, and under what.
pub(crate) struct Prepared {
    /// Under what.
    pub(crate) configuration: ConfigurationRecord,
    /// Over what.
    pub(crate) history: History,
    /// Decoded copies of the candles, to be kept once they were of use.
    pub(crate) copies: Copies,
    /// From files to candles in memory, coarser ones included.
    pub(crate) read_seconds: f64,
}

/// Reads the candles, and puts the configuration together.
pub(crate) fn prepared(asked: &Market, settings: &Settings) -> Outcome<Prepared> {
    prepared_under(policy(asked, settings), asked, settings)
}

/// The same under a policy of the caller's.
pub(super) fn prepared_under(
    mut policy: Policy,
    asked: &Market,
    settings: &Settings,
) -> Outcome<Prepared> {
    let chosen = candles::choose(asked, &settings.data_dir)?;
    let base = chosen.base;
    let timeframe = asked.timeframe.unwrap_or(policy.profile.decision_timeframe.max(base));
    if timeframe < base {
        return Err(too_coarse(base, timeframe));
    }
    policy.profile.decision_timeframe = timeframe;
    let mut coarser = vec![timeframe];
    if asked.timeframe.is_none() {
        coarser.extend(settings.timeframes.iter().filter(|timeframe| **timeframe > base));
    }
    let begun = now();
    let Read { history, copies } = chosen.read(asked.timerange.unwrap_or_default(), &coarser)?;
    let read_seconds = begun.elapsed().as_secs_f64();
    let begin = Begin {
        mode: "backtest",
        seed: settings.seed,
        capital_quote: asked.capital,
        quote: settings.quote,
        instruments: history.instruments(),
        timeframes: history.timeframes().to_vec(),
        policy,
    };
    let configuration = setup::configuration(&begin, history.from());
    Ok(Prepared { configuration, history, copies, read_seconds })
}

/// One timeframe for the reference strategy: the asked one, or that of the candles.
pub(super) fn single(asked: &Market, data_dir: &Path) -> Outcome<(Read, f64)> {
    let chosen = candles::choose(asked, data_dir)?;
    let timeframe = asked.timeframe.unwrap_or(chosen.base);
    if timeframe < chosen.base {
        return Err(too_coarse(chosen.base, timeframe));
    }
    let begun = now();
    let Read { history, copies } = chosen.read(asked.timerange.unwrap_or_default(), &[])?;
    let history = if timeframe > history.base() { history.coarsened(timeframe)? } else { history };
    Ok((Read { history, copies }, begun.elapsed().as_secs_f64()))
}

/// The configured policy with the flags' costs.
pub(super) fn policy(asked: &Market, settings: &Settings) -> Policy {
    let mut policy = settings.policy.clone();
    if let Some(fee_ratio) = asked.fee {
        policy.costs =
            Costs { maker_fee_ratio: fee_ratio, taker_fee_ratio: fee_ratio, ..policy.costs };
    }
    policy
}

/// The venue's terms under this policy; the flag's leverage is the profile's already.
pub(super) fn terms(asked: &Venue, policy: &Policy) -> Terms {
    let terms = paper_terms(policy);
    Terms {
        margin: asked.leverage.map(Margin::usual).or(terms.margin),
        fill: asked.fill,
        latency_ms: asked.latency_ms.unwrap_or_default(),
        slippage: asked.volume_share.unwrap_or(terms.slippage),
        ..terms
    }
}

/// The leverage that was asked for, where the profile has margin.
pub(super) fn leveraged(mut policy: Policy, asked: &Venue) -> Outcome<Policy> {
    if let (Some(leverage), Some(margin)) = (asked.leverage, &mut policy.profile.margin) {
        margin.leverage = leverage;
        policy.profile = policy.profile.checked().map_err(|error| {
            Failure::new(Code::Usage, format!("--leverage {leverage}: {error}"))
        })?;
    }
    Ok(policy)
}

fn too_coarse(base: Timeframe, timeframe: Timeframe) -> Failure {
    let message = format!(
        "decisions at each {timeframe} need {timeframe} candles or finer ones, these are {base}; \
         change --timeframe or the candles"
    );
    Failure::new(Code::Usage, message)
}
