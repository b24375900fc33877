//! The WebSocket API: signed requests as messages, and the accounts' events.

use actix_web::web::{self, Bytes, Data, Payload, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};
use actix_ws::{AggregatedMessage, AggregatedMessageStream, Closed, Session};
use serde_json::{Map, Value, json};
use tokio::sync::mpsc;

use super::books::Asker;
use super::endpoints::{ENDPOINTS, SIGNED};
use crate::params::{Params, Refusal, refusal};
use crate::server::Shared;
use crate::stream::ping;

/// The longest request that is read.
const MAX_REQUEST_BYTES: usize = 64 * 1024;
/// Events that may wait for a connection; one that reads more slowly sees its events end.
const QUEUE: usize = 10_000;
const SUBSCRIBE: &str = "userDataStream.subscribe.signature";
const UNSUBSCRIBE: &str = "userDataStream.unsubscribe";
/// Only keys of another kind may log on, and this server has none.
const LOGON: &str = "session.logon";

pub(crate) fn routes(config: &mut ServiceConfig) {
    config.route("/ws-api/v3", web::get().to(open));
}

async fn open(
    request: HttpRequest,
    body: Payload,
    shared: Data<Shared>,
) -> actix_web::Result<HttpResponse> {
    let (response, session, messages) = actix_ws::handle(&request, body)?;
    let messages = messages.max_frame_size(MAX_REQUEST_BYTES).aggregate_continuations();
    let messages = messages.max_continuation_size(MAX_REQUEST_BYTES);
    actix_web::rt::spawn(serve(shared, session, messages));
    Ok(response)
}

/// A connection, and how it is told of events.
struct Connection {
    id: u64,
    next_subscription: u64,
    out: mpsc::Sender<String>,
}

async fn serve(shared: Data<Shared>, session: Session, messages: AggregatedMessageStream) {
    let (out, mut events) = mpsc::channel::<String>(QUEUE);
    let mut connection = Connection { id: shared.next_connection(), next_subscription: 0, out };
    let id = connection.id;
    let tell = async {
        let mut session = session.clone();
        while let Some(event) = events.recv().await {
            session.text(event).await?;
        }
        Ok::<_, Closed>(())
    };
    tokio::select! {
        biased;
        _ = listen(&shared, &mut connection, session.clone(), messages) => {}
        _ = tell => {}
        _ = ping(session.clone()) => {}
    }
    shared.books().unsubscribe(id, None);
}

/// Answers go the way of the events: what an order brought about is told before its answer.
async fn listen(
    shared: &Shared,
    connection: &mut Connection,
    mut session: Session,
    mut messages: AggregatedMessageStream,
) -> Result<(), Closed> {
    while let Some(Ok(message)) = messages.recv().await {
        match message {
            AggregatedMessage::Text(text) => {
                let answer = respond(shared, connection, &text).to_string();
                if connection.out.send(answer).await.is_err() {
                    return Ok(());
                }
            }
            AggregatedMessage::Ping(bytes) => session.pong(&bytes as &Bytes).await?,
            AggregatedMessage::Close(reason) => return session.close(reason).await,
            AggregatedMessage::Binary(_) | AggregatedMessage::Pong(_) => {}
        }
    }
    Ok(())
}

fn respond(shared: &Shared, connection: &mut Connection, text: &str) -> Value {
    let Ok(request) = serde_json::from_str::<Value>(text) else {
        return failed(&Value::Null, &refusal(-1135, "Invalid JSON Request."));
    };
    let id = &request["id"];
    let empty = Map::new();
    let params = request["params"].as_object().unwrap_or(&empty);
    match answered(shared, connection, request["method"].as_str().unwrap_or_default(), params) {
        Ok(result) => json!({ "id": id, "status": 200, "result": result }),
        Err(refusal) => failed(id, &refusal),
    }
}

fn failed(id: &Value, refusal: &Refusal) -> Value {
    let status = match refusal.code {
        -2014 | -2015 => 401,
        -1015 => 429,
        _ => 400,
    };
    json!({
        "id": id, "status": status, "error": { "code": refusal.code, "msg": refusal.message },
    })
}

fn answered(
    shared: &Shared,
    connection: &mut Connection,
    method: &str,
    params: &Map<String, Value>,
) -> Result<Value, Refusal> {
    let endpoint = ENDPOINTS.iter().find(|e| !e.message.is_empty() && e.message == method);
    match method {
        "ping" => return Ok(json!({})),
        "time" => {
            let now = shared.now();
            shared.tell_time(now);
            return Ok(json!({ "serverTime": now.ms() }));
        }
        LOGON => return Err(refusal(-4056, "HMAC_SHA256 API key is not supported.")),
        UNSUBSCRIBE => {
            let number = params.get("subscriptionId").and_then(Value::as_u64);
            return match shared.books().unsubscribe(connection.id, number) {
                true => Ok(json!({})),
                false => Err(refusal(-2036, "User Data Stream subscription not active.")),
            };
        }
        SUBSCRIBE => {}
        _ if endpoint.is_some() => {}
        _ => return Err(refusal(-1020, "This operation is not supported.")),
    }
    let mut pairs: Vec<(String, String)> = params
        .iter()
        .map(|(name, value)| {
            let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            (name.clone(), text)
        })
        .collect();
    // Signed by name; the map is sorted, whatever the message's order was.
    pairs.sort();
    let signed = pairs.iter().filter(|(name, _)| name != "signature");
    let signed: Vec<_> = signed.map(|(name, value)| format!("{name}={value}")).collect();
    let payload = signed.join("&");
    let found = |name: &str| {
        let pair = pairs.iter().find(|(known, _)| known == name);
        pair.map(|(_, value)| value.clone())
    };
    let (key, signature) = (found("apiKey").unwrap_or_default(), found("signature"));
    let asker = Asker {
        key: &key,
        payload: &payload,
        signature: signature.as_deref(),
        wall_ms: shared.clock.elapsed_ms(),
    };
    let counted_ms = shared.counted_ms();
    if let Some(endpoint) = endpoint {
        return shared.books().answer(endpoint, asker, pairs, &shared.history, counted_ms).0;
    }
    let params = Params::of(pairs, &SIGNED)?;
    let subscription = connection.next_subscription;
    let number = (connection.id, subscription);
    shared.books().subscribe(asker, &params, number, connection.out.clone())?;
    connection.next_subscription += 1;
    Ok(json!({ "subscriptionId": subscription }))
}
