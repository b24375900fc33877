//! Coarser candles from finer ones, cut at the venue's own UTC boundaries.

use crate::candle::Candle;
use crate::money::Price;
use crate::time::UtcMs;
use crate::timeframe::Timeframe;

/// Why a candle can't go into a bucket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AggregateError {
    /// The boundaries of the coarse timeframe are not all boundaries of the fine one.
    #[error("{coarse} candles can't be built from {fine} candles")]
    DoesNotNest {
        /// What was at hand.
        fine: Timeframe,
        /// What was asked for.
        coarse: Timeframe,
    },
    /// A candle of another timeframe than announced.
    #[error("a {found} candle came where {expected} candles are aggregated")]
    WrongTimeframe {
        /// What was announced.
        expected: Timeframe,
        /// What came.
        found: Timeframe,
    },
    /// Not after the candle before.
    #[error("the candle at {open_time} came after the one at {previous}")]
    NotAfter {
        /// Which candle.
        open_time: UtcMs,
        /// Open of the candle before.
        previous: UtcMs,
    },
}

/// Whether every `coarse` candle is made of whole `fine` candles. Nothing coarser than a day
/// divides a week or a month.
pub fn nests(fine: Timeframe, coarse: Timeframe) -> bool {
    let rest = coarse.span_ms().checked_rem(fine.span_ms());
    fine < coarse && fine <= Timeframe::D1 && rest == Some(0)
}

/// Builds the candles of one coarser timeframe from the finer candles of one instrument.
///
/// A bucket is emitted by the candle that fills it to its close, or, where its last candles are
/// missing, by whatever shows that its close has passed. A bucket without any candle is not
/// invented.
///
/// A venue cuts its candles from trades, and a candle without any repeats the price before it.
/// So a candle without volume says nothing of its bucket, unless all of them are without.
///
/// Volumes are summed as whole units of 10⁻⁸, the resolution in which the venue itself counts
/// and quotes them: the sum of floats would carry binary dust that the venue's figure lacks and
/// that depends on the path, 1m→1d or 1m→1h→1d. Exact for volumes of up to fifteen digits, as
/// many as a float holds of any decimal number.
#[derive(Debug, Clone)]
pub struct Aggregator {
    fine: Timeframe,
    coarse: Timeframe,
    bucket: Option<Bucket>,
    previous: Option<UtcMs>,
}

#[derive(Debug, Clone, Copy)]
struct Bucket {
    open_time: UtcMs,
    open: Price,
    high: Price,
    low: Price,
    close: Price,
    units: i128,
}

impl Aggregator {
    /// Builds `coarse` candles from `fine` ones.
    pub fn new(fine: Timeframe, coarse: Timeframe) -> Result<Self, AggregateError> {
        if !nests(fine, coarse) {
            return Err(AggregateError::DoesNotNest { fine, coarse });
        }
        Ok(Self { fine, coarse, bucket: None, previous: None })
    }

    /// Takes the next finer candle and appends the coarser candles it completes to `out`: none,
    /// one, or two where it shows that the bucket before ended with a hole.
    pub fn push(&mut self, candle: &Candle, out: &mut Vec<Candle>) -> Result<(), AggregateError> {
        if candle.timeframe != self.fine {
            let (expected, found) = (self.fine, candle.timeframe);
            return Err(AggregateError::WrongTimeframe { expected, found });
        }
        if let Some(previous) = self.previous.filter(|p| *p >= candle.open_time) {
            return Err(AggregateError::NotAfter { open_time: candle.open_time, previous });
        }
        self.previous = Some(candle.open_time);
        out.extend(self.close_until(candle.open_time));
        let units = volume_units(candle.volume_base);
        match &mut self.bucket {
            Some(bucket) if bucket.units > 0 && units == 0 => {}
            Some(bucket) if bucket.units > 0 || units == 0 => {
                bucket.high = bucket.high.max(candle.high);
                bucket.low = bucket.low.min(candle.low);
                bucket.close = candle.close;
                bucket.units = bucket.units.saturating_add(units);
            }
            _ => {
                self.bucket = Some(Bucket {
                    open_time: self.coarse.open_of(candle.open_time),
                    open: candle.open,
                    high: candle.high,
                    low: candle.low,
                    close: candle.close,
                    units,
                });
            }
        }
        out.extend(self.close_until(candle.close_time()));
        Ok(())
    }

    /// Emits the open bucket if its close is at or before `now`, whatever of it is missing.
    pub fn close_until(&mut self, now: UtcMs) -> Option<Candle> {
        let bucket = self.bucket.take_if(|b| self.coarse.close_of(b.open_time) <= now)?;
        Some(self.candle(bucket))
    }

    /// The open bucket as it stands: what a venue shows as the candle that has not closed.
    pub fn so_far(&self) -> Option<Candle> {
        self.bucket.map(|bucket| self.candle(bucket))
    }

    fn candle(&self, bucket: Bucket) -> Candle {
        let Bucket { open_time, open, high, low, close, units } = bucket;
        let volume_base = from_units(units);
        Candle { timeframe: self.coarse, open_time, open, high, low, close, volume_base }
    }
}

const UNITS: i128 = 100_000_000;

/// A volume as a whole number of 10⁻⁸ base units. Of a large volume only those decimals count
/// that a float holds for certain, fifteen digits in all: the rest is not the venue's.
#[expect(
    clippy::arithmetic_side_effects,
    reason = "units divide 10⁸, and a fraction below one keeps them small"
)]
pub fn volume_units(volume_base: f64) -> i128 {
    let whole = volume_base.trunc();
    let (mut unit, mut bound) = (1, 1e7);
    while whole >= bound && unit < UNITS {
        (unit, bound) = (unit * 10, bound * 10.0);
    }
    let fraction = ((volume_base - whole) * (UNITS / unit) as f64).round();
    (whole as i128).saturating_mul(UNITS).saturating_add(fraction as i128 * unit)
}

/// The float that the decimal text of these units would parse to.
fn from_units(units: i128) -> f64 {
    // Below 2⁵³ both operands are exact and one division rounds once.
    if units < 1 << 53 {
        return units as f64 / UNITS as f64;
    }
    (units / UNITS) as f64 + (units % UNITS) as f64 / UNITS as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::MINUTE_MS;

    fn minute(n: i64, [open, high, low, close]: [i64; 4], volume_base: f64) -> Candle {
        let at = UtcMs::new(1_617_321_600_000 + n * MINUTE_MS);
        let ohlc = [open, high, low, close].map(|p| Price::from_raw(p * Price::SCALE));
        Candle::new(Timeframe::M1, at, ohlc, volume_base).unwrap()
    }

    fn built(candles: &[Candle], coarse: Timeframe) -> Vec<Candle> {
        let mut aggregator = Aggregator::new(Timeframe::M1, coarse).unwrap();
        let mut out = Vec::new();
        for candle in candles {
            aggregator.push(candle, &mut out).unwrap();
        }
        out
    }

    #[test]
    fn a_bucket_is_emitted_by_its_last_minute() {
        let minutes: Vec<_> =
            (0..5).map(|n| minute(n, [10 + n, 20 + n, 5 - n, 11 + n], 0.1)).collect();
        assert!(built(&minutes[..4], Timeframe::M5).is_empty());
        let five = built(&minutes, Timeframe::M5);
        let expected = Candle {
            timeframe: Timeframe::M5,
            open_time: minutes[0].open_time,
            open: minutes[0].open,
            high: minutes[4].high,
            low: minutes[4].low,
            close: minutes[4].close,
            volume_base: 0.5,
        };
        assert_eq!(five, [expected]);
    }

    #[test]
    fn a_hole_closes_the_bucket_before_and_invents_none() {
        // Minutes 1 and 13 only: 0…5 ends with a hole, 5…10 is empty, 10…15 stays open.
        let minutes = [minute(1, [1, 2, 1, 2], 3.0), minute(13, [3, 4, 3, 4], 5.0)];
        let mut aggregator = Aggregator::new(Timeframe::M1, Timeframe::M5).unwrap();
        let mut out = Vec::new();
        aggregator.push(&minutes[0], &mut out).unwrap();
        assert!(out.is_empty());
        aggregator.push(&minutes[1], &mut out).unwrap();
        assert_eq!(out.len(), 1);
        assert_eq!(out[0].open_time, minute(0, [1; 4], 0.0).open_time);
        assert_eq!(aggregator.so_far().unwrap().volume_base, 5.0);
        let close = minute(15, [1; 4], 0.0).open_time;
        assert_eq!(aggregator.close_until(close.plus_ms(-1)), None);
        assert_eq!(aggregator.close_until(close).unwrap().open, minutes[1].open);
        assert_eq!(aggregator.so_far(), None);
    }

    #[test]
    fn candles_without_trades_say_nothing() {
        let quiet = |n, price| minute(n, [price; 4], 0.0);
        let traded = minute(1, [5, 7, 4, 6], 2.0);
        let five = built(&[quiet(0, 9), traded, quiet(2, 6), quiet(4, 1)], Timeframe::M5);
        let ohlc = |c: &Candle| (c.open, c.high, c.low, c.close, c.volume_base);
        assert_eq!(ohlc(&five[0]), ohlc(&traded));
        let five = built(&[quiet(0, 9), quiet(3, 8), quiet(4, 10)], Timeframe::M5);
        let price = |p: i64| Price::from_raw(p * Price::SCALE);
        assert_eq!(ohlc(&five[0]), (price(9), price(10), price(8), price(10), 0.0));
    }

    #[test]
    fn one_candle_may_complete_two_buckets() {
        let minutes = [minute(0, [1; 4], 1.0), minute(9, [2; 4], 1.0)];
        assert_eq!(built(&minutes, Timeframe::M5).len(), 2);
    }

    #[test]
    fn volumes_carry_no_binary_dust() {
        let minutes: Vec<_> = (0..5).map(|n| minute(n, [1; 4], 0.1)).collect();
        assert_eq!(built(&minutes[..], Timeframe::M5)[0].volume_base, 0.5);
        let minutes: Vec<_> = (0..5).map(|n| minute(n, [1; 4], 1234567.1)).collect();
        assert_eq!(built(&minutes, Timeframe::M5)[0].volume_base, 6172835.5);
        let minutes: Vec<_> = (0..5).map(|n| minute(n, [1; 4], f64::MAX)).collect();
        assert!(built(&minutes, Timeframe::M5)[0].volume_base.is_finite());
        for text in ["0.00000001", "61.685675", "9007199.25474099", "85123456.7", "4123456789.3"] {
            let value: f64 = text.parse().unwrap();
            assert_eq!(from_units(volume_units(value)), value, "{text}");
        }
    }

    #[test]
    fn disorder_and_misfits_are_refused() {
        let mut aggregator = Aggregator::new(Timeframe::M1, Timeframe::M5).unwrap();
        let (first, mut out) = (minute(3, [1; 4], 1.0), Vec::new());
        aggregator.push(&first, &mut out).unwrap();
        for candle in [first, minute(2, [1; 4], 1.0)] {
            let refused = aggregator.push(&candle, &mut out);
            assert!(matches!(refused, Err(AggregateError::NotAfter { .. })));
        }
        let five = Candle { timeframe: Timeframe::M5, ..minute(5, [1; 4], 1.0) };
        let refused = aggregator.push(&five, &mut out);
        assert!(matches!(refused, Err(AggregateError::WrongTimeframe { .. })));
    }

    #[test]
    fn only_whole_candles_nest() {
        use Timeframe::*;
        for (fine, coarse) in [(M1, Mo1), (M3, M15), (H8, D3), (D1, W1), (D1, Mo1), (H12, D1)] {
            assert!(nests(fine, coarse), "{fine} in {coarse}");
        }
        for (fine, coarse) in
            [(M3, M5), (H6, H8), (H8, H12), (D3, W1), (D3, Mo1), (W1, Mo1), (M5, M1), (M1, M1)]
        {
            assert!(!nests(fine, coarse), "{fine} in {coarse}");
            assert!(Aggregator::new(fine, coarse).is_err());
        }
    }
}
