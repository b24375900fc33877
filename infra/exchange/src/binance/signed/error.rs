//! What a signed request came to where it did not come to its answer. Every word here is about one
//! question: was it done?

use crate::binance::error::VenueError;

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CallError {
    /// The venue understood and refused: nothing was done.
    #[error("the venue refused (code {code}: {message})")]
    Rejected {
        /// The venue's code.
        code: i64,
        /// The venue's words.
        message: String,
    },
    /// The venue knows no such order, or none any more. For minutes after an order this proves
    /// nothing: its trades and its list of all orders have the last word.
    #[error("the venue knows no such order (code {code}: {message})")]
    NoSuchOrder {
        /// The venue's code.
        code: i64,
        /// The venue's words.
        message: String,
    },
    /// An open order has this name already: an earlier request did reach the venue.
    #[error("an open order has this name already (code {code}: {message})")]
    Duplicate {
        /// The venue's code.
        code: i64,
        /// The venue's words.
        message: String,
    },
    /// Nobody knows whether it was done. Not a refusal: ask the venue before anything else.
    #[error("whether the venue did it is unknown ({why})")]
    Ambiguous {
        /// What happened.
        why: String,
    },
    /// A question went unanswered; nothing depends on it having arrived.
    #[error(transparent)]
    Unanswered(VenueError),
    /// It never reached the venue's engine: nothing was done.
    #[error("the request did not reach the venue ({0})")]
    NotSent(VenueError),
    /// Too many requests or orders: nothing was done.
    #[error("the venue's limit is reached; wait {retry_after_ms} ms")]
    RateLimited {
        /// How long to stay away.
        retry_after_ms: u64,
    },
    /// The venue banned this address: nothing was done.
    #[error("the venue banned this address for {retry_after_ms} ms; ask nothing until then")]
    Banned {
        /// How long the ban lasts.
        retry_after_ms: u64,
    },
    /// The venue is too busy and said that it did nothing.
    #[error("the venue is too busy and did nothing ({message})")]
    Busy {
        /// The venue's words.
        message: String,
    },
    /// The timestamp was outside the venue's window: nothing was done. The clock has been compared
    /// again since.
    #[error("the venue found the request's time out of its window ({message})")]
    Clock {
        /// The venue's words.
        message: String,
    },
    /// The key, its rights, its addresses or its signature: nothing was done.
    #[error(
        "the venue does not accept the key for this (code {code}: {message}); check the key, its \
         rights and the addresses it is allowed from"
    )]
    Unauthorised {
        /// The venue's code, nought where it gave none.
        code: i64,
        /// The venue's words.
        message: String,
    },
}

impl CallError {
    /// Whether it is certain that this request changed nothing at the venue. Not so for
    /// [`Self::Duplicate`], which an earlier request caused.
    pub const fn nothing_done(&self) -> bool {
        !matches!(self, Self::Ambiguous { .. } | Self::Duplicate { .. })
    }

    /// Whether the same question may succeed a moment later.
    pub(crate) fn may_pass(&self) -> bool {
        match self {
            Self::Unanswered(error) | Self::NotSent(error) => error.is_retryable(),
            Self::Ambiguous { .. } | Self::Busy { .. } | Self::RateLimited { .. } => true,
            _ => false,
        }
    }

    /// How long the venue wants to be left alone.
    pub const fn retry_after_ms(&self) -> Option<u64> {
        match self {
            Self::RateLimited { retry_after_ms } | Self::Banned { retry_after_ms } => {
                Some(*retry_after_ms)
            }
            _ => None,
        }
    }
}
