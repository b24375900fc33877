//! The candles of one instrument and timeframe as far as they are known, and what is missing.

use domain::candle::Candle;
use domain::instrument::InstrumentId;
use domain::time::UtcMs;
use domain::timeframe::Timeframe;

use super::error::ArchiveError;
use super::ranges::{Ranges, Span};

/// What an archive has of one instrument and timeframe.
#[derive(Debug, Clone, PartialEq)]
pub struct Series {
    instrument: InstrumentId,
    timeframe: Timeframe,
    candles: Vec<Candle>,
    asked: Ranges,
}

/// What candles came to a series.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Merged {
    /// Those that it did not have.
    pub added: u64,
    /// Those that it had otherwise.
    pub replaced: u64,
}

/// Candles that are missing between two others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hole {
    /// Open of the first that is missing.
    pub from: UtcMs,
    /// Open of the first that is there again.
    pub to: UtcMs,
    /// How many are missing.
    pub candles: u64,
}

impl Series {
    /// Of these candles, open times strictly ascending; `asked` is on the timeframe's grid.
    pub(super) const fn new(
        instrument: InstrumentId,
        timeframe: Timeframe,
        candles: Vec<Candle>,
        asked: Ranges,
    ) -> Self {
        Self { instrument, timeframe, candles, asked }
    }

    /// Whose candles.
    pub const fn instrument(&self) -> InstrumentId {
        self.instrument
    }

    /// Of which timeframe.
    pub const fn timeframe(&self) -> Timeframe {
        self.timeframe
    }

    /// The candles, open times strictly ascending.
    pub fn candles(&self) -> &[Candle] {
        &self.candles
    }

    /// Where the venue was asked and said all that it has.
    pub const fn asked(&self) -> &Ranges {
        &self.asked
    }

    /// Notes that the venue said all that it has of a span on the timeframe's grid.
    pub fn note_asked(&mut self, span: Span) {
        self.asked.add(span);
    }

    /// Takes candles of this timeframe, open times strictly ascending. One that is there already is
    /// no news; one that is there otherwise is a conflict, unless it is to be replaced. A conflict
    /// leaves everything as it was.
    pub fn merge(&mut self, news: &[Candle], replace: bool) -> Result<Merged, ArchiveError> {
        let mut merged = Merged::default();
        let Some(first) = news.first() else { return Ok(merged) };
        let start = self.candles.partition_point(|c| c.open_time < first.open_time);
        let mut tail = Vec::with_capacity(self.candles.len() - start + news.len());
        let mut known = self.candles[start..].iter().copied().peekable();
        for candle in news {
            while let Some(before) = known.next_if(|k| k.open_time < candle.open_time) {
                tail.push(before);
            }
            match known.next_if(|k| k.open_time == candle.open_time) {
                None => merged.added += 1,
                Some(twin) if twin == *candle => {}
                Some(_) if replace => merged.replaced += 1,
                Some(Candle { open_time, .. }) => {
                    let Self { instrument, timeframe, .. } = *self;
                    return Err(ArchiveError::Conflict { instrument, timeframe, open_time });
                }
            }
            tail.push(*candle);
        }
        tail.extend(known);
        self.candles.truncate(start);
        self.candles.append(&mut tail);
        Ok(merged)
    }

    /// What of a span, whose ends are on the timeframe's grid, is neither there nor was asked for.
    pub fn wanted(&self, (from, to): Span) -> Ranges {
        let start = self.candles.partition_point(|c| c.open_time < from);
        let end = self.candles.partition_point(|c| c.open_time < to);
        let mut known = self.asked.clone();
        for run in self.candles[start..end].chunk_by(|a, b| a.close_time() == b.open_time) {
            if let [first, ..] = run
                && let [.., last] = run
            {
                known.add((first.open_time, last.close_time()));
            }
        }
        known.missing((from, to))
    }
}

/// Where candles are missing between the first and the last of these, open times ascending.
pub fn holes(candles: &[Candle]) -> Vec<Hole> {
    let breaks = candles.windows(2).filter(|pair| pair[0].close_time() < pair[1].open_time);
    let hole = |pair: &[Candle]| {
        let (from, to) = (pair[0].close_time(), pair[1].open_time);
        Hole { from, to, candles: pair[0].timeframe.count_between(from, to) }
    };
    breaks.map(hole).collect()
}
