//! `list-data`: which candles there are, and what is missing.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use clap::Args;
use domain::instrument::InstrumentId;
use domain::timeframe::Timeframe;
use exchange::archive::folder::Archive;
use exchange::archive::ranges::Ranges;
use exchange::candle_file::{self, CandleFile, Named};

use crate::config::settings::Settings;
use crate::ending::{Code, Failure, Outcome};
use crate::verbs::coverage::{COLUMNS, Coverage, HOLE_COLUMNS, MOMENTS};
use crate::verbs::download_data::futures;
use crate::verbs::output;

/// `list-data`.
#[derive(Debug, Clone, Args)]
pub struct ListData {
    /// Only these pairs.
    #[arg(long, value_delimiter = ',', value_name = "PAIRS")]
    pub pairs: Vec<InstrumentId>,
    /// Only these timeframes, comma separated.
    #[arg(long, value_delimiter = ',', value_name = "TIMEFRAMES")]
    pub timeframe: Vec<Timeframe>,
    /// A folder of candle files instead of the archive.
    #[arg(long, value_name = "DIR")]
    pub candles: Option<PathBuf>,
    /// Name every hole.
    #[arg(long)]
    pub show_holes: bool,
}

/// Prints a row for each pair and timeframe.
pub fn list(asked: &ListData, settings: &Settings, json: bool) -> Outcome<()> {
    let ListData { pairs, timeframe: timeframes, .. } = asked;
    let wanted = |pair: InstrumentId, timeframe: Timeframe| {
        (pairs.is_empty() || pairs.contains(&pair))
            && (timeframes.is_empty() || timeframes.contains(&timeframe))
    };
    let archive = Archive::new(settings.data_dir.join("candles"));
    let (place, found) = match &asked.candles {
        Some(folder) => (folder.as_path(), of_files(folder, wanted)?),
        None => (archive.folder(), of_archive(&archive, wanted)?),
    };
    for pair in pairs {
        if !found.keys().any(|(found, _)| found == pair) {
            let message = format!(
                "{} has no candles of {pair}; `sextant list-data` shows what there is, and \
                 `sextant download-data --pairs {pair}` fetches more",
                place.display()
            );
            return Err(Failure::new(Code::Usage, message));
        }
    }
    // Files that are named say nothing of what was downloaded beside.
    let told = match &asked.candles {
        Some(_) => Vec::new(),
        None => futures::list(&futures::folder(settings))?,
    };
    if found.is_empty() && told.is_empty() && !json {
        let place = place.display();
        output::tell(&format!(
            "{place} has no such candles; `sextant download-data` fetches some\n"
        ));
        return Ok(());
    }
    let short = |row: Coverage| if asked.show_holes { row } else { row.in_short() };
    let rows: Vec<_> = found.into_values().map(short).collect();
    if json {
        let rows = rows.iter().map(serde_json::to_value);
        let rows = rows.chain(told.iter().map(serde_json::to_value));
        let rows = rows.collect::<Result<Vec<_>, _>>()?;
        return output::print(&output::array(&rows, &MOMENTS)?);
    }
    if !rows.is_empty() {
        output::print(&output::table(&COLUMNS, &rows))?;
    }
    if !told.is_empty() {
        output::print(&format!("\n{}", output::table(&futures::COLUMNS, &told)))?;
    }
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
    for Named { path, instrument: pair, timeframe } in archive.list()? {
        if wanted(pair, timeframe) {
            let series = archive.series(pair, timeframe)?;
            let bytes = std::fs::metadata(path)?.len();
            let row = Coverage::of(pair, timeframe, series.candles(), series.asked(), bytes);
            found.insert((pair, timeframe), row);
        }
    }
    Ok(found)
}

fn of_files(folder: &Path, wanted: impl Fn(InstrumentId, Timeframe) -> bool) -> Outcome<Found> {
    let mut files = candle_file::list(folder)?;
    files.retain(|file| wanted(file.instrument, file.timeframe));
    let mut sizes = BTreeMap::<_, u64>::new();
    for file in &files {
        let bytes = std::fs::metadata(&file.path)?.len();
        *sizes.entry((file.instrument, file.timeframe)).or_default() += bytes;
    }
    let mut found = Found::new();
    for CandleFile { instrument, timeframe, candles } in candle_file::read_named(&files)? {
        let key = (instrument, timeframe);
        let bytes = sizes.get(&key).copied().unwrap_or_default();
        let row = Coverage::of(instrument, timeframe, &candles, &Ranges::default(), bytes);
        found.insert(key, row);
    }
    Ok(found)
}
