//! What a check found.

use std::process::ExitCode;

use serde::Serialize;

use crate::ending::Code;
use crate::verbs::output::Column;

/// How it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Level {
    /// Well.
    Ok,
    /// It works, and a person should look.
    Warn,
    /// It does not work.
    Fail,
}

/// A check by its name, and whether what it needs lies beyond this machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Check {
    name: &'static str,
    remote: bool,
}

/// What a check found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Finding {
    /// Of what.
    pub(super) name: &'static str,
    /// How it stands.
    pub(super) level: Level,
    /// What was seen.
    pub(super) what: String,
    /// What to do about it; empty where nothing is.
    pub(super) to_do: String,
    /// Whether the venue or the network is at fault.
    #[serde(skip)]
    remote: bool,
}

impl Check {
    /// Of something on this machine, or of what a person set.
    pub(super) const fn here(name: &'static str) -> Self {
        Self { name, remote: false }
    }

    /// Of the venue and the way to it.
    pub(super) const fn remote(name: &'static str) -> Self {
        Self { name, remote: true }
    }

    pub(super) fn finding(self, level: Level, what: String, to_do: &str) -> Finding {
        let Self { name, remote } = self;
        Finding { name, level, what, to_do: to_do.to_owned(), remote }
    }
}

type Col = Column<Finding>;

/// A row for each check.
pub(super) const COLUMNS: [Col; 4] = [
    Col::text("check", |finding| finding.name.to_owned()),
    Col::text("state", |finding| {
        match finding.level {
            Level::Ok => "ok",
            Level::Warn => "warn",
            Level::Fail => "FAIL",
        }
        .to_owned()
    }),
    Col::text("found", |finding| finding.what.clone()),
    Col::text("to_do", |finding| finding.to_do.clone()),
];

/// 0 where nothing fails, 4 where only the venue or the network does, else 1.
pub(super) fn code(findings: &[Finding]) -> ExitCode {
    let mut failed = findings.iter().filter(|finding| finding.level == Level::Fail).peekable();
    if failed.peek().is_none() {
        ExitCode::SUCCESS
    } else if failed.all(|finding| finding.remote) {
        ExitCode::from(Code::Venue as u8)
    } else {
        ExitCode::from(Code::Failed as u8)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_exit_code_tells_whose_fault_it_is() {
        let of = |remote, level| {
            let check = if remote { Check::remote("a") } else { Check::here("a") };
            check.finding(level, String::new(), "")
        };
        let well = [of(false, Level::Ok), of(true, Level::Warn)];
        assert_eq!(code(&well), ExitCode::SUCCESS);
        let network = [of(false, Level::Warn), of(true, Level::Fail)];
        assert_eq!(code(&network), ExitCode::from(4));
        let both = [of(false, Level::Fail), of(true, Level::Fail)];
        assert_eq!(code(&both), ExitCode::from(1));
    }
}
