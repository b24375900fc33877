//! Candle files into the archive.

use std::path::PathBuf;

use backtest::range::TimeRange;
use domain::instrument::InstrumentId;
use domain::timeframe::Timeframe;
use exchange::archive::folder::Archive;
use exchange::binance::clock::local_now;
use exchange::candle_file::{self, CandleFile, Groups, Named};
use indicatif::ProgressBar;

use super::{News, of_archive};
use crate::ending::{Code, Failure, Outcome};

/// Which of the files' candles to take.
pub(super) struct Filter {
    /// Empty: those of the files.
    pub(super) pairs: Vec<InstrumentId>,
    /// Likewise.
    pub(super) timeframes: Vec<Timeframe>,
    pub(super) range: TimeRange,
}

/// Imports files and folders of files: all of them, or none where one is wrong.
pub(super) fn import(
    from: &[PathBuf],
    filter: &Filter,
    archive: &Archive,
    replace: bool,
) -> Outcome<Vec<News>> {
    let files = candle_file::merged(filter.read(from)?)?;
    let writer = archive.writer().map_err(of_archive)?;
    let mut news = Vec::new();
    for CandleFile { instrument, timeframe, candles } in files {
        let mut series = archive.series(instrument, timeframe).map_err(of_archive)?;
        let merged = series.merge(&candles, replace).map_err(of_archive)?;
        news.push((series, merged));
    }
    for (series, _) in &news {
        writer.save(series).map_err(of_archive)?;
    }
    Ok(news)
}

impl Filter {
    /// Reads what is wanted of the files; something is.
    fn read(&self, from: &[PathBuf]) -> Outcome<Groups> {
        let wanted = self.wanted(from)?;
        let bar = ProgressBar::new(wanted.len() as u64);
        let now = local_now();
        let mut groups = Groups::new();
        for Named { path, instrument, timeframe } in wanted {
            let mut candles = candle_file::read(&path)?.candles;
            let read = candles.len();
            candles.retain(|candle| candle.close_time() <= now);
            if candles.len() < read {
                tracing::warn!(path = %path.display(), "a candle that is still open is left out");
            }
            let inside = self.range.cut(&candles);
            if !inside.is_empty() {
                groups.entry((instrument, timeframe)).or_default().push((path, inside.to_vec()));
            }
            bar.inc(1);
        }
        bar.finish_and_clear();
        if groups.is_empty() {
            let range = self.range;
            let message =
                format!("the files have no candles of these pairs and timeframes {range}");
            return Err(Failure::new(Code::Usage, message));
        }
        Ok(groups)
    }

    /// The files of these pairs and timeframes.
    fn wanted(&self, from: &[PathBuf]) -> Outcome<Vec<Named>> {
        let mut wanted = Vec::new();
        for file in candle_file::in_paths(from)? {
            let Some(instrument) = self.pair(&file)? else { continue };
            if self.timeframes.is_empty() || self.timeframes.contains(&file.timeframe) {
                wanted.push(Named { instrument, ..file });
            }
        }
        Ok(wanted)
    }

    /// Whose candles a file holds. Its name is the same for spot and perpetual, so that the pairs
    /// asked for decide; none where it is of no pair asked for.
    fn pair(&self, file: &Named) -> Outcome<Option<InstrumentId>> {
        if self.pairs.is_empty() {
            return Ok(Some(file.instrument));
        }
        let symbol = file.instrument.symbol();
        let mut same = self.pairs.iter().filter(|pair| pair.symbol() == symbol);
        match (same.next(), same.next()) {
            (Some(spot), Some(perpetual)) => {
                let message = format!(
                    "{} may be of {spot} or of {perpetual}; import them one after the other",
                    file.path.display()
                );
                Err(Failure::new(Code::Usage, message))
            }
            (pair, _) => Ok(pair.copied()),
        }
    }
}
