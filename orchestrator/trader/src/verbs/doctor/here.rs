//! What lies on this machine: settings, disk, store and seal.

use std::path::Path;

use store::embedded::Embedded;
use store::store::Store;

use super::finding::{Check, Finding};
use crate::config::load::Loaded;
use crate::config::settings::Settings;
use crate::control::word;
use crate::ending::{Failure, Outcome};
use crate::place::{self, Place};

/// Less free space than this is too little to go on, …
const SPACE_FAIL: u64 = 200 << 20;
/// … and less than this is worth a look.
const SPACE_WARN: u64 = 2 << 30;

pub(super) fn configuration(loaded: &Loaded) -> Vec<Finding> {
    let check = Check::here("configuration");
    let Settings { mode, policy, instruments, data_dir, .. } = &loaded.settings;
    let what = format!(
        "{}, profile {}, {} pairs, {}",
        mode.name(),
        policy.profile.name,
        instruments.len(),
        data_dir.display()
    );
    let mut findings = vec![match loaded.warnings.len() {
        0 => check.ok(what),
        count => {
            check.warn(format!("{what}; {count} warnings"), "`sextant config check` tells them")
        }
    }];
    if word::is_halted_by_file(data_dir) {
        let what = format!("{} is there: nothing opens", word::halt_file(data_dir).display());
        findings.push(Check::here("halt").warn(what, "remove it, then `sextant resume`"));
    }
    findings
}

pub(super) fn disk(data_dir: &Path) -> Finding {
    let check = Check::here("disk space");
    let there = data_dir.ancestors().find(|folder| folder.exists()).unwrap_or(Path::new("."));
    let free = match rustix::fs::statvfs(there) {
        Ok(found) => found.f_bavail.saturating_mul(found.f_frsize),
        Err(error) => {
            let what = format!("{}: {error}", there.display());
            return check.fail(what, "check SEXTANT_DATA_DIR and its permissions");
        }
    };
    let what = format!("{:.1} GiB free in {}", free as f64 / (1_u64 << 30) as f64, there.display());
    match free {
        ..SPACE_FAIL => check.fail(what, "make room: what can't be written down isn't traded"),
        SPACE_FAIL..SPACE_WARN => check.warn(what, "make room soon"),
        _ => check.ok(what),
    }
}

/// The store, its tables, who writes to it, its seal, and what waits to be mailed.
pub(super) async fn store(settings: &Settings) -> Vec<Finding> {
    let check = Check::here("store");
    let place = Place::of(settings, &place::current(&settings.data_dir));
    let folder = place.folder.display();
    if place.url.is_none() && !Embedded::exists(&place.folder) {
        return vec![check.ok(format!("none yet in {folder}; the first run makes it"))];
    }
    let bad =
        |failure: Failure| check.fail(failure.to_string(), "mend it: nothing is traded without");
    let open = match place.open_to_read().await {
        Ok(open) => open,
        Err(failure) => return vec![bad(failure)],
    };
    let mut findings =
        within(&open.store, &place).await.unwrap_or_else(|failure| vec![bad(failure)]);
    if let Err(failure) = open.close().await {
        findings.push(check.warn(failure.to_string(), "look at its log"));
    }
    findings
}

async fn within(store: &Store, place: &Place) -> Outcome<Vec<Finding>> {
    let check = Check::here("store");
    let writer = match store.writer().await? {
        Some(0) => "a process writes to it".to_owned(),
        Some(pid) => format!("process {pid} writes to it"),
        None => "nobody writes to it now".to_owned(),
    };
    let mut findings = vec![check.ok(format!("{place}; {writer}"))];
    let tables = Check::here("tables");
    let (found, newest) = (store.schema().await?.version, Store::newest_schema());
    let Some(version) = found else {
        findings.push(tables.warn("none yet", "`sextant migrate`, or the first run, makes them"));
        return Ok(findings);
    };
    findings.push(match version.cmp(&newest) {
        std::cmp::Ordering::Equal => tables.ok(format!("version {version}")),
        std::cmp::Ordering::Less => tables
            .warn(format!("version {version}, newest is {newest}"), "the next start updates them"),
        std::cmp::Ordering::Greater => tables.fail(
            format!("version {version}, this program knows {newest}"),
            "use the newer program, or restore a backup from before",
        ),
    });
    if version < newest {
        return Ok(findings);
    }
    findings.push(seal(store, place).await?);
    let counts = store.alert_counts().await?;
    let alerts = Check::here("alerts");
    findings.push(match (counts.unsent, counts.failed) {
        (0, _) => alerts.ok("none wait"),
        (unsent, failed) => alerts.warn(
            format!("{unsent} were not mailed, {failed} of them refused"),
            "`sextant status` shows them; see mail below",
        ),
    });
    Ok(findings)
}

/// Whether key and head are where the ledger needs them; whether they fit is `verify`'s to say.
async fn seal(store: &Store, place: &Place) -> Outcome<Finding> {
    let check = Check::here("seal");
    let entries = store.ledger_head().await?.seq;
    let seals = match place.seals() {
        Ok(seals) => seals,
        Err(failure) => {
            return Ok(check.fail(failure.to_string(), "check SEXTANT_LEDGER_KEY_FILE"));
        }
    };
    let (key, head) = (seals.key_file(), seals.head_file());
    let has_key = place.key_file.is_some() || key.exists();
    Ok(match (entries, has_key, head.exists()) {
        (0, _, _) => check.ok("no ledger yet"),
        (_, true, true) => check.ok(format!("{entries} entries; `sextant verify` proves them")),
        (_, false, _) => {
            check.fail(format!("{} is missing", key.display()), "restore it from its backup")
        }
        (_, _, false) => {
            check.fail(format!("{} is missing", head.display()), "restore it from its backup")
        }
    })
}
