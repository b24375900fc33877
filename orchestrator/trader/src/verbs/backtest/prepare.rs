//! From flags and configuration to what is run over what.

use std::path::Path;

use backtest::history::History;
use decision::policy::{Costs, Policy};
use decision::record::ConfigurationRecord;
use domain::money::Money;
use domain::timeframe::Timeframe;
use exchange::archive::cache::Copies;
use exchange::sim::terms::{Margin, Terms, Tier};
use rust_decimal::Decimal;

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

/// Up to which worth a position must keep which part of it: Binance's tiers of BTC/USDT in 2021.
const TIERS: [(i64, (i64, u32)); 5] = [
    (50_000, (4, 3)),
    (250_000, (5, 3)),
    (1_000_000, (1, 2)),
    (10_000_000, (25, 3)),
    (20_000_000, (5, 2)),
];
/// What Binance takes of a liquidated position's worth.
const LIQUIDATION_FEE: (i64, u32) = (125, 4);

/// Isolated margin at this leverage.
fn margin(leverage: u32) -> Outcome<Margin> {
    let tiers = TIERS.map(|(up_to, (part, places))| Tier {
        up_to_quote: Money::new(up_to.into()),
        maintenance_ratio: Decimal::new(part, places),
    });
    let fee = Decimal::new(LIQUIDATION_FEE.0, LIQUIDATION_FEE.1);
    let margin = Margin::new(leverage, fee, tiers.to_vec());
    margin.map_err(|error| Failure::new(Code::Usage, format!("--leverage {leverage}: {error}")))
}

/// The venue's terms under these costs.
pub(super) fn terms(asked: &Venue, costs: &Costs) -> Outcome<Terms> {
    let terms = Terms::new(costs.maker_fee_ratio, costs.taker_fee_ratio, costs.slippage_bps);
    let margin = asked.leverage.map(margin).transpose()?;
    Ok(Terms {
        margin,
        fill: asked.fill,
        latency_ms: asked.latency_ms.unwrap_or_default(),
        slippage: asked.volume_share.unwrap_or(terms.slippage),
        ..terms
    })
}

fn too_coarse(base: Timeframe, timeframe: Timeframe) -> Failure {
    let message = format!(
        "decisions at each {timeframe} need {timeframe} candles or finer ones, these are {base}; \
         change --timeframe or the candles"
    );
    Failure::new(Code::Usage, message)
}
