//! Names in one form, and the venue's filters against plain integers.

use domain::candle::Candle;
use domain::canonical;
use domain::instrument::{Asset, FilterViolation, Filters, InstrumentId};
use domain::money::{Money, Price};
use domain::time::UtcMs;
use domain::timeframe::Timeframe;
use proptest::prelude::*;

use crate::any::{any_decimal, decimal, quantity};

proptest! {
    #[test]
    fn no_name_panics_and_what_parses_is_stored_in_one_form(
        text in prop_oneof![
            any::<String>(),
            "[A-Za-z0-9]{0,12}[/_:-]{0,2}(usdt|USDT|BTC|EUR)?(:[A-Z0-9]{0,6})?",
            "[ABUSDT/:ä-]{0,40}",
        ],
    ) {
        if let Ok(id) = text.parse::<InstrumentId>() {
            prop_assert_eq!(id.as_str().parse::<InstrumentId>(), Ok(id));
            prop_assert_eq!(id.to_string(), id.as_str());
            let stored = canonical::encode(&id).expect("a record");
            prop_assert_eq!(canonical::decode::<InstrumentId>(&stored).expect("what was written"), id);
            prop_assert!(!id.base().is_empty() && !id.quote().is_empty());
            let spot = format!("{}/{}", id.base(), id.quote());
            prop_assert!(id.as_str().starts_with(&spot));
            prop_assert_eq!(id.is_perpetual(), text.contains(':'));
        }
        if let Ok(asset) = text.parse::<Asset>() {
            prop_assert_eq!(asset.as_str(), &text);
        }
    }

    #[test]
    fn every_spelling_of_a_pair_is_one_name(base in "[A-Z0-9]{1,10}", settled in any::<bool>()) {
        let id = InstrumentId::new(&base, "USDT", settled.then_some("USDT")).expect("a pair");
        prop_assert_eq!((id.base(), id.quote(), id.is_perpetual()), (base.as_str(), "USDT", settled));
        let settle = if settled { ":USDT" } else { "" };
        for separator in ["/", "-", "_", ""] {
            let text = format!(" {base}{separator}usdt{settle}\n");
            prop_assert_eq!(text.parse::<InstrumentId>(), Ok(id), "{}", text);
        }
    }

    #[test]
    fn filters_are_those_of_integers(
        (units, price) in (0i64..2_000_000, 1i64..1_000_000),
        (step, least, most) in (0i64..50, 0i64..100, 0i64..2_000_000),
        min_notional in 0i64..100_000_000,
    ) {
        // Quantities in 10⁻⁴, prices in 10⁻², so that amounts are in 10⁻⁶.
        let filters = Filters {
            tick: Price::from_raw(1),
            step: quantity(decimal(step, 4)),
            min_quantity: quantity(decimal(least, 4)),
            max_quantity: quantity(decimal(most, 4)),
            min_notional_quote: Money::new(decimal(min_notional, 6)),
        };
        let found = filters.check(quantity(decimal(units, 4)), Price::from_raw(price * 1_000_000));
        let fits = match found {
            Err(FilterViolation::BelowMinQuantity { .. }) => units < least || units == 0,
            Err(FilterViolation::AboveMaxQuantity { .. }) => units > most,
            Err(FilterViolation::OffStep { .. }) => step > 0 && units % step != 0,
            Err(FilterViolation::BelowMinNotional { .. }) => units * price < min_notional,
            Err(FilterViolation::Overflow) => false,
            Ok(()) => {
                let on_step = step == 0 || units % step == 0;
                units > 0 && units >= least && units <= most && on_step && units * price >= min_notional
            }
        };
        prop_assert!(fits, "{:?}", found);
    }

    #[test]
    fn no_filters_panic(numbers in prop::array::uniform5(any_decimal()), tick in any::<i64>(), price in any::<i64>()) {
        let [step, least, most, size, notional] = numbers;
        let [step, min_quantity, max_quantity, size] =
            [step, least, most, size].map(|number| quantity(number.abs()));
        let (tick, min_notional_quote) = (Price::from_raw(tick), Money::new(notional));
        let filters = Filters { tick, step, min_quantity, max_quantity, min_notional_quote };
        if filters.check(size, Price::from_raw(price)).is_ok() {
            prop_assert!(size >= min_quantity && size <= max_quantity && size.floor_to(step) == size);
        }
        let stored = canonical::encode(&filters).expect("a record");
        prop_assert_eq!(canonical::decode::<Filters>(&stored).expect("what was written"), filters);
    }

    #[test]
    fn a_candle_is_sane_or_not_made(
        open_time in prop_oneof![any::<i64>(), (-1_000_000i64..1_000_000).prop_map(|n| n * 60_000)],
        ohlc in prop::array::uniform4(prop_oneof![any::<i64>(), 1i64..20]),
        volume in any::<f64>(),
    ) {
        let open_time = UtcMs::new(open_time);
        let made = Candle::new(Timeframe::M1, open_time, ohlc.map(Price::from_raw), volume);
        let [open, high, low, close] = ohlc;
        let sane = open_time.ms() % 60_000 == 0
            && low > 0
            && [open, close].iter().all(|price| (low..=high).contains(price))
            && volume.is_finite()
            && volume >= 0.0;
        prop_assert_eq!(made.is_ok(), sane);
        if let Ok(candle) = made {
            let stored = canonical::encode(&candle).expect("a record");
            let back: Candle = canonical::decode(&stored).expect("what was written");
            prop_assert_eq!(back, candle);
            prop_assert!(candle.volume_base.is_sign_positive(), "nought has one form");
        }
    }
}

#[test]
fn a_stored_candle_is_checked_as_well() {
    let prices = [10, 12, 9, 11].map(|units| Price::from_raw(units * Price::SCALE));
    let candle = Candle::new(Timeframe::H1, UtcMs::new(0), prices, 1.5).unwrap();
    let stored = canonical::encode(&candle).unwrap();
    for (sane, insane) in [
        (r#""high":"12""#, r#""high":"8""#),
        (r#""low":"9""#, r#""low":"-9""#),
        (r#""open_time":0"#, r#""open_time":1"#),
        ("f64:3ff8", "f64:bff8"),
    ] {
        let altered = stored.replace(sane, insane);
        assert_ne!(altered, stored);
        assert!(canonical::decode::<Candle>(&altered).is_err(), "{altered}");
    }
}
