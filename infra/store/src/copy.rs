//! PostgreSQL's binary COPY format, as far as candles need it
//! (<https://www.postgresql.org/docs/current/sql-copy.html>, "Binary Format").
//!
//! Written and read by hand: most of a run's rows are candles, and this way a row costs a few
//! hundred nanoseconds and every float keeps its bits.

use domain::money::Price;
use domain::time::UtcMs;

use crate::error::StoreError;

const SIGNATURE: &[u8] = b"PGCOPY\n\xff\r\n\0";
/// 2000-01-01 in milliseconds since 1970: where PostgreSQL counts from.
const EPOCH_MS: i64 = 946_684_800_000;
/// Base of the digits of a `numeric`.
const BASE: i64 = 10_000;
const NEGATIVE: u16 = 0x4000;

/// Rows under way to the server.
pub(crate) struct Rows {
    bytes: Vec<u8>,
}

impl Rows {
    /// None yet; room for about `rows` of `row_bytes` each.
    pub(crate) fn with_capacity(rows: usize, row_bytes: usize) -> Self {
        let mut bytes = Vec::with_capacity(rows * row_bytes + 32);
        bytes.extend_from_slice(SIGNATURE);
        // No flags, no extension of the header.
        bytes.extend_from_slice(&[0; 8]);
        Self { bytes }
    }

    pub(crate) fn begin_row(&mut self, fields: i16) {
        self.bytes.extend_from_slice(&fields.to_be_bytes());
    }

    pub(crate) fn text(&mut self, text: &str) {
        self.bytes.extend_from_slice(&(text.len() as i32).to_be_bytes());
        self.bytes.extend_from_slice(text.as_bytes());
    }

    pub(crate) fn bigint(&mut self, value: i64) {
        self.bytes.extend_from_slice(&8_i32.to_be_bytes());
        self.bytes.extend_from_slice(&value.to_be_bytes());
    }

    pub(crate) fn double(&mut self, value: f64) {
        self.bigint(value.to_bits() as i64);
    }

    pub(crate) fn moment(&mut self, at: UtcMs) -> Result<(), StoreError> {
        let micros = at.ms().checked_sub(EPOCH_MS).and_then(|ms| ms.checked_mul(1000));
        let beyond = || StoreError::OutOfRange { what: format!("moment {at}") };
        self.bigint(micros.ok_or_else(beyond)?);
        Ok(())
    }

    /// A price as `numeric` without trailing noughts.
    pub(crate) fn price(&mut self, price: Price) {
        let raw = price.raw().unsigned_abs();
        // At most 92 233 720 368.54775807: three digits before the point, two after.
        let mut digits = [0_u16; 5];
        let mut rest = raw;
        for digit in digits.iter_mut().rev() {
            *digit = (rest % BASE as u64) as u16;
            rest /= BASE as u64;
        }
        let first = digits.iter().position(|digit| *digit != 0).unwrap_or(5);
        let last = digits.iter().rposition(|digit| *digit != 0).map_or(first, |at| at + 1);
        let digits = &digits[first.min(last)..last];
        let mut scale = 8_u16;
        let mut places = raw;
        while scale > 0 && places.is_multiple_of(10) {
            places /= 10;
            scale -= 1;
        }
        let sign = if price.raw() < 0 { NEGATIVE } else { 0 };
        let weight = 2 - first as i16;
        self.bytes.extend_from_slice(&(8 + 2 * digits.len() as i32).to_be_bytes());
        for word in [digits.len() as u16, weight as u16, sign, scale] {
            self.bytes.extend_from_slice(&word.to_be_bytes());
        }
        for digit in digits {
            self.bytes.extend_from_slice(&digit.to_be_bytes());
        }
    }

    /// All of it.
    pub(crate) fn finish(mut self) -> Vec<u8> {
        self.bytes.extend_from_slice(&(-1_i16).to_be_bytes());
        self.bytes
    }
}

/// Reads what the server sends, row by row.
pub(crate) struct Fields<'a> {
    bytes: &'a [u8],
}

impl<'a> Fields<'a> {
    /// Of one message of the server: none where it holds the end and no row.
    pub(crate) fn of_row(message: &'a [u8], fields: i16) -> Result<Option<Self>, StoreError> {
        let mut row = Self { bytes: message };
        if row.bytes.starts_with(SIGNATURE) {
            row.take(SIGNATURE.len() + 8)?;
        }
        // The header comes alone or with the first row.
        if row.bytes.is_empty() {
            return Ok(None);
        }
        match i16::from_be_bytes(row.array()?) {
            -1 => Ok(None),
            found if found == fields => Ok(Some(row)),
            found => Err(StoreError::corrupt(format!("a copied row has {found} fields"))),
        }
    }

    fn take(&mut self, length: usize) -> Result<&'a [u8], StoreError> {
        let cut = self.bytes.split_at_checked(length);
        let (head, rest) = cut.ok_or_else(|| StoreError::corrupt("a copied row is cut off"))?;
        self.bytes = rest;
        Ok(head)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], StoreError> {
        Ok(self.take(N)?.try_into().expect("take gives the length that was asked for"))
    }

    fn field(&mut self) -> Result<Option<&'a [u8]>, StoreError> {
        let length = i32::from_be_bytes(self.array()?);
        usize::try_from(length).ok().map(|length| self.take(length)).transpose()
    }

    fn present(&mut self) -> Result<&'a [u8], StoreError> {
        self.field()?.ok_or_else(|| StoreError::corrupt("a copied row lacks a value"))
    }

    /// None for null.
    pub(crate) fn text(&mut self) -> Result<Option<&'a str>, StoreError> {
        let text = self.field()?.map(std::str::from_utf8).transpose();
        text.map_err(|_| StoreError::corrupt("a copied row holds text that is not UTF-8"))
    }

    pub(crate) fn skip(&mut self) -> Result<(), StoreError> {
        self.field().map(drop)
    }

    pub(crate) fn bigint(&mut self) -> Result<i64, StoreError> {
        let bytes = self.present()?.try_into();
        bytes.map(i64::from_be_bytes).map_err(|_| StoreError::corrupt("a number of other length"))
    }

    pub(crate) fn double(&mut self) -> Result<f64, StoreError> {
        Ok(f64::from_bits(self.bigint()? as u64))
    }

    pub(crate) fn moment(&mut self) -> Result<UtcMs, StoreError> {
        Ok(UtcMs::new(self.bigint()?.div_euclid(1000)).plus_ms(EPOCH_MS))
    }

    pub(crate) fn price(&mut self) -> Result<Price, StoreError> {
        let unfit = || StoreError::corrupt("a stored price is no price of eight decimals");
        let mut number = Fields { bytes: self.present()? };
        let count = u16::from_be_bytes(number.array()?);
        let weight = i16::from_be_bytes(number.array()?);
        let sign = u16::from_be_bytes(number.array()?);
        number.take(2)?;
        let mut raw: i64 = 0;
        // The place of a digit: 2 for hundreds of millions, …, −2 for the last four decimals.
        for place in (-2..=2_i32).rev() {
            let index = i32::from(weight) - place;
            let digit = if (0..i32::from(count)).contains(&index) {
                i64::from(u16::from_be_bytes(number.array()?))
            } else {
                0
            };
            raw = raw.checked_mul(BASE).and_then(|raw| raw.checked_add(digit)).ok_or_else(unfit)?;
        }
        let beyond = weight > 2 || !number.bytes.is_empty();
        match sign {
            _ if beyond => Err(unfit()),
            0 => Ok(Price::from_raw(raw)),
            NEGATIVE => Ok(Price::from_raw(-raw)),
            _ => Err(unfit()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn round_trip(raw: i64) -> Price {
        let mut rows = Rows::with_capacity(1, 32);
        rows.begin_row(1);
        rows.price(Price::from_raw(raw));
        let bytes = rows.finish();
        Fields::of_row(&bytes, 1).unwrap().unwrap().price().unwrap()
    }

    #[test]
    fn prices_survive_at_every_size() {
        let mut samples = vec![0, 1, 9999, 10_000, i64::MAX, -1, -123_456_789, -i64::MAX];
        for power in 0..19 {
            let unit = 10_i64.pow(power);
            samples.extend([unit - 1, unit, unit + 1, unit.saturating_mul(7)]);
        }
        for raw in samples {
            assert_eq!(round_trip(raw), Price::from_raw(raw), "{raw}");
        }
    }

    #[test]
    fn cut_rows_are_refused() {
        let mut rows = Rows::with_capacity(1, 32);
        rows.begin_row(1);
        rows.price(Price::from_raw(123_456_789_012));
        let bytes = rows.finish();
        for length in 20..bytes.len() - 3 {
            let row = Fields::of_row(&bytes[..length], 1);
            let price = row.and_then(|row| row.map(|mut row| row.price()).transpose());
            assert!(price.is_err(), "{length}");
        }
    }
}
