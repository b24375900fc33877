//! Decimals as residues modulo the prime 2⁶¹ − 1: exact arithmetic of any size in one word.
//!
//! A decimal `m / 10ˢ` becomes `m · 10⁻ˢ` in the field. Sums and products of residues are the
//! residues of the exact sums and products, so a book that lost or invented the last digit of
//! anything differs here, however large or small its numbers are (two different decimals share a
//! residue once in 2⁶¹).

use std::ops::{Add, Mul, Neg, Sub};

use rust_decimal::Decimal;

const PRIME: u128 = (1 << 61) - 1;

/// An element of the field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Residue(u64);

impl Residue {
    pub(crate) const ZERO: Self = Self(0);

    fn of(number: i128) -> Self {
        let prime = i128::try_from(PRIME).expect("61 bits");
        Self(u64::try_from(number.rem_euclid(prime)).expect("61 bits"))
    }

    fn power(self, exponent: u64) -> Self {
        let mut result = Self(1);
        for bit in (0..64).rev() {
            result = result * result;
            if exponent >> bit & 1 == 1 {
                result = result * self;
            }
        }
        result
    }
}

impl From<Decimal> for Residue {
    fn from(value: Decimal) -> Self {
        let tenth = Self(10).power(u64::try_from(PRIME).expect("61 bits") - 2);
        Self::of(value.mantissa()) * tenth.power(u64::from(value.scale()))
    }
}

impl Add for Residue {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self::of(i128::from(self.0) + i128::from(other.0))
    }
}

impl Sub for Residue {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        Self::of(i128::from(self.0) - i128::from(other.0))
    }
}

impl Mul for Residue {
    type Output = Self;

    fn mul(self, other: Self) -> Self {
        Self::of(i128::from(self.0) * i128::from(other.0))
    }
}

impl Neg for Residue {
    type Output = Self;

    fn neg(self) -> Self {
        Self::ZERO - self
    }
}

#[test]
fn residues_add_and_multiply_like_decimals() {
    let [a, b] =
        ["1234567.00000089", "-0.000000000000000321"].map(|t| t.parse::<Decimal>().unwrap());
    assert_eq!(Residue::from(a) + Residue::from(b), Residue::from(a + b));
    assert_eq!(Residue::from(a) * Residue::from(b), Residue::from(a * b));
    assert_ne!(Residue::from(a), Residue::from(b));
}
