//! What is told of a run beside what it brought.

use backtest::history::Series;
use domain::ids::{Id, RunSeed};

use super::args::{Backtest, Strategy};
use super::saved::{Coverage, Facts};
use super::{Tested, policy};
use crate::config::settings::Settings;

/// Of a run that was asked for so.
pub(super) fn of(tested: &Tested, asked: &Backtest, settings: &Settings) -> Facts {
    let costs = policy(&asked.market, settings).costs;
    let number = |ratio: rust_decimal::Decimal| domain::money::Money::new(ratio).to_f64();
    let (profile, maker_fee_ratio) = match asked.strategy {
        Strategy::Technical => (Some(settings.policy.profile.name.clone()), costs.maker_fee_ratio),
        // It only takes.
        Strategy::EmaCross => (None, costs.taker_fee_ratio),
    };
    Facts {
        strategy: asked.strategy.name().to_owned(),
        profile,
        timeframe: tested.timeframe,
        timeframe_detail: tested.history.base(),
        fill: asked.fill.name().to_owned(),
        maker_fee_ratio: number(maker_fee_ratio),
        taker_fee_ratio: number(costs.taker_fee_ratio),
        stake_quote: asked.stake.map(|stake| stake.to_f64()),
        seed: asked.market.seed.unwrap_or(settings.seed.0),
        configuration_hash: tested.configuration_hash.clone(),
        candles: tested.history.series().iter().filter_map(coverage).collect(),
        market_change_ratio: market_change(tested.history.series()),
        read_seconds: tested.read_seconds,
        engine_seconds: tested.engine_seconds,
    }
}

/// A name for a configuration.
pub(super) fn hash(configuration: &str) -> String {
    Id::of(RunSeed(0), 0, "backtest", configuration).to_string()
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
