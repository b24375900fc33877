//! What is traded: an instrument's name in one form, and the venue's filters for its orders.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::money::{Money, Overflow, Price, Quantity};
use crate::text::{ShortText, serde_as_text};

/// Quote assets by which a name without a separator (`BTCUSDT`) is split, longest first.
const QUOTES: [&str; 9] = ["FDUSD", "USDT", "USDC", "TUSD", "BUSD", "EUR", "TRY", "BTC", "ETH"];

/// Text that names no instrument.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "'{0}' is not a pair; write it as BTC/USDT, BTCUSDT, BTC-USDT or BTC/USDT:USDT (perpetual)"
)]
pub struct ParseInstrumentError(String);

/// The name of an instrument in the one form that is stored: `BTC/USDT` on spot,
/// `BTC/USDT:USDT` for a perpetual. Small and `Copy`, ordered by its letters.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct InstrumentId(ShortText<32>);

impl InstrumentId {
    /// From its assets; `settle` names a perpetual's settlement asset.
    pub fn new(
        base: &str,
        quote: &str,
        settle: Option<&str>,
    ) -> Result<Self, ParseInstrumentError> {
        let text = match settle {
            None => format!("{base}/{quote}"),
            Some(settle) => format!("{base}/{quote}:{settle}"),
        };
        let named = is_asset(base) && is_asset(quote) && settle.is_none_or(is_asset);
        let id = ShortText::new(&text).filter(|_| named).map(Self);
        id.ok_or_else(|| ParseInstrumentError(text.chars().take(40).collect()))
    }

    /// The stored form.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// The asset that is bought and sold.
    pub fn base(&self) -> &str {
        self.as_str().split('/').next().unwrap_or_default()
    }

    /// The asset that prices are in.
    pub fn quote(&self) -> &str {
        let after = self.as_str().split('/').nth(1).unwrap_or_default();
        after.split(':').next().unwrap_or_default()
    }

    /// Whether this is a perpetual future.
    pub fn is_perpetual(&self) -> bool {
        self.as_str().contains(':')
    }

    /// The venue's spelling, `BTCUSDT`.
    pub fn symbol(&self) -> String {
        format!("{}{}", self.base(), self.quote())
    }
}

impl FromStr for InstrumentId {
    type Err = ParseInstrumentError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let unknown = || ParseInstrumentError(text.chars().take(40).collect());
        let upper = text.trim().to_ascii_uppercase();
        let (pair, settle) = match upper.split_once(':') {
            Some((pair, settle)) => (pair, Some(settle)),
            None => (upper.as_str(), None),
        };
        if let Some((base, quote)) = pair.split_once(['/', '-', '_']) {
            return Self::new(base, quote, settle).map_err(|_| unknown());
        }
        let split = |quote| pair.strip_suffix(quote).map(|base| (base, quote));
        let (base, quote) = QUOTES.into_iter().find_map(split).ok_or_else(unknown)?;
        Self::new(base, quote, settle).map_err(|_| unknown())
    }
}

impl fmt::Display for InstrumentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for InstrumentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

serde_as_text!(InstrumentId, Asset);

/// The name of an asset, `USDT`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Asset(ShortText<16>);

/// Text that names no asset.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("'{0}' is not an asset: use up to 15 capital letters and digits")]
pub struct ParseAssetError(String);

impl Asset {
    /// Its letters.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

impl FromStr for Asset {
    type Err = ParseAssetError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let found = ShortText::new(text).filter(|_| is_asset(text)).map(Self);
        found.ok_or_else(|| ParseAssetError(text.chars().take(20).collect()))
    }
}

impl fmt::Display for Asset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for Asset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

fn is_asset(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
}

/// The venue's rules for an order of one instrument.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Filters {
    /// Prices are multiples of this.
    pub tick: Price,
    /// Quantities are multiples of this.
    pub step: Quantity,
    /// The smallest quantity of an order.
    pub min_quantity: Quantity,
    /// The largest quantity of an order.
    pub max_quantity: Quantity,
    /// The smallest price × quantity of an order, in quote units.
    pub min_notional_quote: Money,
}

/// Why the venue would refuse an order of this size, with its numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FilterViolation {
    /// Fewer units than the venue takes.
    #[error("quantity {quantity} is below the venue's minimum {minimum}")]
    BelowMinQuantity {
        /// What was asked.
        quantity: Quantity,
        /// What the venue asks for.
        minimum: Quantity,
    },
    /// More units than the venue takes.
    #[error("quantity {quantity} is above the venue's maximum {maximum}")]
    AboveMaxQuantity {
        /// What was asked.
        quantity: Quantity,
        /// What the venue allows.
        maximum: Quantity,
    },
    /// Not a multiple of the step.
    #[error("quantity {quantity} is not a multiple of {step}")]
    OffStep {
        /// What was asked.
        quantity: Quantity,
        /// The venue's step.
        step: Quantity,
    },
    /// Worth less than the venue takes.
    #[error("notional {notional_quote} is below the venue's minimum {minimum_quote}")]
    BelowMinNotional {
        /// price × quantity.
        notional_quote: Money,
        /// What the venue asks for.
        minimum_quote: Money,
    },
    /// Beyond what can be computed.
    #[error("price times quantity overflows")]
    Overflow,
}

impl From<Overflow> for FilterViolation {
    fn from(_: Overflow) -> Self {
        Self::Overflow
    }
}

impl Filters {
    /// Checks an order of `quantity` at about `price`.
    pub fn check(&self, quantity: Quantity, price: Price) -> Result<(), FilterViolation> {
        if quantity < self.min_quantity || quantity.is_zero() {
            return Err(FilterViolation::BelowMinQuantity { quantity, minimum: self.min_quantity });
        }
        if quantity > self.max_quantity {
            return Err(FilterViolation::AboveMaxQuantity { quantity, maximum: self.max_quantity });
        }
        if quantity.floor_to(self.step) != quantity {
            return Err(FilterViolation::OffStep { quantity, step: self.step });
        }
        let notional_quote = price.times(quantity)?;
        if notional_quote < self.min_notional_quote {
            let minimum_quote = self.min_notional_quote;
            return Err(FilterViolation::BelowMinNotional { notional_quote, minimum_quote });
        }
        Ok(())
    }
}

/// An instrument as the venue lists it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Instrument {
    /// Its name.
    pub id: InstrumentId,
    /// Its order rules.
    pub filters: Filters,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_is_stored_in_one_form() {
        for text in ["BTC/USDT", "btcusdt", "BTC-USDT", " BTC_USDT "] {
            assert_eq!(text.parse::<InstrumentId>().unwrap().as_str(), "BTC/USDT");
        }
        let perpetual: InstrumentId = "BTC/USDT:USDT".parse().unwrap();
        assert!(perpetual.is_perpetual());
        assert_eq!((perpetual.base(), perpetual.quote()), ("BTC", "USDT"));
        assert_eq!(perpetual.symbol(), "BTCUSDT");
        for text in ["", "USDT", "BTC/", "/USDT", "BTC/US DT", "ÄÖ/USDT", &"A".repeat(99)] {
            assert!(text.parse::<InstrumentId>().is_err(), "{text}");
        }
    }
}
