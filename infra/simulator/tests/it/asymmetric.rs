//! Keys of which the venue knows the public half alone: our own client signs with Ed25519.

use domain::order::{OrderEvent, Side};
use exchange::binance::signed::client::SignedOptions;
use exchange::binance::signed::keys::Keys;
use exchange::binance::spot::client::SpotClient;
use exchange::binance::spot::order::SpotKind;
use exchange::binance::usdm::client::UsdmClient;
use exchange::binance::usdm::order::UsdmKind;
use exchange::binance::words::{OrderStatus, TimeInForce};
use rust_decimal::Decimal;
use simulator::options::{AccountOptions, Options};

use crate::heard::Heard;
use crate::rig::Rig;
use crate::trading::{KEY, code, limit, q};
use crate::{trading, usdm};

/// The pair of RFC 8410, which is nobody's.
const PRIVATE: &str = "-----BEGIN PRIVATE KEY-----\n\
    MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n\
    -----END PRIVATE KEY-----\n";
const PUBLIC: &str = "-----BEGIN PUBLIC KEY-----\n\
    MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n\
    -----END PUBLIC KEY-----\n";

async fn rig() -> Rig {
    let balances = [("USDT", Decimal::from(10_000)), ("BTC", Decimal::from(10))];
    let account = AccountOptions::new(KEY, PUBLIC, &balances).with_futures(&balances[..1]);
    Rig::with("", |options| Options { accounts: vec![account], ..options }).await
}

#[tokio::test]
async fn orders_queries_and_streams_are_signed_with_the_private_half() {
    let rig = rig().await;
    let url = format!("http://{}", rig.venue.address());
    let keys = || Keys::new(KEY.into(), &PRIVATE.into()).unwrap();
    let spot = SpotClient::new(&url, keys(), SignedOptions::default()).unwrap();
    let mut heard = Heard::spot(&spot, &rig.venue).await;
    // Signatures in base64 have plus signs and slashes; some of so many do.
    for n in 0..20 {
        let entry = trading::order(n, Side::Buy, limit("1", "99", TimeInForce::Gtc));
        spot.place(&entry).await.unwrap();
        assert_eq!(heard.report().await, OrderEvent::Accepted);
        heard.balances().await;
    }
    let open = spot.open_orders(Some(trading::btc())).await.unwrap();
    assert_eq!(open.len(), 20);
    let market = SpotKind::Market { quantity: q("1") };
    let bought = spot.place(&trading::order(20, Side::Buy, market)).await.unwrap();
    assert_eq!(bought.status, Some(OrderStatus::Filled));

    let futures = UsdmClient::new(&url, keys(), SignedOptions::default()).unwrap();
    let mut heard = Heard::usdm(&futures, &rig.venue).await;
    futures.place(&usdm::order(1, Side::Buy, "1", UsdmKind::Market)).await.unwrap();
    assert_eq!(heard.report().await, OrderEvent::Accepted);
    assert_eq!(heard.account().await.positions[0].amount, Decimal::ONE);
    assert_eq!(futures.positions(None).await.unwrap().len(), 1);
    rig.venue.stop().await;
}

#[tokio::test]
async fn no_other_secret_passes_for_it() {
    let rig = rig().await;
    let url = format!("http://{}", rig.venue.address());
    // Another pair's private half, the public half as a secret, and a secret.
    let other = PRIVATE.replace("INTu", "INTv");
    for secret in [other.as_str(), PUBLIC.trim(), "secret"] {
        let Ok(keys) = Keys::new(KEY.into(), &secret.into()) else { continue };
        let spot = SpotClient::new(&url, keys, SignedOptions::default()).unwrap();
        assert_eq!(code(spot.account().await), -1022, "{secret}");
    }
    rig.venue.stop().await;
}
