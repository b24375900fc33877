//! What the venue says of itself and its instruments.

use domain::time::UtcMs;
use rust_decimal::Decimal;
use serde_json::{Value, json};

use crate::history::Market;
use crate::limits::WEIGHT_LIMIT;

/// The answer to `exchangeInfo` for these markets.
pub(crate) fn exchange_info<'a>(
    markets: impl Iterator<Item = (&'a String, &'a Market)>,
    now: UtcMs,
) -> Value {
    json!({
        "timezone": "UTC",
        "serverTime": now.ms(),
        "rateLimits": [
            limit("REQUEST_WEIGHT", "MINUTE", 1, WEIGHT_LIMIT),
            limit("ORDERS", "SECOND", 10, 100),
            limit("ORDERS", "DAY", 1, 200_000),
            limit("RAW_REQUESTS", "MINUTE", 5, 61_000),
        ],
        "exchangeFilters": [],
        "symbols": markets.map(|(symbol, market)| symbol_info(symbol, market)).collect::<Vec<_>>(),
    })
}

fn limit(kind: &str, interval: &str, count: u64, limit: u64) -> Value {
    json!({
        "rateLimitType": kind, "interval": interval, "intervalNum": count, "limit": limit,
    })
}

/// The filters that the candles tell; those that they can't are Binance's usual ones.
fn symbol_info(symbol: &str, market: &Market) -> Value {
    let filters = market.filters;
    let tick = eight(filters.tick.to_decimal());
    let step = eight(filters.step.to_decimal());
    let min_quantity = eight(filters.min_quantity.to_decimal());
    let max_quantity = eight(filters.max_quantity.to_decimal());
    let min_notional_quote = eight(filters.min_notional_quote.to_decimal());
    json!({
        "symbol": symbol,
        "status": "TRADING",
        "baseAsset": market.instrument.base(),
        "baseAssetPrecision": 8,
        "quoteAsset": market.instrument.quote(),
        "quotePrecision": 8,
        "quoteAssetPrecision": 8,
        "baseCommissionPrecision": 8,
        "quoteCommissionPrecision": 8,
        "orderTypes": [
            "LIMIT", "LIMIT_MAKER", "MARKET", "STOP_LOSS", "STOP_LOSS_LIMIT", "TAKE_PROFIT",
            "TAKE_PROFIT_LIMIT",
        ],
        "icebergAllowed": false,
        "ocoAllowed": true,
        "otoAllowed": true,
        "opoAllowed": false,
        "quoteOrderQtyMarketAllowed": true,
        "allowTrailingStop": false,
        "cancelReplaceAllowed": true,
        "amendAllowed": true,
        "pegInstructionsAllowed": false,
        "isSpotTradingAllowed": true,
        "isMarginTradingAllowed": false,
        "filters": [
            {
                "filterType": "PRICE_FILTER",
                "minPrice": tick, "maxPrice": "1000000.00000000", "tickSize": tick,
            },
            {
                "filterType": "LOT_SIZE",
                "minQty": min_quantity, "maxQty": max_quantity, "stepSize": step,
            },
            { "filterType": "ICEBERG_PARTS", "limit": 10 },
            {
                "filterType": "MARKET_LOT_SIZE",
                "minQty": "0.00000000", "maxQty": max_quantity, "stepSize": "0.00000000",
            },
            {
                "filterType": "TRAILING_DELTA",
                "minTrailingAboveDelta": 10, "maxTrailingAboveDelta": 2000,
                "minTrailingBelowDelta": 10, "maxTrailingBelowDelta": 2000,
            },
            {
                "filterType": "PERCENT_PRICE_BY_SIDE",
                "bidMultiplierUp": "5", "bidMultiplierDown": "0.2",
                "askMultiplierUp": "5", "askMultiplierDown": "0.2", "avgPriceMins": 5,
            },
            {
                "filterType": "NOTIONAL",
                "minNotional": min_notional_quote, "applyMinToMarket": true,
                "maxNotional": "9000000.00000000", "applyMaxToMarket": false, "avgPriceMins": 5,
            },
            { "filterType": "MAX_NUM_ORDERS", "maxNumOrders": 200 },
            { "filterType": "MAX_NUM_ALGO_ORDERS", "maxNumAlgoOrders": 5 },
        ],
        "permissions": [],
        "permissionSets": [["SPOT"]],
        "defaultSelfTradePreventionMode": "EXPIRE_MAKER",
        "allowedSelfTradePreventionModes": [
            "NONE", "EXPIRE_TAKER", "EXPIRE_MAKER", "EXPIRE_BOTH",
        ],
    })
}

/// With all eight decimals, as the venue writes numbers.
fn eight(value: Decimal) -> String {
    format!("{value:.8}")
}

#[cfg(test)]
mod tests {
    #[test]
    fn numbers_have_eight_decimals() {
        let written = ["1", "0.01", "0.00000001"].map(|text| super::eight(text.parse().unwrap()));
        assert_eq!(written, ["1.00000000", "0.01000000", "0.00000001"]);
    }
}
