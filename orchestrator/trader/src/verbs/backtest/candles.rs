//! From candle files, or what was downloaded, to a history.

use std::path::{Path, PathBuf};

use backtest::history::{History, HistoryError};
use backtest::range::TimeRange;
use domain::candle::Candle;
use domain::instrument::{Instrument, InstrumentId};
use domain::timeframe::Timeframe;
use exchange::archive::cache::{self, Copies};
use exchange::archive::folder::Archive;
use exchange::candle_file::{self, CandleFile, Named};
use exchange::observed;

use super::args::Market;
use crate::ending::{Code, Failure, Outcome};

/// The files that a backtest reads: all of one timeframe.
pub(super) struct Chosen {
    pub(super) base: Timeframe,
    files: Vec<Named>,
    cache: PathBuf,
    pairs: Vec<InstrumentId>,
}

/// A history, and the decoded copies of what it was read from.
pub(super) struct Read {
    pub(super) history: History,
    pub(super) copies: Copies,
}

/// Chooses files by their names: of the asked pairs, and of the finest timeframe or the asked one.
pub(super) fn choose(asked: &Market, data_dir: &Path) -> Outcome<Chosen> {
    let (named, paths) = if asked.candles.is_empty() {
        let archive = Archive::new(data_dir.join("candles"));
        let named = archive.list()?;
        if named.is_empty() {
            let message = format!(
                "there are no candles in {}; fetch some with `sextant download-data`, or name \
                 files with --candles",
                archive.folder().display()
            );
            return Err(Failure::new(Code::Usage, message));
        }
        (named, archive.folder().display().to_string())
    } else {
        // The archive knows its markets apart; the names of files don't.
        let mut named = candle_file::in_paths(&asked.candles)?;
        named.iter_mut().for_each(|file| file.instrument = as_asked(file.instrument, &asked.pairs));
        (named, shown(&asked.candles))
    };
    for pair in &asked.pairs {
        if !named.iter().any(|file| file.instrument == *pair) {
            let there = listed(named.iter().map(|file| file.instrument.to_string()));
            let message =
                format!("no candles of {pair} in {paths}; there are {there}: choose with --pairs");
            return Err(Failure::new(Code::Usage, message));
        }
    }
    let wanted = |file: &Named| asked.pairs.is_empty() || asked.pairs.contains(&file.instrument);
    let mut files: Vec<_> = named.into_iter().filter(wanted).collect();
    let timeframes = || files.iter().map(|file| file.timeframe);
    let base = match asked.timeframe_detail {
        Some(detail) if !timeframes().any(|timeframe| timeframe == detail) => {
            let there = listed(timeframes().map(|timeframe| timeframe.to_string()));
            let message =
                format!("no {detail} candles there, only {there}; change --timeframe-detail");
            return Err(Failure::new(Code::Usage, message));
        }
        Some(detail) => detail,
        None => {
            timeframes().min().ok_or_else(|| Failure::new(Code::Usage, HistoryError::Nothing))?
        }
    };
    files.retain(|file| file.timeframe == base);
    let lacks = |pair: &&InstrumentId| !files.iter().any(|file| file.instrument == **pair);
    if let Some(pair) = asked.pairs.iter().find(lacks) {
        let message = format!(
            "{pair} has no {base} candles, others have; leave it out or choose a timeframe that \
             all have with --timeframe-detail"
        );
        return Err(Failure::new(Code::Usage, message));
    }
    let cache = data_dir.join("cache").join("candles");
    Ok(Chosen { base, files, cache, pairs: asked.pairs.clone() })
}

impl Chosen {
    /// Reads them, and builds the coarser timeframes. Filters are those that all candles tell,
    /// also the ones outside the range: so a longer range changes none.
    pub(super) fn read(self, range: TimeRange, coarser: &[Timeframe]) -> Outcome<Read> {
        let (mut files, copies) = cache::read_named(&self.files, &self.cache)?;
        files.iter_mut().for_each(|file| file.instrument = as_asked(file.instrument, &self.pairs));
        let (first, last) = (files.iter().filter_map(first), files.iter().filter_map(last));
        let reach = first.min().zip(last.max());
        let candles = files.iter().filter_map(|file| {
            let inside = range.cut(&file.candles);
            if inside.is_empty() {
                tracing::warn!(pair = %file.instrument, "no candle opens in the range; left out");
                return None;
            }
            let filters = observed::filters(&file.candles);
            Some((Instrument { id: file.instrument, filters }, inside.to_vec()))
        });
        let candles: Vec<_> = candles.collect();
        if let (Some((from, to)), true) = (reach, candles.is_empty()) {
            return Err(HistoryError::EmptyRange { range, from, to }.into());
        }
        Ok(Read { history: History::new(candles, coarser)?, copies })
    }
}

/// Whose candles a file holds: its name is the same for spot and perpetual, so that the pairs asked
/// for decide.
pub(super) fn as_asked(named: InstrumentId, pairs: &[InstrumentId]) -> InstrumentId {
    if named.is_perpetual() || pairs.contains(&named) {
        return named;
    }
    let symbol = named.symbol();
    let perpetual = pairs.iter().find(|pair| pair.is_perpetual() && pair.symbol() == symbol);
    perpetual.copied().unwrap_or(named)
}

fn first(file: &CandleFile) -> Option<domain::time::UtcMs> {
    file.candles.first().map(|candle| candle.open_time)
}

fn last(file: &CandleFile) -> Option<domain::time::UtcMs> {
    file.candles.last().map(Candle::close_time)
}

fn shown(paths: &[PathBuf]) -> String {
    listed(paths.iter().map(|path| path.display().to_string()))
}

fn listed(names: impl Iterator<Item = String>) -> String {
    let mut names: Vec<_> = names.collect();
    names.sort_unstable();
    names.dedup();
    names.join(", ")
}
