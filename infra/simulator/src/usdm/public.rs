//! What anyone may ask: the perpetuals, their candles, marks and funding.

use domain::time::UtcMs;
use serde_json::{Value, json};

use super::funding;
use super::render::eight;
use crate::history::{History, Market, Query};
use crate::options::Funding;
use crate::params::{Params, Refusal, unknown_symbol};
use crate::render;

/// The symbols that are meant, all where none is named.
fn named<'a>(
    history: &'a History,
    params: &Params,
) -> Result<Vec<(&'a String, &'a Market)>, Refusal> {
    match params.get("symbol") {
        None => Ok(history.perpetuals.iter().collect()),
        Some(_) => {
            let known = history.perpetuals.get_key_value(params.symbol()?);
            known.map(|known| vec![known]).ok_or_else(unknown_symbol)
        }
    }
}

/// One row where a symbol is named, else all.
fn one_or_all(params: &Params, mut rows: Vec<Value>) -> Value {
    match params.get("symbol") {
        Some(_) => rows.pop().unwrap_or_default(),
        None => Value::Array(rows),
    }
}

pub(crate) fn klines(history: &History, params: &Params, now: UtcMs) -> Result<Vec<u8>, Refusal> {
    let market = history.perpetuals.get(params.symbol()?).ok_or_else(unknown_symbol)?;
    let timeframe = params.interval()?;
    let (from, to) = (params.time("startTime")?, params.time("endTime")?);
    let query = Query { from, to, limit: params.limit(500, 1500)? };
    let (closed, open) = history.candles(market, timeframe, query, now);
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
}

pub(crate) fn prices(history: &History, params: &Params, now: UtcMs) -> Result<Value, Refusal> {
    let rows = named(history, params)?.into_iter().map(|(symbol, market)| {
        let price = render::price_text(history.price(market, now));
        json!({ "symbol": symbol, "price": price, "time": now.ms() })
    });
    Ok(one_or_all(params, rows.collect()))
}

/// The mark, the index, which is the same here, and the rate of the next settlement.
pub(crate) fn marks(
    history: &History,
    funding: Funding,
    params: &Params,
    now: UtcMs,
) -> Result<Value, Refusal> {
    let next = funding::next(now);
    let rows = named(history, params)?.into_iter().map(|(symbol, market)| {
        let mark = render::price_text(history.price(market, now));
        json!({
            "symbol": symbol, "markPrice": mark, "indexPrice": mark,
            "estimatedSettlePrice": mark, "lastFundingRate": eight(funding.rate(symbol, next)),
            "interestRate": "0.00010000", "nextFundingTime": next.ms(), "time": now.ms(),
        })
    });
    Ok(one_or_all(params, rows.collect()))
}

/// Rates that were settled while the market was open, oldest first.
pub(crate) fn funding_rates(
    history: &History,
    funding: Funding,
    params: &Params,
    now: UtcMs,
) -> Result<Value, Refusal> {
    let (from, to) = (params.time("startTime")?, params.time("endTime")?);
    let limit = params.limit(100, 1000)?;
    let mut rows = Vec::new();
    for (symbol, market) in named(history, params)? {
        let Some(first) = history.finest(market).first() else { continue };
        let from = from.unwrap_or(first.close_time()).max(first.close_time());
        let to = to.unwrap_or(now).min(now);
        // The last ones where no beginning is named.
        let skipped = match params.get("startTime") {
            Some(_) => from,
            None => from.max(to.plus_ms(-(limit as i64) * funding::EVERY_MS)),
        };
        let mut at = funding::next(skipped.plus_ms(-1));
        while at <= to && rows.len() < limit {
            let mark = render::price_text(history.price(market, at));
            rows.push(json!({
                "symbol": symbol, "fundingRate": eight(funding.rate(symbol, at)),
                "fundingTime": at.ms(), "markPrice": mark,
            }));
            at = at.plus_ms(funding::EVERY_MS);
        }
    }
    Ok(Value::Array(rows))
}

pub(crate) fn funding_info(history: &History) -> Value {
    let rows = history.perpetuals.keys().map(|symbol| {
        json!({
            "symbol": symbol, "adjustedFundingRateCap": "0.02000000",
            "adjustedFundingRateFloor": "-0.02000000", "fundingIntervalHours": 8,
            "disclaimer": false,
        })
    });
    rows.collect()
}
