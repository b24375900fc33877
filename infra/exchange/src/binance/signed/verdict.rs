//! What the venue's codes say of one thing: whether the request was done. In doubt it is unknown,
//! never refused.

use super::error::CallError;
use crate::binance::error::{SHORTEST_BAN_MS, VenueError, excerpt};
use crate::binance::wire::Refusal;

/// Which of the venue's markets answers; some codes mean different things in them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Market {
    /// Spot.
    Spot,
    /// Futures with USD as their margin.
    Usdm,
}

/// Between two tries where a venue that limits does not say.
const DEFAULT_PAUSE_MS: u64 = 1_000;

/// What an answer other than success says.
pub fn of_answer(
    market: Market,
    status: u16,
    retry_after_ms: Option<u64>,
    body: &[u8],
) -> CallError {
    let said = serde_json::from_slice::<Refusal<'_>>(body).ok().filter(|said| said.code != 0);
    let words = || match &said {
        Some(said) => excerpt(said.msg.as_bytes()),
        None => excerpt(body),
    };
    let code = said.as_ref().map_or(0, |said| said.code);
    match status {
        418 => CallError::Banned { retry_after_ms: retry_after_ms.unwrap_or(SHORTEST_BAN_MS) },
        429 => {
            CallError::RateLimited { retry_after_ms: retry_after_ms.unwrap_or(DEFAULT_PAUSE_MS) }
        }
        401 => CallError::Unauthorised { code, message: words() },
        // The firewall and the law stand before the engine; what no route leads to reaches nothing.
        403 | 404 | 405 | 451 if code == 0 => {
            CallError::NotSent(VenueError::of_status(status, None, body))
        }
        503 if market == Market::Usdm && is_known_failure(code, &words()) => {
            CallError::Busy { message: words() }
        }
        400..500 if code != 0 => of_code(market, code, &words(), retry_after_ms),
        // 5xx by the venue's own words; a refusal that broke off; redirects and whatever else.
        _ => CallError::Ambiguous { why: format!("HTTP {status}, code {code}: {}", words()) },
    }
}

/// Of the futures' answers with HTTP 503 these two are documented as failures; the third, "Unknown
/// error", is documented as unknown.
fn is_known_failure(code: i64, words: &str) -> bool {
    code == -1008 || words.starts_with("Service Unavailable")
}

/// What a code says, whichever way it came (REST, WebSocket API, one of a batch).
pub fn of_code(market: Market, code: i64, message: &str, retry_after_ms: Option<u64>) -> CallError {
    let words = || excerpt(message.as_bytes());
    let ambiguous = || CallError::Ambiguous { why: format!("code {code}: {}", words()) };
    let rejected = || CallError::Rejected { code, message: words() };
    match code {
        -1003 | -1015 | -1034 | -1181 => {
            let retry_after_ms = retry_after_ms.unwrap_or(DEFAULT_PAUSE_MS);
            CallError::RateLimited { retry_after_ms }
        }
        -1008 if market == Market::Usdm => CallError::Busy { message: words() },
        -1021 => CallError::Clock { message: words() },
        -1002 | -1011 | -1022 | -1099 | -1109 | -2014 | -2015 | -2017 => {
            CallError::Unauthorised { code, message: words() }
        }
        // The same two codes refuse a cancel for other reasons too.
        -2011 | -2013 if !names_another_reason(message) => {
            CallError::NoSuchOrder { code, message: words() }
        }
        -2026 if market == Market::Spot => CallError::NoSuchOrder { code, message: words() },
        -2010 if message.starts_with("Duplicate") => {
            CallError::Duplicate { code, message: words() }
        }
        -4116 => CallError::Duplicate { code, message: words() },
        // Spot: one half of a cancel-and-replace was done. Futures: the order would trigger at once.
        -2021 if market == Market::Spot => ambiguous(),
        -1013 | -1014 | -1016 | -1020 | -1023 | -1033 | -1035 => rejected(),
        // Everything else of the server and the network: -1000, -1001, -1006, -1007, -1008, …
        -1099..=-1000 => ambiguous(),
        // Requests, processing and filters of both markets; execution of futures.
        -2999..=-1100 | -5999..=-4000 => rejected(),
        // A family that nobody has described to us.
        _ => ambiguous(),
    }
}

fn names_another_reason(message: &str) -> bool {
    ["restrictions", "invalid", "not canceled"].iter().any(|word| message.contains(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spot(status: u16, body: &str) -> CallError {
        of_answer(Market::Spot, status, None, body.as_bytes())
    }

    #[test]
    fn what_may_have_been_done_is_never_called_refused() {
        for (status, body) in [
            (500, ""),
            (502, "<html>"),
            (
                503,
                r#"{"code":-1000,"msg":"Unknown error, please check your request or try again later."}"#,
            ),
            (504, r#"{"code":-1007,"msg":"Timeout waiting for response from backend server."}"#),
            (400, r#"{"code":-1006,"msg":"An unexpected response was received."}"#),
            (400, r#"{"code":-1007,"msg":"Timeout"}"#),
            (400, r#"{"code":-10"#),
            (400, ""),
            (408, ""),
            (409, r#"{"code":-2021,"msg":"Order cancel-replace partially failed."}"#),
            (302, ""),
            (400, r#"{"code":-77000,"msg":"?"}"#),
        ] {
            let error = spot(status, body);
            assert!(matches!(error, CallError::Ambiguous { .. }), "{status} {body}: {error}");
            assert!(!error.nothing_done());
        }
        let busy = r#"{"code":-1008,"msg":"Request throttled by system-level protection."}"#;
        assert!(!spot(503, busy).nothing_done());
        let unknown =
            r#"{"code":0,"msg":"Unknown error, please check your request or try again later."}"#;
        for (body, nothing_done) in [(busy, true), ("Service Unavailable.", true), (unknown, false)]
        {
            let error = of_answer(Market::Usdm, 503, None, body.as_bytes());
            assert_eq!(error.nothing_done(), nothing_done, "{error}");
        }
    }

    #[test]
    fn the_same_code_means_what_its_market_and_words_say() {
        let code = |market, code, text| of_code(market, code, text, None);
        let trigger = code(Market::Usdm, -2021, "Order would immediately trigger.");
        assert!(matches!(trigger, CallError::Rejected { code: -2021, .. }));
        let duplicate = code(Market::Spot, -2010, "Duplicate order sent.");
        assert!(matches!(duplicate, CallError::Duplicate { .. }) && !duplicate.nothing_done());
        let unknown = code(Market::Spot, -2011, "Unknown order sent.");
        assert!(matches!(unknown, CallError::NoSuchOrder { .. }));
        let kept = code(Market::Spot, -2011, "Order was not canceled due to cancel restrictions.");
        assert!(matches!(kept, CallError::Rejected { .. }));
        let algo = code(Market::Usdm, -4120, "Order type not supported for this endpoint.");
        assert!(matches!(algo, CallError::Rejected { .. }));
        assert!(matches!(code(Market::Usdm, -1021, ""), CallError::Clock { .. }));
        let banned = of_answer(Market::Spot, 418, Some(5), b"");
        assert_eq!(banned, CallError::Banned { retry_after_ms: 5 });
    }
}
