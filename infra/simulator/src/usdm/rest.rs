//! REST of futures: what anyone may ask, and requests with a key.

use actix_web::http::StatusCode;
use actix_web::web::{self, Bytes, Data, Query, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};
use domain::time::UtcMs;
use serde_json::json;

use super::crowd::{self, Counted};
use super::endpoints::ENDPOINTS;
use super::{info, public};
use crate::params::{Params, Refusal};
use crate::rest::{admit, json_response, refused};
use crate::shared::Shared;
use crate::signed::rest::{illegal, serve};

type Told = fn(&Shared, &Params, UtcMs) -> Result<Vec<u8>, Refusal>;

/// What anyone may ask, with its weight.
static PUBLIC: [(&str, u64, Told); 19] = [
    ("/fapi/v1/ping", 1, |_, _, _| Ok(b"{}".to_vec())),
    ("/fapi/v1/time", 1, |shared, _, now| {
        shared.tell_time(now);
        Ok(json!({ "serverTime": now.ms() }).to_string().into_bytes())
    }),
    ("/fapi/v1/exchangeInfo", 1, |shared, _, now| {
        shared.tell_time(now);
        Ok(info::exchange_info(&shared.history, now).to_string().into_bytes())
    }),
    ("/fapi/v1/klines", 5, |shared, params, now| public::klines(&shared.history, params, now)),
    // The mark price is the candles' own.
    ("/fapi/v1/markPriceKlines", 5, |shared, params, now| {
        public::klines(&shared.history, params, now)
    }),
    ("/fapi/v1/ticker/price", 1, prices),
    ("/fapi/v2/ticker/price", 1, prices),
    ("/fapi/v1/premiumIndex", 1, |shared, params, now| {
        let funding = shared.usdm().options.funding;
        let marks = public::marks(&shared.history, funding, params, now)?;
        Ok(marks.to_string().into_bytes())
    }),
    ("/fapi/v1/fundingRate", 1, |shared, params, now| {
        let funding = shared.usdm().options.funding;
        let rates = public::funding_rates(&shared.history, funding, params, now)?;
        Ok(rates.to_string().into_bytes())
    }),
    ("/fapi/v1/depth", 10, |shared, params, now| {
        let limit = params.limit(500, 1000)?;
        Ok(shared.quotes(true, params.symbol()?)?.depth(now, limit).to_string().into_bytes())
    }),
    ("/fapi/v1/trades", 5, |shared, params, now| {
        let limit = params.limit(500, 1000)?;
        Ok(shared.quotes(true, params.symbol()?)?.trades(now, limit).to_string().into_bytes())
    }),
    ("/fapi/v1/aggTrades", 20, |shared, params, now| {
        let range = (params.time("startTime")?, params.time("endTime")?);
        let (from_id, limit) = (params.id("fromId")?, params.limit(500, 1000)?);
        let quotes = shared.quotes(true, params.symbol()?)?;
        Ok(quotes.aggregates(now, from_id, range, limit).to_string().into_bytes())
    }),
    ("/fapi/v1/ticker/bookTicker", 2, |shared, params, now| {
        Ok(shared.quotes(true, params.symbol()?)?.ticker(now).to_string().into_bytes())
    }),
    ("/fapi/v1/fundingInfo", 1, |shared, _, _| {
        Ok(public::funding_info(&shared.history).to_string().into_bytes())
    }),
    ("/fapi/v1/openInterest", 1, crowd::interest),
    ("/futures/data/openInterestHist", 0, crowd::interests),
    ("/futures/data/globalLongShortAccountRatio", 0, |shared, params, now| {
        crowd::ratios(shared, params, now, Counted::Accounts)
    }),
    ("/futures/data/topLongShortAccountRatio", 0, |shared, params, now| {
        crowd::ratios(shared, params, now, Counted::TopAccounts)
    }),
    ("/futures/data/topLongShortPositionRatio", 0, |shared, params, now| {
        crowd::ratios(shared, params, now, Counted::TopPositions)
    }),
];

fn prices(shared: &Shared, params: &Params, now: UtcMs) -> Result<Vec<u8>, Refusal> {
    Ok(public::prices(&shared.history, params, now)?.to_string().into_bytes())
}

pub(crate) fn routes(config: &mut ServiceConfig) {
    for (path, weight, told) in &PUBLIC {
        let handle = move |request: HttpRequest, shared: Data<Shared>| async move {
            tell(*weight, *told, &request, &shared)
        };
        config.route(path, web::get().to(handle));
    }
    for endpoint in &ENDPOINTS {
        let handle = move |request: HttpRequest, body: Bytes, shared: Data<Shared>| async move {
            serve((&request, &body), &shared, endpoint.weight, |asker, pairs, counted_ms| {
                let history = &shared.history;
                let answer = shared.usdm().answer(endpoint, asker, pairs, history, counted_ms);
                // What an order brought about may be news to the market's listeners.
                drop(shared.usdm());
                answer
            })
        };
        config.route(endpoint.path, endpoint.method.route().to(handle));
    }
}

fn tell(weight: u64, told: Told, request: &HttpRequest, shared: &Shared) -> HttpResponse {
    let (used, turned_away) = admit(request, shared, weight);
    if let Some(response) = turned_away {
        return response;
    }
    let query = request.query_string();
    let Ok(Query(pairs)) = Query::<Vec<(String, String)>>::from_query(query) else {
        return illegal(used);
    };
    let answer = Params::any(pairs).and_then(|params| told(shared, &params, shared.now()));
    match answer {
        Ok(body) => json_response(StatusCode::OK, used, body),
        Err(refusal) => refused(StatusCode::BAD_REQUEST, used, refusal.code, &refusal.message),
    }
}
