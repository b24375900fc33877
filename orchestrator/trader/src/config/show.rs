//! What is configured, for people and machines.

use serde::Serialize;

use super::load::Loaded;
use super::table::{Fallback, Reader, SETTINGS};

/// One setting with its value and where that came from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct ShownSetting {
    /// Its name.
    pub(crate) key: &'static str,
    /// Its value as text; a secret is never told, and empty means none.
    pub(crate) value: String,
    /// Where it came from.
    pub(crate) origin: String,
    /// What it is.
    pub(crate) help: &'static str,
}

/// Every setting that this program reads, in the table's order.
pub(crate) fn show(loaded: &Loaded) -> Vec<ShownSetting> {
    let market = loaded.settings.policy.profile.market;
    let read = SETTINGS.iter().filter(|setting| setting.reader == Reader::Sextant);
    let shown = read.map(|setting| {
        let value = match (loaded.given.get(setting.name), setting.fallback) {
            (Some(given), _) => given.clone(),
            (None, fallback @ (Fallback::Text(_) | Fallback::Market(_))) => {
                fallback.text(market).unwrap_or_default().to_owned()
            }
            (None, Fallback::Profile(of)) => of(&loaded.settings.policy.profile),
            (None, Fallback::Derived(of)) => of(&loaded.settings),
            (None, Fallback::Unset) => String::new(),
        };
        let origin = loaded.origins.get(setting.name).map(ToString::to_string);
        let origin = origin.unwrap_or_default();
        ShownSetting { key: setting.name, value, origin, help: setting.help }
    });
    shown.collect()
}
