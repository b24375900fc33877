//! The REST half of the protocol, and the simulator's own status.

use std::sync::atomic::Ordering;

use actix_web::http::StatusCode;
use actix_web::http::header::{CONTENT_TYPE, RETRY_AFTER};
use actix_web::web::{self, Data, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};
use domain::time::UtcMs;
use serde::Serialize;
use serde_json::{Value, json};

use crate::exchange_info::exchange_info;
use crate::history::{History, Market, Query};
use crate::limits::Verdict;
use crate::params::{Params, Refusal, unknown_symbol};
use crate::quotes::Quotes;
use crate::render;
use crate::shared::Shared;

pub(crate) fn routes(config: &mut ServiceConfig) {
    config
        .route("/api/v3/ping", web::get().to(ping))
        .route("/api/v3/time", web::get().to(time))
        .route("/api/v3/exchangeInfo", web::get().to(info))
        .route("/api/v3/klines", web::get().to(klines))
        .route("/api/v3/ticker/price", web::get().to(ticker_price))
        .route("/api/v3/ticker/bookTicker", web::get().to(book_ticker))
        .route("/api/v3/depth", web::get().to(depth))
        .route("/api/v3/trades", web::get().to(trades))
        .route("/api/v3/aggTrades", web::get().to(aggregate_trades))
        .route("/sim/status", web::get().to(status))
        .route("/sim/books", web::get().to(books))
        .default_service(web::to(not_found));
}

type Answer = Result<Vec<u8>, Refusal>;

async fn ping(request: HttpRequest, shared: Data<Shared>) -> HttpResponse {
    answer(&request, &shared, 1, |query, _| Params::parse(query, &[]).map(|_| b"{}".to_vec()))
}

async fn time(request: HttpRequest, shared: Data<Shared>) -> HttpResponse {
    answer(&request, &shared, 1, |query, now| {
        Params::parse(query, &[])?;
        shared.tell_time(now);
        Ok(json!({ "serverTime": now.ms() }).to_string().into_bytes())
    })
}

async fn info(request: HttpRequest, shared: Data<Shared>) -> HttpResponse {
    answer(&request, &shared, 20, |query, now| {
        let known = ["symbol", "symbols", "permissions", "showPermissionSets", "symbolStatus"];
        let params = Params::parse(query, &known)?;
        let markets = named(&shared.history, params.symbols()?)?;
        shared.tell_time(now);
        Ok(exchange_info(markets.into_iter(), now).to_string().into_bytes())
    })
}

async fn klines(request: HttpRequest, shared: Data<Shared>) -> HttpResponse {
    answer(&request, &shared, 2, |query, now| {
        let known = ["symbol", "interval", "startTime", "endTime", "limit", "timeZone"];
        let params = Params::parse(query, &known)?;
        let symbol = params.symbol()?;
        let timeframe = params.interval()?;
        params.time_zone()?;
        let (from, to) = (params.time("startTime")?, params.time("endTime")?);
        let query = Query { from, to, limit: params.limit(500, 1000)? };
        let market = shared.history.markets.get(symbol).ok_or_else(unknown_symbol)?;
        let (closed, open) = shared.history.candles(market, timeframe, query, now);
        let mut out = Vec::with_capacity(200 * (closed.len() + 1));
        out.push(b'[');
        for candle in closed.iter().chain(&open) {
            if out.len() > 1 {
                out.push(b',');
            }
            render::row(&mut out, candle);
        }
        out.push(b']');
        Ok(out)
    })
}

async fn ticker_price(request: HttpRequest, shared: Data<Shared>) -> HttpResponse {
    let one = Params::parse(request.query_string(), &["symbol"]);
    let is_one = one.is_ok_and(|params| params.get("symbol").is_some());
    answer(&request, &shared, if is_one { 2 } else { 4 }, |query, now| {
        let params = Params::parse(query, &["symbol", "symbols", "symbolStatus"])?;
        let markets = named(&shared.history, params.symbols()?)?;
        let price = |(symbol, market): (&String, &Market)| {
            let price = render::price_text(shared.history.price(market, now));
            json!({ "symbol": symbol, "price": price })
        };
        let mut prices: Vec<_> = markets.into_iter().map(price).collect();
        let body = match params.get("symbol") {
            Some(_) => prices.pop().unwrap_or_default(),
            None => Value::Array(prices),
        };
        Ok(body.to_string().into_bytes())
    })
}

async fn book_ticker(request: HttpRequest, shared: Data<Shared>) -> HttpResponse {
    let one = Params::parse(request.query_string(), &["symbol"]);
    let is_one = one.is_ok_and(|params| params.get("symbol").is_some());
    answer(&request, &shared, if is_one { 2 } else { 4 }, |query, now| {
        let params = Params::parse(query, &["symbol", "symbols", "symbolStatus"])?;
        let markets = named(&shared.history, params.symbols()?)?;
        let quote = |(symbol, market): (&String, &Market)| {
            Quotes::of(&shared.history, symbol, market, shared.seed).ticker(now)
        };
        let mut told: Vec<_> = markets.into_iter().map(quote).collect();
        let body = match params.get("symbol") {
            Some(_) => told.pop().unwrap_or_default(),
            None => Value::Array(told),
        };
        Ok(body.to_string().into_bytes())
    })
}

async fn depth(request: HttpRequest, shared: Data<Shared>) -> HttpResponse {
    let asked = Params::parse(request.query_string(), &["symbol", "limit"]);
    let limit = asked.and_then(|params| params.limit(100, 5000)).unwrap_or(100);
    let weight = match limit {
        ..=100 => 5,
        101..=500 => 25,
        501..=1000 => 50,
        _ => 250,
    };
    answer(&request, &shared, weight, |query, now| {
        let params = Params::parse(query, &["symbol", "limit", "symbolStatus"])?;
        let limit = params.limit(100, 5000)?;
        Ok(one(&shared, &params)?.depth(now, limit).to_string().into_bytes())
    })
}

async fn trades(request: HttpRequest, shared: Data<Shared>) -> HttpResponse {
    answer(&request, &shared, 25, |query, now| {
        let params = Params::parse(query, &["symbol", "limit"])?;
        let limit = params.limit(500, 1000)?;
        Ok(one(&shared, &params)?.trades(now, limit).to_string().into_bytes())
    })
}

async fn aggregate_trades(request: HttpRequest, shared: Data<Shared>) -> HttpResponse {
    answer(&request, &shared, 4, |query, now| {
        let known = ["symbol", "fromId", "startTime", "endTime", "limit"];
        let params = Params::parse(query, &known)?;
        let range = (params.time("startTime")?, params.time("endTime")?);
        let (from_id, limit) = (params.id("fromId")?, params.limit(500, 1000)?);
        let quotes = one(&shared, &params)?;
        Ok(quotes.aggregates(now, from_id, range, limit).to_string().into_bytes())
    })
}

/// The quotes of the one market that is named.
fn one<'a>(shared: &'a Shared, params: &Params) -> Result<Quotes<'a>, Refusal> {
    shared.quotes(false, params.symbol()?)
}

/// The markets of these symbols in their order, all where none are named.
fn named(
    history: &History,
    symbols: Option<Vec<String>>,
) -> Result<Vec<(&String, &Market)>, Refusal> {
    let Some(symbols) = symbols else { return Ok(history.markets.iter().collect()) };
    let known = |symbol: String| history.markets.get_key_value(&symbol).ok_or_else(unknown_symbol);
    symbols.into_iter().map(known).collect()
}

/// Charges the client, then answers at the market's present moment.
fn answer(
    request: &HttpRequest,
    shared: &Shared,
    weight: u64,
    body: impl FnOnce(&str, UtcMs) -> Answer,
) -> HttpResponse {
    let (used, turned_away) = admit(request, shared, weight);
    if let Some(response) = turned_away {
        return response;
    }
    match body(request.query_string(), shared.now()) {
        Ok(body) => json_response(StatusCode::OK, used, body),
        Err(refusal) => refused(StatusCode::BAD_REQUEST, used, refusal.code, &refusal.message),
    }
}

/// Charges the client: what it has used, and the answer where it is turned away for it.
pub(crate) fn admit(
    request: &HttpRequest,
    shared: &Shared,
    weight: u64,
) -> (u64, Option<HttpResponse>) {
    shared.rest_requests.fetch_add(1, Ordering::Relaxed);
    let charged = shared.charge(request, weight);
    let (status, message) = match charged.verdict {
        Verdict::Allowed => return (charged.used, None),
        Verdict::Refused { .. } => (
            StatusCode::TOO_MANY_REQUESTS,
            format!(
                "Too much request weight used; current limit is {} request weight per 1 \
                 MINUTE. Please use WebSocket Streams for live updates to avoid polling the API.",
                charged.limit
            ),
        ),
        Verdict::Banned { until_ms, .. } => (
            StatusCode::IM_A_TEAPOT,
            format!(
                "Way too much request weight used; IP banned until {until_ms}. Please use \
                 WebSocket Streams for live updates to avoid bans."
            ),
        ),
    };
    let mut response = refused(status, charged.used, -1003, &message);
    response.headers_mut().insert(RETRY_AFTER, charged.retry_after_seconds.into());
    (charged.used, Some(response))
}

pub(crate) fn json_response(status: StatusCode, used: u64, body: Vec<u8>) -> HttpResponse {
    HttpResponse::build(status)
        .insert_header((CONTENT_TYPE, "application/json;charset=UTF-8"))
        .insert_header(("X-MBX-USED-WEIGHT", used))
        .insert_header(("X-MBX-USED-WEIGHT-1M", used))
        .body(body)
}

pub(crate) fn refused(status: StatusCode, used: u64, code: i32, message: &str) -> HttpResponse {
    json_response(status, used, json!({ "code": code, "msg": message }).to_string().into_bytes())
}

/// The simulator's own account of itself, outside Binance's protocol.
#[derive(Debug, Serialize)]
struct Status {
    now_ms: i64,
    finished: bool,
    first_open_ms: i64,
    last_close_ms: i64,
    streamed: u64,
    dropped: u64,
    duplicated: u64,
    disconnects: u64,
    rest_requests: u64,
    listeners: usize,
}

async fn status(shared: Data<Shared>) -> HttpResponse {
    let wall_ms = shared.clock.elapsed_ms();
    let replay = shared.replay();
    let counters = replay.counters();
    HttpResponse::Ok().json(Status {
        now_ms: replay.now(wall_ms).ms(),
        finished: replay.is_finished(wall_ms),
        first_open_ms: shared.history.first_open.ms(),
        last_close_ms: shared.history.last_close.ms(),
        streamed: counters.streamed,
        dropped: counters.dropped,
        duplicated: counters.duplicated,
        disconnects: counters.disconnects,
        rest_requests: shared.rest_requests.load(Ordering::Relaxed),
        listeners: replay.listening(),
    })
}

/// What really happened to the account of a key.
async fn books(request: HttpRequest, shared: Data<Shared>) -> HttpResponse {
    let key = Params::parse(request.query_string(), &["key"]);
    match key.as_ref().map(|params| params.mandatory("key")) {
        Ok(Ok(key)) => HttpResponse::Ok().json(shared.snapshot(key)),
        _ => HttpResponse::BadRequest().body("name the account: /sim/books?key=KEY\n"),
    }
}

async fn not_found() -> HttpResponse {
    HttpResponse::NotFound().body(
        "this is a simulated venue; it serves /api/v3/{ping,time,exchangeInfo,klines,depth,trades,aggTrades,\
         ticker/price,ticker/bookTicker}, \
         /ws, /stream, /sim/status and /sim/books, and to accounts /api/v3/{account,order,openOrders,allOrders,\
         myTrades,orderList,openOrderList} and /ws-api/v3\n",
    )
}
