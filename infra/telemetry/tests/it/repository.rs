//! Reads the repository's own files and finds the tools that can judge them.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The top of the repository.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

/// A file's text, by its path from the top.
pub(crate) fn text(path: &str) -> String {
    let full = root().join(path);
    std::fs::read_to_string(&full).unwrap_or_else(|error| panic!("{}: {error}", full.display()))
}

/// A YAML file, merge keys applied.
pub(crate) fn yaml(path: &str) -> serde_json::Value {
    let mut value: serde_norway::Value = serde_norway::from_str(&text(path)).unwrap();
    value.apply_merge().unwrap();
    serde_json::to_value(value).unwrap()
}

/// What the program says to `arguments`, if it is installed and does not fail.
pub(crate) fn answer(program: &str, arguments: &[&str]) -> Option<String> {
    let output = Command::new(program).args(arguments).stdin(Stdio::null()).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Prometheus' own checker, ready for arguments; says that the check is skipped without it.
pub(crate) fn promtool() -> Option<Command> {
    let found = answer("promtool", &["--version"]).map(|_| Command::new("promtool"));
    if found.is_none() {
        println!("skipped: promtool is not installed (Debian's package prometheus has it)");
    }
    found
}
