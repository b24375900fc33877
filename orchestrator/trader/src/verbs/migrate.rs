//! `migrate`: the store's tables, made or brought up to date.

use serde_json::json;

use crate::config::settings::Settings;
use crate::ending::Outcome;
use crate::place::{self, Place};
use crate::verbs::output;

/// Migrates the store of the run that was begun last; makes it where there is none.
pub(crate) fn migrate(settings: &Settings, json: bool) -> Outcome<()> {
    let place = Place::of(settings, &place::current(&settings.data_dir));
    let (before, after) = actix::System::new().block_on(async {
        let open = place.open().await?;
        let migrated = async {
            let before = open.store.schema().await?;
            open.store.migrate().await?;
            Ok((before, open.store.schema().await?))
        };
        let migrated: Outcome<_> = migrated.await;
        let closed = open.close().await;
        let migrated = migrated?;
        closed?;
        Ok::<_, crate::ending::Failure>(migrated)
    })?;
    if json {
        return output::print_json(&json!({
            "store": place.to_string(),
            "version_before": before.version,
            "version": after.version,
            "timescale": after.timescale,
        }));
    }
    let version = output::or_empty(after.version);
    let done = match before.version {
        None => format!("{place} has its tables now, version {version}"),
        found if found == after.version => {
            format!("{place} is up to date, version {version}")
        }
        Some(found) => format!("{place} was brought from version {found} to {version}"),
    };
    let timescale = match after.timescale {
        true => "TimescaleDB: candles and portfolio states are hypertables",
        false => "TimescaleDB is not installed: plain tables",
    };
    output::print(&format!("{done}\n{timescale}\n"))
}
