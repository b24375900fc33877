//! Fewer points that show the same: nothing that stands out is lost.

use domain::candle::Candle;
use domain::time::UtcMs;
use domain::timeframe::Timeframe;

/// The finest timeframe of at most `at_most` candles, and those candles. Unlike the aggregator of
/// the trading loop it keeps whatever there is: a bucket with holes is drawn from its rest.
pub(crate) fn coarsen(candles: &[Candle], at_most: usize) -> Vec<Candle> {
    let Some(first) = candles.first() else { return Vec::new() };
    let coarser = Timeframe::ALL.into_iter().filter(|t| *t > first.timeframe);
    let mut drawn = candles.to_vec();
    for timeframe in coarser {
        if drawn.len() <= at_most {
            break;
        }
        drawn = fold(candles, timeframe);
    }
    drawn
}

fn fold(candles: &[Candle], timeframe: Timeframe) -> Vec<Candle> {
    let mut folded: Vec<Candle> = Vec::new();
    // The open of a bucket takes a division or a calendar, so it is asked for only where one ends.
    let mut ends = UtcMs::new(i64::MIN);
    for candle in candles {
        match folded.last_mut() {
            Some(last) if candle.open_time < ends => {
                last.high = last.high.max(candle.high);
                last.low = last.low.min(candle.low);
                last.close = candle.close;
                last.volume_base += candle.volume_base;
            }
            _ => {
                let open_time = timeframe.open_of(candle.open_time);
                ends = timeframe.close_of(open_time);
                folded.push(Candle { timeframe, open_time, ..*candle });
            }
        }
    }
    folded
}

/// At most about `at_most` of the points: of each of equally long stretches of time the first, the
/// lowest, the highest and the last.
pub(crate) fn thin(points: &[(UtcMs, f64)], at_most: usize) -> Vec<(UtcMs, f64)> {
    let (Some(first), Some(last)) = (points.first(), points.last()) else { return Vec::new() };
    if points.len() <= at_most {
        return points.to_vec();
    }
    let stretches = (at_most / 4).max(1) as i64;
    let span = last.0.since(first.0).max(0) / stretches + 1;
    let stretch = |at: UtcMs| at.since(first.0) / span;
    let mut kept = Vec::with_capacity(at_most);
    for chunk in points.chunk_by(|a, b| stretch(a.0) == stretch(b.0)) {
        let by_value = |a: &&(UtcMs, f64), b: &&(UtcMs, f64)| a.1.total_cmp(&b.1);
        let ends = [chunk.first(), chunk.last()];
        let marked = [chunk.iter().min_by(by_value), chunk.iter().max_by(by_value)];
        let mut four: Vec<_> = ends.into_iter().chain(marked).flatten().copied().collect();
        four.sort_by_key(|(at, _)| *at);
        four.dedup();
        kept.extend(four);
    }
    kept
}

/// Loss from the highest value so far, as a ratio of it, nought or less.
pub(crate) fn drawdown(equity: &[(UtcMs, f64)]) -> Vec<(UtcMs, f64)> {
    let mut peak = f64::NEG_INFINITY;
    let fall = |&(at, value): &(UtcMs, f64)| {
        peak = peak.max(value);
        (at, if peak > 0.0 { value / peak - 1.0 } else { 0.0 })
    };
    equity.iter().map(fall).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::money::Price;
    use domain::time::MINUTE_MS;

    #[test]
    fn coarse_candles_keep_the_extremes() {
        let price = |p: i64| Price::from_raw(p * Price::SCALE);
        let make = |i: i64| {
            let [o, c] = [price(100 + i % 7), price(100 + (i + 1) % 7)];
            let (high, low) = (price(108 + i % 11), price(90 - i % 13));
            let at = UtcMs::new(i * MINUTE_MS);
            Candle::new(Timeframe::M1, at, [o, high, low, c], 1.0).unwrap()
        };
        let fine: Vec<_> = (0..10_000).map(make).collect();
        let coarse = coarsen(&fine, 400);
        assert_eq!(coarse[0].timeframe, Timeframe::M30);
        assert_eq!(coarse.len(), 334);
        assert_eq!(coarse.iter().map(|c| c.volume_base).sum::<f64>(), 10_000.0);
        assert_eq!(coarse.iter().map(|c| c.high).max(), fine.iter().map(|c| c.high).max());
        assert_eq!(coarse.last().unwrap().close, fine.last().unwrap().close);
        assert_eq!(coarsen(&fine, 10_000), fine);
    }

    #[test]
    fn a_thinned_curve_keeps_ends_peaks_and_troughs() {
        let value = |i: i64| 1000.0 + ((i * 7919) % 1009) as f64;
        let points: Vec<_> = (0..50_000).map(|i| (UtcMs::new(i * 1000), value(i))).collect();
        let kept = thin(&points, 1000);
        assert!(kept.len() <= 1004, "{}", kept.len());
        let low = |p: &[(UtcMs, f64)]| p.iter().map(|p| p.1).fold(f64::INFINITY, f64::min);
        assert_eq!(low(&kept), low(&points));
        assert_eq!((kept[0], kept[kept.len() - 1]), (points[0], points[49_999]));
        assert!(kept.is_sorted_by_key(|p| p.0));
    }

    #[test]
    fn drawdown_is_measured_from_the_peak() {
        let at = |i| UtcMs::new(i);
        let fall = drawdown(&[(at(0), 100.0), (at(1), 128.0), (at(2), 96.0), (at(3), 130.0)]);
        assert_eq!(fall.iter().map(|p| p.1).collect::<Vec<_>>(), [0.0, 0.0, -0.25, 0.0]);
    }
}
