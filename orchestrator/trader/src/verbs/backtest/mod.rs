//! `backtest`: the live system's agents, or the reference strategy, over candle files.

pub mod args;
mod besides;
mod candles;
mod facts;
mod prepare;
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
use decision::policy::Costs;
use domain::ids::RunSeed;
use domain::money::Quantity;
use domain::timeframe::Timeframe;
use exchange::archive::cache::Copies;
use exchange::binance::clock::local_now;
use exchange::sim::terms::FillModel;
use rust_decimal::Decimal;
use serde_json::json;

pub(crate) use self::prepare::{Prepared, prepared};

use self::args::{Backtest, Strategy, Venue};
use self::candles::Read;
use self::report::export::{Target, export};
use self::saved::{Saved, folder};
use crate::config::settings::Settings;
use crate::ending::{Code, Failure, Outcome};
use crate::verbs::output;

/// A run, what it was over, and what it took.
pub(crate) struct Tested {
    /// At which candles it decided.
    pub(crate) timeframe: Timeframe,
    /// What it was over.
    pub(crate) history: History,
    /// What came of it.
    pub(crate) result: Result,
    costs: Costs,
    /// Names all that decided what came of it, but the candles.
    configuration_hash: String,
    copies: Copies,
    /// From files to candles in memory, coarser ones included.
    read_seconds: f64,
    /// From candles in memory to the result.
    engine_seconds: f64,
}

/// Runs a backtest, keeps it, and prints what came of it.
pub fn backtest(asked: &Backtest, settings: &Settings, json: bool) -> Outcome<()> {
    let target = asked.export.as_deref().map(Target::of).transpose()?;
    let grain = match &target {
        Some(target) if target.wants_marks() => Grain::Marks,
        _ => Grain::Days,
    };
    let tested = test(asked, settings, grain)?;
    let facts = facts::of(&tested, asked, settings);
    let Tested { result, copies, .. } = tested;
    let drawn = asked.monte_carlo.map(|runs| {
        let draws = Draws { runs, seed: settings.seed.0, deeper_than: 0.0 };
        monte_carlo::alternatives(&result, draws)
    });
    copies.keep();
    let mut saved = Saved::of(&result, facts, local_now());
    folder::save(&settings.data_dir, &mut saved)?;
    if let Some(target) = &target {
        export(target, &saved, &result)?;
    }
    if json {
        let mut document = report::json(&saved, &asked.breakdown);
        if let Some(drawn) = drawn {
            document["monte_carlo"] = json!(drawn);
        }
        return output::print_json(&document);
    }
    let mut text = report::text(&saved, &asked.breakdown, report::colours());
    if let Some(drawn) = drawn {
        text = format!("{text}\n{}", super::monte_carlo::section(&drawn));
    }
    output::print(&text)
}

/// Runs a backtest, and keeps as much of the curve as is asked for.
pub(crate) fn test(asked: &Backtest, settings: &Settings, grain: Grain) -> Outcome<Tested> {
    refuse_misfits(asked)?;
    match asked.strategy {
        Strategy::Technical => technical(asked, settings, grain),
        Strategy::EmaCross => reference(asked, settings, grain),
    }
}

/// Flags of one strategy that another would not heed.
fn refuse_misfits(asked: &Backtest) -> Outcome<()> {
    let Venue { fill, ticks, latency_ms, slippage_bps, volume_share, .. } = &asked.venue;
    let ticked = *fill == FillModel::BookTicks;
    let slips = slippage_bps.is_some() || volume_share.is_some();
    let misfits = match asked.strategy {
        Strategy::EmaCross => vec![
            (asked.market.profile.is_some(), "--profile is for the technical agent"),
            (
                latency_ms.is_some() || slips,
                "ema-cross has neither latency nor slippage: leave those flags out",
            ),
            (
                !matches!(fill, FillModel::NextOpen | FillModel::Close),
                "ema-cross fills at next-open or at close; change --fill",
            ),
            (
                asked.venue.leverage.is_some() || !asked.venue.funding.is_empty(),
                "ema-cross knows neither margin nor funding: leave those flags out",
            ),
        ],
        Strategy::Technical => vec![
            (
                asked.stake.is_some(),
                "--stake is for ema-cross; the technical agent's sizes come from its profile",
            ),
            (
                asked.step.is_some(),
                "--step is for ema-cross; the technical agent's orders follow the venue's filters",
            ),
            (
                ticked && slips,
                "a recorded book says what a fill costs: leave the slippage flags out",
            ),
        ],
    };
    let unread = (ticks.is_some() && !ticked, "--ticks is for --fill book-ticks");
    match misfits.into_iter().chain([unread]).find(|(wrong, _)| *wrong) {
        Some((_, misfit)) => Err(Failure::new(Code::Usage, misfit)),
        None => Ok(()),
    }
}

fn technical(asked: &Backtest, settings: &Settings, grain: Grain) -> Outcome<Tested> {
    let policy = prepare::policy(&asked.market, settings);
    let mut policy = prepare::leveraged(policy, &asked.venue)?;
    policy.costs.slippage_bps = asked.venue.slippage_bps.unwrap_or(policy.costs.slippage_bps);
    let prepared = prepare::prepared_under(policy, &asked.market, settings)?;
    let Prepared { configuration, history, copies, read_seconds } = prepared;
    let costs = configuration.policy.costs;
    let terms = prepare::terms(&asked.venue, &configuration.policy);
    if terms.margin.is_none() && !asked.venue.marks.is_empty() {
        let misfit =
            "--marks liquidate positions on margin: add --leverage, or a profile with margin";
        return Err(Failure::new(Code::Usage, misfit));
    }
    let configuration_hash = facts::hash(&(&configuration, &terms))?;
    let told = besides::read(&asked.venue, &history)?;
    let begun = now();
    let result = run::run_on(terms, told.besides(), &configuration, &history, grain, Sink::None)?;
    let engine_seconds = begun.elapsed().as_secs_f64();
    let timeframe = configuration.policy.profile.decision_timeframe;
    Ok(Tested {
        timeframe,
        history,
        result,
        costs,
        configuration_hash,
        copies,
        read_seconds,
        engine_seconds,
    })
}

fn reference(asked: &Backtest, settings: &Settings, grain: Grain) -> Outcome<Tested> {
    let (Read { history, copies }, read_seconds) =
        prepare::single(&asked.market, &settings.data_dir)?;
    let terms = EmaCross {
        seed: RunSeed(settings.seed.0),
        quote: settings.quote,
        capital_quote: asked.market.capital,
        stake_quote: asked.stake,
        step: asked.step.unwrap_or(Quantity::ZERO),
        fee_ratio: asked.market.fee.unwrap_or(settings.policy.costs.taker_fee_ratio),
        fill: match asked.venue.fill {
            FillModel::Close => FillAt::Close,
            _ => FillAt::NextOpen,
        },
    };
    let timeframe: Timeframe = history.base();
    let named = (timeframe, terms.capital_quote, terms.stake_quote, terms.step, terms.fee_ratio);
    let configuration_hash = facts::hash(&("ema-cross", named, asked.venue.fill))?;
    let begun = now();
    let result = ema_cross::run(&terms, &history, grain)?;
    let engine_seconds = begun.elapsed().as_secs_f64();
    // It only takes.
    let costs = Costs {
        maker_fee_ratio: terms.fee_ratio,
        taker_fee_ratio: terms.fee_ratio,
        slippage_bps: Decimal::ZERO,
    };
    Ok(Tested {
        timeframe,
        history,
        result,
        costs,
        configuration_hash,
        copies,
        read_seconds,
        engine_seconds,
    })
}

/// How long things take is told, and nothing depends on it.
#[expect(clippy::disallowed_methods, reason = "the speed is part of the report")]
fn now() -> Instant {
    Instant::now()
}
