//! Decimal newtypes for prices, quantities and money, with checked arithmetic only.
//!
//! | expression | result |
//! |---|---|
//! | `Price::times(Quantity)` | `Money` (exact) |
//! | `Money::plus(Money)`, `Money::minus(Money)` | `Money` (exact) |
//! | `Money::per(Quantity)` | `Decimal`, an average price of at most 28 digits |
//! | `Price::to_f64()`, `Quantity::to_f64()`, `Money::to_f64()` | nearest float, for features and statistics |
//!
//! Decimal operators panic on overflow, so none is used: each of these returns [`Overflow`].

use std::fmt;
use std::str::FromStr;

use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;

use crate::text::serde_as_text;

/// A result that no 96-bit decimal can hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("decimal arithmetic overflowed")]
pub struct Overflow;

/// Text that is not a price, a quantity or an amount.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ParseMoneyError {
    /// Not a decimal number.
    #[error("'{0}' is not a decimal number")]
    NotANumber(String),
    /// A price with more than eight decimals or beyond ±92 billion.
    #[error("price '{0}' needs more than eight decimals or is too large")]
    PriceOutOfRange(String),
    /// A quantity below zero.
    #[error("quantity '{0}' is negative")]
    Negative(String),
}

fn decimal(text: &str) -> Result<Decimal, ParseMoneyError> {
    Decimal::from_str(text)
        .or_else(|_| Decimal::from_scientific(text))
        .map_err(|_| ParseMoneyError::NotANumber(text.chars().take(40).collect()))
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
    pub fn to_f64(self) -> f64 {
        self.0 as f64 / Self::SCALE as f64
    }

    /// The same number as a decimal.
    pub fn to_decimal(self) -> Decimal {
        Decimal::new(self.0, 8).normalize()
    }

    /// The price nearest to a float: for features that become prices, such as a stop distance.
    pub fn nearest(value: f64) -> Option<Self> {
        let raw = (value * Self::SCALE as f64).round();
        (raw.is_finite() && raw.abs() < i64::MAX as f64).then(|| Self(raw as i64))
    }

    /// `self × quantity`, exact.
    pub fn times(self, quantity: Quantity) -> Result<Money, Overflow> {
        self.to_decimal().checked_mul(quantity.0).map(Money::new).ok_or(Overflow)
    }

    /// `self + other`.
    pub fn plus(self, other: Self) -> Result<Self, Overflow> {
        self.0.checked_add(other.0).map(Self).ok_or(Overflow)
    }

    /// `self − other`.
    pub fn minus(self, other: Self) -> Result<Self, Overflow> {
        self.0.checked_sub(other.0).map(Self).ok_or(Overflow)
    }

    /// Rounded towards nought to a multiple of `tick` (nought tick: unchanged).
    pub fn floor_to(self, tick: Self) -> Self {
        if tick.0 <= 0 { self } else { Self(self.0 - self.0.rem_euclid(tick.0)) }
    }

    /// Rounded up to a multiple of `tick` (nought tick: unchanged).
    pub fn ceil_to(self, tick: Self) -> Self {
        let floor = self.floor_to(tick);
        if floor == self { self } else { Self(floor.0.saturating_add(tick.0)) }
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
    let digits = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
    if whole.is_empty()
        || whole.len() > 10
        || fraction.len() > 8
        || !digits(whole)
        || !digits(fraction)
    {
        return None;
    }
    let number = |s: &str| s.bytes().fold(0i64, |n, b| n * 10 + i64::from(b - b'0'));
    let fraction_raw = number(fraction) * 10i64.pow(8 - fraction.len() as u32);
    number(whole).checked_mul(Price::SCALE)?.checked_add(fraction_raw)
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
        self.0.normalize()
    }

    /// The nearest float.
    pub fn to_f64(self) -> f64 {
        self.0.to_f64().unwrap_or(0.0)
    }

    /// Whether there is nothing.
    pub fn is_zero(self) -> bool {
        self.0.is_zero()
    }

    /// `self + other`.
    pub fn plus(self, other: Self) -> Result<Self, Overflow> {
        self.0.checked_add(other.0).map(Self).ok_or(Overflow)
    }

    /// `self − other`, nought where `other` is larger.
    pub fn minus_or_zero(self, other: Self) -> Self {
        if other >= self { Self::ZERO } else { Self(self.0.saturating_sub(other.0)) }
    }

    /// Rounded down to a multiple of `step` (nought step: unchanged).
    pub fn floor_to(self, step: Self) -> Self {
        match self.0.checked_rem(step.0) {
            Some(rest) => Self((self.0 - rest).normalize()),
            None => self,
        }
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
        self.0.normalize()
    }

    /// The nearest float.
    pub fn to_f64(self) -> f64 {
        self.0.to_f64().unwrap_or(0.0)
    }

    /// `self + other`.
    pub fn plus(self, other: Self) -> Result<Self, Overflow> {
        self.0.checked_add(other.0).map(Self).ok_or(Overflow)
    }

    /// `self − other`.
    pub fn minus(self, other: Self) -> Result<Self, Overflow> {
        self.0.checked_sub(other.0).map(Self).ok_or(Overflow)
    }

    /// `self × factor`.
    pub fn scaled(self, factor: Decimal) -> Result<Self, Overflow> {
        self.0.checked_mul(factor).map(Self).ok_or(Overflow)
    }

    /// The price per unit that this amount makes; none for no quantity.
    pub fn per(self, quantity: Quantity) -> Option<Decimal> {
        self.0.checked_div(quantity.0).map(|d| d.normalize())
    }

    /// `self ÷ whole` as a float ratio; nought where `whole` is not positive.
    pub fn ratio_of(self, whole: Self) -> f64 {
        if whole.0 <= Decimal::ZERO { 0.0 } else { self.to_f64() / whole.to_f64() }
    }

    /// The same amount with the other sign.
    pub fn negated(self) -> Self {
        Self(-self.0)
    }

    /// Whether this is less than nought.
    pub fn is_negative(self) -> bool {
        self.0 < Decimal::ZERO
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
