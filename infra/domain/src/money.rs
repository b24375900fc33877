//! Decimal newtypes for prices, quantities and money, with checked arithmetic only.
//!
//! | expression | result |
//! |---|---|
//! | `Price::plus(Price)`, `Price::minus(Price)` | `Price` (exact) |
//! | `Price::times(Quantity)` | `Money` (exact up to 28 digits, rounded beyond) |
//! | `Money::plus(Money)`, `Money::minus(Money)` | `Money` (the same) |
//! | `Quantity::plus(Quantity)` | `Quantity` (the same) |
//! | `Money::per(Quantity)` | `Decimal`, an average price of at most 28 digits |
//! | `Price::to_f64()`, `Quantity::to_f64()`, `Money::to_f64()` | nearest float, for features and statistics |
//!
//! Decimal operators panic on overflow, so none is used: each of these returns [`Overflow`]. The
//! book never rounds: what it can't hold to the last digit, it refuses.

use std::fmt;
use std::str::FromStr;

use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;

use crate::exact;
use crate::text::serde_as_text;

/// A result that no 96-bit decimal can hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("decimal arithmetic overflowed")]
pub struct Overflow;

/// Text that is not a price, a quantity or an amount.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ParseMoneyError {
    /// Not a decimal number, or one of more than 28 digits.
    #[error("'{0}' is not a decimal number of at most 28 digits")]
    NotANumber(String),
    /// A price with more than eight decimals or beyond ±92 billion.
    #[error("price '{0}' needs more than eight decimals or is too large")]
    PriceOutOfRange(String),
    /// A quantity below zero.
    #[error("quantity '{0}' is negative")]
    Negative(String),
}

/// Reads `12.5` and `1.25e1`; rounds nothing.
fn decimal(text: &str) -> Result<Decimal, ParseMoneyError> {
    let (plain, exponent) = text.split_once(['e', 'E']).map_or((text, None), |(p, e)| (p, Some(e)));
    // Noughts at the end of a fraction are no digits that it needs.
    let fraction = plain.contains('.').then(|| plain.trim_end_matches('0'));
    let read = Decimal::from_str_exact(plain)
        .or_else(|error| fraction.map_or(Err(error), Decimal::from_str_exact))
        .and_then(|value| match exponent {
            None => Ok(value),
            Some(exponent) => Decimal::from_scientific(&format!("{value}e{exponent}")),
        });
    read.map_err(|_| ParseMoneyError::NotANumber(text.chars().take(40).collect()))
}

/// The float nearest to a decimal. `Decimal::to_f64` is off by a bit now and then, and rests on a
/// power function that may differ between platforms.
fn nearest_f64(value: Decimal) -> f64 {
    // Where both are exact, their quotient is the nearest float; the text's parser knows the rest.
    const EXACT: i128 = 1 << f64::MANTISSA_DIGITS;
    const TENS: [f64; 23] = [
        1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16,
        1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
    ];
    let quotient = |value: Decimal| match TENS.get(value.scale() as usize) {
        Some(ten) if value.mantissa().abs() <= EXACT => Some(value.mantissa() as i64 as f64 / ten),
        _ => None,
    };
    quotient(value)
        .or_else(|| quotient(value.normalize()))
        .unwrap_or_else(|| value.to_string().parse().expect("a decimal's text is a float's"))
}

/// A price in quote units per base unit: a fixed-point decimal of eight places, the finest tick
/// that the venues quote. Eight bytes, so that a candle stays small in the loop.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Price(i64);

impl Price {
    /// Units of the last place in one.
    pub const SCALE: i64 = 100_000_000;
    /// Nought.
    pub const ZERO: Self = Self(0);

    /// From units of 10⁻⁸.
    pub const fn from_raw(raw: i64) -> Self {
        Self(raw)
    }

    /// In units of 10⁻⁸.
    pub const fn raw(self) -> i64 {
        self.0
    }

    /// The nearest float; equal to parsing the decimal text, since both operands are exact below
    /// 2⁵³ (90 million with eight decimals).
    #[inline]
    pub fn to_f64(self) -> f64 {
        self.0 as f64 / Self::SCALE as f64
    }

    /// The same number as a decimal.
    pub fn to_decimal(self) -> Decimal {
        let (mantissa, scale) = exact::shortened(self.0, 8);
        Decimal::new(mantissa, scale)
    }

    /// The price nearest to a float: for features that become prices, such as a stop distance.
    pub fn nearest(value: f64) -> Option<Self> {
        let raw = (value * Self::SCALE as f64).round();
        (raw.is_finite() && raw.abs() < i64::MAX as f64).then_some(Self(raw as i64))
    }

    /// `self × quantity`.
    pub fn times(self, quantity: Quantity) -> Result<Money, Overflow> {
        self.to_decimal().checked_mul(quantity.0).map(Money::new).ok_or(Overflow)
    }

    /// `self × quantity` to the last digit.
    pub(crate) fn times_exactly(self, quantity: Quantity) -> Result<Money, Overflow> {
        exact::product(self.to_decimal(), quantity.0).map(Money)
    }

    /// `self + other`.
    pub fn plus(self, other: Self) -> Result<Self, Overflow> {
        self.0.checked_add(other.0).map(Self).ok_or(Overflow)
    }

    /// `self − other`.
    pub fn minus(self, other: Self) -> Result<Self, Overflow> {
        self.0.checked_sub(other.0).map(Self).ok_or(Overflow)
    }

    /// Rounded down to a multiple of `tick`, or to the end of the range (no positive tick:
    /// unchanged).
    pub fn floor_to(self, tick: Self) -> Self {
        Self(self.0.saturating_sub(self.above(tick)))
    }

    /// Rounded up to a multiple of `tick`, or to the end of the range (no positive tick:
    /// unchanged).
    pub fn ceil_to(self, tick: Self) -> Self {
        match self.above(tick) {
            0 => self,
            above => Self(self.0.saturating_add(tick.0.saturating_sub(above))),
        }
    }

    /// By how much it is above the last multiple of `tick`.
    fn above(self, tick: Self) -> i64 {
        if tick.0 > 0 { self.0.checked_rem_euclid(tick.0).unwrap_or(0) } else { 0 }
    }

    /// Moved by basis points, `+` up and `−` down, rounded to the nearest 10⁻⁸.
    pub fn shifted_bps(self, bps: Decimal) -> Result<Self, Overflow> {
        let factor =
            bps.checked_div(Decimal::from(10_000)).and_then(|f| f.checked_add(Decimal::ONE));
        factor
            .and_then(|f| self.to_decimal().checked_mul(f))
            .ok_or(Overflow)
            .and_then(|moved| Self::try_from(moved.round_dp(8)).map_err(|_| Overflow))
    }
}

impl TryFrom<Decimal> for Price {
    type Error = ParseMoneyError;

    fn try_from(value: Decimal) -> Result<Self, Self::Error> {
        let out_of_range = || ParseMoneyError::PriceOutOfRange(value.to_string());
        let scaled = value.checked_mul(Decimal::from(Self::SCALE)).ok_or_else(out_of_range)?;
        if !scaled.fract().is_zero() {
            return Err(out_of_range());
        }
        scaled.to_i64().map(Self).ok_or_else(out_of_range)
    }
}

impl FromStr for Price {
    type Err = ParseMoneyError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match parse_plain(text) {
            Some(raw) => Ok(Self(raw)),
            None => Self::try_from(decimal(text)?),
        }
    }
}

/// The common case, digits with at most eight decimals, without a detour through `Decimal`.
fn parse_plain(text: &str) -> Option<i64> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let missing = 8usize.checked_sub(fraction.len())?;
    if whole.is_empty() || whole.len() > 10 {
        return None;
    }
    let digits = whole.bytes().chain(fraction.bytes()).chain(std::iter::repeat_n(b'0', missing));
    digits.into_iter().try_fold(0i64, |raw, digit| {
        let digit = digit.is_ascii_digit().then_some(digit & 0x0f)?;
        raw.checked_mul(10)?.checked_add(i64::from(digit))
    })
}

impl fmt::Display for Price {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.to_decimal(), f)
    }
}

impl fmt::Debug for Price {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Price({self})")
    }
}

/// A quantity in base units, never negative.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Quantity(Decimal);

impl Quantity {
    /// Nought.
    pub const ZERO: Self = Self(Decimal::ZERO);

    /// The same number as a decimal, without trailing noughts.
    pub fn to_decimal(self) -> Decimal {
        exact::normalized(self.0)
    }

    /// The nearest float.
    pub fn to_f64(self) -> f64 {
        nearest_f64(self.0)
    }

    /// Whether there is nothing.
    pub fn is_zero(self) -> bool {
        self.0.is_zero()
    }

    /// `self + other`.
    pub fn plus(self, other: Self) -> Result<Self, Overflow> {
        self.0.checked_add(other.0).map(Self).ok_or(Overflow)
    }

    /// `self + other` to the last digit.
    pub(crate) fn plus_exactly(self, other: Self) -> Result<Self, Overflow> {
        exact::sum(self.0, other.0).map(Self)
    }

    /// `self − other` to the last digit; what is less than nothing can't be held either.
    pub(crate) fn minus_exactly(self, other: Self) -> Result<Self, Overflow> {
        exact::difference(self.0, other.0)
            .and_then(|rest| Self::try_from(rest).map_err(|_| Overflow))
    }

    /// `self − other`, nought where `other` is larger.
    pub fn minus_or_zero(self, other: Self) -> Self {
        if other >= self { Self::ZERO } else { Self(self.0.saturating_sub(other.0)) }
    }

    /// Rounded down to a multiple of `step` (nought step: unchanged). Nought where no decimal holds
    /// that multiple: an order that is too small is refused, one that is off the step would pass.
    pub fn floor_to(self, step: Self) -> Self {
        if step.is_zero() {
            return self;
        }
        Self(exact::floor_multiple(self.0, step.0).unwrap_or_default().normalize())
    }
}

impl TryFrom<Decimal> for Quantity {
    type Error = ParseMoneyError;

    fn try_from(value: Decimal) -> Result<Self, Self::Error> {
        if value.is_sign_negative() && !value.is_zero() {
            return Err(ParseMoneyError::Negative(value.to_string()));
        }
        Ok(Self(value))
    }
}

impl FromStr for Quantity {
    type Err = ParseMoneyError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::try_from(decimal(text)?)
    }
}

/// An amount of one asset, of either sign; in the quote asset where nothing else is said.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Money(Decimal);

impl Money {
    /// Nought.
    pub const ZERO: Self = Self(Decimal::ZERO);

    /// From a decimal.
    pub const fn new(value: Decimal) -> Self {
        Self(value)
    }

    /// The same number as a decimal, without trailing noughts.
    pub fn to_decimal(self) -> Decimal {
        exact::normalized(self.0)
    }

    /// The nearest float.
    pub fn to_f64(self) -> f64 {
        nearest_f64(self.0)
    }

    /// `self + other`.
    pub fn plus(self, other: Self) -> Result<Self, Overflow> {
        self.0.checked_add(other.0).map(Self).ok_or(Overflow)
    }

    /// `self − other`.
    pub fn minus(self, other: Self) -> Result<Self, Overflow> {
        self.0.checked_sub(other.0).map(Self).ok_or(Overflow)
    }

    /// `self + other` to the last digit.
    pub(crate) fn plus_exactly(self, other: Self) -> Result<Self, Overflow> {
        exact::sum(self.0, other.0).map(Self)
    }

    /// `self − other` to the last digit.
    pub(crate) fn minus_exactly(self, other: Self) -> Result<Self, Overflow> {
        exact::difference(self.0, other.0).map(Self)
    }

    /// `self × factor` to the last digit.
    pub(crate) fn scaled_exactly(self, factor: Decimal) -> Result<Self, Overflow> {
        exact::product(self.0, factor).map(Self)
    }

    /// `self × factor`, rounded to 28 digits.
    pub fn scaled(self, factor: Decimal) -> Result<Self, Overflow> {
        self.0.checked_mul(factor).map(Self).ok_or(Overflow)
    }

    /// The price per unit that this amount makes; none for no quantity, or where it is beyond a
    /// decimal's range.
    pub fn per(self, quantity: Quantity) -> Option<Decimal> {
        self.0.checked_div(quantity.0).map(|d| d.normalize())
    }

    /// `self ÷ whole` as a float ratio; nought where `whole` is not positive.
    pub fn ratio_of(self, whole: Self) -> f64 {
        let positive = whole.0.is_sign_positive() && !whole.0.is_zero();
        if positive { self.to_f64() / whole.to_f64() } else { 0.0 }
    }

    /// The same amount with the other sign.
    #[expect(clippy::arithmetic_side_effects, reason = "a decimal's sign has a bit of its own")]
    pub fn negated(self) -> Self {
        Self(-self.0)
    }

    /// Whether this is nought.
    pub fn is_zero(&self) -> bool {
        self.0.is_zero()
    }

    /// Whether this is less than nought.
    pub fn is_negative(self) -> bool {
        self.0.is_sign_negative() && !self.0.is_zero()
    }
}

impl FromStr for Money {
    type Err = ParseMoneyError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        decimal(text).map(Self)
    }
}

/// Text in normal form, so that equal numbers have equal bytes (`1.50` and `1.5` are both `1.5`).
macro_rules! decimal_text {
    ($($type:ident),*) => {$(
        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.0.normalize(), f)
            }
        }
        impl fmt::Debug for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($type), "({})"), self)
            }
        }
    )*};
}
decimal_text!(Quantity, Money);

serde_as_text!(Price, Quantity, Money);
