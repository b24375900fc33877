//! Numbers, times and flags as the venue writes them: mostly as text, here and there bare, and empty
//! or `None` where there is nothing. What is there is read to the last digit or refused.

use std::borrow::Cow;
use std::fmt::{self, Display};
use std::str::FromStr;

use domain::time::UtcMs;
use serde::de::{Deserialize, DeserializeOwned, Deserializer, Error, Visitor};

use super::error::{VenueError, excerpt};
use super::page::LATEST_MS;

/// Reads an answer of the venue; what is wrong with one that makes no sense stands in the error.
pub fn read<T: DeserializeOwned>(what: &'static str, body: &[u8]) -> Result<T, VenueError> {
    serde_json::from_slice(body).map_err(|error| {
        if error.is_eof() {
            let detail = format!("{what} ends after {} bytes", body.len());
            return VenueError::BrokenOff { detail };
        }
        VenueError::Malformed { what, excerpt: excerpt(error.to_string().as_bytes()) }
    })
}

/// Text, or a bare number or flag as its text.
struct Plain<'a>(Cow<'a, str>);

impl<'de: 'a, 'a> Deserialize<'de> for Plain<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct AnyPlain;
        impl<'de> Visitor<'de> for AnyPlain {
            type Value = Plain<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a number, or one as text")
            }

            fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Self::Value, E> {
                Ok(Plain(Cow::Borrowed(text)))
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
                Ok(Plain(Cow::Owned(text.to_owned())))
            }

            fn visit_bool<E: Error>(self, flag: bool) -> Result<Self::Value, E> {
                Ok(Plain(Cow::Borrowed(if flag { "true" } else { "false" })))
            }

            fn visit_i64<E: Error>(self, number: i64) -> Result<Self::Value, E> {
                Ok(Plain(Cow::Owned(number.to_string())))
            }

            fn visit_u64<E: Error>(self, number: u64) -> Result<Self::Value, E> {
                Ok(Plain(Cow::Owned(number.to_string())))
            }

            fn visit_f64<E: Error>(self, number: f64) -> Result<Self::Value, E> {
                // The shortest text that reads back as the same float is what the venue wrote.
                Ok(Plain(Cow::Owned(number.to_string())))
            }

            fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
                Ok(Plain(Cow::Borrowed("")))
            }
        }
        deserializer.deserialize_any(AnyPlain)
    }
}

/// A number that must be there.
pub(crate) fn number<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: FromStr<Err: Display>,
{
    let plain = Plain::deserialize(deserializer)?;
    plain.0.parse().map_err(|error| D::Error::custom(format!("'{}': {error}", short(&plain.0))))
}

/// A number that may be missing, empty, null or `None`.
pub(crate) fn maybe<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: FromStr<Err: Display>,
{
    let plain = Plain::deserialize(deserializer)?;
    if matches!(plain.0.as_ref(), "" | "None") {
        return Ok(None);
    }
    let read = plain.0.parse();
    read.map(Some).map_err(|error| D::Error::custom(format!("'{}': {error}", short(&plain.0))))
}

/// A number of the venue's that is −1, or missing, where there is none.
pub(crate) fn maybe_id<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<u64>, D::Error> {
    let id: Option<i64> = maybe(deserializer)?;
    Ok(id.and_then(|id| u64::try_from(id).ok()))
}

/// A moment that must be there.
pub(crate) fn time<'de, D: Deserializer<'de>>(deserializer: D) -> Result<UtcMs, D::Error> {
    let ms: i64 = number(deserializer)?;
    if (0..=LATEST_MS).contains(&ms) {
        return Ok(UtcMs::new(ms));
    }
    Err(D::Error::custom(format!("{ms} as a time")))
}

/// A moment that may be missing; the venue also writes nought or −1 for that.
pub(crate) fn maybe_time<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<UtcMs>, D::Error> {
    match maybe::<D, i64>(deserializer)? {
        None | Some(..=0) => Ok(None),
        Some(ms @ 1..=LATEST_MS) => Ok(Some(UtcMs::new(ms))),
        Some(ms) => Err(D::Error::custom(format!("{ms} as a time"))),
    }
}

fn short(text: &str) -> String {
    text.chars().take(40).collect()
}

#[cfg(test)]
mod tests {
    use domain::money::{Price, Quantity};

    use super::*;

    #[derive(Debug, serde::Deserialize)]
    struct Row {
        #[serde(deserialize_with = "number")]
        price: Price,
        #[serde(default, deserialize_with = "maybe")]
        filled: Option<Quantity>,
        #[serde(default, deserialize_with = "maybe_time")]
        at: Option<UtcMs>,
        #[serde(default, deserialize_with = "maybe_id")]
        list: Option<u64>,
    }

    fn row(text: &str) -> Result<Row, VenueError> {
        read("a row", text.as_bytes())
    }

    #[test]
    fn numbers_are_read_however_they_are_written() {
        let all = row(r#"{"price":"1.50","filled":0.0065,"at":"1583139600000","list":7}"#).unwrap();
        assert_eq!(all.price, "1.5".parse().unwrap());
        assert_eq!(all.filled, Some("0.0065".parse().unwrap()));
        assert_eq!((all.at, all.list), (Some(UtcMs::new(1_583_139_600_000)), Some(7)));
        for text in [
            r#"{"price":3}"#,
            r#"{"price":"3","filled":"","at":0,"list":-1}"#,
            r#"{"price":"3","filled":null,"at":-1,"list":null}"#,
            r#"{"price":"3","filled":"None","at":null,"list":""}"#,
        ] {
            let row = row(text).unwrap();
            assert_eq!((row.filled, row.at, row.list), (None, None, None), "{text}");
        }
    }

    #[test]
    fn what_is_no_number_is_refused_with_its_reason() {
        for (text, reason) in [
            (r#"{}"#, "missing field `price`"),
            (r#"{"price":"dear"}"#, "'dear'"),
            (r#"{"price":""}"#, "not a decimal"),
            (r#"{"price":null}"#, "not a decimal"),
            (r#"{"price":[1]}"#, "a number"),
            (r#"{"price":"1","filled":"-2"}"#, "negative"),
            (r#"{"price":"1","at":"99999999999999999"}"#, "as a time"),
            (r#"{"price":1e300}"#, "decimal"),
        ] {
            let error = row(text).unwrap_err().to_string();
            assert!(error.contains(reason), "{text}: {error}");
        }
        assert!(row(r#"{"price":"1"#).unwrap_err().is_retryable());
    }
}
