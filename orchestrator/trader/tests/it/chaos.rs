//! Random faults and kills, seed by seed, on spot and on futures: whatever happens, the venue's books
//! and the ledger agree, and a seed does the same again.

use std::process::Command;

use serde_json::Value;

const RUNS: u64 = 200;
/// Of which so many are lived through again.
const AGAIN: u64 = 8;

fn chaos(seed: u64, runs: u64) -> (bool, Value, String) {
    let (seed, runs) = (seed.to_string(), runs.to_string());
    let output = Command::new(env!("CARGO_BIN_EXE_sextant"))
        .args(["chaos", "--json", "--hours", "1", "--seed", &seed, "--runs", &runs])
        .output()
        .expect("the program runs");
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    let printed = serde_json::from_slice(&output.stdout).unwrap_or_else(|e| panic!("{e}: {told}"));
    (output.status.success(), printed, told)
}

/// What came of each run, whatever time it took.
fn runs(printed: &Value) -> Vec<Value> {
    let mut runs = printed["runs"].as_array().unwrap().clone();
    for run in &mut runs {
        run.as_object_mut().unwrap().remove("took_ms").unwrap();
    }
    runs
}

#[test]
fn nothing_is_lost_doubled_denied_or_bare_in_random_lives() {
    let (passed, printed, told) = chaos(1, RUNS);
    let lived = runs(&printed);
    let is_broken = |run: &&Value| {
        ["lost", "doubled", "denied", "unprotected", "unequal"]
            .iter()
            .any(|what| run[what].as_array().is_none_or(|found| !found.is_empty()))
    };
    let broken: Vec<_> = lived.iter().filter(is_broken).collect();
    assert!(passed && broken.is_empty(), "{told}\n{broken:#?}");
    let totals = &printed["totals"];
    println!("{totals}");
    assert_eq!((lived.len() as u64, &totals["runs"]), (RUNS, &RUNS.into()));
    // Chaos in which nothing happens would prove nothing, and neither would a halt every time.
    assert!(totals["fills"].as_u64() > Some(5_000) && totals["kills"].as_u64() > Some(200));
    assert!(totals["halted"].as_u64() < Some(RUNS / 10), "{totals}");
    for market in ["spot", "usdm"] {
        let on_it = lived.iter().filter(|run| run["market"] == market).count() as u64;
        assert_eq!(on_it, RUNS / 2, "{market}");
    }

    let seed = RUNS - AGAIN + 1;
    let (_, again, told) = chaos(seed, AGAIN);
    for (again, before) in runs(&again).iter().zip(&lived[lived.len() - AGAIN as usize..]) {
        assert_eq!(again, before, "{told}");
    }
}
