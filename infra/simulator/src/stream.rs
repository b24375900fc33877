//! The WebSocket half of the protocol: `/ws/<stream>` sends plain payloads, `/stream?streams=`
//! wraps them with their stream's name, and both take requests to subscribe.

use std::time::Duration;

use actix_web::web::{self, Bytes, Data, Payload, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};
use actix_ws::{AggregatedMessage, AggregatedMessageStream, CloseCode, Closed, Session};
use serde_json::{Value, json};

use crate::replay::{ListenerId, Next};
use crate::shared::Shared;

/// How often Binance pings.
const PING_EVERY: Duration = Duration::from_secs(20);
/// The longest request that is read.
const MAX_REQUEST_BYTES: usize = 256 * 1024;

pub(crate) fn routes(config: &mut ServiceConfig) {
    config
        .route("/ws", web::get().to(plain))
        .route("/ws/{streams:.*}", web::get().to(plain))
        .route("/stream", web::get().to(combined));
}

async fn plain(
    request: HttpRequest,
    body: Payload,
    shared: Data<Shared>,
) -> actix_web::Result<HttpResponse> {
    let streams = request.match_info().query("streams").to_owned();
    open(&request, body, shared, &streams, false, false)
}

async fn combined(
    request: HttpRequest,
    body: Payload,
    shared: Data<Shared>,
) -> actix_web::Result<HttpResponse> {
    let query = web::Query::<Vec<(String, String)>>::from_query(request.query_string())?;
    let named = query.iter().find(|(name, _)| name == "streams");
    let streams = named.map_or("", |(_, value)| value.as_str());
    open(&request, body, shared, streams, true, false)
}

/// `perpetual` is whether the streams are those of futures.
pub(crate) fn open(
    request: &HttpRequest,
    body: Payload,
    shared: Data<Shared>,
    streams: &str,
    combined: bool,
    perpetual: bool,
) -> actix_web::Result<HttpResponse> {
    let (response, session, messages) = actix_ws::handle(request, body)?;
    let messages = messages.max_frame_size(MAX_REQUEST_BYTES).aggregate_continuations();
    let messages = messages.max_continuation_size(MAX_REQUEST_BYTES);
    let streams = streams.split('/').filter(|s| !s.is_empty()).map(str::to_owned).collect();
    actix_web::rt::spawn(serve(shared, session, messages, streams, (combined, perpetual)));
    Ok(response)
}

/// Serves one connection until either side ends it. That all handles of the session are dropped
/// here is what ends the socket without a closing handshake where the replay cuts it off.
async fn serve(
    shared: Data<Shared>,
    session: Session,
    messages: AggregatedMessageStream,
    streams: Vec<String>,
    (combined, perpetual): (bool, bool),
) {
    let (id, bell) = shared.replay().connect(combined, perpetual);
    shared.replay().subscribe(id, streams);
    let talk = async {
        let mut session = session.clone();
        let mut batch = Vec::new();
        loop {
            let next = shared.replay().take(id, &mut batch);
            // What closed is in the accounts' books before anybody hears of it.
            shared.settle();
            match next {
                Next::Send => {
                    for message in batch.drain(..) {
                        session.text(message).await?;
                    }
                }
                Next::Wait => bell.notified().await,
                Next::Yield => tokio::task::yield_now().await,
                Next::Cut => return Ok::<_, Closed>(()),
                Next::Close => return session.close(Some(CloseCode::Away.into())).await,
            }
        }
    };
    tokio::select! {
        biased;
        _ = listen(&shared, id, session.clone(), messages) => {}
        _ = ping(session.clone(), || shared.replay().is_dead(id)) => {}
        _ = talk => {}
    }
    shared.replay().disconnect(id);
}

/// Pings, unless the connection is dead.
pub(crate) async fn ping(mut session: Session, is_dead: impl Fn() -> bool) -> Result<(), Closed> {
    loop {
        tokio::time::sleep(PING_EVERY).await;
        if !is_dead() {
            session.ping(b"").await?;
        }
    }
}

async fn listen(
    shared: &Shared,
    id: ListenerId,
    mut session: Session,
    mut messages: AggregatedMessageStream,
) -> Result<(), Closed> {
    while let Some(Ok(message)) = messages.recv().await {
        if shared.replay().is_dead(id) {
            continue;
        }
        match message {
            AggregatedMessage::Text(text) => {
                session.text(respond(shared, id, &text).to_string()).await?;
            }
            AggregatedMessage::Ping(bytes) => session.pong(&bytes as &Bytes).await?,
            AggregatedMessage::Close(reason) => return session.close(reason).await,
            AggregatedMessage::Binary(_) | AggregatedMessage::Pong(_) => {}
        }
    }
    Ok(())
}

/// Answers a request such as `{"method":"SUBSCRIBE","params":["btcusdt@kline_1m"],"id":1}`.
fn respond(shared: &Shared, id: ListenerId, text: &str) -> Value {
    let request = match serde_json::from_str::<Value>(text) {
        Ok(request) => request,
        Err(error) => return failure(&Value::Null, 3, &format!("Invalid JSON: {error}")),
    };
    let request_id = &request["id"];
    if !(request_id.is_null() || request_id.is_u64() || request_id.is_string()) {
        return failure(&Value::Null, 2, "Invalid request: request ID must be an unsigned integer");
    }
    let Some(method) = request["method"].as_str() else {
        return failure(request_id, 2, "Invalid request: missing field `method`");
    };
    if method == "LIST_SUBSCRIPTIONS" {
        return json!({ "result": shared.replay().subscriptions(id), "id": request_id });
    }
    if !matches!(method, "SUBSCRIBE" | "UNSUBSCRIBE") {
        let method: String = method.chars().take(40).collect();
        let message = format!(
            "Invalid request: unknown variant `{method}`, expected one of `SUBSCRIBE`, \
             `UNSUBSCRIBE`, `LIST_SUBSCRIPTIONS`"
        );
        return failure(request_id, 2, &message);
    }
    let Ok(streams) = serde_json::from_value::<Vec<String>>(request["params"].clone()) else {
        return failure(request_id, 2, "Invalid request: params must be a list of streams");
    };
    if streams.iter().any(|stream| !stream.contains('@') && !stream.starts_with('!')) {
        return failure(request_id, 2, "Invalid request: invalid stream");
    }
    if method == "UNSUBSCRIBE" {
        shared.replay().unsubscribe(id, &streams);
    } else if !shared.replay().subscribe(id, streams) {
        return failure(request_id, 4, "Too many subscriptions");
    }
    json!({ "result": null, "id": request_id })
}

fn failure(request_id: &Value, code: i32, message: &str) -> Value {
    json!({ "error": { "code": code, "msg": message }, "id": request_id })
}
