//! `hyperopt`: many parameters over one history, and what the best of them is worth.

pub mod args;
pub(crate) mod pool;
pub(crate) mod print;
mod record;

use std::fs;
use std::time::Instant;

use backtest::history::History;
use backtest::research::search;
use backtest::research::space::{self, Space};
use backtest::research::trials::{Header, Trial};
use backtest::research::verdict::{self, Verdict};
use decision::record::ConfigurationRecord;
use sha2::{Digest, Sha256};

use self::args::{Hyperopt, Searched};
use self::record::Record;
use crate::config::settings::Settings;
use crate::ending::{Code, Failure, Outcome};
use crate::progress;
use crate::verbs::backtest::{Prepared, prepared};

/// What is searched where nothing is named.
const SPACE: &str = include_str!("../../../../backtest/spaces/technical.toml");

/// A search that is over.
pub(crate) struct Found {
    /// What it is worth.
    pub(crate) verdict: Verdict,
    /// Every trial, by number.
    pub(crate) trials: Vec<Trial>,
    /// Trials that were made now; the others were on record.
    pub(crate) made: usize,
    /// By so many threads.
    pub(crate) threads: usize,
    /// In so many seconds.
    pub(crate) seconds: f64,
    /// Where they are recorded.
    pub(crate) record: std::path::PathBuf,
}

/// Searches and prints what was found.
pub fn hyperopt(asked: &Hyperopt, settings: &Settings, json: bool) -> Outcome<()> {
    let (space, count) = space(&asked.searched)?;
    let Prepared { configuration, history, .. } = prepared(&asked.market, settings)?;
    let search = space::Search::from(asked.searched.search);
    let header = Header {
        space,
        search,
        seed: settings.seed.0,
        configuration: search::configuration_hash(&configuration),
        history: search::history_hash(&history),
    };
    check(&header, &configuration, &history)?;
    let path = asked.record.clone().unwrap_or_else(|| {
        let name = hex::encode(&Sha256::digest(header.line())[..6]);
        settings.data_dir.join("hyperopt").join(format!("{name}.jsonl"))
    });
    let (mut record, mut trials) = Record::open(&path, &header, asked.resume)?;
    let missing: Vec<u64> = (0..count).filter(|number| !trials.contains_key(number)).collect();
    let threads = pool::threads(asked.searched.threads);
    let bar = progress::bar(missing.len() as u64, "trials");
    let begun = now();
    let make = |number| {
        let point = header.space.point(search, header.seed, number);
        search::trial(&configuration, &history, number, point)
    };
    pool::make(&missing, threads, make, |trial| {
        record.add(&trial)?;
        bar.inc(1);
        trials.insert(trial.number, trial);
        Ok(())
    })?;
    bar.finish_and_clear();
    let seconds = begun.elapsed().as_secs_f64();
    let trials: Vec<_> = trials.into_values().collect();
    let verdict = judged(&trials)?;
    let (made, threads) = (missing.len(), threads.get());
    let found = Found { verdict, trials, made, threads, seconds, record: path };
    print::print(&found, json)
}

/// The space that is asked for, and how many trials it gives.
pub(crate) fn space(asked: &Searched) -> Outcome<(Space, u64)> {
    let space = match &asked.space {
        None => Space::parse(SPACE)?,
        Some(path) => {
            let doing = || format!("the space {}", path.display());
            let text = fs::read_to_string(path)
                .map_err(|e| Failure::new(Code::Usage, e).context(doing()))?;
            Space::parse(&text).map_err(|e| Failure::from(e).context(doing()))?
        }
    };
    let trials = space.trials(asked.search.into(), asked.trials)?;
    Ok((space, trials))
}

/// Whether the first point fits the configuration, before anything is written.
fn check(header: &Header, configuration: &ConfigurationRecord, history: &History) -> Outcome<()> {
    let point = header.space.point(header.search, header.seed, 0);
    search::configured(configuration, history, &point)?;
    Ok(())
}

/// What a search is worth that has made trials.
pub(crate) fn judged(trials: &[Trial]) -> Outcome<Verdict> {
    verdict::judge(trials).ok_or_else(|| Failure::new(Code::Usage, "there are no trials to judge"))
}

/// How long things take is told, and nothing depends on it.
#[expect(clippy::disallowed_methods, reason = "the speed is part of the report")]
fn now() -> Instant {
    Instant::now()
}
