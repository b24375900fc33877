//! What a stream of candles has to say.

use domain::candle::{Candle, CandleError};
use domain::instrument::InstrumentId;
use domain::time::UtcMs;
use domain::timeframe::Timeframe;

use super::error::VenueError;
use super::usdm::fact::Fact;

/// What the stream has to say.
#[derive(Debug, Clone, PartialEq)]
pub enum StreamMessage {
    /// Connected and subscribed: candles that close from now on will come. What closed before is
    /// to be asked for by REST.
    Connected,
    /// A candle closed. It may come twice, late, or corrected.
    Candle {
        /// Of what.
        instrument: InstrumentId,
        /// The candle.
        candle: Candle,
        /// When the venue sent it, by its clock.
        time_exchange: UtcMs,
    },
    /// Something beside candles.
    Fact {
        /// Of what.
        instrument: InstrumentId,
        /// What.
        fact: Box<Fact>,
    },
    /// A candle closed whose numbers make no sense.
    Refused {
        /// Of what.
        instrument: InstrumentId,
        /// Its timeframe.
        timeframe: Timeframe,
        /// What is wrong with it.
        error: CandleError,
    },
    /// The connection ended or did not come about; another follows by itself.
    Disconnected {
        /// Why.
        reason: Disconnect,
    },
    /// Connected, but no candle came, not even an open one.
    Silent {
        /// For how long.
        since_ms: u64,
    },
    /// Whoever asked it to catch up has everything that the venue had sent by then, or there is
    /// no connection.
    CaughtUp,
    /// A frame that makes no sense.
    Malformed {
        /// How it begins.
        excerpt: String,
    },
}

/// Why a connection ended.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Disconnect {
    /// It did not come about.
    #[error("no stream: {0}")]
    NotConnected(VenueError),
    /// The venue closed it.
    #[error("the venue closed the stream ({detail})")]
    Closed {
        /// Its words.
        detail: String,
    },
    /// It broke, or what came was no web socket's frame.
    #[error("the stream broke off ({detail})")]
    Broken {
        /// How.
        detail: String,
    },
    /// Connected, but no candle came for too long.
    #[error("the stream was silent for {since_ms} ms")]
    Silent {
        /// For how long.
        since_ms: u64,
    },
    /// The venue refused a subscription, or did not answer it.
    #[error("the venue did not take the subscription: '{excerpt}'")]
    NotSubscribed {
        /// How its answer begins.
        excerpt: String,
    },
    /// The venue announced that it is about to close it.
    #[error("the venue announced a shutdown")]
    Shutdown,
    /// Renewed before the venue ends it.
    #[error("the connection was renewed before the venue's limit of 24 hours")]
    Rotated,
}
