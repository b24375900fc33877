//! Decimal arithmetic that is exact or refused.
//!
//! `Decimal`'s own operations round silently where a result needs more than 28 digits: fine for an
//! estimate, wrong for a book, whose sums must not depend on their order.

use rust_decimal::Decimal;

use crate::money::Overflow;

/// Powers of ten, as far as a decimal has places.
const TENS: [i128; 29] = {
    let mut tens = [1; 29];
    let mut place = 1;
    while place < tens.len() {
        tens[place] = tens[place - 1] * 10;
        place += 1;
    }
    tens
};

/// `a + b`.
pub(crate) fn sum(a: Decimal, b: Decimal) -> Result<Decimal, Overflow> {
    let (a, b, scale) = aligned(a, b).ok_or(Overflow)?;
    fitted(a.checked_add(b).ok_or(Overflow)?, scale)
}

/// `a − b`.
pub(crate) fn difference(a: Decimal, b: Decimal) -> Result<Decimal, Overflow> {
    let (a, b, scale) = aligned(a, b).ok_or(Overflow)?;
    fitted(a.checked_sub(b).ok_or(Overflow)?, scale)
}

/// `a × b`.
pub(crate) fn product(a: Decimal, b: Decimal) -> Result<Decimal, Overflow> {
    let ((a, a_scale), (b, b_scale)) = (normal(a), normal(b));
    fitted(a.checked_mul(b).ok_or(Overflow)?, a_scale.saturating_add(b_scale))
}

/// Mantissa and scale in normal form.
fn normal(value: Decimal) -> (i128, u32) {
    match i64::try_from(value.mantissa()) {
        Ok(mantissa) => {
            let (mantissa, scale) = shortened(mantissa, value.scale());
            (i128::from(mantissa), scale)
        }
        Err(_) => {
            let value = value.normalize();
            (value.mantissa(), value.scale())
        }
    }
}

/// Without noughts at the end of the fraction: `Decimal::normalize`, in 64 bits where the digits
/// fit, as nearly all do.
pub(crate) fn normalized(value: Decimal) -> Decimal {
    match i64::try_from(value.mantissa()) {
        Ok(mantissa) => {
            let (mantissa, scale) = shortened(mantissa, value.scale());
            Decimal::new(mantissa, scale)
        }
        Err(_) => value.normalize(),
    }
}

/// Without noughts at the end of the fraction.
pub(crate) fn shortened(mut mantissa: i64, mut scale: u32) -> (i64, u32) {
    // A price in cents has six.
    while scale >= 4 && mantissa % 10_000 == 0 {
        mantissa /= 10_000;
        scale = scale.saturating_sub(4);
    }
    while scale > 0 && mantissa % 10 == 0 {
        mantissa /= 10;
        scale = scale.saturating_sub(1);
    }
    (mantissa, scale)
}

/// The largest multiple of `step` that isn't above `value`; both not negative. None where there is
/// no step, or more digits between them than can be computed with.
pub(crate) fn floor_multiple(value: Decimal, step: Decimal) -> Option<Decimal> {
    let (value, step, scale) = aligned(value, step)?;
    let rest = value.checked_rem(step)?;
    fitted(value.checked_sub(rest)?, scale).ok()
}

/// Both as integers in units of the finer one's last place.
fn aligned(a: Decimal, b: Decimal) -> Option<(i128, i128, u32)> {
    let (a, b) = (normal(a), normal(b));
    let scale = a.1.max(b.1);
    let raised = |(mantissa, its): (i128, u32)| match scale.saturating_sub(its) {
        0 => Some(mantissa),
        places => mantissa.checked_mul(*TENS.get(places as usize)?),
    };
    Some((raised(a)?, raised(b)?, scale))
}

fn fitted(mut mantissa: i128, mut scale: u32) -> Result<Decimal, Overflow> {
    loop {
        match Decimal::try_from_i128_with_scale(mantissa, scale) {
            Ok(value) => return Ok(value),
            Err(_) if scale > 0 && mantissa % 10 == 0 => {
                mantissa /= 10;
                scale = scale.saturating_sub(1);
            }
            Err(_) => return Err(Overflow),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decimal(text: &str) -> Decimal {
        Decimal::from_str_exact(text).unwrap()
    }

    #[test]
    fn what_a_decimal_holds_is_exact_and_the_rest_refused() {
        let max = Decimal::MAX;
        assert_eq!(sum(max, decimal("0.1")), Err(Overflow));
        assert_eq!(difference(max, Decimal::ONE), Ok(decimal("79228162514264337593543950334")));
        // Thirty digits on the way, twenty-eight in the end.
        let half = decimal("7922816251426433759354395033.5");
        assert_eq!(sum(half, half), Ok(decimal("15845632502852867518708790067")));
        assert_eq!(
            product(decimal("0.00000000000002"), decimal("0.000000000000005")),
            Ok(decimal("0.0000000000000000000000000001"))
        );
        assert_eq!(
            product(decimal("0.00000000000001"), decimal("0.000000000000001")),
            Err(Overflow)
        );
        assert_eq!(product(max, decimal("1.1")), Err(Overflow));
    }

    #[test]
    fn normal_form_is_the_decimals_own() {
        for text in ["0", "0.000", "-0.50", "120", "1.2300", "-7000.0", "9223372036854775807.0"] {
            let value = decimal(text);
            let (short, normalized) = (normal(value), value.normalize());
            assert_eq!(short, (normalized.mantissa(), normalized.scale()), "{text}");
            assert_eq!(super::normalized(value).serialize(), normalized.serialize(), "{text}");
        }
    }

    #[test]
    fn multiples_are_below() {
        assert_eq!(floor_multiple(decimal("1.2345"), decimal("0.01")), Some(decimal("1.23")));
        assert_eq!(floor_multiple(decimal("0.5"), decimal("2")), Some(Decimal::ZERO));
        assert_eq!(floor_multiple(decimal("1.5"), Decimal::ZERO), None);
        assert_eq!(floor_multiple(Decimal::MAX, decimal("0.0000000000000000000000000003")), None);
    }
}
