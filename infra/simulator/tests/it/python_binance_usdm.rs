//! An unmodified python-binance, told only where the venue is, trades on futures.

use exchange::binance::order::VenueOrder;
use exchange::binance::signed::paging::Page;
use serde_json::{Value, json};

use crate::python::{Python, order_row, trade_rows};
use crate::usdm::{btc, client, venue};

const SCRIPT: &str = r#"
import json, sys, time
from binance.client import Client
from binance.exceptions import BinanceAPIException
base, key, secret = sys.argv[1:4]
client = Client(key, secret, ping=False)
client.FUTURES_URL = base + "/fapi"
client.timestamp_offset = client.futures_time()["serverTime"] - int(time.time() * 1000)
S = "BTCUSDT"
filters = [f["filterType"] for f in client.futures_exchange_info()["symbols"][0]["filters"]]
client.futures_change_leverage(symbol=S, leverage=10)
client.futures_change_margin_type(symbol=S, marginType="ISOLATED")
client.futures_change_margin_type(symbol=S, marginType="CROSSED")
market = client.futures_create_order(symbol=S, side="BUY", type="MARKET", quantity=4)
limit = client.futures_create_order(symbol=S, side="BUY", type="LIMIT", timeInForce="GTC",
                                    quantity=1, price="97.00")
doomed = client.futures_create_order(symbol=S, side="SELL", type="LIMIT", timeInForce="GTX",
                                     quantity=1, price="103.00", newClientOrderId="doomed")
reduced = client.futures_create_order(symbol=S, side="SELL", type="MARKET", quantity=1,
                                      reduceOnly="true", newOrderRespType="RESULT")
waits = [client.futures_create_order(symbol=S, side="SELL", **kind) for kind in (
    dict(type="STOP_MARKET", stopPrice="90.00", closePosition="true"),
    dict(type="STOP", stopPrice="90.00", price="89.00", quantity=1, timeInForce="GTC"),
    dict(type="TAKE_PROFIT_MARKET", stopPrice="120.00", quantity=1, workingType="MARK_PRICE"),
    dict(type="TAKE_PROFIT", stopPrice="120.00", price="119.00", quantity=1, timeInForce="GTC"),
    dict(type="TRAILING_STOP_MARKET", callbackRate="2", quantity=1))]
client.futures_create_test_order(symbol=S, side="BUY", type="MARKET", quantity=1)
cancelled = client.futures_cancel_order(symbol=S, origClientOrderId="doomed")
gone = client.futures_cancel_algo_order(symbol=S, algoId=waits[1]["algoId"])
batch = client.futures_place_batch_order(batchOrders=[
    dict(symbol=S, side="BUY", type="LIMIT", timeInForce="GTC", quantity="1", price="96.00"),
    dict(symbol=S, side="BUY", type="LIMIT", timeInForce="GTC", quantity="999", price="96.00")])
changed = client.futures_modify_order(symbol=S, orderId=limit["orderId"], side="BUY", quantity=2,
                                      price="98.00")
countdown = client.futures_countdown_cancel_all(symbol=S, countdownTime=600000)
refused = []
for kind in (dict(quantity=1000), dict(quantity="0.00001"), dict(quantity=1, positionSide="LONG")):
    try:
        client.futures_create_order(symbol=S, side="BUY", type="MARKET", **kind)
    except BinanceAPIException as error:
        refused.append(error.code)
asset = client.futures_account_balance()[0]
account = client.futures_account()
key = client.futures_stream_get_listen_key()
client.futures_stream_keepalive(key)
client.futures_stream_close(key)
print(json.dumps({
    "filters": filters, "refused": refused, "status": [market["status"], reduced["status"]],
    "cancelled": [cancelled["status"], gone["msg"]], "changed": changed["price"],
    "batch": [one.get("status") or one["code"] for one in batch],
    "countdown": countdown["countdownTime"], "mode": client.futures_get_position_mode(),
    "multi": client.futures_get_multi_assets_mode(),
    "order": client.futures_get_order(symbol=S, orderId=limit["orderId"])["origQty"],
    "algo": client.futures_get_algo_order(algoId=waits[0]["algoId"])["algoStatus"],
    "open": [order["orderId"] for order in client.futures_get_open_orders(symbol=S)],
    "waiting": [order["algoId"] for order in client.futures_get_open_algo_orders(symbol=S)],
    "orders": [[o["orderId"], o["clientOrderId"], o["status"], o["type"]]
               for o in client.futures_get_all_orders(symbol=S)],
    "trades": [[t["id"], t["orderId"], float(t["price"]), float(t["qty"])]
               for t in client.futures_account_trades(symbol=S)],
    "balance": [float(asset["balance"]), float(asset["availableBalance"])],
    "account": [float(account["totalWalletBalance"]), float(account["availableBalance"])],
    "positions": [[p["positionSide"], float(p["positionAmt"]), float(p["entryPrice"])]
                  for p in client.futures_position_information(symbol=S)],
    "brackets": len(client.futures_leverage_bracket(symbol=S)[0]["brackets"]),
    "fees": client.futures_commission_rate(symbol=S)["takerCommissionRate"],
    "income": len(client.futures_income_history(limit=1000)),
    "mark": client.futures_mark_price(symbol=S)["markPrice"],
    "funding": len(client.futures_funding_rate(symbol=S)),
    "price": client.futures_symbol_ticker(symbol=S)["price"],
    "candles": len(client.futures_klines(symbol=S, interval="1m")),
    "done": [client.futures_cancel_all_open_orders(symbol=S)["code"],
             client.futures_cancel_all_algo_open_orders(symbol=S)["code"]],
}))
"#;

#[tokio::test]
async fn an_unmodified_python_binance_trades_perpetuals() {
    let Some(python) = Python::with("binance").await else { return };
    let (_folder, venue) = venue().await;
    let told = python.trades(SCRIPT, &venue, "all").await;
    for (name, expected) in [
        ("refused", json!([-2019, -1111, -4061])),
        ("status", json!(["NEW", "FILLED"])),
        ("cancelled", json!(["CANCELED", "success"])),
        ("batch", json!(["NEW", -2019])),
        ("changed", json!("98")),
        ("order", json!("2")),
        ("algo", json!("NEW")),
        ("open", json!([2, 5])),
        ("mode", json!({ "dualSidePosition": false })),
        ("multi", json!({ "multiAssetsMargin": false })),
        ("positions", json!([["BOTH", 3.0, 100.0]])),
        ("brackets", json!(12)),
        ("fees", json!("0.0005")),
        ("mark", json!("100.00000000")),
        ("price", json!("100.00000000")),
        ("candles", json!(1)),
        ("done", json!([200, 200])),
    ] {
        assert_eq!(told[name], expected, "{name}");
    }
    assert!(told["filters"].as_array().unwrap().contains(&json!("LOT_SIZE")));
    assert_eq!((told["waiting"].as_array().unwrap().len(), &told["income"]), (4, &json!(3)));
    let client = client(&venue);
    // The last two lines cancelled what was open.
    let ours = |order: &VenueOrder| {
        let mut row = order_row(order);
        if [2, 5].contains(&order.order_id) {
            row[2] = "NEW".into();
        }
        row
    };
    let orders = client.all_orders(btc(), Page::Latest, None).await.unwrap();
    assert_eq!(told["orders"], orders.iter().map(ours).collect::<Value>());
    assert_eq!(client.open_orders(None).await.unwrap(), []);
    assert_eq!(client.open_algo_orders(None).await.unwrap(), []);
    let trades = client.trades(btc(), Page::Latest, None).await.unwrap();
    assert_eq!(told["trades"], trade_rows(&trades));
    let [balance] = &client.balances().await.unwrap()[..] else { panic!("one") };
    let wallet: f64 = balance.wallet_balance.to_string().parse().unwrap();
    assert_eq!((&told["balance"][0], &told["account"]), (&json!(wallet), &told["balance"]));
    venue.stop().await;
}
