//! One request as a line of text, thrown at a simulator that is served here: it must be answered,
//! whatever it holds. Damage tests and the fuzzer begin from [`BEGINNINGS`].

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::{LazyLock, Mutex, PoisonError};
use std::time::Duration;

use exchange::binance::signed::keys::Keys;
use rust_decimal::Decimal;
use serde_json::Value;
use simulator::options::{AccountOptions, Options, Source, Speed};
use simulator::server::{Simulator, serve};
use tokio_tungstenite::tungstenite::{self, Message, WebSocket};

const KEY: &str = "keyOfTheThrower";
const SECRET: &str = "secretOfTheThrower";
/// No answer on loopback takes that long, even where the machine has other work.
const PATIENCE: Duration = Duration::from_secs(30);
/// 2024-01-01 00:00 UTC, and how much of the market there is.
const START_MS: i64 = 1_704_067_200_000;
const DAYS: u32 = 20;
/// Longer than the venue's shortest window of orders, so that none is ever full.
const STEP_MS: i64 = 11_000;

/// Requests that are right. The first letter says how it is asked: a capital is signed.
///
/// `G P U D`: GET, POST, PUT, DELETE; what follows a line's end is the body. `W`: a message of the
/// WebSocket API; `M`, `F`, `L`: one on a stream of spot, of futures, of futures' accounts. `R`: the
/// bytes of a whole HTTP request.
pub(crate) const BEGINNINGS: [&str; 62] = [
    "g /api/v3/ping",
    "g /api/v3/exchangeInfo?symbols=%5B%22BTCUSDT%22%5D",
    "g /api/v3/klines?symbol=BTCUSDT&interval=1m&startTime=1704067200000&endTime=1704067800000&limit=5",
    "g /api/v3/ticker/price?symbol=BTCUSDT",
    "g /api/v3/ticker/bookTicker?symbols=%5B%22BTCUSDT%22%2C%22ETHUSDT%22%5D",
    "g /api/v3/depth?symbol=BTCUSDT&limit=100",
    "g /api/v3/trades?symbol=BTCUSDT&limit=10",
    "g /api/v3/aggTrades?symbol=BTCUSDT&fromId=3&startTime=1704067200000&endTime=1704067800000&limit=10",
    "g /sim/books?key=keyOfTheThrower",
    "P /api/v3/order?symbol=BTCUSDT&side=BUY&type=MARKET&quantity=0.01&newClientOrderId=a1",
    "P /api/v3/order?symbol=BTCUSDT&side=BUY&type=MARKET&quoteOrderQty=100.5&newOrderRespType=FULL",
    "P /api/v3/order?symbol=BTCUSDT&side=SELL&type=LIMIT&timeInForce=GTC&quantity=0.01&price=99000.5&icebergQty=0.005",
    "P /api/v3/order\nsymbol=BTCUSDT&side=SELL&type=STOP_LOSS&quantity=0.01&stopPrice=20000&trailingDelta=100",
    "P /api/v3/order\nsymbol=BTCUSDT&side=SELL&type=STOP_LOSS_LIMIT&timeInForce=GTC&quantity=0.01&price=19999&stopPrice=20000",
    "P /api/v3/order/test?symbol=BTCUSDT&side=BUY&type=LIMIT_MAKER&quantity=0.01&price=10000",
    "G /api/v3/order?symbol=BTCUSDT&origClientOrderId=a1",
    "D /api/v3/order?symbol=BTCUSDT&orderId=3",
    "G /api/v3/openOrders?symbol=BTCUSDT",
    "D /api/v3/openOrders?symbol=BTCUSDT",
    "G /api/v3/allOrders?symbol=BTCUSDT&orderId=1&startTime=1704067200000&endTime=1704067800000&limit=10",
    "G /api/v3/myTrades?symbol=BTCUSDT&fromId=1&limit=10",
    "P /api/v3/orderList/oco?symbol=BTCUSDT&side=SELL&quantity=0.01&aboveType=LIMIT_MAKER&abovePrice=99000&belowType=STOP_LOSS&belowStopPrice=20000&listClientOrderId=l1",
    "P /api/v3/orderList/otoco?symbol=BTCUSDT&workingType=LIMIT&workingSide=BUY&workingPrice=20000&workingQuantity=0.01&workingTimeInForce=GTC&pendingSide=SELL&pendingQuantity=0.01&pendingAboveType=LIMIT_MAKER&pendingAbovePrice=99000&pendingBelowType=STOP_LOSS&pendingBelowStopPrice=10000",
    "G /api/v3/orderList?origClientOrderId=l1",
    "D /api/v3/orderList?symbol=BTCUSDT&listClientOrderId=l1",
    "P /api/v3/order/cancelReplace?symbol=BTCUSDT&side=SELL&type=LIMIT&timeInForce=GTC&quantity=0.01&price=98000&cancelReplaceMode=STOP_ON_FAILURE&cancelOrderId=3",
    "U /api/v3/order/amend/keepPriority?symbol=BTCUSDT&orderId=3&newQty=0.005",
    "G /api/v3/account?omitZeroBalances=true",
    "G /sapi/v1/account/apiRestrictions",
    "g /fapi/v1/klines?symbol=BTCUSDT&interval=1m&startTime=1704067200000&limit=5",
    "g /fapi/v1/premiumIndex?symbol=BTCUSDT",
    "g /fapi/v1/fundingRate?symbol=BTCUSDT&startTime=1704067200000&endTime=1704153600000&limit=9",
    "g /fapi/v1/depth?symbol=BTCUSDT&limit=50",
    "P /fapi/v1/order?symbol=BTCUSDT&side=BUY&type=MARKET&quantity=0.01&newClientOrderId=f1",
    "P /fapi/v1/order\nsymbol=BTCUSDT&side=SELL&positionSide=BOTH&type=LIMIT&timeInForce=GTX&quantity=0.01&price=99000&reduceOnly=true&goodTillDate=1704067800000",
    "U /fapi/v1/order?symbol=BTCUSDT&side=SELL&origClientOrderId=f2&quantity=0.02&price=98000",
    "G /fapi/v1/order?symbol=BTCUSDT&origClientOrderId=f1",
    "D /fapi/v1/order?symbol=BTCUSDT&orderId=1",
    "P /fapi/v1/batchOrders?batchOrders=%5B%7B%22symbol%22%3A%22BTCUSDT%22%2C%22side%22%3A%22BUY%22%2C%22type%22%3A%22MARKET%22%2C%22quantity%22%3A%220.01%22%7D%5D",
    "D /fapi/v1/batchOrders?symbol=BTCUSDT&orderIdList=%5B1%2C2%5D",
    "P /fapi/v1/algoOrder?algoType=CONDITIONAL&symbol=BTCUSDT&side=SELL&type=STOP_MARKET&triggerPrice=20000&closePosition=true&workingType=MARK_PRICE&clientAlgoId=c1",
    "P /fapi/v1/algoOrder?algoType=CONDITIONAL&symbol=BTCUSDT&side=SELL&type=TRAILING_STOP_MARKET&quantity=0.01&callbackRate=1.5&activatePrice=99000",
    "G /fapi/v1/algoOrder?clientAlgoId=c1",
    "D /fapi/v1/algoOrder?algoId=1",
    "P /fapi/v1/leverage?symbol=BTCUSDT&leverage=20",
    "P /fapi/v1/marginType?symbol=BTCUSDT&marginType=ISOLATED",
    "P /fapi/v1/positionMargin?symbol=BTCUSDT&amount=10.5&type=1",
    "P /fapi/v1/positionSide/dual?dualSidePosition=true",
    "P /fapi/v1/countdownCancelAll?symbol=BTCUSDT&countdownTime=5000",
    "G /fapi/v3/positionRisk?symbol=BTCUSDT",
    "G /fapi/v1/income?symbol=BTCUSDT&incomeType=FUNDING_FEE&startTime=1704067200000&limit=10",
    "G /fapi/v1/userTrades?symbol=BTCUSDT&fromId=1&limit=10",
    "P /fapi/v1/listenKey",
    r#"W {"id":1,"method":"order.place","params":{"symbol":"BTCUSDT","side":"BUY","type":"MARKET","quantity":"0.01"}}"#,
    r#"W {"id":"x","method":"order.status","params":{"symbol":"BTCUSDT","orderId":1}}"#,
    r#"W {"id":2,"method":"userDataStream.subscribe.signature","params":{}}"#,
    r#"W {"id":3,"method":"userDataStream.unsubscribe","params":{"subscriptionId":0}}"#,
    r#"M {"method":"SUBSCRIBE","params":["btcusdt@kline_1m","btcusdt@depth10@100ms"],"id":1}"#,
    r#"M {"method":"UNSUBSCRIBE","params":["btcusdt@kline_1m"],"id":2}"#,
    r#"F {"method":"SUBSCRIBE","params":["btcusdt@markPrice@1s","!forceOrder@arr"],"id":1}"#,
    r#"L {"method":"LIST_SUBSCRIPTIONS","id":7}"#,
    "R GET /api/v3/time HTTP/1.1\r\nhost: venue\r\ncontent-length: 3\r\n\r\nabc",
];

/// The venue, and the connections that are kept to it.
struct Venue {
    simulator: Simulator,
    /// Ends with the process.
    _runtime: tokio::runtime::Runtime,
    http: Option<BufReader<TcpStream>>,
    sockets: Vec<(&'static str, WebSocket<TcpStream>)>,
}

/// What the HTTP library takes for an address; longer ones it refuses by itself, with nothing said.
const LONGEST_TARGET: usize = u16::MAX as usize;

static VENUE: LazyLock<Mutex<Venue>> = LazyLock::new(|| Mutex::new(Venue::open()));

/// Throws one request.
///
/// # Panics
/// Where it is not answered, or an error has no code.
pub(crate) fn throw(thrown: &[u8]) {
    let mut venue = VENUE.lock().unwrap_or_else(PoisonError::into_inner);
    let (how, rest) = thrown.split_at(thrown.len().min(2));
    if venue.is_over() {
        *venue = Venue::open();
    }
    venue.simulator.advance(STEP_MS);
    let signs = how.first().is_some_and(u8::is_ascii_uppercase);
    let method = match how.first().map(u8::to_ascii_uppercase) {
        Some(b'P') => "POST",
        Some(b'U') => "PUT",
        Some(b'D') => "DELETE",
        Some(b'W') => {
            let message = venue.message(rest, signs);
            return venue.say("/ws-api/v3", &message);
        }
        Some(b'M') => return venue.say("/ws", &String::from_utf8_lossy(rest)),
        Some(b'F') => return venue.say("/market/ws", &String::from_utf8_lossy(rest)),
        Some(b'L') => return venue.say("/private/ws?listenKey=", &String::from_utf8_lossy(rest)),
        Some(b'R') => return venue.raw(rest),
        _ => "GET",
    };
    let (target, body) = venue.request(rest, signs);
    venue.ask(method, &target, &body);
}

impl Venue {
    fn open() -> Self {
        let runtime = tokio::runtime::Runtime::new().expect("threads");
        let pairs = ["BTC/USDT", "ETH/USDT", "BTC/USDT:USDT"].map(|name| name.parse());
        let pairs = pairs.into_iter().map(|pair| pair.expect("a pair")).collect();
        let start = domain::time::UtcMs::new(START_MS);
        let spot = [("USDT", Decimal::from(1_000_000)), ("BTC", Decimal::from(100))];
        let margin = [("USDT", Decimal::from(1_000_000))];
        let options = Options {
            speed: Speed::Manual,
            accounts: vec![AccountOptions::new(KEY, SECRET, &spot).with_futures(&margin)],
            start_at: Some(start.plus_ms(3_600_000)),
            ..Options::new(Source::Generated { pairs, start, days: DAYS })
        };
        let simulator = runtime.block_on(serve(options)).expect("a free port");
        Self { simulator, _runtime: runtime, http: None, sockets: Vec::new() }
    }

    /// Whether the market is near its end.
    fn is_over(&self) -> bool {
        let end = START_MS + i64::from(DAYS) * 86_400_000;
        self.simulator.now().ms() + 2 * STEP_MS > end
    }

    fn address(&self) -> SocketAddr {
        self.simulator.address()
    }

    fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.address()).expect("the venue listens");
        stream.set_nodelay(true).expect("a socket");
        stream.set_read_timeout(Some(PATIENCE)).expect("a socket");
        stream
    }

    fn sign(&self, text: &str) -> String {
        let keys = Keys::new(KEY.into(), &SECRET.into()).expect("a key");
        keys.sign(text)
    }

    /// The target and the body, of a form that a line of HTTP can hold, and signed.
    fn request(&self, rest: &[u8], signs: bool) -> (String, String) {
        let mut parts = rest.splitn(2, |byte| *byte == b'\n');
        let mut part = || plain(parts.next().unwrap_or_default());
        let (target, body) = (part(), part());
        let (path, query) = target.split_once('?').unwrap_or((&target, ""));
        let path = format!("/{}", path.trim_start_matches('/'));
        if !signs {
            return (if query.is_empty() { path } else { format!("{path}?{query}") }, body);
        }
        let join = if query.is_empty() { "" } else { "&" };
        let now = self.simulator.now().ms();
        let query = format!("{query}{join}timestamp={now}");
        // Of several signatures the venue takes the last.
        let bare = |text: &str| {
            let kept = text.split('&').filter(|pair| !pair.starts_with("signature="));
            kept.collect::<Vec<_>>().join("&")
        };
        let (query, body) = (bare(&query), bare(&body));
        let signature = self.sign(&format!("{query}{body}"));
        (format!("{path}?{query}&signature={signature}"), body)
    }

    /// A message, signed where it is an object that can be.
    fn message(&self, rest: &[u8], signs: bool) -> String {
        let text = String::from_utf8_lossy(rest).into_owned();
        let Some(mut message) = serde_json::from_str::<Value>(&text).ok().filter(|_| signs) else {
            return text;
        };
        let now = self.simulator.now().ms();
        let Some(params) = message.get_mut("params").and_then(Value::as_object_mut) else {
            return text;
        };
        params.insert("apiKey".to_owned(), KEY.into());
        params.insert("timestamp".to_owned(), now.into());
        params.remove("signature");
        let mut pairs: Vec<_> = params
            .iter()
            .map(|(name, value)| {
                let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
                (name.clone(), text)
            })
            .collect();
        pairs.sort();
        let signed: Vec<_> = pairs.iter().map(|(name, text)| format!("{name}={text}")).collect();
        let signature = self.sign(&signed.join("&"));
        params.insert("signature".to_owned(), signature.into());
        message.to_string()
    }

    /// Asks over HTTP, and holds the answer to what an answer must be.
    fn ask(&mut self, method: &str, target: &str, body: &str) {
        let length = body.len();
        let head = format!(
            "{method} {target} HTTP/1.1\r\nhost: venue\r\nx-mbx-apikey: {KEY}\r\n\
             content-type: application/x-www-form-urlencoded\r\ncontent-length: {length}\r\n\r\n"
        );
        let request = head + body;
        // A kept connection may have been closed meanwhile: only a new one proves anything.
        let kept = self.http.take();
        let answered = kept.and_then(|kept| exchange(kept, request.as_bytes()));
        let fresh = || exchange(BufReader::new(self.connect()), request.as_bytes());
        let (status, answer, connection) =
            answered.or_else(fresh).unwrap_or_else(|| panic!("no answer to {request}"));
        self.http = connection;
        let text = String::from_utf8_lossy(&answer);
        assert!((200..500).contains(&status), "{status} {text} to {request}");
        let asks_venue = ["/api/v3/", "/fapi/"].iter().any(|path| target.starts_with(path));
        // A path that there is none of, or a request that is too long, is none of the venue's.
        let too_long = target.len() >= LONGEST_TARGET || matches!(status, 413 | 414 | 431);
        if asks_venue && !too_long && !matches!(status, 404 | 405) {
            let answer: Value = serde_json::from_slice(&answer)
                .unwrap_or_else(|_| panic!("{status} {text} to {request}"));
            let has_code = answer["code"].is_i64() && answer["msg"].is_string();
            assert!(status == 200 || has_code, "{status} {text} to {request}");
        }
    }

    /// Sends what may be no HTTP; whatever comes of it, the next who asks is answered.
    fn raw(&mut self, bytes: &[u8]) {
        let mut stream = self.connect();
        // Its end may come before all of it is taken.
        let _ = stream.write_all(bytes);
        let _ = stream.shutdown(std::net::Shutdown::Write);
        let _ = stream.read_to_end(&mut Vec::new());
        self.ask("GET", "/api/v3/ping", "");
    }

    /// Says something on a connection that is kept, and waits for the answer past what it tells.
    fn say(&mut self, path: &'static str, text: &str) {
        let place = self.sockets.iter().position(|(known, _)| *known == path);
        let mut socket = match place {
            Some(place) => self.sockets.swap_remove(place).1,
            None => self.socket(path),
        };
        socket.send(Message::text(text)).unwrap_or_else(|error| panic!("{error}: {path} {text}"));
        loop {
            let message = socket.read();
            let message = message.unwrap_or_else(|error| panic!("{error}: {path} {text}"));
            let Message::Text(answer) = message else { continue };
            let answer: Value = serde_json::from_str(&answer).expect("an answer is JSON");
            // What is told unasked has none.
            if answer.get("id").is_some() {
                let is_whole = ["result", "error"].iter().any(|name| answer.get(name).is_some());
                assert!(is_whole, "{answer}: {path} {text}");
                break;
            }
        }
        self.sockets.push((path, socket));
    }

    fn socket(&mut self, path: &'static str) -> WebSocket<TcpStream> {
        // Whose events an account's stream tells is in its key.
        let target = match path.strip_suffix('=') {
            Some(_) => format!("{path}{}", "k".repeat(64)),
            None => path.to_owned(),
        };
        let url = format!("ws://{}{target}", self.address());
        tungstenite::client(url, self.connect()).expect("the venue answers").0
    }
}

/// Printable characters stay, all else is percent-encoded.
fn plain(bytes: &[u8]) -> String {
    let text = |byte: &u8| match byte {
        b'!'..=b'~' if !b"\"<>\\^`{|}#".contains(byte) => char::from(*byte).to_string(),
        other => format!("%{other:02X}"),
    };
    bytes.iter().map(text).collect()
}

type Answered = (u16, Vec<u8>, Option<BufReader<TcpStream>>);

/// Sends a request and reads its answer: status, body, and the connection where it stays. None
/// where it ends without one.
fn exchange(mut connection: BufReader<TcpStream>, request: &[u8]) -> Option<Answered> {
    connection.get_mut().write_all(request).ok()?;
    let mut line = String::new();
    connection.read_line(&mut line).ok()?;
    let status = line.split(' ').nth(1)?.parse().ok()?;
    let (mut length, mut stays) = (0, true);
    loop {
        line.clear();
        connection.read_line(&mut line).ok()?;
        let header = line.trim_end().to_ascii_lowercase();
        if header.is_empty() {
            break;
        }
        if let Some(bytes) = header.strip_prefix("content-length:") {
            length = bytes.trim().parse().ok()?;
        }
        stays &= header != "connection: close";
    }
    let mut body = vec![0; length];
    connection.read_exact(&mut body).ok()?;
    Some((status, body, stays.then_some(connection)))
}
