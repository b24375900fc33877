//! A market that the test moves, with an account whose requests are sent by hand: what is seen is
//! what is on the wire.

use std::time::Duration;

use domain::time::UtcMs;
use exchange::binance::signed::keys::Keys;
use reqwest::Method;
use rust_decimal::Decimal;
use serde_json::Value;
use simulator::faults::plan::FaultPlan;
use simulator::options::{AccountOptions, Options, Speed};
use simulator::snapshot::{BookedOrder, MarketBooks};

use crate::support::{Folder, START, Socket, Venue};
use crate::trading::{KEY, MINUTES, SECRET};

/// A request without an answer hangs so long at least.
const SILENCE: Duration = Duration::from_millis(300);
/// No answer on loopback takes that long.
const PATIENCE: Duration = Duration::from_secs(60);

pub(crate) struct Rig {
    #[expect(dead_code, reason = "its end removes the candles")]
    folder: Folder,
    pub(crate) venue: Venue,
    keys: Keys,
    http: reqwest::Client,
    /// Whether orders may find no answer.
    hangs: bool,
}

/// What came of a request.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Came {
    /// Status and body.
    Answer(u16, Value),
    /// The connection ended without an answer.
    Broken,
    /// Nothing.
    Nothing,
}

impl Came {
    pub(crate) fn body(self) -> Value {
        match self {
            Self::Answer(200, body) => body,
            other => panic!("{other:?}"),
        }
    }

    /// The status and the venue's code.
    pub(crate) fn code(&self) -> (u16, i64) {
        match self {
            Self::Answer(status, body) => (*status, body["code"].as_i64().unwrap_or_default()),
            other => panic!("{other:?}"),
        }
    }
}

impl Rig {
    /// With this plan; the market stands at the close of the first of [`MINUTES`].
    pub(crate) async fn of(plan: &str) -> Self {
        Self::with(plan, |options| options).await
    }

    pub(crate) async fn with(plan: &str, change: impl FnOnce(Options) -> Options) -> Self {
        let folder = Folder::new();
        folder.add_minutes("BTCUSDT", START, &MINUTES);
        folder.add_minutes("BTCUSDT:USDT", START, &MINUTES);
        let balances = [("USDT", Decimal::from(10_000)), ("BTC", Decimal::from(10))];
        let margin = [("USDT", Decimal::from(10_000))];
        let options = change(Options {
            speed: Speed::Manual,
            start_at: Some(UtcMs::new(START + 60_000)),
            accounts: vec![AccountOptions::new(KEY, SECRET, &balances).with_futures(&margin)],
            plan: FaultPlan::parse(plan).unwrap(),
            ..folder.options()
        });
        let venue = Venue::of(options).await;
        let keys = Keys::new(KEY.into(), &SECRET.into()).unwrap();
        let hangs = plan.contains("hang");
        Self { folder, venue, keys, http: reqwest::Client::new(), hangs }
    }

    pub(crate) fn step(&self) {
        self.venue.simulator.advance(60_000);
    }

    pub(crate) fn books(&self) -> MarketBooks {
        self.venue.simulator.books(KEY).spot.unwrap()
    }

    pub(crate) fn futures(&self) -> MarketBooks {
        self.venue.simulator.books(KEY).usdm.unwrap()
    }

    /// Sends an order of futures.
    pub(crate) async fn future(&self, name: &str, order: &str) -> Came {
        let order = format!("symbol=BTCUSDT&{order}&newClientOrderId={name}");
        self.send(Method::POST, "/fapi/v1/order", &order).await
    }

    /// The account's events of futures.
    pub(crate) async fn futures_stream(&self) -> Socket {
        let key = self.send(Method::POST, "/fapi/v1/listenKey", "").await.body();
        let key = key["listenKey"].as_str().unwrap();
        let mut socket = self.venue.connect(&format!("/private/ws/{key}")).await;
        socket.request(r#"{"id":1,"method":"LIST_SUBSCRIPTIONS"}"#).await;
        socket
    }

    /// The last order that went by this name.
    pub(crate) fn order(&self, name: &str) -> Option<BookedOrder> {
        self.books().orders.into_iter().rfind(|order| order.client_order_id == name)
    }

    /// Sends a signed request.
    pub(crate) async fn send(&self, method: Method, path: &str, query: &str) -> Came {
        // An order that is to hang is given up soon; everything else has its time.
        let hangs = self.hangs && query.contains("newClientOrderId");
        self.wait(method, path, query, if hangs { SILENCE } else { PATIENCE }).await
    }

    async fn wait(&self, method: Method, path: &str, query: &str, patience: Duration) -> Came {
        let now = self.venue.simulator.now().ms();
        let join = if query.is_empty() { "" } else { "&" };
        let query = format!("{query}{join}timestamp={now}&recvWindow=60000");
        let signature = self.keys.sign(&query);
        let url = format!("http://{}{path}?{query}&signature={signature}", self.venue.address());
        let request = self.http.request(method, url).header("X-MBX-APIKEY", KEY).timeout(patience);
        let answer = async {
            let answer = request.send().await?;
            let status = answer.status().as_u16();
            let text = answer.text().await?;
            let body = serde_json::from_str(&text).unwrap_or(Value::String(text));
            Ok::<_, reqwest::Error>(Came::Answer(status, body))
        };
        answer.await.unwrap_or_else(|error| match error.is_timeout() {
            true => Came::Nothing,
            false => Came::Broken,
        })
    }

    pub(crate) async fn get(&self, path: &str, query: &str) -> Came {
        self.send(Method::GET, path, query).await
    }

    /// A limit order that rests far below.
    pub(crate) async fn rest(&self, name: &str) -> Came {
        let order = "symbol=BTCUSDT&side=BUY&type=LIMIT&timeInForce=GTC&quantity=1&price=90";
        let order = format!("{order}&newClientOrderId={name}");
        self.send(Method::POST, "/api/v3/order", &order).await
    }

    /// Buys one at the market.
    pub(crate) async fn buy(&self, name: &str) -> Came {
        let order = "symbol=BTCUSDT&side=BUY&type=MARKET&quantity=1";
        let order = format!("{order}&newClientOrderId={name}");
        self.send(Method::POST, "/api/v3/order", &order).await
    }

    /// The same, however long the answer takes.
    pub(crate) async fn patient_buy(&self, name: &str) -> Came {
        let order = "symbol=BTCUSDT&side=BUY&type=MARKET&quantity=1";
        let order = format!("{order}&newClientOrderId={name}");
        self.wait(Method::POST, "/api/v3/order", &order, PATIENCE).await
    }

    pub(crate) async fn query(&self, name: &str) -> Came {
        self.get("/api/v3/order", &format!("symbol=BTCUSDT&origClientOrderId={name}")).await
    }

    pub(crate) async fn cancel(&self, name: &str) -> Came {
        let order = format!("symbol=BTCUSDT&origClientOrderId={name}");
        self.send(Method::DELETE, "/api/v3/order", &order).await
    }

    /// Subscribed to the account's events.
    pub(crate) async fn user_stream(&self) -> Socket {
        let mut socket = self.venue.connect("/ws-api/v3").await;
        let answer = socket.request(&self.subscription().to_string()).await;
        assert_eq!(answer["status"], 200, "{answer}");
        socket
    }

    /// The request for the account's events.
    pub(crate) fn subscription(&self) -> Value {
        let now = self.venue.simulator.now().ms();
        let signature = self.keys.sign(&format!("apiKey={KEY}&timestamp={now}"));
        serde_json::json!({
            "id": 1, "method": "userDataStream.subscribe.signature",
            "params": { "apiKey": KEY, "timestamp": now, "signature": signature },
        })
    }
}
