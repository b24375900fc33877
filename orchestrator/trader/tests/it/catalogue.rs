//! `docs/faults.md` names a test for every fault: each is there, and runs.

use std::fs;
use std::path::{Path, PathBuf};

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");

/// What stands between backquotes with two colons in it.
fn named(text: &str) -> Vec<&str> {
    text.split('`').skip(1).step_by(2).filter(|word| word.contains("::")).collect()
}

/// The rows of all tables, without their heads: their columns.
fn rows(text: &str) -> Vec<Vec<&str>> {
    let lines = text.lines().filter(|line| line.starts_with("| "));
    let columns = lines.map(|line| line.trim_matches('|').split(" | ").map(str::trim).collect());
    columns.filter(|row: &Vec<&str>| row[0] != "fault").collect()
}

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap().flatten() {
        let path = entry.path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

/// Whether `text` has this test, and it runs unasked.
fn runs(text: &str, function: &str) -> bool {
    let lines: Vec<_> = text.lines().map(str::trim).collect();
    let head = [format!("fn {function}("), format!("async fn {function}(")];
    let Some(at) = lines.iter().position(|line| head.iter().any(|head| line.starts_with(head)))
    else {
        return false;
    };
    let attributes: Vec<_> =
        lines[..at].iter().rev().take_while(|line| line.starts_with("#[")).collect();
    // In `proptest!` the attribute is the same.
    let is_test = attributes.iter().any(|line| line.contains("test]") || line.contains("::test("));
    is_test && !attributes.iter().any(|line| line.starts_with("#[ignore"))
}

/// Whether `crate::module::…::function` is a test that runs: in the file that the modules name.
fn is_there(name: &str) -> bool {
    let parts: Vec<_> = name.split("::").collect();
    let [of, modules @ .., function] = &parts[..] else { return false };
    let folders = ["agents", "infra", "orchestrator"].map(|group| Path::new(ROOT).join(group));
    let folder = folders.iter().map(|group| group.join(of)).find(|folder| folder.is_dir());
    let Some(folder) = folder else { return false };
    let mut files = Vec::new();
    sources(&folder, &mut files);
    let ending = modules.join("/");
    let is_named = |path: &PathBuf| {
        let bare = path.with_extension("");
        bare.ends_with(&ending) || bare.ends_with(format!("{ending}/mod"))
    };
    let mut texts = files.iter().filter(|path| is_named(path)).map(fs::read_to_string);
    texts.any(|text| runs(&text.unwrap(), function))
}

#[test]
fn every_fault_has_a_test_that_runs() {
    let page = fs::read_to_string(Path::new(ROOT).join("docs/faults.md")).unwrap();
    let rows = rows(&page);
    assert!(rows.len() >= 44, "{} rows", rows.len());
    for row in &rows {
        assert_eq!(row.len(), 3, "{row:?}");
        let is_open = row[2].starts_with("none: ");
        assert_eq!(named(row[2]).is_empty(), is_open, "{row:?} names no test");
    }
    let missing: Vec<_> = named(&page).into_iter().filter(|name| !is_there(name)).collect();
    assert!(missing.is_empty(), "no such tests: {missing:#?}");
    for (name, why) in [
        ("store::kill::owner", "it is left out"),
        ("store::kill::no_such_test", "there is none"),
        ("store::journal::killing_the_owner_loses_nothing_acknowledged", "it is elsewhere"),
    ] {
        assert!(!is_there(name), "{name}: {why}");
    }
}
