//! An unmodified ccxt, told only where the venue is, reads markets and candles.

use domain::time::MINUTE_MS;
use serde_json::Value;

use crate::python::Python;
use crate::support::{Folder, START, minute};

const SCRIPT: &str = r#"
import json, sys
import ccxt
base, start = sys.argv[1], int(sys.argv[2])
venue = ccxt.binance({"options": {"fetchMarkets": {"types": ["spot"]}}})
venue.urls["api"]["public"] = base + "/api/v3"
markets = venue.load_markets()
market = markets["BTC/USDT"]
hours = venue.fetch_ohlcv("BTC/USDT", "1h", since=start, limit=2)
last = venue.fetch_ohlcv("BTC/USDT", "1m", limit=3)
try:
    venue.publicGetKlines({"symbol": "NOPE", "interval": "1m"})
    refused = None
except ccxt.BadSymbol as error:
    refused = str(error)
print(json.dumps({
    "symbols": sorted(markets), "active": market["active"], "spot": market["spot"],
    "precision": market["precision"], "min_cost": market["limits"]["cost"]["min"],
    "hours": hours, "last": last, "refused": refused, "time": venue.fetch_time(),
}))
"#;

#[tokio::test]
async fn an_unmodified_ccxt_reads_markets_and_candles() {
    let Some(python) = Python::with("ccxt").await else { return };
    let folder = Folder::of("BTCUSDT", 0..180);
    folder.add("ETHUSDT", 0..180);
    let venue = folder.serve().await;
    let mut socket = venue.connect("/ws/btcusdt@kline_1m").await;
    socket.read_some(180).await;
    let base = format!("http://{}", venue.address());
    let told = python.tells(SCRIPT, &[&base, &START.to_string()]).await;
    assert_eq!(told["symbols"], serde_json::json!(["BTC/USDT", "ETH/USDT"]));
    assert_eq!((&told["active"], &told["spot"]), (&true.into(), &true.into()));
    assert_eq!(told["precision"]["price"], 0.01);
    assert_eq!(told["precision"]["amount"], 0.001);
    assert_eq!(told["min_cost"], 5.0);
    assert_eq!(told["time"], venue.now().await);
    let opens = |rows: &Value| {
        let rows = rows.as_array().unwrap();
        rows.iter().map(|row| (row[0].as_i64().unwrap() - START) / MINUTE_MS).collect::<Vec<_>>()
    };
    assert_eq!(opens(&told["hours"]), [0, 60]);
    assert_eq!(opens(&told["last"]), [177, 178, 179]);
    let last = minute("BTCUSDT", 179);
    assert_eq!(told["last"][2][4], last.close.to_f64());
    assert_eq!(told["last"][2][5], last.volume_base);
    assert!(told["refused"].as_str().unwrap().contains("-1121"), "{}", told["refused"]);
    venue.stop().await;
}
