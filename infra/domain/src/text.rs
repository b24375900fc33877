//! Short ASCII names that are `Copy`, so that events carry them without allocation; types and
//! decimals that are stored as their text.

use std::cmp::Ordering;
use std::fmt;

/// At most `N` bytes of ASCII, ordered by its letters.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct ShortText<const N: usize> {
    bytes: [u8; N],
    len: u8,
}

impl<const N: usize> ShortText<N> {
    /// None where the text is empty, too long or not ASCII.
    pub(crate) fn new(text: &str) -> Option<Self> {
        let fits = !text.is_empty() && text.len() <= N && text.len() < 256 && text.is_ascii();
        fits.then(|| {
            let mut bytes = [0; N];
            bytes[..text.len()].copy_from_slice(text.as_bytes());
            Self { bytes, len: text.len() as u8 }
        })
    }

    /// Eight of its bytes as a number that is ordered as they are.
    #[inline]
    fn word(&self, at: usize) -> u64 {
        let bytes = self.bytes[at..].first_chunk().expect("eight bytes follow");
        u64::from_be_bytes(*bytes)
    }

    pub(crate) fn as_str(&self) -> &str {
        std::str::from_utf8(&self.bytes[..usize::from(self.len)]).expect("built from ASCII only")
    }
}

impl<const N: usize> Ord for ShortText<N> {
    /// By letters, eight at once: events find their instrument by this in every map. What is
    /// shorter ends in noughts, which no letter is below.
    #[inline]
    fn cmp(&self, other: &Self) -> Ordering {
        for at in (0..N).step_by(8) {
            // The last eight overlap those before them.
            let at = at.min(N.saturating_sub(8));
            let (word, others) = (self.word(at), other.word(at));
            if word != others {
                return word.cmp(&others);
            }
        }
        self.len.cmp(&other.len)
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
            let short = |text| ShortText::<15>::new(text).unwrap();
            let long = |text| ShortText::<31>::new(text).unwrap();
            assert_eq!(short(a).cmp(&short(b)), a.cmp(b), "{a} {b}");
            assert_eq!(long(a).cmp(&long(b)), a.cmp(b), "{a} {b}");
        }
    }
}
