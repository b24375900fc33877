//! `backtest`: the live system's agents, or the reference strategy, over candle files.

pub mod args;
mod candles;
mod facts;
pub(crate) mod report;
pub(crate) mod saved;
pub(crate) mod show;

use std::time::Instant;

use backtest::curve::Grain;
use backtest::ema_cross::{self, EmaCross, FillAt};
use backtest::history::History;
use backtest::outcome::Outcome as Result;
use backtest::research::bootstrap::Draws;
use backtest::research::monte_carlo;
use backtest::run;
use decision::outbox::Sink;
use decision::policy::{Costs, Policy};
use decision::record::ConfigurationRecord;
use domain::canonical;
use domain::ids::RunSeed;
use domain::money::Quantity;
use domain::timeframe::Timeframe;
use exchange::binance::clock;

use self::args::{Backtest, Fill, Market, Strategy};
use self::report::export::{self, Target};
use self::saved::Saved;
use crate::config::settings::Settings;
use crate::ending::{Code, Failure, Outcome};
use crate::setup::{self, Begin};
use crate::verbs::{self, output};

/// A run and what it took.
struct Tested {
    /// At which candles it decided.
    timeframe: Timeframe,
    /// Names all that decided what came of it, but the candles.
    configuration_hash: String,
    /// What it was.
    history: History,
    /// What came of it.
    result: Result,
    /// From files to candles in memory, coarser ones included.
    read_seconds: f64,
    /// From candles in memory to the result.
    engine_seconds: f64,
}

/// Runs a backtest, keeps what came of it, and prints it.
pub fn backtest(asked: &Backtest, settings: &Settings, json: bool) -> Outcome<()> {
    let target = asked.export.as_deref().map(Target::of).transpose()?;
    let grain = match &target {
        Some(target) if target.wants_marks() => Grain::Marks,
        _ => Grain::Days,
    };
    let tested = test(asked, settings, grain)?;
    let drawn = asked.monte_carlo.map(|runs| {
        let draws = Draws { runs, seed: settings.seed.0, deeper_than: 0.0 };
        monte_carlo::alternatives(&tested.result, draws)
    });
    let facts = facts::of(&tested, asked, settings);
    let mut saved = Saved::of(&tested.result, facts, clock::local_now());
    saved::folder::save(&settings.data_dir, &mut saved)?;
    if let Some(target) = &target {
        export::export(target, &saved, &tested.result)?;
    }
    if json {
        let mut document = report::json(&saved, &asked.breakdown);
        if let Some(drawn) = &drawn {
            document["monte_carlo"] = serde_json::json!(drawn);
        }
        return output::print_json(&document);
    }
    let mut text = report::text(&saved, &asked.breakdown, report::colours());
    if let Some(drawn) = &drawn {
        text = text + "\n" + &verbs::monte_carlo::section(drawn);
    }
    output::print(&text)
}

/// Runs a backtest.
fn test(asked: &Backtest, settings: &Settings, grain: Grain) -> Outcome<Tested> {
    refuse_misfits(asked)?;
    match asked.strategy {
        Strategy::Technical => technical(asked, settings, grain),
        Strategy::EmaCross => reference(asked, settings, grain),
    }
}

/// Flags of one strategy that another would not heed.
fn refuse_misfits(asked: &Backtest) -> Outcome<()> {
    let misfit = match asked.strategy {
        Strategy::EmaCross if asked.market.profile.is_some() => {
            "--profile is for the technical agent"
        }
        Strategy::EmaCross => return Ok(()),
        Strategy::Technical if asked.stake.is_some() => {
            "--stake is for ema-cross; the technical agent's sizes come from its profile"
        }
        Strategy::Technical if asked.step.is_some() => {
            "--step is for ema-cross; the technical agent's orders follow the venue's filters"
        }
        Strategy::Technical if asked.fill == Fill::Close => {
            "--fill close is for ema-cross; the technical agent's orders fill at the next open"
        }
        Strategy::Technical => return Ok(()),
    };
    Err(Failure::new(Code::Usage, misfit))
}

fn technical(asked: &Backtest, settings: &Settings, grain: Grain) -> Outcome<Tested> {
    let Prepared { configuration, history, read_seconds } = prepared(&asked.market, settings)?;
    let begun = now();
    let result = run::run(&configuration, &history, grain, Sink::None)?;
    let engine_seconds = begun.elapsed().as_secs_f64();
    let timeframe = configuration.policy.profile.decision_timeframe;
    let configuration_hash = facts::hash(&canonical::encode(&configuration)?);
    Ok(Tested { timeframe, configuration_hash, history, result, read_seconds, engine_seconds })
}

/// What the live system's agents are run over, and under what.
pub(crate) struct Prepared {
    /// Under what.
    pub(crate) configuration: ConfigurationRecord,
    /// Over what.
    pub(crate) history: History,
    /// From files to candles in memory, coarser ones included.
    pub(crate) read_seconds: f64,
}

/// Reads the candles, and puts the configuration together.
pub(crate) fn prepared(asked: &Market, settings: &Settings) -> Outcome<Prepared> {
    let chosen = candles::choose(asked)?;
    let base = chosen.base;
    let mut policy = policy(asked, settings);
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
    let history = chosen.read(asked.timerange.unwrap_or_default(), &coarser)?;
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
    Ok(Prepared { configuration, history, read_seconds })
}

fn reference(asked: &Backtest, settings: &Settings, grain: Grain) -> Outcome<Tested> {
    let chosen = candles::choose(&asked.market)?;
    let timeframe = asked.market.timeframe.unwrap_or(chosen.base);
    if timeframe < chosen.base {
        return Err(too_coarse(chosen.base, timeframe));
    }
    let begun = now();
    let history = chosen.read(asked.market.timerange.unwrap_or_default(), &[])?;
    let history = if timeframe > history.base() { history.coarsened(timeframe)? } else { history };
    let read_seconds = begun.elapsed().as_secs_f64();
    let terms = EmaCross {
        seed: RunSeed(asked.market.seed.unwrap_or(settings.seed.0)),
        quote: settings.quote,
        capital_quote: asked.market.capital,
        stake_quote: asked.stake,
        step: asked.step.unwrap_or(Quantity::ZERO),
        fee_ratio: asked.market.fee.unwrap_or(settings.policy.costs.taker_fee_ratio),
        fill: match asked.fill {
            Fill::Close => FillAt::Close,
            Fill::NextOpen => FillAt::NextOpen,
        },
    };
    let begun = now();
    let result = ema_cross::run(&terms, &history, grain)?;
    let engine_seconds = begun.elapsed().as_secs_f64();
    let configuration_hash = facts::hash(&format!("{terms:?} at {timeframe}"));
    Ok(Tested { timeframe, configuration_hash, history, result, read_seconds, engine_seconds })
}

/// The configured policy with the flags' costs.
fn policy(asked: &Market, settings: &Settings) -> Policy {
    let mut policy = settings.policy.clone();
    if let Some(fee_ratio) = asked.fee {
        policy.costs =
            Costs { maker_fee_ratio: fee_ratio, taker_fee_ratio: fee_ratio, ..policy.costs };
    }
    policy
}

fn too_coarse(base: Timeframe, timeframe: Timeframe) -> Failure {
    let message = format!(
        "decisions at each {timeframe} need {timeframe} candles or finer ones, these are {base}; \
         change --timeframe or the candles"
    );
    Failure::new(Code::Usage, message)
}

/// How long things take is told, and nothing depends on it.
#[expect(clippy::disallowed_methods, reason = "the speed is part of the report")]
fn now() -> Instant {
    Instant::now()
}
