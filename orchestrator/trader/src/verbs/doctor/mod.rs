//! `doctor`: checks everything that a run depends on, and says what to do about what isn't well.

mod account;
mod around;
mod finding;
mod here;
mod venue;

use std::process::ExitCode;

use clap::Args;
use serde_json::json;

use crate::config::load::Loaded;
use crate::ending::Outcome;
use crate::verbs::doctor::finding::{COLUMNS, Finding, Level};
use crate::verbs::output;

/// `doctor`.
#[derive(Debug, Clone, Args)]
pub struct Doctor {
    /// Send one mail to the readers of alerts, to see that it arrives.
    #[arg(long)]
    pub send_test_mail: bool,
}

/// Checks, and prints a row for each check. The exit code says whether anything fails.
pub(crate) fn doctor(asked: &Doctor, loaded: &Loaded, json: bool) -> Outcome<ExitCode> {
    let settings = &loaded.settings;
    let findings = actix::System::new().block_on(async {
        let mut findings = here::configuration(loaded);
        findings.push(here::disk(&settings.data_dir));
        findings.extend(here::store(settings).await);
        findings.extend(around::redis(settings).await);
        findings.push(around::mail(settings, asked.send_test_mail).await);
        findings.extend(venue::public(settings).await);
        findings.extend(account::check(settings).await);
        findings
    });
    if json {
        let well = findings.iter().all(|finding| finding.level != Level::Fail);
        output::print_json(&json!({ "well": well, "checks": findings }))?;
    } else {
        output::print(&output::table(&COLUMNS, &findings))?;
    }
    Ok(finding::code(&findings))
}

impl crate::verbs::doctor::finding::Check {
    /// All is well with it.
    fn ok(self, what: impl Into<String>) -> Finding {
        self.finding(Level::Ok, what.into(), "")
    }

    /// It works, and a person should look.
    fn warn(self, what: impl Into<String>, to_do: &str) -> Finding {
        self.finding(Level::Warn, what.into(), to_do)
    }

    /// It does not work.
    fn fail(self, what: impl Into<String>, to_do: &str) -> Finding {
        self.finding(Level::Fail, what.into(), to_do)
    }
}
