//! What holds for any valid candles.

use indicators::adx::Adx;
use indicators::atr::Atr;
use indicators::bollinger::Bollinger;
use indicators::cci::Cci;
use indicators::ema::Ema;
use indicators::mfi::Mfi;
use indicators::ohlcv::Ohlcv;
use indicators::reading::{Reading, Readings};
use indicators::rsi::Rsi;
use indicators::set::IndicatorSet;
use indicators::stochastic::Stochastic;
use proptest::collection::vec;
use proptest::prelude::*;

const HOUR_MS: i64 = 3_600_000;

/// Candles that wander by ordinary amounts, stand still, leap by orders of magnitude, or lie at
/// the bounds of what is valid.
fn candles(count: usize) -> impl Strategy<Value = Vec<Ohlcv>> {
    let wander = (0.97..1.03_f64, 0.0..0.02_f64, 0.0..0.02_f64, 0.0..1e4_f64);
    let still = (Just(1.0), Just(0.0), Just(0.0), prop_oneof![Just(0.0), 0.0..10.0_f64]);
    let leap = (1e-6..1e6_f64, 0.0..10.0_f64, 0.0..0.99_f64, 0.0..Ohlcv::MAX_VOLUME);
    let bound = (
        prop_oneof![Just(1e-30), Just(1e30)],
        Just(0.0),
        Just(0.0),
        prop_oneof![Just(f64::MIN_POSITIVE), Just(Ohlcv::MAX_VOLUME)],
    );
    let step = prop_oneof![8 => wander, 6 => still, 1 => leap, 1 => bound];
    let runs = vec((step, prop_oneof![3 => 1..4_usize, 1 => 20..60_usize], 1..30_i64), 1..count);
    (0.01..1e5_f64, runs).prop_map(move |(start, runs)| {
        let clamp = |price: f64| price.clamp(Ohlcv::MIN_PRICE, Ohlcv::MAX_PRICE);
        let mut candles = Vec::new();
        let (mut close, mut open_time_ms) = (start, 0);
        for ((factor, up, down, volume), repeats, hours) in runs {
            for _ in 0..repeats {
                let open = close;
                close = clamp(close * factor);
                let high = clamp(open.max(close) * (1.0 + up));
                let low = clamp(open.min(close) * (1.0 - down));
                candles.push(Ohlcv { open_time_ms, open, high, low, close, volume });
                open_time_ms += hours * HOUR_MS;
            }
        }
        candles
    })
}

fn bits(readings: &Readings) -> Vec<Option<u64>> {
    readings.iter().map(|(_, value)| value.map(f64::to_bits)).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn every_reading_is_finite_and_stays_once_it_is_there(candles in candles(60)) {
        let mut set = IndicatorSet::new();
        for (count, candle) in (1..).zip(&candles) {
            prop_assert!(candle.is_valid());
            for (reading, value) in set.push(candle).iter() {
                prop_assert!(value.is_none_or(f64::is_finite), "{reading:?} is {value:?}");
                if !matches!(reading, Reading::VwapSession | Reading::Vwap20) {
                    prop_assert_eq!(value.is_some(), count >= reading.warm_up(), "{:?}", reading);
                }
            }
        }
    }

    #[test]
    fn bounded_readings_keep_their_bounds(candles in candles(60)) {
        let mut set = IndicatorSet::new();
        // The running sums of TA-Lib's stochastic keep the rounding of numbers up to 300.
        let slack = 1e-9;
        for candle in &candles {
            let readings = set.push(candle);
            let within = |reading, low: f64, high: f64| {
                readings.get(reading).is_none_or(|x| (low - slack..=high + slack).contains(&x))
            };
            for reading in [Reading::Rsi14, Reading::StochK, Reading::StochD, Reading::Adx14,
                Reading::PlusDi14, Reading::MinusDi14, Reading::Mfi14] {
                prop_assert!(within(reading, 0.0, 100.0), "{reading:?}: {readings:?}");
            }
            prop_assert!(within(Reading::Willr14, -100.0, 0.0), "{readings:?}");
            let (upper, lower) = (readings.get(Reading::BbUpper), readings.get(Reading::BbLower));
            prop_assert!(upper >= lower);
        }
    }

    #[test]
    fn a_longer_history_never_changes_earlier_readings(candles in candles(40), cut in 0.0..1.0) {
        let run = |candles: &[Ohlcv]| {
            let mut set = IndicatorSet::new();
            candles.iter().map(|candle| bits(&set.push(candle))).collect::<Vec<_>>()
        };
        let cut = (candles.len() as f64 * cut) as usize;
        prop_assert_eq!(&run(&candles[..cut]), &run(&candles)[..cut]);
    }

    #[test]
    fn a_stored_state_goes_on_bit_for_bit(candles in candles(40), cut in 0.0..1.0) {
        let cut = (candles.len() as f64 * cut) as usize;
        let mut set = IndicatorSet::new();
        for candle in &candles[..cut] {
            set.push(candle);
        }
        let stored = serde_json::to_string(&set).unwrap();
        let mut restored: IndicatorSet = serde_json::from_str(&stored).unwrap();
        prop_assert_eq!(&restored, &set);
        for candle in &candles[cut..] {
            prop_assert_eq!(bits(&restored.push(candle)), bits(&set.push(candle)));
        }
    }

    /// Bollinger bands and the CCI are made anew from their window, with no trace of the past.
    #[test]
    fn a_window_forgets_what_has_left_it(candles in candles(40), past in candles(40)) {
        let mut fresh = (Bollinger::<20>::new(), Cci::<20>::new());
        let mut worn = fresh.clone();
        // Whole windows, so that the values of both lie in the same slots.
        for candle in &past[..past.len() / 20 * 20] {
            worn.0.push(candle.close);
            worn.1.push(candle.high, candle.low, candle.close);
        }
        for (count, candle) in (1..).zip(&candles) {
            let bands = (fresh.0.push(candle.close), worn.0.push(candle.close));
            let Ohlcv { high, low, close, .. } = *candle;
            let index = (fresh.1.push(high, low, close), worn.1.push(high, low, close));
            if count < 20 {
                continue;
            }
            prop_assert_eq!(index.0, index.1);
            let (Some(fresh), Some(worn)) = bands else { panic!("both are warm") };
            let near = |a: f64, b: f64| (a - b).abs() <= 1e-12 * fresh.upper;
            prop_assert!(near(fresh.upper, worn.upper) && near(fresh.lower, worn.lower));
        }
    }
}

/// A state from outside with a place beyond its window is garbage, but it doesn't panic.
#[test]
fn a_corrupt_place_is_harmless() {
    let text = serde_json::to_string(&IndicatorSet::new()).unwrap();
    assert!(text.contains("\"at\":0") && text.contains("\"still\":0"));
    let text = text.replace("\"still\":0", &format!("\"still\":{}", usize::MAX));
    let text = text
        .replace("\"at\":0", &format!("\"at\":{}", usize::MAX))
        .replace("\"seen\":0", &format!("\"seen\":{}", usize::MAX));
    let mut set: IndicatorSet = serde_json::from_str(&text).unwrap();
    let candle = Ohlcv { open_time_ms: 0, open: 1.0, high: 2.0, low: 1.0, close: 1.5, volume: 1.0 };
    for _ in 0..50 {
        set.push(&candle);
    }
}

/// The subset that a technical agent composes for itself gives the set's readings.
#[test]
fn single_indicators_give_what_the_set_gives() {
    let mut set = IndicatorSet::new();
    let mut ema = Ema::<21>::new();
    let mut rsi = Rsi::<14>::new();
    let mut stochastic = Stochastic::<14, 3, 3>::new();
    let mut atr = Atr::<14>::new();
    let mut adx = Adx::<14>::new();
    let mut cci = Cci::<20>::new();
    let mut mfi = Mfi::<14>::new();
    for i in 0..300 {
        let close = 100.0 + f64::from(i * 37 % 101) / 10.0;
        let (high, low) = (close + f64::from(i % 7), close - f64::from(i % 5));
        let candle = Ohlcv {
            open_time_ms: i64::from(i) * HOUR_MS,
            open: close,
            high,
            low,
            close,
            volume: close,
        };
        let readings = set.push(&candle);
        assert_eq!(readings.get(Reading::Ema21), ema.push(close));
        assert_eq!(readings.get(Reading::Rsi14), rsi.push(close));
        assert_eq!(readings.get(Reading::StochD), stochastic.push(high, low, close).map(|v| v.d));
        assert_eq!(readings.get(Reading::Atr14), atr.push(high, low, close));
        assert_eq!(readings.get(Reading::Adx14), adx.push(high, low, close).and_then(|v| v.adx));
        assert_eq!(readings.get(Reading::Cci20), cci.push(high, low, close));
        assert_eq!(readings.get(Reading::Mfi14), mfi.push(high, low, close, close));
    }
}
