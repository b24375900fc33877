//! Our own client hears of its orders over the WebSocket API.

use domain::order::{OrderEvent, Role, Side};
use exchange::binance::signed::keys::Keys;
use exchange::binance::spot::list::Oco;
use exchange::binance::user_stream::event::UserEvent;
use exchange::binance::words::{ListStatus, OrderStatus, TimeInForce};
use serde_json::{Value, json};

use crate::heard::Heard;
use crate::trading::{KEY, SECRET, btc, client, id, limit, order, p, q, step, venue};

#[tokio::test]
async fn orders_fills_cancels_and_balances_are_told() {
    let (_folder, venue) = venue().await;
    let client = client(&venue);
    let mut heard = Heard::spot(&client, &venue).await;
    let entry = order(1, Side::Buy, limit("1", "99", TimeInForce::Gtc));
    client.place(&entry).await.unwrap();
    assert_eq!(heard.report().await, OrderEvent::Accepted);
    assert_eq!(heard.balances().await, ["10", "0", "9901", "99"]);
    let other = order(2, Side::Buy, limit("1", "90", TimeInForce::Gtc));
    client.place(&other).await.unwrap();
    assert_eq!(heard.report().await, OrderEvent::Accepted);
    heard.balances().await;
    client.cancel(btc(), &other.client_order_id.to_string()).await.unwrap();
    assert_eq!(heard.report().await, OrderEvent::Cancelled);
    assert_eq!(heard.balances().await, ["10", "0", "9901", "99"]);
    step(&venue).await;
    let OrderEvent::Filled(fill) = heard.report().await else { panic!("no fill") };
    assert_eq!((fill.price, fill.quantity), (p("99"), q("1")));
    assert_eq!((fill.fee_asset.as_str(), fill.client_order_id), ("BTC", id(1, Role::Entry)));
    let [trade] = &client.trades_of_order(btc(), 1).await.unwrap()[..] else { panic!("one trade") };
    assert_eq!(trade.fill(fill.client_order_id, btc()).unwrap(), fill, "REST tells the same");
    assert_eq!(heard.balances().await, ["10.999", "0", "9901", "0"]);
    venue.stop().await;
}

#[tokio::test]
async fn a_pair_is_told_as_a_list() {
    let (_folder, venue) = venue().await;
    let client = client(&venue);
    let mut heard = Heard::spot(&client, &venue).await;
    let pair = Oco {
        side: Side::Sell,
        stop_id: id(1, Role::Stop).into(),
        stop: p("90"),
        target_id: id(1, Role::Target).into(),
        target: p("106"),
    };
    client.place_oco(btc(), q("1"), &pair).await.unwrap();
    assert_eq!(heard.list().await, ListStatus::Executing);
    assert_eq!(heard.report().await, OrderEvent::Accepted);
    assert_eq!(heard.report().await, OrderEvent::Accepted);
    assert_eq!(heard.balances().await, ["9", "1", "10000", "0"]);
    step(&venue).await;
    step(&venue).await;
    let UserEvent::Order(stop) = heard.event().await else { panic!("no order") };
    assert_eq!((stop.name, stop.status), (pair.stop_id.to_string(), OrderStatus::Expired));
    assert_eq!(heard.list().await, ListStatus::AllDone);
    let OrderEvent::Filled(fill) = heard.report().await else { panic!("no fill") };
    assert_eq!((fill.client_order_id, fill.price), (pair.target_id.id, p("106")));
    assert_eq!(heard.balances().await, ["9", "0", "10105.894", "0"]);
    venue.stop().await;
}

#[tokio::test]
async fn the_web_socket_api_takes_orders_and_refuses_what_is_not_signed() {
    let (_folder, venue) = venue().await;
    let mut socket = venue.connect("/ws-api/v3").await;
    let time = socket.request(r#"{"id":"a","method":"time"}"#).await;
    let now = time["result"]["serverTime"].as_i64().unwrap();
    let keys = Keys::new(KEY.into(), &SECRET.into()).unwrap();
    let signed = |method: &str, fields: &[(&str, &str)]| {
        let now = now.to_string();
        let mut fields = [fields, &[("apiKey", KEY), ("timestamp", &now)]].concat();
        fields.sort_unstable();
        let text: Vec<_> = fields.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let mut params: Value = fields.iter().map(|(n, v)| ((*n).to_owned(), json!(v))).collect();
        params["signature"] = keys.sign(&text.join("&")).into();
        json!({ "id": 7, "method": method, "params": params }).to_string()
    };
    let market = ("symbol", "BTCUSDT");
    let buy = [market, ("side", "BUY"), ("type", "MARKET"), ("quantity", "1")];
    let placed = socket.request(&signed("order.place", &buy)).await;
    assert_eq!((&placed["status"], &placed["result"]["status"]), (&json!(200), &json!("FILLED")));
    let subscribed = socket.request(&signed("userDataStream.subscribe.signature", &[])).await;
    assert_eq!(subscribed["result"], json!({ "subscriptionId": 0 }));
    let trades = socket.request(&signed("myTrades", &[market])).await;
    assert_eq!(trades["result"].as_array().unwrap().len(), 1);
    let bare = json!({ "id": 8, "method": "account.status", "params": { "apiKey": KEY } });
    let refused = socket.request(&bare.to_string()).await;
    assert_eq!((&refused["status"], &refused["error"]["code"]), (&json!(400), &json!(-1102)));
    for (request, code) in [
        (r#"{"id":9,"method":"session.logon","params":{}}"#, -4056),
        (r#"{"id":9,"method":"dance"}"#, -1020),
        ("{", -1135),
    ] {
        assert_eq!(socket.request(request).await["error"]["code"], code, "{request}");
    }
    let left = r#"{"id":10,"method":"userDataStream.unsubscribe","params":{"subscriptionId":0}}"#;
    assert_eq!(socket.request(left).await["status"], 200);
    assert_eq!(socket.request(left).await["error"]["code"], -2036);
    venue.stop().await;
}
