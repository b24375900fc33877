//! What the history did not have, summed up.

use domain::instrument::InstrumentId;
use domain::time::UtcMs;
use domain::timeframe::Timeframe;
use serde::{Deserialize, Serialize};

use crate::outcome::Hole;

/// The candles that an instrument lacks in a timeframe.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Missing {
    /// Of what.
    pub instrument: InstrumentId,
    /// Of which timeframe.
    pub timeframe: Timeframe,
    /// How often candles are missing.
    pub runs: u64,
    /// How many in all.
    pub candles: u64,
    /// How many in the longest run.
    pub longest: u64,
    /// Open of the first missing candle of the longest run.
    pub longest_from: UtcMs,
    /// Runs that ended the session.
    pub sessions_ended: u64,
}

/// A row for each instrument and timeframe with holes, in that order.
pub fn missing(holes: &[Hole]) -> Vec<Missing> {
    let mut rows: Vec<Missing> = Vec::new();
    for hole in holes {
        let same = |row: &&mut Missing| {
            (row.instrument, row.timeframe) == (hole.instrument, hole.timeframe)
        };
        let ended = u64::from(hole.ended);
        let Some(row) = rows.iter_mut().find(same) else {
            rows.push(Missing {
                instrument: hole.instrument,
                timeframe: hole.timeframe,
                runs: 1,
                candles: hole.missing,
                longest: hole.missing,
                longest_from: hole.from,
                sessions_ended: ended,
            });
            continue;
        };
        row.runs += 1;
        row.candles = row.candles.saturating_add(hole.missing);
        row.sessions_ended += ended;
        if hole.missing > row.longest {
            (row.longest, row.longest_from) = (hole.missing, hole.from);
        }
    }
    rows.sort_by_key(|row| (row.instrument, row.timeframe));
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_are_summed_by_instrument_and_timeframe() {
        let hole = |name: &str, from, missing, ended| Hole {
            instrument: name.parse().unwrap(),
            timeframe: Timeframe::M1,
            from: UtcMs::new(from),
            missing,
            ended,
        };
        let rows = missing(&[
            hole("ETH/USDT", 5, 3, false),
            hole("BTC/USDT", 1, 2, false),
            hole("BTC/USDT", 7, 5_000, true),
        ]);
        let seen: Vec<_> = rows
            .iter()
            .map(|r| {
                (
                    r.instrument.base().to_owned(),
                    r.runs,
                    r.candles,
                    r.longest,
                    r.longest_from.ms(),
                    r.sessions_ended,
                )
            })
            .collect();
        assert_eq!(
            seen,
            [("BTC".to_owned(), 2, 5_002, 5_000, 7, 1), ("ETH".to_owned(), 1, 3, 3, 5, 0)]
        );
    }
}
