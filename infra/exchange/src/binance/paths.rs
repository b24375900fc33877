//! Where each market answers questions about itself, and what they weigh.

use domain::instrument::InstrumentId;

use super::error::VenueError;
use super::signed::verdict::Market;
use super::transport::{Request, TIME, USDM_TIME};

/// The paths of one market.
pub(crate) struct Paths {
    pub(crate) ping: &'static str,
    pub(crate) time: Request<'static>,
    /// What is listed; `listing_weight` is its weight.
    pub(crate) listing: &'static str,
    pub(crate) listing_weight: u32,
    pub(crate) klines: &'static str,
    /// Last prices.
    pub(crate) prices: &'static str,
    pub(crate) prices_weight: u32,
    /// Combined streams of candles, marks and trades.
    pub(crate) streams: &'static str,
}

const SPOT: Paths = Paths {
    ping: "api/v3/ping",
    time: TIME,
    listing: "api/v3/exchangeInfo",
    listing_weight: 20,
    klines: "api/v3/klines",
    prices: "api/v3/ticker/price",
    prices_weight: 4,
    streams: "stream?streams=",
};

/// Since 2026-04-23 the streams of futures have a path by what they carry: `/public` the books,
/// `/market` everything else that anyone may know, `/private` the accounts.
const USDM: Paths = Paths {
    ping: "fapi/v1/ping",
    time: USDM_TIME,
    listing: "fapi/v1/exchangeInfo",
    listing_weight: 1,
    klines: "fapi/v1/klines",
    prices: "fapi/v1/ticker/price",
    prices_weight: 2,
    streams: "market/stream?streams=",
};

impl Market {
    pub(crate) const fn paths(self) -> &'static Paths {
        match self {
            Self::Spot => &SPOT,
            Self::Usdm => &USDM,
        }
    }

    /// The weight of a question for so many candles.
    pub(crate) const fn klines_weight(self, limit: u32) -> u32 {
        match (self, limit) {
            (Self::Spot, _) => 2,
            (Self::Usdm, ..100) => 1,
            (Self::Usdm, 100..500) => 2,
            (Self::Usdm, 500..=1_000) => 5,
            (Self::Usdm, _) => 10,
        }
    }

    /// The market of an instrument.
    pub fn of(instrument: InstrumentId) -> Self {
        if instrument.is_perpetual() { Self::Usdm } else { Self::Spot }
    }

    /// The venue's spelling of an instrument of this market.
    pub(crate) fn symbol(self, instrument: InstrumentId) -> Result<String, VenueError> {
        match (self, instrument.is_perpetual()) {
            (Self::Spot, true) => Err(VenueError::NotSpot { instrument }),
            (Self::Usdm, false) => Err(VenueError::NotPerpetual { instrument }),
            _ => Ok(instrument.symbol()),
        }
    }
}
