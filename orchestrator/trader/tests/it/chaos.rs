//! Random faults and kills, seed by seed: whatever happens, the venue's books and the ledger agree.

use std::process::Command;

use serde_json::Value;

fn chaos(args: &[&str]) -> (bool, Value, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_sextant"))
        .args(["chaos", "--json"])
        .args(args)
        .output()
        .expect("the program runs");
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    let printed = serde_json::from_slice(&output.stdout).unwrap_or_else(|e| panic!("{e}: {told}"));
    (output.status.success(), printed, told)
}

#[test]
fn nothing_is_lost_doubled_denied_or_bare_in_random_lives() {
    let (passed, printed, told) = chaos(&["--seed", "1", "--runs", "24", "--hours", "1"]);
    let broken: Vec<_> = printed["runs"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|run| {
            ["lost", "doubled", "denied", "unprotected", "unequal"]
                .iter()
                .any(|what| run[what].as_array().is_none_or(|found| !found.is_empty()))
        })
        .collect();
    assert!(passed && broken.is_empty(), "{told}\n{broken:#?}");
    let totals = &printed["totals"];
    println!("{totals}");
    assert_eq!(totals["runs"], 24);
    // Chaos in which nothing happens would prove nothing.
    assert!(totals["fills"].as_u64() > Some(200) && totals["kills"].as_u64() > Some(10));
}
