//! An unmodified ccxt, told only where the venue is, trades on spot.

use exchange::binance::signed::paging::Page;
use exchange::binance::spot::client::SpotClient;
use serde_json::Value;

use crate::python::{Python, equal_orders, equal_trades, number};
use crate::trading::{balances, btc, client, step, venue};

/// Prints what it did and then what it sees; `places` is whether it trades.
const SCRIPT: &str = r#"
import json, sys
import ccxt
base, key, secret, places = sys.argv[1], sys.argv[2], sys.argv[3], sys.argv[4] == "places"
venue = ccxt.binance({"apiKey": key, "secret": secret, "options": {
    "fetchMarkets": {"types": ["spot"]},
    "adjustForTimeDifference": True, "warnOnFetchOpenOrdersWithoutSymbol": False}})
for name in ("public", "private"):
    venue.urls["api"][name] = base + "/api/v3"
venue.urls["api"]["sapi"] = base + "/sapi/v1"
venue.load_time_difference()
venue.load_markets()
S = "BTC/USDT"
refused = {}
if places:
    made = {
        "market": venue.create_order(S, "market", "buy", 2),
        "cost": venue.create_market_buy_order_with_cost(S, 50),
        "limit": venue.create_order(S, "limit", "buy", 1, 99),
        "maker": venue.create_order(S, "limit", "sell", 1, 107, {"postOnly": True}),
        "fok": venue.create_order(S, "limit", "buy", 1, 95, {"timeInForce": "FOK"}),
        "stop": venue.create_order(S, "market", "sell", 1, None, {"stopLossPrice": 98.5}),
        "stop_limit": venue.create_order(S, "limit", "sell", 1, 97, {"stopLossPrice": 98}),
        "target": venue.create_order(S, "market", "sell", 1, None, {"takeProfitPrice": 106}),
        "target_limit": venue.create_order(S, "limit", "sell", 1, 105, {"takeProfitPrice": 105}),
        "doomed": venue.create_order(S, "limit", "buy", 1, 90),
    }
    venue.cancel_order(made["doomed"]["id"], S)
    def attempt(name, act):
        try:
            act()
        except ccxt.BaseError as error:
            refused[name] = type(error).__name__
    attempt("poor", lambda: venue.create_order(S, "limit", "buy", 1000, 99))
    attempt("small", lambda: venue.create_order(S, "limit", "buy", 0.001, 99))
    attempt("crossing", lambda: venue.create_order(S, "limit", "sell", 1, 99, {"postOnly": True}))
    attempt("cancelled", lambda: venue.cancel_order(made["doomed"]["id"], S))
    attempt("missing", lambda: venue.fetch_order("999", S))
keep = ("id", "clientOrderId", "status", "type", "side", "price", "amount", "filled", "cost",
        "timeInForce", "triggerPrice", "timestamp")
def plain(order):
    return {name: order[name] for name in keep}
balance = venue.fetch_balance()
orders = venue.fetch_orders(S)
one = venue.fetch_order(orders[0]["id"], S)
assert plain(one) == plain(orders[0]), (one, orders[0])
trades = venue.fetch_my_trades(S)
print(json.dumps({
    "refused": refused, "orders": [plain(order) for order in orders],
    "open": [order["id"] for order in venue.fetch_open_orders(S)],
    "everywhere": len(venue.fetch_open_orders()),
    "trades": [[t["id"], t["order"], t["price"], t["amount"], t["cost"], t["fee"]["cost"],
                t["fee"]["currency"], t["takerOrMaker"], t["side"], t["timestamp"]]
               for t in trades],
    "balance": [balance[asset][kind] for asset in ("BTC", "USDT") for kind in ("free", "used")],
}))
"#;

/// What ccxt parsed is what the books hold, as our own client reads them.
async fn equals_the_books(told: &Value, client: &SpotClient) {
    let orders = client.all_orders(btc(), Page::Latest, None).await.unwrap();
    equal_orders(&told["orders"], &orders);
    for (parsed, order) in told["orders"].as_array().unwrap().iter().zip(&orders) {
        let stop = number(order.stop_price.unwrap());
        assert_eq!(parsed["triggerPrice"].as_f64().unwrap_or_default(), stop);
    }
    let open = client.open_orders(Some(btc())).await.unwrap();
    let open: Vec<_> = open.iter().map(|order| order.order_id.to_string()).collect();
    assert_eq!(told["open"], serde_json::json!(open));
    assert_eq!(told["everywhere"], open.len());
    let trades = client.trades(btc(), Page::Latest, None).await.unwrap();
    equal_trades(&told["trades"], &trades);
    let parsed: Vec<f64> = serde_json::from_value(told["balance"].clone()).unwrap();
    assert_eq!(parsed, balances(client).await.map(number));
}

#[tokio::test]
async fn an_unmodified_ccxt_trades() {
    let Some(python) = Python::with("ccxt").await else { return };
    let (_folder, venue) = venue().await;
    let told = python.trades(SCRIPT, &venue, "places").await;
    let refused = serde_json::json!({
        "poor": "InsufficientFunds", "small": "BadRequest", "crossing": "OrderImmediatelyFillable",
        "cancelled": "OrderNotFound", "missing": "OrderNotFound",
    });
    assert_eq!(told["refused"], refused);
    let client = client(&venue);
    equals_the_books(&told, &client).await;
    assert_eq!(told["open"].as_array().unwrap().len(), 6);
    step(&venue).await;
    step(&venue).await;
    let told = python.trades(SCRIPT, &venue, "looks").await;
    equals_the_books(&told, &client).await;
    // The limit, the stop, the target, and both with a limit of their own.
    assert_eq!(told["trades"].as_array().unwrap().len(), 7);
    assert_eq!(told["open"].as_array().unwrap().len(), 1);
    venue.stop().await;
}
