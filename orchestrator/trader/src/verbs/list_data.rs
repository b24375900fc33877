//! `list-data`: which candles there are, and what is missing.

use std::collections::BTreeMap;
use std::path::Path;

use domain::instrument::InstrumentId;
use domain::timeframe::Timeframe;
use exchange::archive::folder::Archive;
use exchange::archive::ranges::Ranges;
use exchange::candle_file;

use crate::cli::ListData;
use crate::config::settings::Settings;
use crate::ending::{Code, Failure, Outcome};
use crate::verbs::coverage::{COLUMNS, Coverage, HOLE_COLUMNS, MOMENTS};
use crate::verbs::output;
use crate::verbs::timerange::{pairs, timeframes};

/// Prints a row for each pair and timeframe.
pub fn list(asked: &ListData, settings: &Settings, json: bool) -> Outcome<()> {
    let pairs = pairs(asked.pairs.as_deref())?;
    let timeframes = timeframes(asked.timeframe.as_deref())?;
    let wanted = |pair: InstrumentId, timeframe: Timeframe| {
        pairs.as_ref().is_none_or(|pairs| pairs.contains(&pair))
            && timeframes.as_ref().is_none_or(|timeframes| timeframes.contains(&timeframe))
    };
    let archive = Archive::new(settings.data_dir.join("candles"));
    let (place, found) = match &asked.candles {
        Some(folder) => (folder.as_path(), of_files(folder, wanted)?),
        None => (archive.folder(), of_archive(&archive, wanted)?),
    };
    for pair in pairs.iter().flatten() {
        if !found.keys().any(|(found, _)| found == pair) {
            let message = format!(
                "{} has no candles of {pair}; `sextant list-data` shows what there is, and \
                 `sextant download-data --pairs {pair}` fetches more",
                place.display()
            );
            return Err(Failure::new(Code::Usage, message));
        }
    }
    if found.is_empty() && !json {
        eprintln!("{} has no such candles; `sextant download-data` fetches some", place.display());
        return Ok(());
    }
    let short = |row: Coverage| if asked.show_holes { row } else { row.in_short() };
    let rows: Vec<_> = found.into_values().map(short).collect();
    if json {
        return output::print(&output::array(&rows, &MOMENTS)?);
    }
    output::print(&output::table(&COLUMNS, &rows))?;
    let holes: Vec<_> = rows.iter().flat_map(Coverage::each_hole).cloned().collect();
    if !holes.is_empty() {
        output::print(&format!("\n{}", output::table(&HOLE_COLUMNS, &holes)))?;
    }
    Ok(())
}

type Found = BTreeMap<(InstrumentId, Timeframe), Coverage>;

fn of_archive(
    archive: &Archive,
    wanted: impl Fn(InstrumentId, Timeframe) -> bool,
) -> Outcome<Found> {
    let mut found = Found::new();
    for series in archive.all()? {
        let (pair, timeframe) = (series.instrument(), series.timeframe());
        if wanted(pair, timeframe) {
            let bytes = std::fs::metadata(archive.path(pair, timeframe))?.len();
            let row = Coverage::of(pair, timeframe, series.candles(), series.asked(), bytes);
            found.insert((pair, timeframe), row);
        }
    }
    Ok(found)
}

fn of_files(folder: &Path, wanted: impl Fn(InstrumentId, Timeframe) -> bool) -> Outcome<Found> {
    let mut sizes = BTreeMap::<_, u64>::new();
    for file in candle_file::list(folder)? {
        let bytes = std::fs::metadata(&file.path)?.len();
        *sizes.entry((file.instrument, file.timeframe)).or_default() += bytes;
    }
    let mut found = Found::new();
    for file in candle_file::read_folder(folder)? {
        let key = (file.instrument, file.timeframe);
        if wanted(key.0, key.1) {
            let bytes = sizes.get(&key).copied().unwrap_or_default();
            let asked = Ranges::default();
            found.insert(key, Coverage::of(key.0, key.1, &file.candles, &asked, bytes));
        }
    }
    Ok(found)
}
