//! Unmodified clients, told only where the venue is, listen to their accounts and to the market, on
//! spot and on futures.

use domain::time::UtcMs;
use exchange::binance::signed::paging::Page;
use rust_decimal::Decimal;
use serde_json::{Value, json};
use simulator::options::{AccountOptions, Options, Source, Speed};

use crate::python::{Python, number};
use crate::support::{Folder, START, Venue};
use crate::trading::{self, KEY, SECRET};
use crate::usdm;

/// ccxt.pro
const PRO: &str = r#"
import asyncio, json, sys
import ccxt.pro as ccxt
base, stream, key, secret, kind = sys.argv[1:6]
perpetual = kind == "usdm"
async def main():
    cls = ccxt.binanceusdm if perpetual else ccxt.binance
    venue = cls({"apiKey": key, "secret": secret, "options": {
        "fetchCurrencies": False, "adjustForTimeDifference": True,
        **({} if perpetual else {"fetchMarkets": {"types": ["spot"]}})}})
    api = venue.urls["api"]
    for name in list(api):
        if name.startswith("fapi") and name != "fapiData":
            api[name] = base + "/fapi/" + (name[-2:].lower() if name[-2] == "V" else "v1")
    api["public"] = api["private"] = base + "/api/v3"
    api["sapi"] = base + "/sapi/v1"
    api["ws"]["spot"] = api["ws"]["linear"] = stream + "/ws"
    api["ws"]["ws-api"]["spot"] = stream + "/ws-api/v3"
    try:
        await venue.load_time_difference()
        await venue.load_markets()
        S = "BTC/USDT:USDT" if perpetual else "BTC/USDT"
        told = {}
        orders = asyncio.ensure_future(venue.watch_orders(S))
        balance = asyncio.ensure_future(venue.watch_balance())
        watched = [orders, balance]
        if perpetual:
            async def opened():
                # The first answer is what there was before.
                while True:
                    held = [p for p in await venue.watch_positions([S]) if p["contracts"]]
                    if held:
                        return held
            positions = asyncio.ensure_future(opened())
            watched.append(positions)
        trades = asyncio.ensure_future(venue.watch_my_trades(S))
        watched.append(trades)
        await asyncio.sleep(1.5)
        made = await venue.create_order(S, "market", "buy", 1)
        for one in watched:
            await asyncio.wait_for(one, 20)
        told["order"] = [orders.result()[-1]["id"], orders.result()[-1]["status"]]
        told["made"] = made["id"]
        told["balance"] = balance.result()["USDT"]["total"]
        told["trade"] = [trades.result()[-1]["price"], trades.result()[-1]["amount"]]
        if perpetual:
            held = positions.result()
            told["position"] = [held[-1]["side"], held[-1]["contracts"], held[-1]["entryPrice"]]
        candles = await asyncio.wait_for(venue.watch_ohlcv(S, "1m"), 30)
        told["candle"] = candles[-1]
        print(json.dumps(told))
    finally:
        await venue.close()
asyncio.run(main())
"#;

/// python-binance
const SOCKETS: &str = r#"
import asyncio, json, sys, time
from binance import AsyncClient, BinanceSocketManager
from binance.ws.websocket_api import WebsocketAPI
base, stream, key, secret, kind = sys.argv[1:6]
AsyncClient.API_URL, AsyncClient.FUTURES_URL = base + "/api", base + "/fapi"
AsyncClient.WS_API_URL = stream + "/ws-api/v3"
BinanceSocketManager.STREAM_URL = BinanceSocketManager.FSTREAM_URL = stream + "/"
S = "BTCUSDT"
async def main():
    client = AsyncClient(key, secret)
    clock = client.futures_time if kind == "usdm" else client.get_server_time
    client.timestamp_offset = (await clock())["serverTime"] - int(time.time() * 1000)
    manager = BinanceSocketManager(client)
    told = {}
    if kind == "usdm":
        user = manager.futures_user_socket()
        candles = manager.futures_multiplex_socket(["btcusdt@kline_1m"])
    else:
        user, candles = manager.user_socket(), manager.kline_socket(S, "1m")
    try:
        async with user, candles:
            place = client.futures_create_order if kind == "usdm" else client.create_order
            made = await place(symbol=S, side="BUY", type="MARKET", quantity=1)
            told["made"] = made["orderId"]
            events = []
            while len(events) < 3:
                events.append(await asyncio.wait_for(user.recv(), 20))
            told["events"] = [event["e"] for event in events]
            orders = [event.get("o", event) if kind == "usdm" else event for event in events
                      if event["e"] in ("ORDER_TRADE_UPDATE", "executionReport")]
            told["orders"] = [[o["i"], o["x"], o["X"]] for o in orders]
            candle = await asyncio.wait_for(candles.recv(), 30)
            told["candle"] = candle.get("data", candle)["k"]["i"]
            print(json.dumps(told))
    finally:
        await client.close_connection()
asyncio.run(main())
"#;

/// A minute every two seconds, of both markets.
async fn venue() -> Venue {
    let folder = Folder::new();
    let account = AccountOptions::new(KEY, SECRET, &[("USDT", Decimal::from(500_000))]);
    let pairs = vec![trading::btc(), usdm::btc()];
    let options = Options {
        source: Source::Generated { pairs, start: UtcMs::new(START), days: 1 },
        speed: Speed::Factor(30.0),
        start_at: Some(UtcMs::new(START + 3_600_000)),
        accounts: vec![account.with_futures(&[("USDT", Decimal::from(50_000))])],
        ..folder.options()
    };
    Venue::of(options).await
}

async fn run(python: &Python, script: &str, venue: &Venue, kind: &str) -> Value {
    let [rest, stream] = ["http", "ws"].map(|scheme| format!("{scheme}://{}", venue.address()));
    python.tells(script, &[&rest, &stream, KEY, SECRET, kind]).await
}

/// The candle that was told is the one that REST tells.
async fn equals_rests(venue: &Venue, path: &str, candle: &Value) {
    let at = candle[0].as_i64().unwrap();
    let query = format!("{path}?symbol=BTCUSDT&interval=1m&startTime={at}&limit=1");
    let row = &venue.get(&query).await[0];
    assert_eq!(row[0], at);
    for n in 1..6 {
        assert_eq!(candle[n], number(row[n].as_str().unwrap()), "{candle} {row}");
    }
}

#[tokio::test]
async fn an_unmodified_ccxt_pro_watches_perpetuals() {
    let Some(python) = Python::with("ccxt.pro").await else { return };
    let venue = venue().await;
    let told = run(&python, PRO, &venue, "usdm").await;
    let client = usdm::client(&venue);
    let [trade] = &client.trades(usdm::btc(), Page::Latest, None).await.unwrap()[..] else {
        panic!("one trade")
    };
    assert_eq!((&told["made"], &told["order"]), (&json!("1"), &json!(["1", "closed"])));
    assert_eq!(told["trade"], json!([number(trade.price), 1.0]));
    assert_eq!(told["position"], json!(["long", 1.0, number(trade.price)]));
    assert_eq!(told["balance"], number(&usdm::sums(&client).await[0]));
    equals_rests(&venue, "/fapi/v1/klines", &told["candle"]).await;
    venue.stop().await;
}

#[tokio::test]
async fn an_unmodified_ccxt_pro_watches_spot() {
    let Some(python) = Python::with("ccxt.pro").await else { return };
    let venue = venue().await;
    let told = run(&python, PRO, &venue, "spot").await;
    let client = trading::client(&venue);
    let [trade] = &client.trades(trading::btc(), Page::Latest, None).await.unwrap()[..] else {
        panic!("one trade")
    };
    assert_eq!((&told["made"], &told["order"]), (&json!("1"), &json!(["1", "closed"])));
    assert_eq!(told["trade"], json!([number(trade.price), 1.0]));
    assert_eq!(told["balance"], number(&trading::balances(&client).await[2]));
    equals_rests(&venue, "/api/v3/klines", &told["candle"]).await;
    venue.stop().await;
}

#[tokio::test]
async fn an_unmodified_python_binance_listens_to_both_markets() {
    let Some(python) = Python::with("binance").await else { return };
    let venue = venue().await;
    for (kind, events) in [
        ("usdm", ["ORDER_TRADE_UPDATE", "ACCOUNT_UPDATE", "ORDER_TRADE_UPDATE"]),
        ("spot", ["executionReport", "executionReport", "outboundAccountPosition"]),
    ] {
        let told = run(&python, SOCKETS, &venue, kind).await;
        assert_eq!((&told["made"], &told["events"]), (&json!(1), &json!(events)));
        assert_eq!(told["orders"], json!([[1, "NEW", "NEW"], [1, "TRADE", "FILLED"]]));
        assert_eq!(told["candle"], "1m");
    }
    venue.stop().await;
}
