//! What an account on futures sets, and what the venue refuses it.

use domain::order::Side;
use exchange::binance::signed::client::SignedOptions;
use exchange::binance::signed::keys::Keys;
use exchange::binance::signed::paging::Page;
use exchange::binance::usdm::algo::{AlgoOrder, Share};
use exchange::binance::usdm::client::UsdmClient;
use exchange::binance::usdm::order::{UsdmKind, UsdmOrder};
use exchange::binance::usdm::setting::Leverage;
use exchange::binance::words::{MarginType, OrderStatus, PositionSide, TimeInForce};
use serde_json::json;

use crate::rig::Rig;
use crate::trading::{KEY, SECRET, code};
use crate::usdm::{algo, btc, client, d, limit, order, position, step, stop, sums, venue};

#[tokio::test]
async fn settings_are_kept_and_refused_as_the_venue_does() {
    let (_folder, venue) = venue().await;
    let client = client(&venue);
    let leverage = |times| Leverage::new(times).unwrap();
    let set = client.set_leverage(btc(), leverage(5)).await.unwrap();
    assert_eq!((set.leverage, set.max_notional_value.as_str()), (5, "480000000"));
    client.set_margin_type(btc(), &MarginType::Isolated).await.unwrap();
    client.set_margin_type(btc(), &MarginType::Isolated).await.unwrap();
    let [setting] = &client.symbol_config(btc()).await.unwrap()[..] else { panic!("one") };
    assert_eq!((setting.margin_type.clone(), setting.leverage), (MarginType::Isolated, 5));
    let config = client.config().await.unwrap();
    assert!(config.can_trade && !config.can_withdraw && !config.dual_side_position);
    let cost = client.commission(btc()).await.unwrap();
    assert_eq!(
        (cost.maker_commission_rate, cost.taker_commission_rate),
        (d("0.0002"), d("0.0005"))
    );
    let [brackets] = &client.brackets(btc()).await.unwrap()[..] else { panic!("one") };
    assert_eq!((brackets.brackets.len(), brackets.brackets[1].initial_leverage), (12, 100));
    client.place(&order(1, Side::Buy, "4", UsdmKind::Market)).await.unwrap();
    // A fifth of 400 stays with the position.
    assert_eq!(position(&client).await.isolated_wallet.unwrap().to_decimal(), d("80"));
    assert_eq!(sums(&client).await, ["999.8", "0", "919.8"]);
    assert_eq!(code(client.set_margin_type(btc(), &MarginType::Crossed).await), -4048);
    assert_eq!(code(client.set_leverage(btc(), leverage(3)).await), -4161);
    assert_eq!(code(client.set_position_mode(true).await), -4068);
    let [balance] = &client.balances().await.unwrap()[..] else { panic!("one") };
    assert_eq!(balance.wallet_balance.to_decimal(), d("999.8"));
    assert_eq!(balance.cross_wallet_balance.to_decimal(), d("919.8"));
    venue.stop().await;
}

#[tokio::test]
async fn long_and_short_stand_side_by_side_in_hedge_mode() {
    let (_folder, venue) = venue().await;
    let client = client(&venue);
    client.set_position_mode(true).await.unwrap();
    client.set_position_mode(true).await.unwrap();
    assert!(client.hedge_mode().await.unwrap());
    let of = |n, side, quantity, position_side| UsdmOrder {
        position_side,
        ..order(n, side, quantity, UsdmKind::Market)
    };
    let (long, short) = (Some(PositionSide::Long), Some(PositionSide::Short));
    assert_eq!(code(client.place(&of(1, Side::Buy, "1", None)).await), -4061);
    assert_eq!(code(client.place(&of(1, Side::Sell, "1", long.clone())).await), -2022);
    client.place(&of(1, Side::Buy, "2", long.clone())).await.unwrap();
    client.place(&of(2, Side::Sell, "3", short.clone())).await.unwrap();
    let held: Vec<_> = client.positions(None).await.unwrap();
    let held: Vec<_> = held.iter().map(|h| (h.position_side.clone(), h.position_amt)).collect();
    assert_eq!(held, [(PositionSide::Long, d("2")), (PositionSide::Short, d("-3"))]);
    assert_eq!(code(client.place(&of(3, Side::Sell, "2.5", long.clone())).await), -2022);
    client.place(&of(3, Side::Sell, "2", long)).await.unwrap();
    let cover = AlgoOrder {
        position_side: short,
        ..algo(1, Side::Buy, stop("100.5"), Share::WholePosition)
    };
    client.place_algo(&cover).await.unwrap();
    step(&venue).await;
    assert_eq!(client.positions(None).await.unwrap(), []);
    // 3 × 0.5 lost, and fees of 0.0005 × (200 + 300 + 200 + 301.5).
    assert_eq!(sums(&client).await[0], "997.99925");
    assert_eq!(code(client.place(&order(5, Side::Buy, "1", UsdmKind::Market)).await), -4061);
    client.set_position_mode(false).await.unwrap();
    venue.stop().await;
}

#[tokio::test]
async fn what_filters_margin_and_keys_refuse_has_the_venues_codes() {
    let (_folder, venue) = venue().await;
    let client = client(&venue);
    let gtc = |quantity, price| order(1, Side::Buy, quantity, limit(price, TimeInForce::Gtc));
    let reduces = |kind| UsdmOrder { reduce_only: true, ..order(1, Side::Sell, "1", kind) };
    for (refused, expected) in [
        (gtc("0.0001", "100"), -1111),
        (gtc("1", "99.95"), -4014),
        (gtc("1", "105.1"), -4016),
        (order(1, Side::Sell, "1", limit("94.9", TimeInForce::Gtc)), -4024),
        (gtc("0.04", "100"), -4164),
        (gtc("201", "99"), -2019),
        (order(1, Side::Buy, "200.1", UsdmKind::Market), -2019),
        (order(1, Side::Buy, "1", limit("100", TimeInForce::Gtx)), -5022),
        (order(1, Side::Buy, "1", limit("99.9", TimeInForce::Fok)), -5021),
        (reduces(UsdmKind::Market), -2022),
        (reduces(limit("101", TimeInForce::Gtc)), -2022),
    ] {
        assert_eq!(code(client.place(&refused).await), expected, "{refused:?}");
    }
    let ioc = client.place(&order(2, Side::Buy, "1", limit("99", TimeInForce::Ioc))).await.unwrap();
    assert_eq!(ioc.status, Some(OrderStatus::Expired));
    client.set_leverage(btc(), Leverage::new(125).unwrap()).await.unwrap();
    assert_eq!(code(client.place(&order(1, Side::Buy, "501", UsdmKind::Market)).await), -2027);
    client.set_leverage(btc(), Leverage::new(20).unwrap()).await.unwrap();
    client.test(&order(1, Side::Buy, "1", UsdmKind::Market)).await.unwrap();
    assert_eq!(client.all_orders(btc(), Page::Latest, None).await.unwrap().len(), 1);
    client.place(&gtc("1", "99")).await.unwrap();
    assert_eq!(code(client.place(&gtc("1", "98")).await), -4116);
    assert_eq!(sums(&client).await, ["1000", "0", "995.05"]);
    let url = format!("http://{}", venue.address());
    for (key, secret, expected) in [("other", SECRET, -2015), (KEY, "wrong", -1022)] {
        let keys = Keys::new(key.into(), &secret.into()).unwrap();
        let other = UsdmClient::new(&url, keys, SignedOptions::default()).unwrap();
        assert_eq!(code(other.account().await), expected);
    }
    let mut elsewhere = gtc("1", "99");
    elsewhere.instrument = "DOGE/USDT:USDT".parse().unwrap();
    assert_eq!(code(client.place(&elsewhere).await), -1121);
    venue.stop().await;
}

#[tokio::test]
async fn an_order_of_bounded_time_lapses() {
    let rig = Rig::of("").await;
    let mut heard = rig.futures_stream().await;
    let now = rig.venue.simulator.now().ms();
    let bounded = |till: i64| {
        format!("side=BUY&type=LIMIT&timeInForce=GTD&quantity=1&price=80&goodTillDate={till}")
    };
    for (order, code) in [
        (bounded(now + 600_000), -5040),
        (bounded(253_402_300_799_000), -5040),
        ("side=BUY&type=LIMIT&timeInForce=GTD&quantity=1&price=80".to_owned(), -1102),
        (bounded(now + 700_000).replace("GTD", "GTC"), -1106),
    ] {
        assert_eq!(rig.future("refused", &order).await.code(), (400, code), "{order}");
    }
    // What is beyond the second is passed over.
    let placed = rig.future("bounded", &bounded(now + 700_999)).await.body();
    assert_eq!(
        (&placed["goodTillDate"], &placed["timeInForce"]),
        (&json!(now + 700_000), &json!("GTD"))
    );
    assert_eq!(heard.read().await.unwrap()["o"]["gtd"], now + 700_000);
    rig.venue.simulator.advance(699_999);
    assert_eq!(rig.futures().orders[0].status, "NEW");
    rig.venue.simulator.advance(1);
    let told = heard.read().await.unwrap();
    assert_eq!((&told["o"]["x"], &told["o"]["X"]), (&json!("EXPIRED"), &json!("EXPIRED")));
    assert_eq!(told["o"]["T"], now + 700_000);
    assert_eq!(rig.futures().orders[0].status, "EXPIRED");
    rig.venue.stop().await;
}
