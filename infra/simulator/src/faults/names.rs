//! The faults by name.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What a fault strikes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Strikes {
    /// Requests, over REST and the WebSocket API alike.
    Requests,
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
        "queries, open orders and executions hide a new order for a while, and cancels don't find it";
    QueryFailsFor "query-fails-for" Requests
        "POST times out though the venue accepted; status queries fail for 5 minutes"
        "after a new order, the account's queries of orders and executions fail for a while";
}

impl fmt::Display for FaultName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}
