//! An unmodified ccxt, told only where the venue is, trades on futures.

use exchange::binance::signed::paging::Page;
use exchange::binance::usdm::client::UsdmClient;
use serde_json::{Value, json};

use crate::python::{Python, equal_orders, equal_trades, number};
use crate::usdm::{btc, client, step, sums, venue};

/// Prints what it did and then what it sees; `places` is whether it trades.
const SCRIPT: &str = r#"
import json, sys
import ccxt
base, key, secret, places = sys.argv[1], sys.argv[2], sys.argv[3], sys.argv[4] == "places"
venue = ccxt.binanceusdm({"apiKey": key, "secret": secret, "options": {
    "fetchCurrencies": False, "adjustForTimeDifference": True,
    "warnOnFetchOpenOrdersWithoutSymbol": False}})
for name in list(venue.urls["api"]):
    if name.startswith("fapi") and name != "fapiData":
        version = name[-2:].lower() if name[-2] == "V" else "v1"
        venue.urls["api"][name] = base + "/fapi/" + version
venue.load_time_difference()
venue.load_markets()
S = "BTC/USDT:USDT"
refused, made, settings = {}, {}, {}
def attempt(name, act):
    try:
        act()
    except ccxt.BaseError as error:
        # Which of its errors it is, ccxt tells by the venue's own address.
        refused[name] = json.loads(str(error).split(" ", 1)[1])["code"]
if places:
    settings["mode"] = venue.fetch_position_mode(S)["hedged"]
    settings["leverage"] = venue.set_leverage(10, S)["leverage"]
    venue.set_margin_mode("isolated", S)
    venue.set_margin_mode("cross", S)
    venue.set_leverage(20, S)
    made = {
        "market": venue.create_order(S, "market", "buy", 4),
        "limit": venue.create_order(S, "limit", "buy", 1, 99),
        "maker": venue.create_order(S, "limit", "sell", 1, 104, {"postOnly": True}),
        "reduce": venue.create_order(S, "market", "sell", 0.5, None, {"reduceOnly": True}),
        "ioc": venue.create_order(S, "limit", "buy", 1, 99, {"timeInForce": "IOC"}),
        "stop": venue.create_order(S, "market", "sell", 1, None, {"stopLossPrice": 98.5}),
        "stop_limit": venue.create_order(S, "limit", "sell", 1, 97, {"stopPrice": 98.2}),
        "target": venue.create_order(S, "market", "sell", 1, None, {"takeProfitPrice": 106}),
        "trailing": venue.create_order(S, "market", "sell", 0.5, None, {"trailingPercent": 5}),
        "whole": venue.create_order(S, "market", "sell", None, None,
                                    {"stopLossPrice": 90.5, "closePosition": True}),
        "doomed": venue.create_order(S, "limit", "buy", 1, 95),
        "doomed_stop": venue.create_order(S, "market", "sell", 1, None, {"stopLossPrice": 96}),
    }
    venue.edit_order(made["maker"]["id"], S, "limit", "sell", 1.5, 104.5)
    venue.cancel_order(made["doomed"]["id"], S)
    venue.cancel_order(made["doomed_stop"]["id"], S, {"trigger": True})
    batch = venue.create_orders([
        {"symbol": S, "type": "limit", "side": "buy", "amount": 1, "price": 96},
        {"symbol": S, "type": "limit", "side": "buy", "amount": 2, "price": 96}])
    venue.cancel_orders([order["id"] for order in batch], S)
    attempt("poor", lambda: venue.create_order(S, "limit", "buy", 1000, 99))
    attempt("small", lambda: venue.create_order(S, "limit", "buy", 0.001, 99))
    attempt("crossing", lambda: venue.create_order(S, "limit", "sell", 1, 99, {"postOnly": True}))
    attempt("at_once", lambda: venue.create_order(S, "market", "sell", 1, None, {"stopLossPrice": 101}))
    attempt("cancelled", lambda: venue.cancel_order(made["doomed"]["id"], S))
    attempt("missing", lambda: venue.fetch_order("999", S))
keep = ("id", "clientOrderId", "status", "type", "side", "price", "amount", "filled", "cost",
        "average", "timeInForce", "triggerPrice", "timestamp", "reduceOnly")
def plain(order):
    return {name: order[name] for name in keep}
balance = venue.fetch_balance()["USDT"]
orders = venue.fetch_orders(S)
one = venue.fetch_order(orders[0]["id"], S)
assert plain(one) == plain(orders[0]), (one, orders[0])
positions = venue.fetch_positions([S])
tiers = venue.fetch_leverage_tiers([S])[S]
rate = venue.fetch_funding_rate(S)
fees = venue.fetch_trading_fee(S)
waits = venue.fetch_orders(S, params={"trigger": True})
print(json.dumps({
    "refused": refused, "settings": settings, "orders": [plain(order) for order in orders],
    "open": [order["id"] for order in venue.fetch_open_orders(S)],
    "everywhere": len(venue.fetch_open_orders()),
    "waiting": [order["id"] for order in venue.fetch_open_orders(S, params={"trigger": True})],
    "algos": [[w["id"], w["clientOrderId"], w["type"], w["triggerPrice"]] for w in waits],
    "trades": [[t["id"], t["order"], t["price"], t["amount"], t["cost"], t["fee"]["cost"],
                t["fee"]["currency"], t["takerOrMaker"], t["side"], t["timestamp"]]
               for t in venue.fetch_my_trades(S)],
    "balance": [balance[kind] for kind in ("total", "free")],
    "positions": [[p["side"], p["contracts"], p["entryPrice"], p["markPrice"], p["unrealizedPnl"],
                   p["leverage"], p["marginMode"], p["liquidationPrice"], p["notional"]]
                  for p in positions],
    "tiers": [[t["maxLeverage"], t["maintenanceMarginRate"], t["maxNotional"]] for t in tiers],
    "rate": [rate["fundingRate"], rate["markPrice"]], "fees": [fees["maker"], fees["taker"]],
    "income": [[row["amount"], row["timestamp"]] for row in venue.fetch_ledger("USDT")],
    "candles": len(venue.fetch_ohlcv(S, "1m")), "last": venue.fetch_last_prices([S])[S]["price"],
    "modes": [venue.fetch_margin_mode(S)["marginMode"], venue.fetch_leverage(S)["longLeverage"]],
}))
"#;

/// What ccxt parsed is what the books hold, as our own client reads them.
async fn equals_the_books(told: &Value, client: &UsdmClient) {
    let orders = client.all_orders(btc(), Page::Latest, None).await.unwrap();
    equal_orders(&told["orders"], &orders);
    for (parsed, order) in told["orders"].as_array().unwrap().iter().zip(&orders) {
        assert_eq!(parsed["reduceOnly"], order.reduce_only.unwrap());
    }
    let open = client.open_orders(Some(btc())).await.unwrap();
    let open: Vec<_> = open.iter().map(|order| order.order_id.to_string()).collect();
    assert_eq!((&told["open"], &told["everywhere"]), (&json!(open), &json!(open.len())));
    let waiting = client.open_algo_orders(Some(btc())).await.unwrap();
    let waiting: Vec<_> = waiting.iter().map(|algo| algo.algo_id.to_string()).collect();
    assert_eq!(told["waiting"], json!(waiting));
    let algos = client.all_algo_orders(btc(), Page::Latest).await.unwrap();
    let parsed = told["algos"].as_array().unwrap();
    assert_eq!(parsed.len(), algos.len());
    for (parsed, algo) in parsed.iter().zip(&algos) {
        assert_eq!(
            (&parsed[0], &parsed[1]),
            (&json!(algo.algo_id.to_string()), &json!(algo.client_algo_id))
        );
    }
    let trades = client.trades(btc(), Page::Latest, None).await.unwrap();
    equal_trades(&told["trades"], &trades);
    let [wallet, _, free] = sums(client).await;
    assert_eq!(told["balance"], json!([number(wallet), number(free)]));
    let positions = client.positions(Some(btc())).await.unwrap();
    let parsed = told["positions"].as_array().unwrap();
    assert_eq!(parsed.len(), positions.len());
    for (parsed, held) in parsed.iter().zip(&positions) {
        let side = if held.position_amt.is_sign_positive() { "long" } else { "short" };
        assert_eq!(
            (&parsed[0], &parsed[1]),
            (&json!(side), &json!(number(held.position_amt.abs())))
        );
        assert_eq!(
            (&parsed[2], &parsed[3]),
            (&json!(number(held.entry_price)), &json!(number(held.mark_price)))
        );
        assert_eq!(parsed[4], number(held.unrealized_profit.to_decimal()));
    }
}

#[tokio::test]
async fn an_unmodified_ccxt_trades_perpetuals() {
    let Some(python) = Python::with("ccxt").await else { return };
    let (_folder, venue) = venue().await;
    let told = python.trades(SCRIPT, &venue, "places").await;
    let refused = json!({
        "poor": -2019, "small": -4164, "crossing": -5022, "at_once": -2021, "cancelled": -2011,
        "missing": -2013,
    });
    assert_eq!(told["refused"], refused);
    assert_eq!(told["settings"], json!({ "mode": false, "leverage": 10 }));
    assert_eq!((&told["rate"], &told["fees"]), (&json!([0.0001, 100.0]), &json!([0.0002, 0.0005])));
    assert_eq!(
        (&told["tiers"][0], &told["tiers"][11]),
        (&json!([125.0, 0.004, 50000.0]), &json!([1.0, 0.5, 1.8e9]))
    );
    assert_eq!((&told["candles"], &told["last"]), (&json!(1), &json!(100.0)));
    assert_eq!(told["modes"], json!(["cross", 20]));
    let client = client(&venue);
    equals_the_books(&told, &client).await;
    assert_eq!(told["open"].as_array().unwrap().len(), 2);
    assert_eq!(told["waiting"].as_array().unwrap().len(), 5);
    step(&venue).await;
    step(&venue).await;
    let told = python.trades(SCRIPT, &venue, "looks").await;
    equals_the_books(&told, &client).await;
    assert_eq!(told["positions"].as_array().unwrap().len(), 0);
    venue.stop().await;
}
