//! Short ASCII names that are `Copy`, so that events carry them without allocation; types and
//! decimals that are stored as their text.

use std::cmp::Ordering;
use std::fmt;

/// Less than `N` bytes of ASCII, ordered by its letters. The rest is noughts, but for the last byte,
/// which is the length: so names are equal where their bytes are. Aligned, so that what holds a name
/// is copied in whole words.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
#[repr(align(8))]
pub(crate) struct ShortText<const N: usize>([u8; N]);

impl<const N: usize> ShortText<N> {
    /// None where the text is empty, too long or not ASCII.
    pub(crate) fn new(text: &str) -> Option<Self> {
        const { assert!(N <= 256 && N.is_multiple_of(8), "whole words, and a length of one byte") };
        let fits = !text.is_empty() && text.len() < N && text.is_ascii();
        fits.then(|| {
            let mut bytes = [0; N];
            bytes[..text.len()].copy_from_slice(text.as_bytes());
            bytes[N.saturating_sub(1)] = text.len() as u8;
            Self(bytes)
        })
    }

    pub(crate) fn as_str(&self) -> &str {
        let len = self.0.last().copied().unwrap_or_default();
        std::str::from_utf8(&self.0[..usize::from(len)]).expect("built from ASCII only")
    }
}

impl<const N: usize> Ord for ShortText<N> {
    /// By letters, eight at once: events find their instrument by this in every map.
    #[inline]
    fn cmp(&self, other: &Self) -> Ordering {
        let words = self.0.as_chunks::<8>().0.iter().zip(other.0.as_chunks::<8>().0);
        for (word, other) in words {
            if word != other {
                return u64::from_be_bytes(*word).cmp(&u64::from_be_bytes(*other));
            }
        }
        Ordering::Equal
    }
}

impl<const N: usize> PartialOrd for ShortText<N> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<const N: usize> fmt::Display for ShortText<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// Serialises a type as the text it displays and parses it back from that.
macro_rules! serde_as_text {
    ($($type:ty),*) => {$(
        impl serde::Serialize for $type {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }
        impl<'de> serde::Deserialize<'de> for $type {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = <std::borrow::Cow<'de, str> as serde::Deserialize>::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    )*};
}
pub(crate) use serde_as_text;

/// Serialises a bare decimal in normal form, so that equal numbers have equal bytes.
pub(crate) mod normal_decimal {
    use rust_decimal::Decimal;
    use serde::{Deserialize, Deserializer, Serializer};

    pub(crate) fn serialize<S: Serializer>(value: &Decimal, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(&value.normalize())
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Decimal, D::Error> {
        <Decimal as Deserialize>::deserialize(from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_ordered_by_their_letters() {
        let names = [
            "A",
            "AB",
            "ABCDEFGH",
            "ABCDEFGHI",
            "ABCDEFGHIJKLMNO",
            "ABCDEFGHIJKLMNP",
            "ABD",
            "B",
            "BTC/USDT",
            "BTC/USDT:USDT",
            "ETH/USDT",
        ];
        for (a, b) in names.iter().flat_map(|a| names.iter().map(move |b| (a, b))) {
            let short = |text| ShortText::<16>::new(text).unwrap();
            let long = |text| ShortText::<32>::new(text).unwrap();
            assert_eq!(short(a).cmp(&short(b)), a.cmp(b), "{a} {b}");
            assert_eq!(long(a).cmp(&long(b)), a.cmp(b), "{a} {b}");
        }
    }
}
