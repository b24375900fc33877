//! One page of past candles, with what it proves about the time it covers.

use domain::candle::{Candle, CandleError};
use domain::money::Price;
use domain::time::UtcMs;
use domain::timeframe::Timeframe;

use super::error::{VenueError, excerpt};
use super::wire::KlineRow;

const WHAT: &str = "klines";
/// The end of the year 9999: later moments are nonsense, and earlier ones than the epoch too.
pub(crate) const LATEST_MS: i64 = 253_402_300_799_999;

/// Past candles from one moment on.
#[derive(Debug, Clone, PartialEq)]
pub struct CandlePage {
    /// Every candle of the venue that opens at or after the moment asked for and closes at or
    /// before `complete_to`, ascending. The open one is never among them.
    pub candles: Vec<Candle>,
    /// Candles whose numbers make no sense, by the open time that the venue gave.
    pub refused: Vec<(UtcMs, CandleError)>,
    /// Up to here nothing is missing from this page but what is missing at the venue: the close of
    /// the last candle where the page is full, else a moment ago by the venue's clock. It lies
    /// before the moment asked for where that is still to come.
    pub complete_to: UtcMs,
}

impl CandlePage {
    /// Reads the venue's answer to "at most `limit` candles from `from` on". Candles that closed
    /// after `settled` are left for the next time: they may be open, or not yet final.
    pub(crate) fn read(
        body: &[u8],
        timeframe: Timeframe,
        from: UtcMs,
        limit: u32,
        settled: UtcMs,
    ) -> Result<Self, VenueError> {
        let rows: Vec<KlineRow<'_>> =
            serde_json::from_slice(body).map_err(|e| VenueError::of_json(WHAT, &e, body))?;
        let mut page = Self { candles: Vec::new(), refused: Vec::new(), complete_to: settled };
        let mut before = from.plus_ms(-1);
        for (n, row) in rows.iter().enumerate() {
            let open_time = moment(WHAT, row.open_time)?;
            if open_time <= before {
                let excerpt = format!("a candle of {open_time} after {before}");
                return Err(VenueError::Malformed { what: WHAT, excerpt });
            }
            before = open_time;
            let close_time = timeframe.close_of(open_time);
            if close_time > settled {
                break;
            }
            match candle(WHAT, timeframe, open_time, row.prices, row.volume)? {
                Ok(candle) => page.candles.push(candle),
                Err(error) => page.refused.push((open_time, error)),
            }
            if n + 1 >= limit as usize {
                page.complete_to = close_time;
            }
        }
        Ok(page)
    }
}

/// A candle of the venue's texts. The outer error is text that is no number, the inner one a
/// candle that makes no sense.
pub(crate) fn candle(
    what: &'static str,
    timeframe: Timeframe,
    open_time: UtcMs,
    prices: [&str; 4],
    volume: &str,
) -> Result<Result<Candle, CandleError>, VenueError> {
    let malformed = |text: &str| VenueError::Malformed { what, excerpt: excerpt(text.as_bytes()) };
    let mut ohlc = [Price::ZERO; 4];
    for (price, text) in ohlc.iter_mut().zip(prices) {
        *price = text.parse().map_err(|_| malformed(text))?;
    }
    let volume_base = volume.parse().map_err(|_| malformed(volume))?;
    Ok(Candle::new(timeframe, open_time, ohlc, volume_base))
}

/// A moment of the venue, held against what a calendar can hold.
pub(crate) fn moment(what: &'static str, ms: i64) -> Result<UtcMs, VenueError> {
    if (0..=LATEST_MS).contains(&ms) {
        return Ok(UtcMs::new(ms));
    }
    Err(VenueError::Malformed { what, excerpt: format!("{ms} as a time") })
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: i64 = 60_000;

    fn row(open: i64, high: &str) -> String {
        format!(
            r#"[{open},"10","{high}","9","10.5","3.25",{},"0",7,"0","0","0"]"#,
            open + MINUTE - 1
        )
    }

    fn read(rows: &[String], limit: u32, settled: i64) -> Result<CandlePage, VenueError> {
        let body = format!("[{}]", rows.join(","));
        let settled = UtcMs::new(settled);
        CandlePage::read(body.as_bytes(), Timeframe::M1, UtcMs::new(0), limit, settled)
    }

    fn opens(page: &CandlePage) -> Vec<i64> {
        page.candles.iter().map(|c| c.open_time.ms()).collect()
    }

    #[test]
    fn the_open_candle_and_one_not_yet_settled_are_left_out() {
        let rows = [0, MINUTE, 2 * MINUTE].map(|t| row(t, "11"));
        let page = read(&rows, 1_000, 2 * MINUTE + 10).unwrap();
        assert_eq!(opens(&page), [0, MINUTE]);
        assert_eq!(page.complete_to, UtcMs::new(2 * MINUTE + 10));
        let page = read(&rows, 1_000, 2 * MINUTE - 1).unwrap();
        assert_eq!(opens(&page), [0]);
        // A full page that ends in the open candle is complete as far as the clock says.
        let page = read(&rows, 3, 2 * MINUTE + 10).unwrap();
        assert_eq!((page.candles.len(), page.complete_to.ms()), (2, 2 * MINUTE + 10));
    }

    #[test]
    fn a_full_page_proves_nothing_beyond_its_last_candle() {
        let rows = [0, 5 * MINUTE].map(|t| row(t, "11"));
        let page = read(&rows, 2, 100 * MINUTE).unwrap();
        assert_eq!(page.complete_to.ms(), 6 * MINUTE);
        let page = read(&rows, 3, 100 * MINUTE).unwrap();
        assert_eq!(page.complete_to.ms(), 100 * MINUTE);
        assert_eq!(read(&[], 3, 7).unwrap().complete_to.ms(), 7);
    }

    #[test]
    fn senseless_candles_are_named_and_senseless_pages_refused() {
        let rows = [row(0, "9.5"), row(MINUTE + 1, "11"), row(2 * MINUTE, "11")];
        let page = read(&rows, 1_000, 100 * MINUTE).unwrap();
        assert_eq!(opens(&page), [2 * MINUTE]);
        assert!(matches!(page.refused[0], (_, CandleError::OutOfOrder { .. })));
        assert!(matches!(page.refused[1], (_, CandleError::OffGrid { .. })));
        for rows in [
            vec![row(0, "11"), row(0, "11")],
            vec![row(MINUTE, "11"), row(0, "11")],
            vec![row(-MINUTE, "11")],
            vec![row(i64::MAX - MINUTE, "11")],
            vec![row(0, "eleven")],
            vec!["[1499040000000]".to_owned()],
            vec!["{}".to_owned()],
        ] {
            let refused = read(&rows, 1_000, 100 * MINUTE).unwrap_err();
            assert!(matches!(refused, VenueError::Malformed { .. }), "{refused}");
        }
    }

    #[test]
    fn a_page_that_is_cut_off_may_be_asked_for_again() {
        let body = format!("[{}", row(0, "11"));
        for cut in 1..body.len() {
            let cut = &body.as_bytes()[..cut];
            let read = CandlePage::read(cut, Timeframe::M1, UtcMs::new(0), 9, UtcMs::new(MINUTE));
            assert!(read.unwrap_err().is_retryable(), "{}", String::from_utf8_lossy(cut));
        }
    }
}
