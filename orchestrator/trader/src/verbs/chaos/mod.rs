//! `chaos`: the real client, orchestrator and store against the simulated venue under random faults
//! and kills. At the end the venue's own books are held against the ledger.

mod exposure;
mod invariants;
mod life;
mod print;
mod script;
mod verdict;
mod world;

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use store::embedded::Embedded;

use crate::cli::Chaos;
use crate::ending::{Code, Failure, Outcome};
use crate::verbs::chaos::script::Script;
use crate::verbs::chaos::verdict::{Runs, Verdict};

/// Lives through the seeds, and fails where an invariant does not hold.
pub fn chaos(asked: &Chaos, json: bool) -> Outcome<()> {
    let runs = run(asked, |seed, lived| print::line(seed, lived, json))?;
    print::summary(&runs, json)?;
    let broken = runs.verdicts.iter().filter(|verdict| !verdict.holds()).count();
    let failed = runs.failed.len();
    if broken + failed > 0 {
        let of = runs.verdicts.len() + failed;
        let message =
            format!("of {of} runs, {broken} broke an invariant and {failed} came to no end");
        return Err(Failure::new(Code::Failed, message));
    }
    Ok(())
}

/// Lives through the seeds, as many at a time as there are threads; `tell` hears of each.
fn run(
    asked: &Chaos,
    tell: impl Fn(u64, &Outcome<Verdict>) -> Outcome<()> + Sync,
) -> Outcome<Runs> {
    let folder = tempfile::tempdir()?;
    open_to_all(folder.path())?;
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    let server = runtime.block_on(Embedded::start(&folder.path().join("postgres")))?;
    let seeds: Vec<u64> = (0..asked.runs).map(|n| asked.seed.wrapping_add(n)).collect();
    let (next, runs) = (AtomicU64::new(0), Mutex::new(Runs::default()));
    let work = || -> Outcome<()> {
        loop {
            let n = next.fetch_add(1, Ordering::Relaxed);
            let Some(seed) = usize::try_from(n).ok().and_then(|n| seeds.get(n)) else {
                return Ok(());
            };
            let script = Script::of(*seed, asked);
            let name = format!("chaos_{seed}");
            let store = runtime.block_on(server.create_database(&name))?;
            // Lives die here, the server does not: what it has is there, on disk or not.
            let store = format!("{store}&options=-csynchronous_commit%3Doff");
            let place = folder.path().join(&name);
            let lived = world::live_through(&script, &store, &place, runtime.handle());
            tell(*seed, &lived)?;
            runs.lock().expect("whoever panics ends the process").add(*seed, lived);
            // A thousand of them would take more than ten gigabytes.
            runtime.block_on(server.drop_database(&name))?;
            if place.exists() {
                std::fs::remove_dir_all(&place)?;
            }
        }
    };
    let worked = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..asked.threads.max(1)).map(|_| scope.spawn(work)).collect();
        let ended = workers.into_iter().map(|w| w.join().expect("a panic ends the process"));
        ended.collect::<Outcome<Vec<()>>>()
    });
    runtime.block_on(server.stop())?;
    worked?;
    let mut runs = runs.into_inner().expect("whoever panics ends the process");
    runs.verdicts.sort_by_key(|verdict| verdict.seed);
    Ok(runs)
}

/// Where the server runs as another user, it has to get through to its folder.
fn open_to_all(folder: &std::path::Path) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o711))
}
