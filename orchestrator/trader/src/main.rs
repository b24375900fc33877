//! The binary `sextant`: the composition root and the command line.
// They panic where nobody reads; `terminal` prints.
#![cfg_attr(not(test), deny(clippy::print_stdout, clippy::print_stderr))]
#![allow(unreachable_pub, reason = "nothing of a binary can be reached from outside it")]

mod alerts;
mod cli;
mod config;
mod control;
mod desk;
mod ending;
mod evidence;
mod gateway;
mod live;
mod lockstep;
mod market;
mod place;
mod progress;
mod recovery;
mod session;
mod setup;
mod signals;
mod steps;
mod summary;
mod terminal;
mod verbs;
mod watch;

use std::collections::BTreeMap;
use std::path::Path;
use std::process::ExitCode;

use clap::Parser;
use rustix::process::{Resource, Rlimit, setrlimit};
use telemetry::logging::{self, LogFilter, LogFormat};

use crate::cli::{Cli, Common, Status, Verb};
use crate::config::load::{self, Loaded};
use crate::config::settings::Settings;
use crate::config::sources::Sources;
use crate::control::word::Verb as Word;
use crate::ending::{Code, Failure, Outcome};
use crate::verbs::config::{Config, ConfigVerb};

/// Keys are in memory: whatever ends the process, nothing of it is written to a disk. A limit of
/// one byte, not nought, also keeps a dump from a program that the system would hand it to.
fn forbid_dumps() {
    let limit = Rlimit { current: Some(1), maximum: Some(1) };
    // Lowering a limit is everybody's right.
    let _ = setrlimit(Resource::Core, limit);
}

fn main() -> ExitCode {
    forbid_dumps();
    // A panic is a defect: the process ends, and the next start recovers.
    let report = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        report(panic);
        std::process::abort();
    }));
    // One provider of cryptography for every TLS client; installed twice it stays the first.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let cli = Cli::parse();
    let json = cli.common.json;
    match dispatch(cli) {
        Ok(code) => code,
        Err(failure) => {
            terminal::tell(&format!("error: {failure}\n"));
            if json {
                // The exit code tells the rest, whatever could not be printed.
                let _ = terminal::print(&format!("{}\n", verbs::run::failure_json(&failure)));
            }
            ExitCode::from(failure.code as u8)
        }
    }
}

fn dispatch(cli: Cli) -> Outcome<ExitCode> {
    let Cli { verb, common } = cli;
    let json = common.json;
    match verb {
        Verb::Chaos(asked) => {
            // A thousand lives would fill any log: it is for whoever looks into one.
            if let Some(level) = &common.log_level {
                logging::install(level.parse()?, LogFormat::Human)?;
            }
            done(verbs::chaos::chaos(&asked, json))
        }
        Verb::Simulate(asked) => done(verbs::simulate::simulate(&asked, json)),
        Verb::Indicators(asked) => done(verbs::indicators::print(&asked, json)),
        Verb::Backtest(asked) => {
            let market = &asked.market;
            let loaded = configured(&common, &[("profile", &market.profile)], market.seed)?;
            done(verbs::backtest::backtest(&asked, &loaded.settings, json))
        }
        Verb::Plot(asked) => {
            let market = &asked.run.market;
            let loaded = configured(&common, &[("profile", &market.profile)], market.seed)?;
            done(verbs::plot::plot(&asked, &loaded.settings, json))
        }
        Verb::Demo(asked) => {
            let flags = [("pairs", &asked.pairs), ("profile", &asked.profile)];
            let loaded = configured(&common, &flags, asked.seed)?;
            done(verbs::demo::demo(&asked, &loaded.settings, json))
        }
        Verb::Run(asked) => {
            let flags = [("pairs", &asked.pairs), ("profile", &asked.profile)];
            let loaded = configured(&common, &flags, asked.seed)?;
            done(verbs::run::run(&asked, &loaded.settings, json))
        }
        Verb::DownloadData(asked) => {
            done(verbs::download_data::download(&asked, &settings(&common)?, json))
        }
        Verb::ListData(asked) => done(verbs::list_data::list(&asked, &settings(&common)?, json)),
        Verb::Hyperopt(asked) => {
            let market = &asked.market;
            let loaded = configured(&common, &[("profile", &market.profile)], market.seed)?;
            done(verbs::hyperopt::hyperopt(&asked, &loaded.settings, json))
        }
        Verb::LookaheadAnalysis(asked) => {
            let flags = [("profile", &asked.market.profile)];
            let settings = configured(&common, &flags, asked.market.seed)?.settings;
            let honest = verbs::analysis::looks_ahead(&asked, &settings, json)?;
            Ok(if honest { ExitCode::SUCCESS } else { ExitCode::from(Code::Failed as u8) })
        }
        Verb::RecursiveAnalysis(asked) => {
            let flags = [("profile", &asked.market.profile)];
            let settings = configured(&common, &flags, asked.market.seed)?.settings;
            done(verbs::analysis::never_forgets(&asked, &settings, json))
        }
        Verb::WalkForward(asked) => {
            let market = &asked.market;
            let loaded = configured(&common, &[("profile", &market.profile)], market.seed)?;
            done(verbs::walk_forward::walk_forward(&asked, &loaded.settings, json))
        }
        Verb::Migrate => done(verbs::migrate::migrate(&settings(&common)?, json)),
        Verb::Status(Status { healthz: Some(url) }) => verbs::status::healthz(&url, json),
        Verb::Status(_) => done(verbs::status::status(&settings(&common)?, json)),
        Verb::Decisions(asked) => {
            done(verbs::decisions::decisions(&asked, &settings(&common)?, json))
        }
        Verb::Signals(asked) => done(verbs::signals::list(&asked, &settings(&common)?, json)),
        Verb::Trades(asked) => done(verbs::trades::list(&asked, &settings(&common)?, json)),
        Verb::Replay(asked) => verbs::replay::replay(&asked, &settings(&common)?, json),
        Verb::BacktestShow(asked) => {
            done(verbs::backtest::show::show(&asked, &settings(&common)?, json))
        }
        Verb::Doctor(asked) => {
            verbs::doctor::doctor(&asked, &configured(&common, &[], None)?, json)
        }
        Verb::Pause => verbs::control::say(Word::Pause, &settings(&common)?, json),
        Verb::Reduce => verbs::control::say(Word::Reduce, &settings(&common)?, json),
        Verb::Halt => verbs::control::say(Word::Halt, &settings(&common)?, json),
        Verb::Resume(asked) => verbs::control::resume(&asked, &settings(&common)?, json),
        Verb::Close(asked) => verbs::control::close(&asked, &settings(&common)?, json),
        Verb::Verify => verbs::verify::verify(&settings(&common)?, json),
        Verb::Config(Config { what: ConfigVerb::Profiles }) => done(verbs::config::profiles(json)),
        Verb::Config(Config { what: ConfigVerb::Show }) => {
            done(verbs::config::show(&load(&common, &[], None)?, json))
        }
        Verb::Config(Config { what: ConfigVerb::Check }) => {
            done(verbs::config::check(&load(&common, &[], None)?, json))
        }
    }
}

/// The exit code of a verb that has no bad news but failures.
fn done(outcome: Outcome<()>) -> Outcome<ExitCode> {
    outcome.map(|()| ExitCode::SUCCESS)
}

/// The configuration of a verb that has no flags for it.
fn settings(common: &Common) -> Outcome<Settings> {
    Ok(configured(common, &[], None)?.settings)
}

/// Reads the configuration.
fn load(
    common: &Common,
    flags: &[(&'static str, &Option<String>)],
    seed: Option<u64>,
) -> Outcome<Loaded> {
    let data_dir = common.data_dir.as_ref().map(|folder| folder.display().to_string());
    let seed = seed.map(|seed| seed.to_string());
    let common_flags = [("data-dir", &data_dir), ("log-level", &common.log_level), ("seed", &seed)];
    let given = flags
        .iter()
        .chain(&common_flags)
        .filter_map(|(name, value)| Some((*name, (*value).clone()?)));
    let given: BTreeMap<_, _> = given.collect();
    let sources = Sources::read(Path::new(""), common.config.as_deref(), given);
    load::load(&sources).map_err(|errors| Failure::new(Code::Usage, errors))
}

/// Reads the configuration, begins to log, and says what is remarkable.
fn configured(
    common: &Common,
    flags: &[(&'static str, &Option<String>)],
    seed: Option<u64>,
) -> Outcome<Loaded> {
    let loaded = load(common, flags, seed)?;
    let log = &loaded.settings.log;
    // The servers' own comings and goings are nobody's news.
    let filter: LogFilter = format!("actix_server=warn,{}", log.filter).parse()?;
    let format = match log.format {
        config::settings::LogFormat::Json => LogFormat::Json,
        config::settings::LogFormat::Human => LogFormat::Human,
    };
    logging::install(filter, format)?;
    for warning in &loaded.warnings {
        tracing::warn!("{warning}");
    }
    Ok(loaded)
}
