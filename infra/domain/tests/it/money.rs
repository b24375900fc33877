//! Money types against plain integers, and against text of any kind.

use std::fmt::{Debug, Display};
use std::str::FromStr;

use domain::canonical;
use domain::money::{Money, Price, Quantity};
use proptest::prelude::*;
use rust_decimal::Decimal;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::any::{any_decimal, decimal, quantity};

/// Text and stored form give the same value back, in the same bytes whoever wrote it.
fn round_trips<T>(value: T) -> Result<(), TestCaseError>
where
    T: Copy + PartialEq + Debug + Display + FromStr + Serialize + DeserializeOwned,
    T::Err: Debug,
{
    let text = value.to_string();
    prop_assert_eq!(text.parse::<T>().expect("its own text"), value);
    prop_assert!(!text.contains('.') || !text.ends_with(['0', '.']), "{} is not normal", text);
    prop_assert!(text != "-0");
    let stored = canonical::encode(&value).expect("a record");
    prop_assert_eq!(&stored, &format!("\"{text}\""));
    prop_assert_eq!(canonical::decode::<T>(&stored).expect("what was written"), value);
    Ok(())
}

/// A decimal in units of 10⁻⁸, as an integer.
fn raw(value: Decimal) -> i128 {
    value.mantissa() * 10i128.pow(8 - value.scale())
}

fn text_like_a_number() -> impl Strategy<Value = String> {
    prop_oneof![
        3 => "[-+]?[0-9]{0,12}\\.?[0-9]{0,10}",
        1 => "[-+]?[0-9]{0,40}[.]?[0-9]{0,40}([eE][-+]?[0-9]{0,12})?",
        1 => "[-+._eE0-9]{0,24}",
        1 => any::<String>(),
    ]
}

proptest! {
    #[test]
    fn prices_round_trip(raw in any::<i64>()) {
        round_trips(Price::from_raw(raw))?;
        prop_assert_eq!(Price::try_from(Price::from_raw(raw).to_decimal()), Ok(Price::from_raw(raw)));
    }

    #[test]
    fn a_price_is_any_number_of_eight_places_that_fits(value in any_decimal()) {
        let short = value.normalize();
        let raw = (short.scale() <= 8).then(|| raw(short)).and_then(|raw| i64::try_from(raw).ok());
        prop_assert_eq!(Price::try_from(value).ok().map(Price::raw), raw);
    }

    #[test]
    fn quantities_and_amounts_round_trip(value in any_decimal()) {
        round_trips(Money::new(value))?;
        round_trips(Money::new(value).negated())?;
        round_trips(quantity(value.abs()))?;
    }

    #[test]
    fn equal_numbers_have_equal_bytes(mantissa in -1_000_000i64..1_000_000, noughts in 0u32..9) {
        let longer = decimal(mantissa * 10i64.pow(noughts), 3 + noughts);
        let shorter = decimal(mantissa, 3);
        let bytes = |value| canonical::encode(&Money::new(value)).expect("a record");
        prop_assert_eq!(bytes(longer), bytes(shorter));
        prop_assert_eq!(Money::new(longer).to_decimal().to_string(), Money::new(shorter).to_string());
    }

    #[test]
    fn no_text_panics_and_what_is_read_is_what_was_written(text in text_like_a_number()) {
        // Noughts at its end don't make a number longer.
        let shorter = if text.contains('.') { text.trim_end_matches('0') } else { &text };
        let exact = Decimal::from_str_exact(&text).or(Decimal::from_str_exact(shorter)).ok();
        let scientific = text.contains(['e', 'E']);
        if let Ok(price) = text.parse::<Price>() {
            // The short cut for plain digits reads what the long way reads.
            prop_assert!(scientific || exact == Some(price.to_decimal()), "{}", text);
            round_trips(price)?;
        } else if let Some(exact) = exact {
            prop_assert!(Price::try_from(exact).is_err(), "{} was refused", text);
        }
        if let Ok(amount) = text.parse::<Money>() {
            prop_assert!(scientific || exact == Some(amount.to_decimal()), "{}", text);
            round_trips(amount)?;
        } else {
            prop_assert_eq!(exact, None, "{} was refused", text);
        }
        let read = text.parse::<Quantity>().map(Quantity::to_decimal);
        let not_negative = text.parse::<Money>().map(Money::to_decimal);
        prop_assert_eq!(read.ok(), not_negative.ok().filter(|value| *value >= Decimal::ZERO));
    }

    #[test]
    fn price_arithmetic_is_that_of_integers(a in any::<i64>(), b in any::<i64>()) {
        let [x, y] = [a, b].map(Price::from_raw);
        prop_assert_eq!(x.plus(y).ok().map(Price::raw), a.checked_add(b));
        prop_assert_eq!(x.minus(y).ok().map(Price::raw), a.checked_sub(b));
    }

    #[test]
    fn prices_round_to_the_tick(price in any::<i64>(), tick in prop_oneof![any::<i64>(), 0i64..1000]) {
        let [down, up] =
            [Price::floor_to, Price::ceil_to].map(|f| f(Price::from_raw(price), Price::from_raw(tick)).raw());
        if tick <= 0 {
            prop_assert_eq!((down, up), (price, price));
            return Ok(());
        }
        let (wide, tick) = (i128::from(price), i128::from(tick));
        let floor = wide.div_euclid(tick) * tick;
        let ceil = -(-wide).div_euclid(tick) * tick;
        prop_assert_eq!(i128::from(down), floor.max(i128::from(i64::MIN)));
        prop_assert_eq!(i128::from(up), ceil.min(i128::from(i64::MAX)));
    }

    #[test]
    fn amounts_are_exact_within_28_digits(
        (a, b) in (any::<i64>(), any::<i64>()),
        (scale, other) in (0u32..=8, 0u32..=8),
        price in -1_000_000_000_000i64..1_000_000_000_000,
        units in 0i64..1_000_000_000_000,
    ) {
        let [x, y] = [decimal(a, scale), decimal(b, other)];
        let [m, n] = [x, y].map(Money::new);
        prop_assert_eq!(raw(m.plus(n).unwrap().to_decimal()), raw(x) + raw(y));
        prop_assert_eq!(raw(m.minus(n).unwrap().to_decimal()), raw(x) - raw(y));
        prop_assert_eq!(m.negated().plus(m).unwrap(), Money::ZERO);
        prop_assert_eq!(m < n, raw(x) < raw(y));
        let held = decimal(units, scale);
        let notional = Price::from_raw(price).times(quantity(held)).unwrap().to_decimal();
        let sixteenth = notional.mantissa() * 10i128.pow(16 - notional.scale());
        prop_assert_eq!(sixteenth, i128::from(price) * raw(held));
    }

    #[test]
    fn quantities_subtract_down_to_nought(a in 0i64.., b in 0i64.., scale in 0u32..=8) {
        let [x, y] = [decimal(a, scale), decimal(b, 8)];
        let left = quantity(x).minus_or_zero(quantity(y));
        prop_assert_eq!(raw(left.to_decimal()), (raw(x) - raw(y)).max(0));
        prop_assert_eq!(raw(quantity(x).plus(quantity(y)).unwrap().to_decimal()), raw(x) + raw(y));
    }

    #[test]
    fn quantities_round_down_to_the_step(units in 0i64.., scale in 0u32..=8, step in 0i64..10_000_000_000) {
        let held = decimal(units, scale);
        let floored = raw(quantity(held).floor_to(quantity(decimal(step, 8))).to_decimal());
        let expected = if step == 0 { raw(held) } else { raw(held) / i128::from(step) * i128::from(step) };
        prop_assert_eq!(floored, expected);
    }

    /// Whatever the numbers, what comes out is a multiple that isn't more, or nought.
    #[test]
    fn any_quantity_rounds_down(held in any_decimal(), step in any_decimal()) {
        let [held, step] = [held, step].map(|value| quantity(value.abs()));
        let floored = held.floor_to(step);
        prop_assert!(floored <= held);
        prop_assert_eq!(floored.floor_to(step), floored);
    }

    #[test]
    fn no_arithmetic_panics(x in any_decimal(), y in any_decimal(), price in any::<i64>()) {
        let [m, n] = [x, y].map(Money::new);
        let [q, p] = [x, y].map(|value| quantity(value.abs()));
        let price = Price::from_raw(price);
        let _ = (m.plus(n), m.minus(n), m.scaled(y), m.per(p), m.ratio_of(n), m.is_negative());
        let _ = (q.plus(p), q.minus_or_zero(p), q.floor_to(p), price.times(q), price.shifted_bps(x));
        let _ = (Price::try_from(x), Price::nearest(m.to_f64()), format!("{m:?} {q:>9} {price:.3}"));
    }

    #[test]
    fn floats_are_the_nearest(value in any_decimal(), price in -9_000_000_000_000_000i64..9_000_000_000_000_000) {
        prop_assert_eq!(Money::new(value).to_f64(), value.normalize().to_string().parse::<f64>().unwrap());
        prop_assert_eq!(quantity(value.abs()).to_f64(), value.abs().to_string().parse::<f64>().unwrap());
        let text = Price::from_raw(price).to_string();
        prop_assert_eq!(Price::from_raw(price).to_f64(), text.parse::<f64>().unwrap());
        // A float has no digits left to tell the 10⁻⁸ of larger ones apart.
        let price = Price::from_raw(price % 1_000_000_000_000_000);
        prop_assert_eq!(Price::nearest(price.to_f64()), Some(price));
    }

    #[test]
    fn an_average_times_its_quantity_is_the_amount(amount in -1_000_000_000i64..1_000_000_000, units in 1i64..1_000_000) {
        let average = Money::new(decimal(amount, 4)).per(quantity(decimal(units, 6))).unwrap();
        let off = average * decimal(units, 6) - decimal(amount, 4);
        prop_assert!(off.abs() < decimal(1, 18), "{}", off);
    }
}

#[test]
fn edges_of_the_range_are_refused_or_kept() {
    assert_eq!("92233720368.54775807".parse(), Ok(Price::from_raw(i64::MAX)));
    assert_eq!("-92233720368.54775808".parse(), Ok(Price::from_raw(i64::MIN)));
    for text in
        ["92233720368.54775808", "0.000000001", "", ".", "-", "1e", "e5", "NaN", "inf", "1,5"]
    {
        assert!(text.parse::<Price>().is_err(), "{text}");
    }
    // More digits than a decimal holds: refused, not rounded.
    for text in ["1.00000000000000000000000000001", "1.00000000000000000000000000001e0"] {
        assert!(text.parse::<Price>().is_err(), "{text}");
        assert!(text.parse::<Money>().is_err(), "{text}");
        assert!(text.parse::<Quantity>().is_err(), "{text}");
    }
    assert_eq!("1.5e-3".parse::<Money>().unwrap().to_string(), "0.0015");
    assert_eq!("1E+3".parse::<Money>().is_ok(), "1E3".parse::<Money>().is_ok());
    assert!("-0.1".parse::<Quantity>().is_err());
    assert_eq!("-0".parse::<Quantity>().unwrap(), Quantity::ZERO);
    assert!(Money::new(Decimal::ONE).per(Quantity::ZERO).is_none());
    for value in [f64::NAN, f64::INFINITY, 1e300, -1e300] {
        assert_eq!(Price::nearest(value), None);
    }
}

#[test]
fn a_multiple_that_no_decimal_holds_is_nought() {
    let held: Quantity = "10000000000000000000000000000".parse().unwrap();
    assert_eq!(held.floor_to("0.3".parse().unwrap()), Quantity::ZERO);
    assert_eq!(held.floor_to("0.5".parse().unwrap()), held);
    assert_eq!(held.floor_to("3".parse().unwrap()).to_string(), "9999999999999999999999999999");
}

#[test]
fn basis_points_move_a_price() {
    let price: Price = "43210.12".parse().unwrap();
    assert_eq!(price.shifted_bps(decimal(5, 0)).unwrap().to_string(), "43231.72506");
    assert_eq!(price.shifted_bps(decimal(-10_000, 0)).unwrap(), Price::ZERO);
}
