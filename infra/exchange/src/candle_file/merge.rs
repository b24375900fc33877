//! Candles of several files in one order.

use std::path::PathBuf;

use domain::candle::Candle;
use domain::instrument::InstrumentId;
use domain::time::UtcMs;
use domain::timeframe::Timeframe;

use super::error::CandleFileError;

/// The candles of all blocks, which must agree where they overlap.
pub(super) fn merge(
    instrument: InstrumentId,
    timeframe: Timeframe,
    mut blocks: Vec<(PathBuf, Vec<Candle>)>,
) -> Result<Vec<Candle>, CandleFileError> {
    blocks.sort_by_key(|(_, candles)| candles.first().map(|c| c.open_time));
    let (mut merged, mut earlier) = (Vec::<Candle>::new(), Vec::<(PathBuf, UtcMs)>::new());
    for (path, candles) in blocks {
        let (Some(first), Some(last)) = (candles.first(), candles.last()) else { continue };
        let last_open = last.open_time;
        let known = merged.split_off(merged.partition_point(|c| c.open_time < first.open_time));
        merged.reserve_exact(known.len() + candles.len());
        let mut known = known.into_iter().peekable();
        for candle in candles {
            while let Some(before) = known.next_if(|k| k.open_time < candle.open_time) {
                merged.push(before);
            }
            let twin = known.next_if(|k| k.open_time == candle.open_time);
            if twin.is_some_and(|twin| twin != candle) {
                let open_time = candle.open_time;
                let told = earlier.into_iter().find(|(_, last)| *last >= open_time);
                let first = told.map_or_else(|| path.clone(), |(path, _)| path);
                let second = path;
                return Err(CandleFileError::Conflict {
                    first,
                    second,
                    instrument,
                    timeframe,
                    open_time,
                });
            }
            merged.push(candle);
        }
        merged.extend(known);
        earlier.push((path, last_open));
    }
    Ok(merged)
}
