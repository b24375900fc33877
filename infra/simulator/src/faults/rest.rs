//! Where every REST answer passes.

use std::sync::Arc;

use actix_web::body::{BoxBody, MessageBody, to_bytes};
use actix_web::dev::{Payload, ServiceRequest, ServiceResponse};
use actix_web::http::StatusCode;
use actix_web::http::header::{CONTENT_TYPE, HeaderValue, RETRY_AFTER, UPGRADE};
use actix_web::middleware::Next;
use actix_web::web::{Bytes, Data, Query};
use actix_web::{Error, HttpResponse};
use serde_json::Value;

use super::answers::{Instead, Reply};
use super::call::Call;
use super::plan::{Act, MarketName};
use super::tap::Tap;
use crate::rest::json_response;
use crate::shared::Shared;

const KEY_HEADER: &str = "X-MBX-APIKEY";

/// Spoils requests and answers as the plan says.
pub(crate) async fn spoil(
    mut request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let Some(shared) = request.app_data::<Data<Shared>>().cloned() else {
        return next.call(request).await.map(ServiceResponse::map_into_boxed_body);
    };
    let market = market_of(request.path());
    if let Some(market) = market
        && request.headers().contains_key(UPGRADE)
        && shared.faults.closed_until(market, shared.now()).is_some()
    {
        return Ok(request.into_response(HttpResponse::ServiceUnavailable().finish()));
    }
    if request.headers().contains_key(UPGRADE) || !shared.faults.is_at_requests() {
        return next.call(request).await.map(ServiceResponse::map_into_boxed_body);
    }
    let Some(call) = read(&mut request).await? else {
        return next.call(request).await.map(ServiceResponse::map_into_boxed_body);
    };
    let tap = request.conn_data::<Arc<Tap>>().cloned();
    let (struck, instead) = shared.faults.before(&call, shared.now());
    if let Some(instead) = instead {
        let response = stand_in(instead, tap.as_deref()).await;
        return Ok(request.into_response(response));
    }
    let (request, response) = next.call(request).await?.map_into_boxed_body().into_parts();
    let (head, body) = response.into_parts();
    let bytes = to_bytes(body).await.unwrap_or_default();
    let text = String::from_utf8_lossy(&bytes);
    let body = serde_json::from_str::<Value>(&text).ok().filter(|_| head.status().is_success());
    let now = shared.now();
    let outcome = shared.faults.after(&call, &struck, body.as_ref(), &text, now);
    if call.act == Act::Time {
        shared.tell_time(now.plus_ms(shared.faults.clock_offset_ms(call.market, now)));
    }
    if let Some(until) = outcome.until {
        shared.until(until).await;
    }
    let response = match (outcome.instead, outcome.text) {
        (Some(instead), _) => stand_in(instead, tap.as_deref()).await,
        (None, Some(text)) => head.set_body(BoxBody::new(text)),
        (None, None) => head.set_body(BoxBody::new(bytes)),
    };
    Ok(ServiceResponse::new(request, response))
}

/// Of which market a path is.
fn market_of(path: &str) -> Option<MarketName> {
    let first = path.split('/').nth(1).unwrap_or_default();
    match first {
        "ws" | "stream" | "ws-api" | "api" | "sapi" => Some(MarketName::Spot),
        "public" | "market" | "private" | "fapi" | "ws-fapi" => Some(MarketName::Usdm),
        _ => None,
    }
}

/// What is asked, in the query and the body; the body can be read again. None for what is of no
/// market.
async fn read(request: &mut ServiceRequest) -> Result<Option<Call>, Error> {
    let body = request.extract::<Bytes>().await?;
    let texts = [request.query_string(), std::str::from_utf8(&body).unwrap_or_default()];
    let pairs = texts.map(Query::<Vec<(String, String)>>::from_query);
    let pairs = pairs.into_iter().flatten().flat_map(Query::into_inner).collect();
    let key = request.headers().get(KEY_HEADER).and_then(|key| key.to_str().ok());
    let call = Call::new(request.method().as_str(), request.path(), key.unwrap_or_default(), pairs);
    request.set_payload(Payload::from(body));
    Ok(call)
}

/// The answer in the place of the venue's own.
async fn stand_in(instead: Instead, tap: Option<&Tap>) -> HttpResponse {
    match (instead, tap) {
        (Instead::Reply(reply), _) => respond(&reply),
        (Instead::Cut, Some(tap)) => {
            tap.cut();
            HttpResponse::InternalServerError().finish()
        }
        (Instead::Hang, Some(tap)) => {
            tap.gone().await;
            HttpResponse::InternalServerError().finish()
        }
        // Where nothing can be cut, nothing ever comes.
        (Instead::Cut | Instead::Hang, None) => std::future::pending().await,
    }
}

fn respond(reply: &Reply) -> HttpResponse {
    let status = StatusCode::from_u16(reply.status).unwrap_or(StatusCode::BAD_REQUEST);
    let mut response = json_response(status, 0, reply.body().into_bytes());
    if reply.code == 0 {
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/html"));
    }
    if let Some(seconds) = reply.retry_after_seconds {
        response.headers_mut().insert(RETRY_AFTER, seconds.into());
    }
    response
}
