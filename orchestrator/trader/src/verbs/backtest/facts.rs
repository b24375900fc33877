//! What is told of a run beside what it brought.

use backtest::history::Series;
use domain::canonical;
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::Tested;
use super::args::{Backtest, Strategy};
use super::saved::{Coverage, Facts};
use crate::config::settings::Settings;
use crate::ending::Outcome;

/// Of a run that was asked for so.
pub(super) fn of(tested: &Tested, asked: &Backtest, settings: &Settings) -> Facts {
    let number = |ratio: rust_decimal::Decimal| domain::money::Money::new(ratio).to_f64();
    let profile = match asked.strategy {
        Strategy::Technical => Some(settings.policy.profile.name.clone()),
        Strategy::EmaCross => None,
    };
    Facts {
        strategy: asked.strategy.name().to_owned(),
        profile,
        timeframe: tested.timeframe,
        timeframe_detail: tested.history.base(),
        fill: asked.venue.fill.to_string(),
        maker_fee_ratio: number(tested.costs.maker_fee_ratio),
        taker_fee_ratio: number(tested.costs.taker_fee_ratio),
        stake_quote: asked.stake.map(|stake| stake.to_f64()),
        seed: settings.seed.0,
        configuration_hash: tested.configuration_hash.clone(),
        candles: tested.history.series().iter().filter_map(coverage).collect(),
        market_change_ratio: market_change(tested.history.series()),
        read_seconds: tested.read_seconds,
        engine_seconds: tested.engine_seconds,
    }
}

/// SHA-256 of all that decides what a run brings, beside the candles.
pub(super) fn hash(what: &impl Serialize) -> Outcome<String> {
    Ok(hex::encode(Sha256::digest(canonical::encode(what)?)))
}

fn coverage(series: &Series) -> Option<Coverage> {
    let candles = series.base();
    Some(Coverage {
        pair: series.instrument().id,
        from: candles.first()?.open_time,
        to: candles.last()?.close_time(),
        candles: candles.len() as u64,
    })
}

/// The mean over the pairs of what holding each from its first close to its last one made.
fn market_change(series: &[Series]) -> Option<f64> {
    let changes = series.iter().filter_map(|series| {
        let (first, last) = (series.base().first()?.close, series.base().last()?.close);
        Some(last.to_f64() / first.to_f64() - 1.0).filter(|change| change.is_finite())
    });
    backtest::metrics::ratios::mean(&changes.collect::<Vec<_>>())
}
