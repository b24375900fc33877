//! What the venue says of its perpetuals.

use domain::time::UtcMs;
use serde_json::{Value, json};

use super::check::{MAX_NUM_ALGO_ORDERS, MAX_NUM_ORDERS, MAX_PRICE};
use super::render::plain;
use crate::history::History;
use crate::history::Market;
use crate::limits::PERPETUAL_WEIGHT_LIMIT;

/// Orders that an account may place in ten seconds and in a minute.
pub(crate) const ORDERS_IN_TEN_SECONDS: usize = 300;
pub(crate) const ORDERS_IN_A_MINUTE: usize = 1_200;

/// When perpetuals end: never.
const NEVER_MS: i64 = 4_133_404_800_000;

/// The answer to `exchangeInfo`.
pub(crate) fn exchange_info(history: &History, now: UtcMs) -> Value {
    let limit = |kind: &str, interval: &str, count: u64, limit: u64| {
        json!({
            "rateLimitType": kind, "interval": interval, "intervalNum": count, "limit": limit,
        })
    };
    let mut assets: Vec<&str> =
        history.perpetuals.values().map(|market| market.instrument.quote()).collect();
    assets.sort_unstable();
    assets.dedup();
    let assets = assets.into_iter().map(
        |asset| json!({ "asset": asset, "marginAvailable": true, "autoAssetExchange": "-10000" }),
    );
    let symbols = history.perpetuals.iter();
    json!({
        "timezone": "UTC",
        "serverTime": now.ms(),
        "futuresType": "U_MARGINED",
        "rateLimits": [
            limit("REQUEST_WEIGHT", "MINUTE", 1, PERPETUAL_WEIGHT_LIMIT),
            limit("ORDERS", "MINUTE", 1, ORDERS_IN_A_MINUTE as u64),
            limit("ORDERS", "SECOND", 10, ORDERS_IN_TEN_SECONDS as u64),
        ],
        "exchangeFilters": [],
        "assets": assets.collect::<Value>(),
        "symbols": symbols.map(|(symbol, market)| {
            symbol_info(symbol, market, history.first_open)
        }).collect::<Value>(),
    })
}

/// The filters that the candles tell; those that they can't are the venue's usual ones.
fn symbol_info(symbol: &str, market: &Market, listed: UtcMs) -> Value {
    let filters = market.filters;
    let tick = plain(filters.tick.to_decimal());
    let step = plain(filters.step.to_decimal());
    let least = plain(filters.min_quantity.to_decimal());
    let most = plain(filters.max_quantity.to_decimal());
    let min_notional = plain(filters.min_notional_quote.to_decimal());
    let decimals = |text: &str| text.split_once('.').map_or(0, |(_, decimals)| decimals.len());
    let quote = market.instrument.quote();
    json!({
        "symbol": symbol, "pair": symbol, "contractType": "PERPETUAL", "deliveryDate": NEVER_MS,
        "onboardDate": listed.ms(), "status": "TRADING", "maintMarginPercent": "2.5000",
        "requiredMarginPercent": "5.0000", "baseAsset": market.instrument.base(),
        "quoteAsset": quote, "marginAsset": quote, "pricePrecision": decimals(&tick),
        "quantityPrecision": decimals(&step), "baseAssetPrecision": 8, "quotePrecision": 8,
        "underlyingType": "COIN", "underlyingSubType": ["PoW"], "settlePlan": 0,
        "triggerProtect": "0.0500", "liquidationFee": "0.012500", "marketTakeBound": "0.05",
        "maxMoveOrderLimit": 10000,
        "filters": [
            {
                "filterType": "PRICE_FILTER",
                "minPrice": tick, "maxPrice": plain(MAX_PRICE), "tickSize": tick,
            },
            { "filterType": "LOT_SIZE", "minQty": least, "maxQty": most, "stepSize": step },
            { "filterType": "MARKET_LOT_SIZE", "minQty": least, "maxQty": most, "stepSize": step },
            { "filterType": "MAX_NUM_ORDERS", "limit": MAX_NUM_ORDERS },
            { "filterType": "MAX_NUM_ALGO_ORDERS", "limit": MAX_NUM_ALGO_ORDERS },
            { "filterType": "MIN_NOTIONAL", "notional": min_notional },
            {
                "filterType": "PERCENT_PRICE",
                "multiplierUp": "1.0500", "multiplierDown": "0.9500", "multiplierDecimal": "4",
            },
        ],
        "orderTypes": [
            "LIMIT", "MARKET", "STOP", "STOP_MARKET", "TAKE_PROFIT", "TAKE_PROFIT_MARKET",
            "TRAILING_STOP_MARKET",
        ],
        "timeInForce": ["GTC", "IOC", "FOK", "GTX", "GTD"],
    })
}
