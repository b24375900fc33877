//! `walk-forward`: parameters are searched on some months and tested on the next, again and again.

pub mod args;
mod print;

use backtest::metrics::Metrics;
use backtest::outcome::Outcome as Result;
use backtest::research::deflated::{self, Record};
use backtest::research::moments::Moments;
use backtest::research::space;
use backtest::research::splits::{self, Window};
use backtest::research::trials::Trial;
use backtest::research::verdict::Verdict;
use backtest::research::{search, walk_forward as windows};

use self::args::WalkForward;
use crate::config::settings::Settings;
use crate::ending::{Code, Failure, Outcome};
use crate::evidence;
use crate::progress;
use crate::verbs::backtest::{Prepared, prepared};
use crate::verbs::hyperopt::{self, pool};

/// A window that was searched and tested.
pub(crate) struct Tested {
    /// Its spans.
    pub(crate) window: Window,
    /// What the search on its training is worth.
    pub(crate) verdict: Verdict,
    /// What the best of the training brought in the test.
    pub(crate) metrics: Metrics,
}

/// A walk that is over.
pub(crate) struct Walked {
    /// In order of time.
    pub(crate) windows: Vec<Tested>,
    /// The tests as one account.
    pub(crate) metrics: Metrics,
    /// The first and the last moment of the tests.
    pub(crate) stitched: Result,
    /// Probability that the tests' true Sharpe ratio is above nought.
    pub(crate) probabilistic_sharpe: Option<f64>,
    /// How far a signal looks ahead: so much is left out before each test.
    pub(crate) purge_ms: i64,
    /// How long a signal counts: so much more is left out.
    pub(crate) embargo_ms: i64,
}

/// Walks and prints what came of it.
pub fn walk_forward(asked: &WalkForward, settings: &Settings, json: bool) -> Outcome<()> {
    let walked = walk(asked, settings)?;
    let evidence = evidence::keep(&settings.data_dir, &walked.stitched)?;
    print::print(&walked, evidence.as_deref(), json)
}

fn walk(asked: &WalkForward, settings: &Settings) -> Outcome<Walked> {
    let (space, count) = hyperopt::space(&asked.searched)?;
    let Prepared { mut configuration, history, .. } = prepared(&asked.market, settings)?;
    let walk = splits::WalkForward {
        train_months: asked.train,
        test_months: asked.test,
        step_months: asked.step,
        anchored: asked.anchored,
        purge_ms: windows::horizon_ms(&configuration, &space),
        embargo_ms: windows::expiry_ms(&configuration, &space),
    };
    let spans = walk.windows(history.from()..history.to())?;
    let (kind, seed) = (space::Search::from(asked.searched.search), settings.seed.0);
    let threads = pool::threads(asked.searched.threads);
    let bar = progress::bar(count * spans.len() as u64, "trials");
    let numbers: Vec<_> = (0..count).collect();
    let (mut tested, mut tests) = (Vec::new(), Vec::new());
    for window in spans {
        let train = windows::training(&history, &window).map_err(Failure::from)?;
        let mut trials: Vec<Trial> = Vec::new();
        let make =
            |number| search::trial(&configuration, &train, number, space.point(kind, seed, number));
        pool::make(&numbers, threads, make, |trial| {
            bar.inc(1);
            trials.push(trial);
            Ok(())
        })?;
        trials.sort_unstable_by_key(|trial| trial.number);
        let verdict = hyperopt::judged(&trials)?;
        let test = windows::test(&configuration, &history, &window, &verdict.best.point)?;
        // One account: the next test begins with what this one ended with.
        configuration.capital_quote = windows::final_quote(&test);
        tested.push(Tested { window, verdict, metrics: Metrics::of(&test) });
        tests.push(test);
    }
    bar.finish_and_clear();
    let stitched = windows::stitched(tests)
        .ok_or_else(|| Failure::new(Code::Usage, "there are no windows to walk through"))?;
    let moments = Moments::of(&search::daily_returns(&stitched)).ok();
    let record = moments.map(Record::from);
    Ok(Walked {
        windows: tested,
        metrics: Metrics::of(&stitched),
        stitched,
        probabilistic_sharpe: record.map(|record| deflated::probabilistic(&record, 0.0)),
        purge_ms: walk.purge_ms,
        embargo_ms: walk.embargo_ms,
    })
}
