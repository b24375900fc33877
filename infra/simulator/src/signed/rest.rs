//! Requests with a key over REST.

use actix_web::http::StatusCode;
use actix_web::http::header::{HeaderName, HeaderValue, RETRY_AFTER};
use actix_web::web::{self, Query};
use actix_web::{HttpRequest, HttpResponse, Route};
use serde_json::Value;

use super::asker::Asker;
use super::placed::Counts;
use super::sign;
use crate::params::Refusal;
use crate::rest::{admit, json_response, refused};
use crate::shared::Shared;

/// The header that carries the key.
const KEY_HEADER: &str = "X-MBX-APIKEY";
/// After which the venue's shortest window of orders is another.
const ORDERS_RETRY_AFTER_SECONDS: u64 = 10;

/// How a request is sent.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Verb {
    Get,
    Post,
    Put,
    Delete,
}

impl Verb {
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Delete => "DELETE",
        }
    }

    pub(crate) fn route(self) -> Route {
        match self {
            Self::Get => web::get(),
            Self::Post => web::post(),
            Self::Put => web::put(),
            Self::Delete => web::delete(),
        }
    }
}

type Pairs = Vec<(String, String)>;

/// A request that was taken apart.
struct Presented<'a> {
    key: &'a str,
    payload: String,
    signature: Option<String>,
    pairs: Pairs,
}

impl<'a> Presented<'a> {
    /// None where a parameter can't be read.
    fn of(request: &'a HttpRequest, body: &[u8]) -> Option<Self> {
        let (query, body) = (request.query_string(), std::str::from_utf8(body).ok()?);
        let (payload, signature) = sign::split(query, body);
        let mut pairs = Vec::new();
        for text in [query, body] {
            pairs.extend(Query::<Pairs>::from_query(text).ok()?.into_inner());
        }
        // As it was meant: a base64 signature may come percent-encoded.
        let decoded = pairs.iter().find(|(name, _)| name == "signature");
        let signature = signature.and(decoded.map(|(_, value)| value.replace(' ', "+")));
        let key = request.headers().get(KEY_HEADER).and_then(|key| key.to_str().ok());
        Some(Self { key: key.unwrap_or_default(), payload, signature, pairs })
    }
}

/// Charges whoever asks, and has the books answer what was asked: they get who asks, the parameters
/// and the clock of the venue's limits.
pub(crate) fn serve(
    (request, body): (&HttpRequest, &[u8]),
    shared: &Shared,
    weight: u64,
    books: impl FnOnce(Asker<'_>, Pairs, i64) -> (Result<Value, Refusal>, Option<Counts>),
) -> HttpResponse {
    let (used, turned_away) = admit(request, shared, weight);
    if let Some(response) = turned_away {
        return response;
    }
    let Some(Presented { key, payload, signature, pairs }) = Presented::of(request, body) else {
        return illegal(used);
    };
    let signature = signature.as_deref();
    let wall_ms = shared.clock.elapsed_ms();
    let asker = Asker { key, payload: &payload, signature, wall_ms };
    let (answer, counts) = books(asker, pairs, shared.counted_ms());
    let mut response = match answer {
        Ok(body) => json_response(StatusCode::OK, used, body.to_string().into_bytes()),
        Err(refusal) => refusing(&refusal, used),
    };
    for (name, placed) in counts.into_iter().flatten() {
        let name = HeaderName::from_static(name);
        response.headers_mut().insert(name, HeaderValue::from(placed as u64));
    }
    response
}

fn refusing(refusal: &Refusal, used: u64) -> HttpResponse {
    let status = match refusal.code {
        -2014 | -2015 => StatusCode::UNAUTHORIZED,
        -1015 => StatusCode::TOO_MANY_REQUESTS,
        // Half of a replacement failed, and what became of it is told. On futures the number means
        // something else.
        -2021 if refusal.data.is_some() => StatusCode::CONFLICT,
        _ => StatusCode::BAD_REQUEST,
    };
    let mut response = json_response(status, used, refusal.body().into_bytes());
    if status == StatusCode::TOO_MANY_REQUESTS {
        let seconds = HeaderValue::from(ORDERS_RETRY_AFTER_SECONDS);
        response.headers_mut().insert(RETRY_AFTER, seconds);
    }
    response
}

/// The answer to what can't be read.
pub(crate) fn illegal(used: u64) -> HttpResponse {
    refused(StatusCode::BAD_REQUEST, used, -1100, "Illegal characters found in a parameter.")
}
