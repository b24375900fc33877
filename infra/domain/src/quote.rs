//! Best bid and ask.

use serde::{Deserialize, Serialize};

use crate::instrument::InstrumentId;
use crate::money::{Price, Quantity};
use crate::time::UtcMs;

/// The top of an order book at a moment: prices are positive and the bid is below the ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quote {
    /// Of what.
    pub instrument: InstrumentId,
    /// The venue's time.
    pub time_exchange: UtcMs,
    /// Highest price that is paid.
    pub bid: Price,
    /// Base units that are wanted there.
    pub bid_quantity: Quantity,
    /// Lowest price that is asked.
    pub ask: Price,
    /// Base units that are offered there.
    pub ask_quantity: Quantity,
}

/// Numbers that make no quote.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("bid {bid} and ask {ask} at {time_exchange} are not a quote: 0 < bid < ask must hold")]
pub struct QuoteError {
    /// When.
    pub time_exchange: UtcMs,
    /// The bid.
    pub bid: Price,
    /// The ask.
    pub ask: Price,
}

impl Quote {
    /// Checks the prices and makes a quote; `bid` and `ask` are each a price and its quantity.
    pub fn new(
        instrument: InstrumentId,
        time_exchange: UtcMs,
        (bid, bid_quantity): (Price, Quantity),
        (ask, ask_quantity): (Price, Quantity),
    ) -> Result<Self, QuoteError> {
        if bid <= Price::ZERO || bid >= ask {
            return Err(QuoteError { time_exchange, bid, ask });
        }
        Ok(Self { instrument, time_exchange, bid, bid_quantity, ask, ask_quantity })
    }
}
