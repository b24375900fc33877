//! Orders take each other's place and are made smaller; keys of either kind sign.

use reqwest::Method;
use rust_decimal::Decimal;
use serde_json::{Value, json};

use crate::rig::{Came, Rig};

async fn replace(rig: &Rig, old: &str, new: &str, mode: &str, price: &str) -> Came {
    let query = format!(
        "symbol=BTCUSDT&side=BUY&type=LIMIT&timeInForce=GTC&quantity=1&price={price}\
         &cancelReplaceMode={mode}&cancelOrigClientOrderId={old}&newClientOrderId={new}"
    );
    rig.send(Method::POST, "/api/v3/order/cancelReplace", &query).await
}

fn results(came: &Came) -> (u16, Value, Value) {
    let Came::Answer(status, body) = came else { panic!("{came:?}") };
    let body = body.get("data").unwrap_or(body);
    (*status, body["cancelResult"].clone(), body["newOrderResult"].clone())
}

#[tokio::test]
async fn an_order_takes_anothers_place() {
    let rig = Rig::of("").await;
    rig.rest("a").await.body();
    let both = replace(&rig, "a", "b", "STOP_ON_FAILURE", "91").await;
    assert_eq!(results(&both), (200, json!("SUCCESS"), json!("SUCCESS")));
    assert_eq!(both.clone().body()["newOrderResponse"]["clientOrderId"], "b");
    let stopped = replace(&rig, "a", "c", "STOP_ON_FAILURE", "91").await;
    assert_eq!(stopped.code(), (400, -2022));
    assert_eq!(results(&stopped), (400, json!("FAILURE"), json!("NOT_ATTEMPTED")));
    let half = replace(&rig, "a", "c", "ALLOW_FAILURE", "91").await;
    assert_eq!(half.code(), (409, -2021));
    assert_eq!(results(&half), (409, json!("FAILURE"), json!("SUCCESS")));
    let other = replace(&rig, "b", "d", "STOP_ON_FAILURE", "1").await;
    assert_eq!(results(&other), (409, json!("SUCCESS"), json!("FAILURE")));
    let none = replace(&rig, "b", "d", "ALLOW_FAILURE", "1").await;
    assert_eq!(results(&none), (400, json!("FAILURE"), json!("FAILURE")));
    let states: Vec<_> =
        rig.books().orders.into_iter().map(|o| (o.client_order_id, o.status)).collect();
    let expected = [("a", "CANCELED"), ("b", "CANCELED"), ("c", "NEW")];
    assert_eq!(states, expected.map(|(name, state)| (name.to_owned(), state.to_owned())));
    rig.venue.stop().await;
}

#[tokio::test]
async fn a_phantom_cancel_in_a_replacement_doubles_the_exposure() {
    let plan = json!({ "faults": [{ "name": "phantom-cancel" }] });
    let rig = Rig::of(&plan.to_string()).await;
    rig.rest("a").await.body();
    let both = replace(&rig, "a", "b", "STOP_ON_FAILURE", "91").await;
    assert_eq!(results(&both), (200, json!("SUCCESS"), json!("SUCCESS")));
    assert_eq!(rig.order("a").unwrap().status, "FILLED");
    assert_eq!(rig.order("b").unwrap().status, "NEW");
    rig.venue.stop().await;
}

#[tokio::test]
async fn an_order_is_made_smaller_in_its_place() {
    let rig = Rig::of("").await;
    rig.rest("a").await.body();
    let amend = async |quantity: &str| {
        let query = format!("symbol=BTCUSDT&origClientOrderId=a&newQty={quantity}");
        rig.send(Method::PUT, "/api/v3/order/amend/keepPriority", &query).await
    };
    let mut heard = rig.user_stream().await;
    let told = amend("0.4").await.body();
    assert_eq!(told["amendedOrder"]["origQty"], "0.40000000");
    let event = &heard.read().await.unwrap()["event"];
    assert_eq!(
        (&event["x"], &event["X"], &event["q"]),
        (&json!("REPLACED"), &json!("NEW"), &json!("0.40000000"))
    );
    assert_eq!(rig.books().balances["USDT"].locked, Decimal::from(36));
    for bad in ["0.4", "0.5", "0"] {
        assert_eq!(amend(bad).await.code(), (400, -2038), "{bad}");
    }
    rig.cancel("a").await.body();
    assert_eq!(rig.books().balances["USDT"].free, Decimal::from(10_000));
    rig.venue.stop().await;
}
