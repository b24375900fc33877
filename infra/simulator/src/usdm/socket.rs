//! Streams of futures: accounts' events under their listen keys, and the market's under its own path,
//! as its streams are named like those of spot.

use std::time::Duration;

use actix_web::guard::{GuardContext, fn_guard};
use actix_web::web::{self, Bytes, Data, Payload, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};
use actix_ws::{AggregatedMessage, AggregatedMessageStream, Closed, Session};
use serde_json::{Value, json};

use crate::faults::plan::MarketName;
use crate::line::Line;
use crate::shared::Shared;
use crate::stream::{self, ping};

/// The longest request that is read.
const MAX_REQUEST_BYTES: usize = 64 * 1024;
/// How often it is looked whether a key has died.
const LOOK_EVERY: Duration = Duration::from_millis(250);

pub(crate) fn routes(config: &mut ServiceConfig) {
    let key = "{key:[A-Za-z0-9]{64}}";
    for path in ["/ws", "/private/ws"] {
        config.route(&format!("{path}/{key}"), web::get().to(private));
        config.route(path, web::get().guard(fn_guard(names_key)).to(private));
    }
    for path in ["/stream", "/private/stream"] {
        config.route(path, web::get().guard(fn_guard(names_key)).to(private));
    }
    for prefix in ["/market", "/public"] {
        config
            .route(&format!("{prefix}/ws"), web::get().to(plain))
            .route(&format!("{prefix}/ws/{{streams:.*}}"), web::get().to(plain))
            .route(&format!("{prefix}/stream"), web::get().to(combined));
    }
}

/// The key in a query, as `listenKey` or as the stream's name.
fn key_in(query: &str) -> Option<&str> {
    let values = query.split('&').filter_map(|pair| {
        pair.strip_prefix("listenKey=").or_else(|| pair.strip_prefix("streams="))
    });
    let mut keys = values.filter(|value| {
        value.len() as u64 == super::listen::KEY_LENGTH
            && value.bytes().all(|b| b.is_ascii_alphanumeric())
    });
    keys.next()
}

fn names_key(context: &GuardContext<'_>) -> bool {
    context.head().uri.query().is_some_and(|query| key_in(query).is_some())
}

async fn plain(
    request: HttpRequest,
    body: Payload,
    shared: Data<Shared>,
) -> actix_web::Result<HttpResponse> {
    let streams = request.match_info().query("streams").to_owned();
    stream::open(&request, body, shared, &streams, false, true)
}

async fn combined(
    request: HttpRequest,
    body: Payload,
    shared: Data<Shared>,
) -> actix_web::Result<HttpResponse> {
    let query = web::Query::<Vec<(String, String)>>::from_query(request.query_string())?;
    let named = query.iter().find(|(name, _)| name == "streams");
    let streams = named.map_or("", |(_, value)| value.as_str());
    stream::open(&request, body, shared, streams, true, true)
}

async fn private(
    request: HttpRequest,
    body: Payload,
    shared: Data<Shared>,
) -> actix_web::Result<HttpResponse> {
    let in_path = request.match_info().get("key").map(str::to_owned);
    let key = in_path.or_else(|| key_in(request.query_string()).map(str::to_owned));
    let wrapped = request.path().ends_with("/stream");
    let (response, session, messages) = actix_ws::handle(&request, body)?;
    let messages = messages.max_frame_size(MAX_REQUEST_BYTES).aggregate_continuations();
    let messages = messages.max_continuation_size(MAX_REQUEST_BYTES);
    let key = key.unwrap_or_default();
    actix_web::rt::spawn(serve(shared, session, messages, key, wrapped));
    Ok(response)
}

async fn serve(
    shared: Data<Shared>,
    session: Session,
    messages: AggregatedMessageStream,
    key: String,
    wrapped: bool,
) {
    let line = shared.line(MarketName::Usdm);
    let id = shared.next_connection();
    shared.usdm().subscribe(&key, id, wrapped, &line);
    let look = async {
        loop {
            tokio::time::sleep(LOOK_EVERY).await;
            shared.usdm().expire_streams(&shared.history, shared.clock.elapsed_ms());
        }
    };
    tokio::select! {
        biased;
        _ = listen(&shared, &line, session.clone(), messages) => {}
        _ = line.talk(session.clone()) => {}
        _ = ping(session.clone(), || line.is_dead(shared.now())) => {}
        () = look => {}
    }
    shared.usdm().unsubscribe(id);
}

/// Whoever asks to subscribe is subscribed already.
async fn listen(
    shared: &Shared,
    line: &Line,
    mut session: Session,
    mut messages: AggregatedMessageStream,
) -> Result<(), Closed> {
    while let Some(Ok(message)) = messages.recv().await {
        let now = shared.now();
        if line.is_dead(now) {
            continue;
        }
        match message {
            AggregatedMessage::Text(text) => {
                let request: Value = serde_json::from_str(&text).unwrap_or_default();
                let answer = json!({ "result": null, "id": request["id"] });
                line.answer(answer.to_string(), None, now);
            }
            AggregatedMessage::Ping(bytes) => session.pong(&bytes as &Bytes).await?,
            AggregatedMessage::Close(reason) => return session.close(reason).await,
            AggregatedMessage::Binary(_) | AggregatedMessage::Pong(_) => {}
        }
    }
    Ok(())
}
