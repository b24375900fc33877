//! Everything that can go wrong with a venue, each with what to do about it.

use domain::instrument::InstrumentId;
use reqwest::header::{HeaderMap, RETRY_AFTER};

/// Characters of a venue's answer that an error may carry.
const EXCERPT_CHARS: usize = 120;
/// The shortest ban that Binance documents, for one that does not say how long it is.
pub(crate) const SHORTEST_BAN_MS: u64 = 120_000;
/// The longest.
const LONGEST_BAN_S: u64 = 3 * 86_400;
/// How long to wait where a venue that is too busy does not say.
const DEFAULT_PAUSE_MS: u64 = 1_000;

/// A failure of the venue, of the way there, or of what was asked of it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum VenueError {
    /// An address that can't be one.
    #[error("'{url}' is not a venue's address ({why}); write {expected}://host[:port]")]
    BadUrl {
        /// What was given.
        url: String,
        /// What is wrong with it.
        why: String,
        /// The schemes that would do.
        expected: &'static str,
    },
    /// The HTTP client can't be built.
    #[error("the HTTP client can't start ({detail})")]
    Setup {
        /// Its words.
        detail: String,
    },
    /// No connection: name resolution, refusal, TLS.
    #[error("the venue can't be reached ({detail}); check the network and the venue's address")]
    Unreachable {
        /// The chain of causes.
        detail: String,
    },
    /// Connected, but no whole answer in time.
    #[error("the venue did not answer within {after_ms} ms; check the network or try again later")]
    Timeout {
        /// How long it had.
        after_ms: u64,
    },
    /// The answer ended before its end.
    #[error("the venue's answer broke off ({detail}); try again")]
    BrokenOff {
        /// Where or why.
        detail: String,
    },
    /// HTTP 5xx.
    #[error("the venue has a failure of its own (HTTP {status}: {excerpt}); try again later")]
    ServerError {
        /// The HTTP status.
        status: u16,
        /// How its answer begins.
        excerpt: String,
    },
    /// HTTP 429, or the request would have passed the venue's limit.
    #[error("the venue's request limit is reached; wait {retry_after_ms} ms before asking again")]
    RateLimited {
        /// How long to stay away.
        retry_after_ms: u64,
    },
    /// HTTP 418: the venue banned this address for ignoring its limits.
    #[error(
        "the venue banned this address for {retry_after_ms} ms; ask nothing until then, and let \
         no other program share the address"
    )]
    Banned {
        /// How long the ban lasts.
        retry_after_ms: u64,
    },
    /// HTTP 451.
    #[error(
        "the venue does not serve this location (HTTP 451); run where it does, or set another \
         host of the venue"
    )]
    NotServed,
    /// HTTP 403: the venue's firewall.
    #[error(
        "the venue's firewall refused the request (HTTP 403: {excerpt}); wait some minutes, and \
         check the address that requests leave from"
    )]
    Firewall {
        /// How its answer begins.
        excerpt: String,
    },
    /// The venue understood and said no.
    #[error(
        "the venue refused the request (HTTP {status}, code {code}: {message}); check the \
         instrument and the venue's address"
    )]
    Refused {
        /// The HTTP status.
        status: u16,
        /// The venue's own code, nought where it gave none.
        code: i64,
        /// The venue's words.
        message: String,
    },
    /// An answer that is not what the protocol says.
    #[error("the venue answered nonsense for {what}: '{excerpt}'; check the venue's address")]
    Malformed {
        /// What was asked for.
        what: &'static str,
        /// How the answer begins, or the piece that makes no sense.
        excerpt: String,
    },
    /// An answer beyond all measure.
    #[error("the venue's answer exceeds {limit_bytes} bytes; check the venue's address")]
    TooLarge {
        /// The bound.
        limit_bytes: usize,
    },
    /// An instrument without a filter that orders can't do without.
    #[error("the venue lists {instrument} without {filter}; leave the instrument out")]
    MissingFilter {
        /// Which instrument.
        instrument: InstrumentId,
        /// Which filter, or which of its fields.
        filter: &'static str,
    },
    /// A perpetual was asked of the spot market.
    #[error("{instrument} is a perpetual and this is the spot market; write it without ':'")]
    NotSpot {
        /// Which instrument.
        instrument: InstrumentId,
    },
    /// An instrument of spot was asked of the futures.
    #[error("{instrument} is no perpetual and this is the futures' market; write it with ':USDT'")]
    NotPerpetual {
        /// Which instrument.
        instrument: InstrumentId,
    },
    /// No stream, or more than one connection may carry.
    #[error("{count} streams were asked for; one connection carries 1 to {limit}")]
    StreamCount {
        /// How many were asked for.
        count: usize,
        /// What the venue allows.
        limit: usize,
    },
}

impl VenueError {
    /// Whether the same question may succeed later with nobody doing anything.
    pub fn is_retryable(&self) -> bool {
        matches!(
            self,
            Self::Unreachable { .. }
                | Self::Timeout { .. }
                | Self::BrokenOff { .. }
                | Self::ServerError { .. }
                | Self::RateLimited { .. }
                | Self::Banned { .. }
        )
    }

    /// How long the venue wants to be left alone, where it said so.
    pub(crate) fn retry_after_ms(&self) -> Option<u64> {
        match self {
            Self::RateLimited { retry_after_ms } | Self::Banned { retry_after_ms } => {
                Some(*retry_after_ms)
            }
            _ => None,
        }
    }

    /// What an HTTP status other than success means.
    pub(crate) fn of_status(status: u16, retry_after_ms: Option<u64>, body: &[u8]) -> Self {
        match status {
            418 => Self::Banned { retry_after_ms: retry_after_ms.unwrap_or(SHORTEST_BAN_MS) },
            429 => Self::RateLimited { retry_after_ms: retry_after_ms.unwrap_or(DEFAULT_PAUSE_MS) },
            451 => Self::NotServed,
            403 => Self::Firewall { excerpt: excerpt(body) },
            500.. => Self::ServerError { status, excerpt: excerpt(body) },
            _ => {
                let said = serde_json::from_slice::<super::wire::Refusal<'_>>(body);
                let (code, message) = match &said {
                    Ok(said) => (said.code, excerpt(said.msg.as_bytes())),
                    Err(_) => (0, excerpt(body)),
                };
                Self::Refused { status, code, message }
            }
        }
    }

    /// What a JSON error means: text that ends too early broke off, the rest is nonsense.
    pub(crate) fn of_json(what: &'static str, error: &serde_json::Error, body: &[u8]) -> Self {
        if error.is_eof() {
            return Self::BrokenOff { detail: format!("{what} ends after {} bytes", body.len()) };
        }
        Self::Malformed { what, excerpt: excerpt(body) }
    }
}

/// How long the venue asks to be left alone, where it says so in seconds.
pub(crate) fn retry_after_ms(headers: &HeaderMap) -> Option<u64> {
    let seconds: u64 = headers.get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
    // No ban lasts longer, so a number beyond it must not lock us out.
    Some(seconds.min(LONGEST_BAN_S) * 1_000)
}

/// The beginning of an answer, on one line, at most 120 characters.
pub(crate) fn excerpt(bytes: &[u8]) -> String {
    let head = &bytes[..bytes.len().min(4 * EXCERPT_CHARS)];
    let text = String::from_utf8_lossy(head);
    text.chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .take(EXCERPT_CHARS)
        .collect::<String>()
        .trim()
        .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn excerpts_are_short_and_on_one_line() {
        assert_eq!(excerpt(b"  a\r\nb "), "a  b");
        assert_eq!(excerpt("é".repeat(500).as_bytes()).chars().count(), 120);
        assert_eq!(excerpt(&[0xff; 1_000]).chars().count(), 120);
    }

    #[test]
    fn a_refusal_keeps_the_venues_code_and_words() {
        let body = br#"{"code":-1121,"msg":"Invalid symbol."}"#;
        let refused = VenueError::of_status(400, None, body);
        let expected =
            VenueError::Refused { status: 400, code: -1121, message: "Invalid symbol.".to_owned() };
        assert_eq!(refused, expected);
        assert!(!refused.is_retryable());
        let html = VenueError::of_status(404, None, b"<html>no such page</html>");
        assert!(matches!(html, VenueError::Refused { status: 404, code: 0, .. }));
    }
}
