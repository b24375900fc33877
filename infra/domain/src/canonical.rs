//! Canonical text of a record: the bytes that are hashed and stored.
//!
//! JSON without white space, fields in the order of the struct, decimals in normal form (their
//! own serialisation), and every float as its bits, `"f64:3ff0000000000000"`: the same value has
//! the same bytes on every platform and reads back without loss. Text that itself begins with
//! `f64:` is written with that prefix twice, so that it is never taken for a float.

use std::io;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_json::ser::{CharEscape, CompactFormatter, Formatter, Serializer};

const FLOAT: &str = "f64:";

/// Writes floats as bits, and tells text that looks the same apart.
#[derive(Default)]
struct FloatBits {
    at_text_start: bool,
}

impl Formatter for FloatBits {
    fn write_f64<W: ?Sized + io::Write>(&mut self, writer: &mut W, value: f64) -> io::Result<()> {
        write!(writer, "\"{FLOAT}{:016x}\"", value.to_bits())
    }

    fn begin_string<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.at_text_start = true;
        writer.write_all(b"\"")
    }

    fn write_string_fragment<W: ?Sized + io::Write>(
        &mut self,
        writer: &mut W,
        fragment: &str,
    ) -> io::Result<()> {
        if std::mem::take(&mut self.at_text_start) && fragment.starts_with(FLOAT) {
            writer.write_all(FLOAT.as_bytes())?;
        }
        writer.write_all(fragment.as_bytes())
    }

    fn write_char_escape<W: ?Sized + io::Write>(
        &mut self,
        writer: &mut W,
        escape: CharEscape,
    ) -> io::Result<()> {
        self.at_text_start = false;
        CompactFormatter.write_char_escape(writer, escape)
    }
}

/// Text that is not a record of the expected type.
#[derive(Debug, thiserror::Error)]
#[error("not a canonical record: {0}")]
pub struct CanonicalError(#[from] serde_json::Error);

/// The canonical text of `record`. A float that is not finite has no text in JSON and becomes
/// `null`, which no float is read back from.
pub fn encode<T: Serialize>(record: &T) -> Result<String, CanonicalError> {
    let mut bytes = Vec::with_capacity(512);
    record.serialize(&mut Serializer::with_formatter(&mut bytes, FloatBits::default()))?;
    Ok(String::from_utf8(bytes).expect("serde_json writes UTF-8"))
}

/// Reads a record back, bit for bit.
pub fn decode<T: DeserializeOwned>(text: &str) -> Result<T, CanonicalError> {
    Ok(serde_json::from_value(readable(text)?)?)
}

/// The record as plain JSON with floats as numbers, for people and programs to read.
pub fn readable(text: &str) -> Result<Value, CanonicalError> {
    let mut value = serde_json::from_str(text)?;
    restore_floats(&mut value);
    Ok(value)
}

fn restore_floats(value: &mut Value) {
    match value {
        Value::String(text) => {
            let Some(rest) = text.strip_prefix(FLOAT) else { return };
            if rest.starts_with(FLOAT) {
                *value = rest.into();
            } else if let (16, Ok(bits)) = (rest.len(), u64::from_str_radix(rest, 16)) {
                *value = f64::from_bits(bits).into();
            }
        }
        Value::Array(items) => items.iter_mut().for_each(restore_floats),
        Value::Object(fields) => fields.values_mut().for_each(restore_floats),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn floats_survive_bit_for_bit() {
        for value in [0.1 + 0.2, -0.0, f64::MIN_POSITIVE, 5e-324, f64::MAX] {
            let text = encode(&[value]).unwrap();
            let [back]: [f64; 1] = decode(&text).unwrap();
            assert_eq!(back.to_bits(), value.to_bits(), "{text}");
        }
    }
}
