//! The faults by name.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What a fault strikes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Strikes {
    /// Requests, over REST and the WebSocket API alike.
    Requests,
    /// Answers to requests, and messages of streams.
    Answers,
    /// Messages of streams.
    Messages,
    /// Connections.
    Sockets,
    /// What the venue does with an order or a position.
    Orders,
    /// The candles themselves.
    Candles,
}

macro_rules! faults {
    ($($variant:ident $name:literal $strikes:ident $row:literal $text:literal;)+) => {
        /// A fault's name.
        #[derive(
            Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
        )]
        pub enum FaultName {
            $(#[doc = $text] #[serde(rename = $name)] $variant,)+
        }

        /// All faults.
        pub const FAULTS: &[Described] = &[
            $(Described {
                name: FaultName::$variant,
                strikes: Strikes::$strikes,
                text: $text,
                row: $row,
            },)+
        ];

        impl FaultName {
            /// As it is written in a plan.
            pub const fn word(self) -> &'static str {
                match self { $(Self::$variant => $name,)+ }
            }

            /// What it strikes.
            pub const fn strikes(self) -> Strikes {
                match self { $(Self::$variant => Strikes::$strikes,)+ }
            }
        }
    };
}

/// What a fault is.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Described {
    /// Its name.
    pub name: FaultName,
    /// What it strikes.
    pub strikes: Strikes,
    /// What happens.
    pub text: &'static str,
    /// What was seen elsewhere that it stands for.
    pub row: &'static str,
}

faults! {
    AcceptThenTimeOut "accept-then-time-out" Requests
        "POST times out though the venue accepted"
        "the request is done, and no answer comes: the connection is cut, or hangs";
    TimeOutBefore "time-out-before" Requests
        "POST times out though the venue accepted"
        "nothing is done, and no answer comes: the connection is cut, or hangs";
    StatusUnknown "status-unknown" Requests
        "-1006/-1007: status unknown, may have executed"
        "the answer is -1007 or -1006; the request was done, or was not";
    NotFoundFor "not-found-for" Requests
        "order not found for minutes, then it appears"
        "queries, open orders and executions hide a new order for a while; cancels don't find it";
    QueryFailsFor "query-fails-for" Requests
        "POST times out though the venue accepted; status queries fail for 5 minutes"
        "after a new order, the account's queries of orders and executions fail for a while";
    FillBeforeAck "fill-before-ack" Requests
        "fill arrives before the acknowledgement"
        "an order's events come, and its answer only after some market time";
    CancelUnknown "cancel-unknown" Requests
        "replacing a stop whose cancel returns -2011/-2013"
        "a cancel does nothing and says that there is no such order";
    ReduceOnlyRejected "reduce-only-rejected" Requests
        "reduce-only rejected"
        "an order that may only reduce is refused with -2022";
    StopWouldTrigger "stop-would-trigger" Requests
        "protection is refused"
        "an order with a trigger is refused: it would trigger at once";
    Http5xx "http-5xx" Requests
        "5xx"
        "the answer is a 5xx without a code; the request was not done, or was (executed)";
    Http451 "http-451" Requests
        "HTTP 451 where the host is not served"
        "the answer is that this place is not served";
    RateLimited "rate-limited" Requests
        "429 → back off; repeated → 418"
        "all requests of a market are answered 429 for a while, and 418 to who goes on (ban_after)";
    Banned "banned" Requests
        "ban of 2 minutes to 3 days"
        "all requests of a market are answered 418 for a while";
    OrderCount "order-count" Requests
        "order-count window"
        "new orders of an account are refused with -1015 for a while";
    ClockOffset "clock-offset" Requests
        "clock ±1 s, -1021"
        "the venue's clock jumps: signed requests are refused with -1021 until the time is asked for";
    RenewalFails "renewal-fails" Requests
        "renewal fails"
        "an account's stream can't be begun or kept up";
    UnknownField "unknown-field" Answers
        "unknown fields"
        "an answer or a message has fields that nobody knows";
    UnknownValue "unknown-value" Answers
        "unknown enum values"
        "a word of an answer or a message is one that nobody knows";
    TruncatedJson "truncated-json" Answers
        "truncated JSON"
        "an answer or a message breaks off in the middle";
    MalformedJson "malformed-json" Answers
        "malformed JSON"
        "an answer or a message is no JSON";
    EventDelayed "event-delayed" Messages
        "exit, then reverse; the earlier stop's fill arrives in between"
        "a message comes later, after those that follow it";
    EventLost "event-lost" Messages
        "fills during a disconnect must be recovered"
        "a message never comes";
    EventDoubled "event-doubled" Messages
        "the same fill twice; redelivered fill after a position flipped"
        "a message comes twice, the second at once or later (delay_ms)";
    EventReordered "event-reordered" Messages
        "fill arrives before the acknowledgement"
        "a message and the one that follows it change places";
    UnknownEvent "unknown-event" Messages
        "unknown enum values"
        "before a message comes one of a kind that nobody knows";
    DepthGap "depth-gap" Messages
        "depth gap (`pu` ≠ previous `u`)"
        "a change of an order book never comes";
    CandleLost "candle-lost" Messages
        "candle missing"
        "a stream leaves out a candle that REST has";
    CandleDuplicated "candle-duplicated" Messages
        "candle duplicated"
        "a stream tells a candle twice";
    CandleCorrected "candle-corrected" Messages
        "candle corrected later"
        "a stream tells a candle with a wrong close, and later the right one";
    CandleMissing "candle-missing" Candles
        "candle missing"
        "a candle is nowhere, as in an outage";
    CandleZeroVolume "candle-zero-volume" Candles
        "candle zero-volume"
        "nothing was traded in a candle: it is flat at the close before it";
    Disconnect "disconnect" Sockets
        "fills during a disconnect must be recovered"
        "all WebSocket connections end without a word";
    Reset "reset" Sockets
        "TLS resets"
        "all connections break, REST's included";
    ConnectionTooOld "connection-too-old" Sockets
        "a connection ends after 24 h"
        "connections of a day of market time (for_ms) end with a closing frame";
    HalfOpen "half-open" Sockets
        "half-open sockets"
        "connections stay open, and nothing comes: no message, no answer, no ping";
    SilentStream "silent-stream" Sockets
        "connected but silent stream"
        "connections answer and ping, and no message of their streams comes";
    Maintenance "maintenance" Sockets
        "venue maintenance"
        "for a while requests are answered 503 and connections end and are refused";
    ListenKeyExpired "listen-key-expired" Sockets
        "listen key expires after an hour, expires twice"
        "accounts' streams say that they have expired and end; on futures the key is no more";
    PartialFills "partial-fills" Orders
        "partial fills"
        "an order fills in equal parts, one after another (parts, delay_ms)";
    PhantomCancel "phantom-cancel" Orders
        "phantom cancel on cancel-replace"
        "a cancel is answered as done though the order has just filled";
    OrderRejectedLater "order-rejected-later" Orders
        "rejections arrive in ALGO_UPDATE"
        "an order is accepted and ends unfilled a little later, as an event only tells";
    AlgoRejected "algo-rejected" Orders
        "rejections arrive in ALGO_UPDATE"
        "a conditional order of futures is accepted and rejected a little later";
    Liquidation "liquidation" Orders
        "liquidation before the stop at high leverage"
        "positions of futures are liquidated, whatever their margin";
    Adl "adl" Orders
        "auto-deleveraging orders (`adl_autoclose`)"
        "positions of futures are closed to end those of others";
}

impl fmt::Display for FaultName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}
