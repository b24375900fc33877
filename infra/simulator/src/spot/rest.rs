//! Signed requests over REST.

use actix_web::http::StatusCode;
use actix_web::http::header::{HeaderValue, RETRY_AFTER};
use actix_web::web::{self, Bytes, Data, Query, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};

use super::books::Asker;
use super::endpoints::{ENDPOINTS, Endpoint, Verb};
use super::sign;
use crate::rest::{admit, json_response, refused};
use crate::shared::Shared;

/// The header that carries the key.
const KEY_HEADER: &str = "X-MBX-APIKEY";
/// After which the venue's shortest window of orders is another.
const ORDERS_RETRY_AFTER_SECONDS: u64 = 10;

pub(crate) fn routes(config: &mut ServiceConfig) {
    for endpoint in &ENDPOINTS {
        let handle = move |request: HttpRequest, body: Bytes, shared: Data<Shared>| async move {
            serve(endpoint, &request, &body, &shared)
        };
        let route = match endpoint.method {
            Verb::Get => web::get(),
            Verb::Post => web::post(),
            Verb::Put => web::put(),
            Verb::Delete => web::delete(),
        };
        config.route(endpoint.path, route.to(handle));
    }
}

fn serve(endpoint: &Endpoint, request: &HttpRequest, body: &[u8], shared: &Shared) -> HttpResponse {
    let (used, turned_away) = admit(request, shared, endpoint.weight);
    if let Some(response) = turned_away {
        return response;
    }
    let illegal = || {
        let message = "Illegal characters found in a parameter.";
        refused(StatusCode::BAD_REQUEST, used, -1100, message)
    };
    let (query, Ok(body)) = (request.query_string(), std::str::from_utf8(body)) else {
        return illegal();
    };
    let (payload, signature) = sign::split(query, body);
    let taken_apart = [query, body].map(Query::<Vec<(String, String)>>::from_query);
    let [Ok(Query(mut pairs)), Ok(Query(more))] = taken_apart else { return illegal() };
    pairs.extend(more);
    // As it was meant: a base64 signature may come percent-encoded.
    let decoded = pairs.iter().find(|(name, _)| name == "signature");
    let signature = signature.and(decoded.map(|(_, value)| value.replace(' ', "+")));
    let key = request.headers().get(KEY_HEADER).and_then(|key| key.to_str().ok());
    let asker = Asker {
        key: key.unwrap_or_default(),
        payload: &payload,
        signature: signature.as_deref(),
        wall_ms: shared.clock.elapsed_ms(),
    };
    let counted_ms = shared.counted_ms();
    let (answer, counts) =
        shared.books().answer(endpoint, asker, pairs, &shared.history, counted_ms);
    let mut response = match answer {
        Ok(body) => json_response(StatusCode::OK, used, body.to_string().into_bytes()),
        Err(refusal) => {
            let status = match refusal.code {
                -2014 | -2015 => StatusCode::UNAUTHORIZED,
                -1015 => StatusCode::TOO_MANY_REQUESTS,
                -2021 => StatusCode::CONFLICT,
                _ => StatusCode::BAD_REQUEST,
            };
            let mut response = json_response(status, used, refusal.body().into_bytes());
            if status == StatusCode::TOO_MANY_REQUESTS {
                let seconds = HeaderValue::from(ORDERS_RETRY_AFTER_SECONDS);
                response.headers_mut().insert(RETRY_AFTER, seconds);
            }
            response
        }
    };
    if let Some(counts) = counts {
        let headers = response.headers_mut();
        for (name, used) in
            [("x-mbx-order-count-10s", counts.ten_seconds), ("x-mbx-order-count-1d", counts.day)]
        {
            let name = actix_web::http::header::HeaderName::from_static(name);
            headers.insert(name, HeaderValue::from(used as u64));
        }
    }
    response
}
