//! An unmodified python-binance, told only where the venue is, trades on spot.

use exchange::binance::signed::paging::Page;
use serde_json::{Value, json};

use crate::python::{Python, number, order_row, trade_rows};
use crate::trading::{balances, btc, client, venue};

const SCRIPT: &str = r#"
import json, sys, time
from binance.client import Client
from binance.exceptions import BinanceAPIException
base, key, secret = sys.argv[1:4]
client = Client(key, secret, ping=False)
client.API_URL, client.MARGIN_API_URL = base + "/api", base + "/sapi"
client.timestamp_offset = client.get_server_time()["serverTime"] - int(time.time() * 1000)
S = "BTCUSDT"
filters = [f["filterType"] for f in client.get_symbol_info(S)["filters"]]
market = client.order_market_buy(symbol=S, quantity=1)
worth = client.create_order(symbol=S, side="SELL", type="MARKET", quoteOrderQty=50)
limit = client.order_limit_buy(symbol=S, quantity=1, price="95.00")
maker = client.create_order(symbol=S, side="SELL", type="LIMIT_MAKER", quantity=1, price="110.00")
stops = [client.create_order(symbol=S, side="SELL", quantity=1, **kind) for kind in (
    dict(type="STOP_LOSS", stopPrice="90.00"),
    dict(type="STOP_LOSS_LIMIT", stopPrice="90.00", price="89.00", timeInForce="GTC"),
    dict(type="TAKE_PROFIT", stopPrice="120.00"),
    dict(type="TAKE_PROFIT_LIMIT", stopPrice="120.00", price="119.00", timeInForce="GTC"))]
client.create_test_order(symbol=S, side="BUY", type="MARKET", quantity=1)
cancelled = client.cancel_order(symbol=S, orderId=stops[0]["orderId"])
pair = client.create_oco_order(symbol=S, side="SELL", quantity=1, aboveType="LIMIT_MAKER",
                               abovePrice="110.00", belowType="STOP_LOSS", belowStopPrice="90.00")
try:
    client.order_limit_buy(symbol=S, quantity=1000, price="95.00")
    refused = None
except BinanceAPIException as error:
    refused = error.code
asset = {name: client.get_asset_balance(name) for name in ("BTC", "USDT")}
print(json.dumps({
    "filters": filters, "refused": refused, "cancelled": cancelled["status"],
    "pair": len(pair["orderReports"]), "limit": client.get_order(symbol=S, orderId=limit["orderId"]),
    "open": [order["orderId"] for order in client.get_open_orders(symbol=S)],
    "orders": [[o["orderId"], o["clientOrderId"], o["status"], o["type"]]
               for o in client.get_all_orders(symbol=S)],
    "trades": [[t["id"], t["orderId"], float(t["price"]), float(t["qty"])]
               for t in client.get_my_trades(symbol=S)],
    "balances": [asset[name][kind] for name in ("BTC", "USDT") for kind in ("free", "locked")],
}))
"#;

#[tokio::test]
async fn an_unmodified_python_binance_trades() {
    let Some(python) = Python::with("binance").await else { return };
    let (_folder, venue) = venue().await;
    let told = python.trades(SCRIPT, &venue, "all").await;
    assert_eq!(told["refused"], -2010);
    assert_eq!((&told["cancelled"], &told["pair"]), (&json!("CANCELED"), &json!(2)));
    assert!(told["filters"].as_array().unwrap().contains(&json!("LOT_SIZE")));
    let client = client(&venue);
    let orders = client.all_orders(btc(), Page::Latest, None).await.unwrap();
    assert_eq!(told["orders"], orders.iter().map(order_row).collect::<Value>());
    assert_eq!(orders.len(), 10);
    let open = client.open_orders(Some(btc())).await.unwrap();
    assert_eq!(told["open"], open.iter().map(|order| order.order_id).collect::<Value>());
    assert_eq!(open.len(), 7);
    let trades = client.trades(btc(), Page::Latest, None).await.unwrap();
    assert_eq!(told["trades"], trade_rows(&trades));
    let told: Vec<String> = serde_json::from_value(told["balances"].clone()).unwrap();
    let held = balances(&client).await;
    assert_eq!(
        told.iter().map(number).collect::<Vec<_>>(),
        held.iter().map(number).collect::<Vec<_>>()
    );
    venue.stop().await;
}
