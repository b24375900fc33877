//! What an account's stream has to say.

use super::event::UserEvent;
use crate::binance::error::VenueError;
use crate::binance::signed::error::CallError;

/// What the stream has to say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UserMessage {
    /// Connected and subscribed: what happens from now on will come. What happened before is to be
    /// asked for: orders, trades, positions.
    Connected,
    /// Something happened. It may come twice.
    Event(UserEvent),
    /// A frame that makes no sense: it may have told of a fill, so the account is to be asked.
    Malformed {
        /// What is wrong with it.
        error: VenueError,
    },
    /// Whoever asked it to catch up has everything that the venue had sent by then, or there is
    /// no connection.
    CaughtUp,
    /// The connection ended or did not come about; another follows by itself.
    Disconnected {
        /// Why.
        reason: Ending,
    },
}

/// Why a connection ended.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Ending {
    /// It did not come about.
    #[error("no stream of the account: {0}")]
    NotConnected(VenueError),
    /// The venue refused the subscription or the stream's key.
    #[error("no stream of the account: {0}")]
    NotSubscribed(CallError),
    /// The venue closed it.
    #[error("the venue closed the account's stream ({detail})")]
    Closed {
        /// Its words.
        detail: String,
    },
    /// It broke.
    #[error("the account's stream broke off ({detail})")]
    Broken {
        /// How.
        detail: String,
    },
    /// Not even an answer to a ping came.
    #[error("the account's stream gave no sign for {since_ms} ms")]
    Silent {
        /// For how long.
        since_ms: u64,
    },
    /// The venue said that nothing more would come.
    #[error("the venue ended the account's stream ({event})")]
    Ended {
        /// In its words.
        event: String,
    },
    /// The stream's key could not be kept alive.
    #[error("the key of the account's stream was not renewed: {0}")]
    NotRenewed(CallError),
    /// Renewed before the venue ends it.
    #[error("the connection was renewed before the venue's limit of 24 hours")]
    Rotated,
}
