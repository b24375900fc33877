//! What the venue says of itself and its instruments.

use domain::time::UtcMs;
use serde_json::{Value, json};

use crate::history::Market;
use crate::limits::WEIGHT_LIMIT;

/// Smallest order in quote units, as on Binance's USDT pairs.
const MIN_NOTIONAL_QUOTE: &str = "5.00000000";

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

/// The candles tell the finest price and quantity that was ever traded; that is taken for the
/// tick and the step. The other filters are Binance's usual ones.
fn symbol_info(symbol: &str, market: &Market) -> Value {
    let tick = last_place(market.price_decimals);
    let step = last_place(market.volume_decimals);
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
        "icebergAllowed": true,
        "ocoAllowed": true,
        "otoAllowed": true,
        "opoAllowed": true,
        "quoteOrderQtyMarketAllowed": true,
        "allowTrailingStop": true,
        "cancelReplaceAllowed": true,
        "amendAllowed": true,
        "pegInstructionsAllowed": true,
        "isSpotTradingAllowed": true,
        "isMarginTradingAllowed": false,
        "filters": [
            {
                "filterType": "PRICE_FILTER",
                "minPrice": tick, "maxPrice": "1000000.00000000", "tickSize": tick,
            },
            {
                "filterType": "LOT_SIZE",
                "minQty": step, "maxQty": "9000000.00000000", "stepSize": step,
            },
            { "filterType": "ICEBERG_PARTS", "limit": 10 },
            {
                "filterType": "MARKET_LOT_SIZE",
                "minQty": "0.00000000", "maxQty": "9000000.00000000", "stepSize": "0.00000000",
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
                "minNotional": MIN_NOTIONAL_QUOTE, "applyMinToMarket": true,
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

/// One unit of the last of so many decimals, `0.01000000` for two.
fn last_place(decimals: u32) -> String {
    let raw = 10_u32.pow(8 - decimals.min(8));
    format!("{}.{:08}", raw / 100_000_000, raw % 100_000_000)
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_last_place_has_eight_decimals() {
        let places = [0, 2, 8].map(super::last_place);
        assert_eq!(places, ["1.00000000", "0.01000000", "0.00000001"]);
    }
}
