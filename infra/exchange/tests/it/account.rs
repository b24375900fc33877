//! Signed requests: how they look, what their refusals mean, which limits they keep to.

use domain::ids::{Id, RunSeed};
use domain::instrument::InstrumentId;
use domain::order::{ClientOrderId, Role, Side};
use domain::time::UtcMs;
use exchange::binance::clock::local_now;
use exchange::binance::error::VenueError;
use exchange::binance::signed::client::SignedOptions;
use exchange::binance::signed::error::CallError;
use exchange::binance::signed::keys::Keys;
use exchange::binance::signed::paging::Page;
use exchange::binance::signed::verdict::Market;
use exchange::binance::spot::account::RightsError;
use exchange::binance::spot::client::SpotClient;
use exchange::binance::spot::order::{SpotKind, SpotOrder};
use exchange::binance::transport::RestOptions;
use exchange::binance::usdm::client::UsdmClient;
use exchange::binance::words::MarginType;

use crate::venue::{Received, Reply, Venue};

pub(crate) const KEY: &str = "publicHalf7Q";
pub(crate) const SECRET: &str = "secretHalf9Z";

pub(crate) fn keys() -> Keys {
    Keys::new(KEY.into(), &SECRET.into()).unwrap()
}

/// Impatient, so that tests are quick.
pub(crate) fn options() -> SignedOptions {
    let rest = RestOptions {
        timeout_ms: 300,
        deadline_ms: 2_000,
        settle_ms: 0,
        backoff_base_ms: 2,
        backoff_max_ms: 10,
        seed: 1,
        pace: 1,
        ..RestOptions::default()
    };
    SignedOptions { rest, recv_window_ms: 4_000 }
}

pub(crate) fn spot(venue: &Venue) -> SpotClient {
    SpotClient::new(&venue.url, keys(), options()).unwrap()
}

pub(crate) fn usdm(venue: &Venue) -> UsdmClient {
    UsdmClient::new(&venue.url, keys(), options()).unwrap()
}

pub(crate) fn btc() -> InstrumentId {
    "BTC/USDT".parse().unwrap()
}

pub(crate) fn perpetual() -> InstrumentId {
    "BTC/USDT:USDT".parse().unwrap()
}

pub(crate) fn name(role: Role) -> ClientOrderId {
    ClientOrderId::new(Id::of(RunSeed(1), 1, "decision", "BTC/USDT"), role)
}

pub(crate) fn order() -> SpotOrder {
    SpotOrder {
        instrument: btc(),
        side: Side::Buy,
        client_order_id: name(Role::Entry).into(),
        kind: SpotKind::Market { quantity: "0.5".parse().unwrap() },
    }
}

pub(crate) fn is_time(target: &str) -> bool {
    target.ends_with("/v1/time") || target.ends_with("/v3/time")
}

/// The venue's clock, an hour ahead of ours.
pub(crate) fn time() -> Reply {
    Reply::ok(format!(r#"{{"serverTime":{}}}"#, local_now().plus_ms(3_600_000).ms()))
}

/// A venue that tells its time and answers the nth other request (from nought) by `answer`.
pub(crate) async fn venue(answer: impl Fn(usize) -> Reply + Send + Sync + 'static) -> Venue {
    let count = std::sync::atomic::AtomicUsize::new(0);
    Venue::start(move |_, target| {
        if is_time(target) {
            return time();
        }
        answer(count.fetch_add(1, std::sync::atomic::Ordering::SeqCst))
    })
    .await
}

/// What was asked, without the questions for the time.
pub(crate) fn asked(venue: &Venue) -> Vec<Received> {
    venue.received().into_iter().filter(|request| !is_time(&request.target)).collect()
}

/// The parameters of a query or a form, after a check of their signature.
fn verified(encoded: &str) -> Vec<(String, String)> {
    let (signed, signature) = encoded.rsplit_once("&signature=").unwrap();
    assert_eq!(keys().sign(signed), signature);
    let pairs = signed.split('&').map(|pair| pair.split_once('=').unwrap());
    pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

#[tokio::test]
async fn requests_are_signed_by_the_venues_clock_and_carry_the_key_in_a_header() {
    let ack = r#"{"symbol":"BTCUSDT","orderId":1,"clientOrderId":"x","transactTime":5}"#;
    let venue = venue(move |n| Reply::ok(if n == 0 { ack } else { "[]" })).await;
    let client = spot(&venue);
    let placed = client.place(&order()).await.unwrap();
    assert_eq!((placed.order_id, placed.status.clone()), (1, None));
    assert!(placed.progress().is_err());
    client
        .all_orders(btc(), Page::Between(UtcMs::new(7), UtcMs::new(9)), Some(5_000))
        .await
        .unwrap();
    let asked = asked(&venue);
    assert_eq!((asked[0].method.as_str(), asked[0].target.as_str()), ("POST", "/api/v3/order"));
    assert!(asked[0].headers.contains("content-type: application/x-www-form-urlencoded"));
    assert!(asked[0].headers.contains(&format!("x-mbx-apikey: {}", KEY.to_lowercase())));
    let params = verified(&asked[0].body);
    let names: Vec<_> = params.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(
        names,
        [
            "symbol",
            "side",
            "newClientOrderId",
            "newOrderRespType",
            "type",
            "quantity",
            "recvWindow",
            "timestamp"
        ]
    );
    assert_eq!(params[2].1, name(Role::Entry).to_string());
    assert_eq!(params[6].1, "4000");
    let ahead_ms = params[7].1.parse::<i64>().unwrap() - local_now().ms();
    assert!((3_590_000..3_610_000).contains(&ahead_ms), "{ahead_ms}");
    let (path, query) = asked[1].target.split_once('?').unwrap();
    assert_eq!((asked[1].method.as_str(), path), ("GET", "/api/v3/allOrders"));
    let params = verified(query);
    assert_eq!(
        params[1..4].iter().map(|(_, v)| v.as_str()).collect::<Vec<_>>(),
        ["7", "9", "1000"]
    );
    assert!(asked[1].body.is_empty());
}

#[tokio::test]
async fn a_refused_timestamp_is_mended_once_for_questions_and_never_resends_an_order() {
    let clock =
        r#"{"code":-1021,"msg":"Timestamp for this request is outside of the recvWindow."}"#;
    let late = venue(move |n| match n {
        0 => Reply::status(400, "", clock),
        1 => Reply::ok("[]"),
        _ => Reply::status(400, "", clock),
    })
    .await;
    let client = spot(&late);
    assert_eq!(client.open_orders(Some(btc())).await, Ok(Vec::new()));
    assert_eq!(asked(&late).len(), 2);
    let refused = client.open_orders(None).await.unwrap_err();
    assert!(matches!(refused, CallError::Clock { .. }), "{refused}");
    assert_eq!(asked(&late).len(), 4, "no storm");
    let times = late.received().len() - 4;
    let refused = client.place(&order()).await.unwrap_err();
    assert!(matches!(refused, CallError::Clock { .. }) && refused.nothing_done(), "{refused}");
    assert_eq!(asked(&late).len(), 5, "an order is not sent again");
    assert!(late.received().len() - 5 > times, "but the clocks are compared");
}

#[tokio::test]
async fn limits_are_kept_and_a_stop_does_not_wait_behind_questions() {
    let info = r#"{"rateLimits":[
        {"rateLimitType":"REQUEST_WEIGHT","interval":"MINUTE","intervalNum":1,"limit":100},
        {"rateLimitType":"ORDERS","interval":"SECOND","intervalNum":10,"limit":3}],"symbols":[]}"#;
    let ack =
        r#"{"symbol":"BTCUSDT","orderId":1,"clientOrderId":"x","status":"NEW","executedQty":"0"}"#;
    let venue = venue(move |n| match n {
        0 => Reply::status(200, "x-mbx-used-weight-1m: 99\r\n", info),
        1 => Reply::status(200, "x-mbx-used-weight-1m: 99\r\nx-mbx-order-count-10s: 2\r\n", ack),
        _ => Reply::ok(ack),
    })
    .await;
    let client = spot(&venue);
    let listing = client.instruments(&[btc()]).await.unwrap();
    assert_eq!(
        (listing.order_limits[0].window.as_str(), listing.order_limits[0].limit),
        ("10s", 3)
    );
    client.place(&order()).await.unwrap();
    assert!(client.used_weight_ratio() > 0.9);
    // The venue counted one order of somebody else's.
    client.place(&order()).await.unwrap();
    let refused = client.place(&order()).await.unwrap_err();
    assert!(
        matches!(refused, CallError::RateLimited { .. }) && refused.nothing_done(),
        "{refused}"
    );
    assert_eq!(asked(&venue).len(), 3);
    // A cancel is no new order.
    client.cancel(btc(), "x").await.unwrap();
}

#[tokio::test]
async fn a_venue_that_asks_for_quiet_gets_it() {
    let too_many =
        r#"{"code":-1015,"msg":"Too many new orders; current limit is 1 orders per 10 SECOND."}"#;
    let busy = venue(move |n| match n {
        0 => Reply::status(429, "retry-after: 9\r\n", too_many),
        1 => Reply::ok("[]"),
        _ => Reply::status(418, "retry-after: 60\r\n", r#"{"code":-1003,"msg":"banned"}"#),
    })
    .await;
    let client = spot(&busy);
    let refused = client.place(&order()).await.unwrap_err();
    assert_eq!(refused, CallError::RateLimited { retry_after_ms: 9_000 });
    assert!(client.place(&order()).await.is_err());
    assert_eq!(asked(&busy).len(), 1, "the second was not sent");
    assert_eq!(client.open_orders(None).await, Ok(Vec::new()), "questions go on");
    let banned = client.open_orders(None).await.unwrap_err();
    assert_eq!(banned, CallError::Banned { retry_after_ms: 60_000 });
    let before = busy.received().len();
    assert!(matches!(client.cancel_all(btc()).await, Err(CallError::Banned { .. })));
    assert_eq!(busy.received().len(), before, "nothing is sent into a ban");
}

#[tokio::test]
async fn an_instrument_of_the_other_market_never_leaves() {
    let venue = venue(|_| Reply::ok("{}")).await;
    let wrong = SpotOrder { instrument: perpetual(), ..order() };
    let instrument = perpetual();
    let refused = spot(&venue).place(&wrong).await.unwrap_err();
    assert_eq!(refused, CallError::NotSent(VenueError::NotSpot { instrument }));
    let instrument = btc();
    let refused = usdm(&venue).set_margin_type(btc(), &MarginType::Crossed).await.unwrap_err();
    assert_eq!(refused, CallError::NotSent(VenueError::NotPerpetual { instrument }));
    assert!(asked(&venue).is_empty());
}

#[tokio::test]
async fn a_setting_that_is_so_already_is_done() {
    let so = r#"{"code":-4046,"msg":"No need to change margin type."}"#;
    let no = r#"{"code":-4047,"msg":"Margin type cannot be changed if there exists open orders."}"#;
    let venue = venue(move |n| Reply::status(400, "", if n == 0 { so } else { no })).await;
    let client = usdm(&venue);
    assert_eq!(client.set_margin_type(perpetual(), &MarginType::Isolated).await, Ok(()));
    let refused = client.set_margin_type(perpetual(), &MarginType::Isolated).await.unwrap_err();
    assert!(matches!(refused, CallError::Rejected { code: -4047, .. }), "{refused}");
    assert_eq!(asked(&venue)[0].target, "/fapi/v1/marginType");
}

#[tokio::test]
async fn a_key_that_may_carry_assets_away_is_refused() {
    let rights = |withdraw: bool, transfer: bool, spot: bool| {
        format!(
            r#"{{"ipRestrict":true,"createTime":1,"enableReading":true,
            "enableWithdrawals":{withdraw},"enableInternalTransfer":{transfer},
            "enableSpotAndMarginTrading":{spot},"enableFutures":false}}"#
        )
    };
    let venue = venue(move |n| {
        Reply::ok(match n {
            0 => rights(true, false, true),
            1 => rights(false, true, true),
            2 => rights(false, false, true),
            // A right that is not mentioned is not proved absent.
            _ => r#"{"ipRestrict":true,"enableReading":true}"#.to_owned(),
        })
    })
    .await;
    let client = spot(&venue);
    for (market, expected) in [
        (Market::Spot, Err(RightsError::MayWithdraw)),
        (Market::Spot, Err(RightsError::MayTransfer)),
        (Market::Spot, Ok(())),
    ] {
        let rights = client.key_rights().await.unwrap();
        assert_eq!(rights.admit(market), expected);
        let futures = rights.admit(Market::Usdm);
        assert!(futures.is_err(), "it may not trade futures");
    }
    let unproved = client.key_rights().await.unwrap_err();
    assert!(matches!(unproved, CallError::Unanswered(VenueError::Malformed { .. })), "{unproved}");
}
