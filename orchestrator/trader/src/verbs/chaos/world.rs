//! One run: the market moves minute by minute, the program lives, dies and lives again.

use std::collections::BTreeMap;
use std::path::Path;

use domain::instrument::InstrumentId;
use domain::time::MINUTE_MS;
use rust_decimal::Decimal;
use simulator::options::{AccountOptions, Funding, Options, Source, Speed, UsdmOptions};
use simulator::server::{Simulator, serve};
use tokio::runtime::Handle;

use crate::ending::{Code, Failure, Outcome};
use crate::verbs::chaos::exposure::{Bare, Exposure, bare};
use crate::verbs::chaos::life::{Life, Surroundings};
use crate::verbs::chaos::script::{CAPITAL, FROM, Script};
use crate::verbs::chaos::verdict::{self, Verdict};

pub(super) const KEY: &str = "chaosKey";
pub(super) const SECRET: &str = "chaosSecretThatNothingMayShow";
/// The market moves by so much at once.
const MOMENT_MS: i64 = 20_000;
/// How long a position may be without a working stop: two moves, for nothing is done between them.
pub(super) const PROTECT_WITHIN_MS: i64 = 2 * MOMENT_MS;

/// Lives through a script and judges what is left.
#[expect(
    clippy::disallowed_methods,
    reason = "how long a run takes is told beside what came of it"
)]
pub(super) fn live_through(
    script: &Script,
    database: &str,
    folder: &Path,
    runtime: &Handle,
) -> Outcome<Verdict> {
    let begun = std::time::Instant::now();
    let simulator = runtime.block_on(serve(options(script)))?;
    let around = Surroundings {
        database: database.to_owned(),
        folder: folder.to_owned(),
        address: simulator.address().to_string(),
        runtime: runtime.clone(),
    };
    let mut world = World {
        script,
        simulator,
        around,
        life: None,
        exposures: BTreeMap::new(),
        kills: 0,
        failures: Vec::new(),
    };
    let lived = world.run();
    let World { simulator, around, exposures, kills, failures, .. } = world;
    let books = simulator.books(KEY);
    runtime.block_on(simulator.stop())?;
    lived?;
    let facts = verdict::Facts { script, books, exposures, kills, failures };
    let judged = runtime.block_on(verdict::judge(facts, &around.database))?;
    Ok(Verdict { took_ms: begun.elapsed().as_millis() as u64, ..judged })
}

fn options(script: &Script) -> Options {
    let source =
        Source::Generated { pairs: script.pairs.clone(), start: FROM, days: script.days() };
    let balances = [("USDT", Decimal::from(CAPITAL))];
    Options {
        speed: Speed::Manual,
        plan: script.plan.clone(),
        seed: script.seed,
        start_at: Some(script.start_at),
        accounts: vec![AccountOptions::new(KEY, SECRET, &balances).with_futures(&balances)],
        usdm: UsdmOptions { funding: Funding::Seeded(script.seed), ..UsdmOptions::default() },
        ..Options::new(source)
    }
}

struct World<'a> {
    script: &'a Script,
    simulator: Simulator,
    around: Surroundings,
    life: Option<Life>,
    exposures: BTreeMap<InstrumentId, Exposure>,
    kills: u32,
    failures: Vec<String>,
}

impl World<'_> {
    fn run(&mut self) -> Outcome<()> {
        self.live()?;
        let mut away: u32 = 0;
        for minute in 0..self.script.minutes + self.script.settling {
            if self.life.is_none() && away == 0 {
                self.live()?;
            }
            away = away.saturating_sub(1);
            let kill = self.script.kills.iter().find(|kill| kill.minute == minute);
            let mut dies_after = kill.map(|kill| kill.steps);
            if self.script.cuts.contains(&minute) {
                self.simulator.drop_connections();
            }
            for _ in 0..MINUTE_MS / MOMENT_MS {
                self.simulator.advance(MOMENT_MS);
                self.follow(dies_after.take());
                self.look();
            }
            if let Some(kill) = kill
                && let Some(life) = self.life.take()
            {
                // Where it has taken fewer steps than that, it dies where it stands.
                match life.kill() {
                    // It had fallen before, over the venue.
                    Err(failure) if failure.code == Code::Venue => {
                        self.failures.push(failure.to_string());
                    }
                    killed => killed?,
                }
                self.kills += 1;
                away = kill.away;
            } else if self.life.as_ref().is_some_and(Life::is_over) {
                self.fell()?;
            }
        }
        match self.life.take() {
            Some(life) => life.end(),
            None => Ok(()),
        }
    }

    fn live(&mut self) -> Outcome<()> {
        self.life = Some(Life::begin(self.script, &self.around, self.simulator.now())?);
        Ok(())
    }

    /// The program ended by itself: where it says that it may be begun again, it is, as a service
    /// manager would.
    fn fell(&mut self) -> Outcome<()> {
        let Some(life) = self.life.take() else { return Ok(()) };
        match life.end() {
            Err(failure) if failure.code == Code::Venue => {
                self.failures.push(failure.to_string());
                self.live()
            }
            Err(failure) => Err(failure),
            Ok(()) => Err(Failure::new(Code::Failed, "the program ended though nobody asked")),
        }
    }

    /// Lets the life do all that follows from the market's move.
    fn follow(&mut self, dies_after: Option<u32>) {
        while !self.simulator.idle() {
            // Its messages leave in another thread.
            std::thread::yield_now();
        }
        if let Some(life) = &mut self.life
            && !life.is_over()
        {
            life.follow(self.simulator.now(), dies_after);
        }
    }

    /// Looks what is held without a working stop at the venue.
    fn look(&mut self) {
        let now = self.simulator.now();
        let Some(books) = verdict::of_market(self.simulator.books(KEY), self.script.market) else {
            return;
        };
        for instrument in &self.script.pairs {
            let exposure = self.exposures.entry(*instrument).or_default();
            // While nobody lives, nobody can be late.
            let can_be = |life: &Life| !life.is_over() && !life.is_closing(*instrument);
            let may_be_late = self.life.as_ref().is_some_and(can_be);
            let bare = if may_be_late { bare(&books, *instrument) } else { Bare::default() };
            exposure.look(now, bare);
        }
    }
}
