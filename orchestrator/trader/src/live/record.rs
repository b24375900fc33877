//! The record of trading on paper.

use domain::time::DAY_MS;
use store::store::Store;

use crate::config::settings::Settings;
use crate::ending::Outcome;
use crate::place::Place;
use crate::recovery;

/// On how many whole days there was trading on paper, by the store that the settings name; none where
/// there is no such store.
///
/// # Errors
/// Those of any reading.
pub async fn paper_days(settings: &Settings) -> Outcome<u32> {
    let url = settings.live.paper.url().cloned();
    let place = Place { url, ..Place::of(settings, "paper") };
    if place.url.is_none() && !place.folder.exists() {
        return Ok(0);
    }
    let open = place.open_to_read().await?;
    let days = days(&open.store).await;
    open.close().await?;
    days
}

/// From its beginning to its last watermark; none where the store holds anything else.
async fn days(store: &Store) -> Outcome<u32> {
    let stored = recovery::stored_configuration(store).await?;
    let (Some(run), Some(last)) = (stored, store.last_watermark().await?) else { return Ok(0) };
    let days = last.since(run.began_at).max(0) / DAY_MS;
    Ok(if run.mode == "paper" { u32::try_from(days).unwrap_or(u32::MAX) } else { 0 })
}
