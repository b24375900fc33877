//! What a backtest lives through: candles in memory, coarser ones built from them, sessions found.

use domain::aggregate::nests;
use domain::candle::Candle;
use domain::instrument::{Instrument, InstrumentId};
use domain::time::UtcMs;
use domain::timeframe::Timeframe;
use exchange::observed;

use crate::outcome::Hole;
use crate::range::TimeRange;
use crate::session::{Session, sessions};

/// Why candles make no history.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HistoryError {
    /// No instrument.
    #[error("there are no candles; name a candle file or folder that has some")]
    Nothing,
    /// An instrument without candles.
    #[error("{0} has no candles; leave it out or fetch some")]
    Empty(InstrumentId),
    /// An instrument that is given twice.
    #[error("{0} is given twice; merge its candles first")]
    Twice(InstrumentId),
    /// Two timeframes where one is needed.
    #[error(
        "{instrument} has {found} candles among {expected} ones; all candles must be of one timeframe"
    )]
    MixedTimeframes {
        /// Whose.
        instrument: InstrumentId,
        /// The first candle's.
        expected: Timeframe,
        /// The other.
        found: Timeframe,
    },
    /// A candle that is not after the one before.
    #[error("{instrument}: the candle at {open_time} is not after the one before; sort them")]
    Unsorted {
        /// Whose.
        instrument: InstrumentId,
        /// Which.
        open_time: UtcMs,
    },
    /// A coarser timeframe that can't be built.
    #[error("{coarse} candles can't be built from {base} candles; use finer candles")]
    DoesNotNest {
        /// What there is.
        base: Timeframe,
        /// What was asked for.
        coarse: Timeframe,
    },
    /// No instrument has a candle in the range.
    #[error("no candle opens in {range}; the candles reach from {from} to {to}")]
    EmptyRange {
        /// What was asked for.
        range: TimeRange,
        /// Open of the first candle.
        from: UtcMs,
        /// Close of the last one.
        to: UtcMs,
    },
}

/// The candles of one instrument, never empty.
#[derive(Debug, Clone, PartialEq)]
pub struct Series {
    instrument: Instrument,
    base: Vec<Candle>,
    /// Of each coarser timeframe, fine to coarse.
    coarser: Vec<Vec<Candle>>,
    sessions: Vec<Session>,
}

impl Series {
    /// What the candles are of.
    pub const fn instrument(&self) -> &Instrument {
        &self.instrument
    }

    /// The candles of the base timeframe, ascending.
    pub fn base(&self) -> &[Candle] {
        &self.base
    }

    /// The candles of one of the history's timeframes by its place there.
    pub(crate) fn of(&self, place: usize) -> &[Candle] {
        match place.checked_sub(1) {
            None => &self.base,
            Some(coarser) => &self.coarser[coarser],
        }
    }

    /// When trading data begin and end, ascending.
    pub(crate) fn sessions(&self) -> &[Session] {
        &self.sessions
    }

    /// Candles of the base timeframe that are missing between the first and the last, by time.
    pub fn holes(&self) -> impl Iterator<Item = Hole> {
        let timeframe = self.base[0].timeframe;
        let ends: Vec<_> = self.sessions.iter().map(|session| session.last_close).collect();
        self.base.windows(2).filter_map(move |pair| {
            let (from, to) = (pair[0].close_time(), pair[1].open_time);
            (from < to).then(|| {
                let missing = timeframe.count_between(from, to);
                let ended = ends.binary_search(&from).is_ok();
                Hole { instrument: self.instrument.id, timeframe, from, missing, ended }
            })
        })
    }
}

/// Candles of one base timeframe of several instruments, with coarser ones built from them.
/// Whatever is computed from it can be computed again: it never changes, and runs share it.
#[derive(Debug, Clone, PartialEq)]
pub struct History {
    /// The base, then the coarser ones, fine to coarse.
    timeframes: Vec<Timeframe>,
    /// By instrument.
    series: Vec<Series>,
    from: UtcMs,
    to: UtcMs,
}

impl History {
    /// Takes each instrument's candles, ascending and all of one timeframe, and builds those of
    /// the `coarser` timeframes. One that is the base itself is there already.
    pub fn new(
        candles: Vec<(Instrument, Vec<Candle>)>,
        coarser: &[Timeframe],
    ) -> Result<Self, HistoryError> {
        let first = candles.first().ok_or(HistoryError::Nothing)?;
        let base = first.1.first().ok_or(HistoryError::Empty(first.0.id))?.timeframe;
        let mut timeframes = coarser.to_vec();
        timeframes.push(base);
        timeframes.sort_unstable();
        timeframes.dedup();
        let misfit = |coarse: &Timeframe| *coarse != base && !nests(base, *coarse);
        if let Some(coarse) = timeframes.iter().copied().find(misfit) {
            return Err(HistoryError::DoesNotNest { base, coarse });
        }
        let series = candles.into_iter().map(|(instrument, base)| {
            check(instrument.id, timeframes[0], &base)?;
            let blocks = observed::blocks(&base);
            let coarser = timeframes[1..].iter();
            let coarser = coarser.map(|coarse| observed::coarser(&base, &blocks, *coarse));
            let (coarser, sessions) = (coarser.collect(), sessions(&base));
            Ok(Series { instrument, base, coarser, sessions })
        });
        let mut series = series.collect::<Result<Vec<_>, HistoryError>>()?;
        series.sort_by_key(|series| series.instrument.id);
        if let Some(twice) = series.windows(2).find(|w| w[0].instrument.id == w[1].instrument.id) {
            return Err(HistoryError::Twice(twice[0].instrument.id));
        }
        let opens = series.iter().filter_map(|s| s.base.first()).map(|c| c.open_time);
        let closes = series.iter().filter_map(|s| s.base.last()).map(Candle::close_time);
        let (from, to) = (opens.min().unwrap_or_default(), closes.max().unwrap_or_default());
        // Nothing is released after the last candle, not even the beginning of a session.
        series.iter_mut().for_each(|series| series.sessions.retain(|session| session.at <= to));
        Ok(Self { timeframes, series, from, to })
    }

    /// The part that opens in a range, as if there were nothing else. Instruments without a candle
    /// in it are left out.
    pub fn within(&self, range: TimeRange) -> Result<Self, HistoryError> {
        let inside = |series: &Series| {
            let candles = range.cut(&series.base);
            (!candles.is_empty()).then(|| (series.instrument, candles.to_vec()))
        };
        let candles: Vec<_> = self.series.iter().filter_map(inside).collect();
        if candles.is_empty() {
            return Err(HistoryError::EmptyRange { range, from: self.from, to: self.to });
        }
        Self::new(candles, &self.timeframes[1..])
    }

    /// The same history in coarser candles alone.
    pub fn coarsened(&self, coarse: Timeframe) -> Result<Self, HistoryError> {
        let base = self.base();
        if coarse == base {
            return Ok(self.clone());
        }
        let built = |series: &Series| {
            let blocks = observed::blocks(&series.base);
            (series.instrument, observed::coarser(&series.base, &blocks, coarse))
        };
        if !nests(base, coarse) {
            return Err(HistoryError::DoesNotNest { base, coarse });
        }
        Self::new(self.series.iter().map(built).collect(), &[])
    }

    /// The timeframe of the candles that everything is built from.
    pub fn base(&self) -> Timeframe {
        self.timeframes[0]
    }

    /// All timeframes that are heard, fine to coarse.
    pub fn timeframes(&self) -> &[Timeframe] {
        &self.timeframes
    }

    /// The instruments' candles, by instrument.
    pub fn series(&self) -> &[Series] {
        &self.series
    }

    /// The instruments, ascending.
    pub fn instruments(&self) -> Vec<InstrumentId> {
        self.series.iter().map(|series| series.instrument.id).collect()
    }

    /// Open of the first candle.
    pub const fn from(&self) -> UtcMs {
        self.from
    }

    /// Close of the last candle.
    pub const fn to(&self) -> UtcMs {
        self.to
    }

    /// How many candles of the base timeframe there are.
    pub fn candles(&self) -> u64 {
        self.series.iter().map(|series| series.base.len() as u64).sum()
    }

    /// What is missing of the base timeframe, by instrument and time.
    pub fn holes(&self) -> Vec<Hole> {
        self.series.iter().flat_map(Series::holes).collect()
    }
}

fn check(
    instrument: InstrumentId,
    expected: Timeframe,
    candles: &[Candle],
) -> Result<(), HistoryError> {
    if candles.is_empty() {
        return Err(HistoryError::Empty(instrument));
    }
    if let Some(other) = candles.iter().find(|candle| candle.timeframe != expected) {
        let found = other.timeframe;
        return Err(HistoryError::MixedTimeframes { instrument, expected, found });
    }
    match candles.windows(2).find(|pair| pair[0].open_time >= pair[1].open_time) {
        Some(pair) => Err(HistoryError::Unsorted { instrument, open_time: pair[1].open_time }),
        None => Ok(()),
    }
}
