//! The WebSocket API: signed requests as messages, and the accounts' events.

use std::sync::Arc;

use actix_web::web::{self, Bytes, Data, Payload, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};
use actix_ws::{AggregatedMessage, AggregatedMessageStream, Closed, Session};
use domain::time::UtcMs;
use serde_json::{Map, Value, json};

use super::endpoints::{ENDPOINTS, Endpoint, SIGNED};
use crate::faults::answers::Instead;
use crate::faults::call::Call;
use crate::faults::plan::MarketName;
use crate::line::Line;
use crate::params::{Params, Refusal, refusal};
use crate::shared::Shared;
use crate::signed::asker::Asker;
use crate::stream::ping;

/// The longest request that is read.
const MAX_REQUEST_BYTES: usize = 64 * 1024;
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
    line: Arc<Line>,
}

async fn serve(shared: Data<Shared>, session: Session, messages: AggregatedMessageStream) {
    let line = shared.line(MarketName::Spot);
    let id = shared.next_connection();
    let mut connection = Connection { id, next_subscription: 0, line: Arc::clone(&line) };
    tokio::select! {
        biased;
        _ = listen(&shared, &mut connection, session.clone(), messages) => {}
        _ = line.talk(session.clone()) => {}
        _ = ping(session.clone(), || line.is_dead(shared.now())) => {}
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
        let now = shared.now();
        if connection.line.is_dead(now) {
            continue;
        }
        match message {
            AggregatedMessage::Text(text) => {
                let Spoken { answer, until, cuts } = respond(shared, connection, &text);
                if let Some(answer) = answer {
                    connection.line.answer(answer, until, now);
                }
                if cuts {
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

/// What comes of a request.
#[derive(Default)]
struct Spoken {
    answer: Option<String>,
    /// The answer waits until then.
    until: Option<UtcMs>,
    /// The connection ends.
    cuts: bool,
}

impl From<Value> for Spoken {
    fn from(answer: Value) -> Self {
        Self { answer: Some(answer.to_string()), ..Self::default() }
    }
}

fn respond(shared: &Shared, connection: &mut Connection, text: &str) -> Spoken {
    let Ok(request) = serde_json::from_str::<Value>(text) else {
        return failed(&Value::Null, &refusal(-1135, "Invalid JSON Request.")).into();
    };
    let id = &request["id"];
    let empty = Map::new();
    let params = request["params"].as_object().unwrap_or(&empty);
    let method = request["method"].as_str().unwrap_or_default();
    let asked = Asked::new(method, params);
    let Some(call) = asked.call(method).filter(|_| shared.faults.is_at_requests()) else {
        return told(id, answered(shared, connection, &asked)).into();
    };
    let now = shared.now();
    let (struck, instead) = shared.faults.before(&call, now);
    if let Some(instead) = instead {
        return stand_in(id, instead);
    }
    let answer = answered(shared, connection, &asked);
    let result = answer.as_ref().map(Value::to_string).unwrap_or_default();
    let outcome = shared.faults.after(&call, &struck, answer.as_ref().ok(), &result, now);
    let mut spoken = match (outcome.instead, outcome.text) {
        (Some(instead), _) => stand_in(id, instead),
        // What is no JSON any more spoils what it is in.
        (None, Some(text)) if answer.is_ok() => Spoken {
            answer: Some(format!(r#"{{"id":{id},"status":200,"result":{text}}}"#)),
            ..Spoken::default()
        },
        _ => told(id, answer).into(),
    };
    spoken.until = outcome.until;
    spoken
}

fn stand_in(id: &Value, instead: Instead) -> Spoken {
    match instead {
        Instead::Reply(reply) => json!({
            "id": id, "status": reply.status,
            "error": { "code": reply.code, "msg": reply.message },
        })
        .into(),
        Instead::Cut => Spoken { cuts: true, ..Spoken::default() },
        Instead::Hang => Spoken::default(),
    }
}

fn told(id: &Value, answer: Result<Value, Refusal>) -> Value {
    match answer {
        Ok(result) => json!({ "id": id, "status": 200, "result": result }),
        Err(refusal) => failed(id, &refusal),
    }
}

fn failed(id: &Value, refusal: &Refusal) -> Value {
    let status = match refusal.code {
        -2014 | -2015 => 401,
        -1015 => 429,
        -2021 => 409,
        _ => 400,
    };
    let mut error = json!({ "code": refusal.code, "msg": refusal.message });
    if let Some(data) = &refusal.data {
        error["data"] = (**data).clone();
    }
    json!({ "id": id, "status": status, "error": error })
}

/// A request, taken apart.
struct Asked<'a> {
    method: &'a str,
    endpoint: Option<&'static Endpoint>,
    subscription: Option<u64>,
    /// Sorted by name, as they are signed, whatever the message's order was.
    pairs: Vec<(String, String)>,
}

impl<'a> Asked<'a> {
    fn new(method: &'a str, params: &Map<String, Value>) -> Self {
        let mut pairs: Vec<(String, String)> = params
            .iter()
            .map(|(name, value)| {
                let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
                (name.clone(), text)
            })
            .collect();
        pairs.sort();
        let endpoint = ENDPOINTS.iter().find(|e| !e.message.is_empty() && e.message == method);
        let subscription = params.get("subscriptionId").and_then(Value::as_u64);
        Self { method, endpoint, subscription, pairs }
    }

    fn get(&self, name: &str) -> Option<&str> {
        self.pairs.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// As REST would have it; None for what it has not.
    fn call(&self, method: &str) -> Option<Call> {
        let (verb, path) = match (self.endpoint, method) {
            (Some(endpoint), _) => (endpoint.method.word(), endpoint.path),
            (None, SUBSCRIBE) => ("POST", "/api/v3/userDataStream"),
            (None, "time") => ("GET", "/api/v3/time"),
            _ => return None,
        };
        Call::new(verb, path, self.get("apiKey").unwrap_or_default(), self.pairs.clone())
    }
}

fn answered(
    shared: &Shared,
    connection: &mut Connection,
    asked: &Asked<'_>,
) -> Result<Value, Refusal> {
    match asked.method {
        "ping" => return Ok(json!({})),
        "time" => {
            let now = shared.now();
            shared.tell_time(now);
            return Ok(json!({ "serverTime": now.ms() }));
        }
        LOGON => return Err(refusal(-4056, "HMAC_SHA256 API key is not supported.")),
        UNSUBSCRIBE => {
            return match shared.books().unsubscribe(connection.id, asked.subscription) {
                true => Ok(json!({})),
                false => Err(refusal(-2036, "User Data Stream subscription not active.")),
            };
        }
        SUBSCRIBE => {}
        _ if asked.endpoint.is_some() => {}
        _ => return Err(refusal(-1020, "This operation is not supported.")),
    }
    let signed = asked.pairs.iter().filter(|(name, _)| name != "signature");
    let signed: Vec<_> = signed.map(|(name, value)| format!("{name}={value}")).collect();
    let asker = Asker {
        key: asked.get("apiKey").unwrap_or_default(),
        payload: &signed.join("&"),
        signature: asked.get("signature"),
        wall_ms: shared.clock.elapsed_ms(),
    };
    let (counted_ms, pairs) = (shared.counted_ms(), asked.pairs.clone());
    if let Some(endpoint) = asked.endpoint {
        return shared.books().answer(endpoint, asker, pairs, &shared.history, counted_ms).0;
    }
    let params = Params::of(pairs, &SIGNED)?;
    let subscription = connection.next_subscription;
    let number = (connection.id, subscription);
    shared.books().subscribe(asker, &params, number, &connection.line)?;
    connection.next_subscription += 1;
    Ok(json!({ "subscriptionId": subscription }))
}
