//! The name under which an order goes to a venue.

use std::fmt;
use std::str::FromStr;

use crate::ids::{Id, ParseIdError};
use crate::order::ClientOrderId;
use crate::text::serde_as_text;

/// An order's name at the venue: its own (`sx<id>s`), and for every one that took its place there a
/// number behind it (`sx<id>s1`). At most 32 characters; the venue takes 36. Only the way to the
/// venue knows generations: everybody else speaks of the order.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct VenueName {
    /// The order.
    pub id: ClientOrderId,
    /// How often it was replaced at the venue before.
    pub generation: u16,
}

impl VenueName {
    /// The name that an order goes out under first.
    #[inline]
    pub const fn first(id: ClientOrderId) -> Self {
        Self { id, generation: 0 }
    }
}

impl From<ClientOrderId> for VenueName {
    fn from(id: ClientOrderId) -> Self {
        Self::first(id)
    }
}

impl fmt::Display for VenueName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.generation {
            0 => fmt::Display::fmt(&self.id, f),
            generation => write!(f, "{}{generation}", self.id),
        }
    }
}

impl fmt::Debug for VenueName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for VenueName {
    type Err = ParseIdError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        // `sx`, 24 digits of the id, a letter.
        let (own, number) = text.split_at_checked(27).unwrap_or((text, ""));
        let id = own.parse()?;
        if number.is_empty() {
            return Ok(Self::first(id));
        }
        let digits = number.bytes().all(|b| b.is_ascii_digit()) && !number.starts_with('0');
        match number.parse() {
            Ok(generation) if digits => Ok(Self { id, generation }),
            _ => Err(not_a_name(text)),
        }
    }
}

/// Not one of ours: reports the whole text as the id that it isn't.
fn not_a_name(text: &str) -> ParseIdError {
    let start: String = text.chars().take(40).collect();
    start.parse::<Id>().expect_err("longer than an id")
}

serde_as_text!(VenueName);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn generations_follow_the_name_and_come_back() {
        let own = "sx000102030405060708090a0bs";
        let id: ClientOrderId = own.parse().unwrap();
        for (generation, text) in [(0, own.to_owned()), (1, format!("{own}1"))] {
            let name = VenueName { id, generation };
            assert_eq!(name.to_string(), text);
            assert_eq!(text.parse(), Ok(name));
        }
        let last = VenueName { id, generation: u16::MAX };
        assert_eq!(last.to_string().len(), 32);
        assert_eq!(last.to_string().parse(), Ok(last));
        assert_eq!(VenueName::from(id), VenueName::first(id));
    }

    #[test]
    fn what_no_order_of_ours_is_called_is_refused() {
        let own = "sx000102030405060708090a0bs";
        for end in ["0", "01", "+1", "-1", "65536", "1a", " 1", "1 ", "é", "00"] {
            assert!(format!("{own}{end}").parse::<VenueName>().is_err(), "{end}");
        }
        for text in
            ["", "sx", "web_abc", "autoclose-1596107620040000020", "1234567890123456789012345"]
        {
            assert!(text.parse::<VenueName>().is_err(), "{text}");
        }
    }
}
