//! Events of an account, read to what they mean.

use domain::time::UtcMs;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::account_event::{
    AccountReport, AccountUpdate, BalanceChange, ConfigUpdate, ListUpdate, MarginCall, SpotBalances,
};
use super::algo_event::{AlgoReport, AlgoUpdate, TriggerRefused, TriggerReport};
use super::order_event::{OrderUpdate, SpotReport, UsdmReport};
use crate::binance::error::{VenueError, excerpt};
use crate::binance::number::read;

const WHAT: &str = "an account's event";

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UserEvent {
    /// To an order.
    Order(Box<OrderUpdate>),
    /// To a conditional order of futures.
    Algo {
        /// When.
        time: UtcMs,
        /// What.
        update: Box<AlgoUpdate>,
    },
    /// A triggered stop was refused: the position may have none now.
    TriggerRefused {
        /// When.
        time: UtcMs,
        /// Which.
        refused: TriggerRefused,
    },
    /// To an order list of spot.
    List(ListUpdate),
    /// To balances of spot, by trading.
    Balances(SpotBalances),
    /// To a balance of spot, from outside.
    BalanceChange(BalanceChange),
    /// To balances and positions of futures.
    Account(AccountUpdate),
    /// Positions are close to their liquidation.
    MarginCall(MarginCall),
    /// Somebody changed a setting of futures.
    Config(ConfigUpdate),
    /// The venue will tell nothing more by this subscription.
    Ended {
        /// In its words.
        event: String,
    },
    /// Something that this client doesn't know.
    Unknown {
        /// The venue's name of it.
        event: String,
    },
}

/// A frame of the connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UserFrame {
    /// An event.
    Event(UserEvent),
    /// The answer to a request.
    Answer {
        /// The request's number.
        id: u64,
        /// 200 where it was done.
        status: u16,
        /// The venue's code, nought where it was done.
        code: i64,
        /// The venue's words.
        message: String,
    },
}

/// An answer of the WebSocket API.
#[derive(Deserialize)]
struct AnswerFrame {
    #[serde(default, deserialize_with = "crate::binance::number::maybe")]
    id: Option<u64>,
    status: u16,
    #[serde(default)]
    error: Option<AnswerError>,
}

#[derive(Deserialize)]
struct AnswerError {
    #[serde(default)]
    code: i64,
    #[serde(default)]
    msg: String,
}

/// Reads one frame, whatever envelope it comes in.
pub fn read_frame(text: &str) -> Result<UserFrame, VenueError> {
    let frame: Value = read(WHAT, text.as_bytes())?;
    if frame.get("status").is_some() {
        let answer: AnswerFrame = typed(frame)?;
        let error = answer.error.unwrap_or(AnswerError { code: 0, msg: String::new() });
        return Ok(UserFrame::Answer {
            id: answer.id.unwrap_or(0),
            status: answer.status,
            code: error.code,
            message: excerpt(error.msg.as_bytes()),
        });
    }
    read_event(unwrapped(frame)).map(UserFrame::Event)
}

/// The event in `{"subscriptionId":…,"event":{…}}` or `{"stream":…,"data":{…}}`.
fn unwrapped(mut frame: Value) -> Value {
    for envelope in ["event", "data"] {
        if frame.get(envelope).is_some_and(Value::is_object) {
            return frame[envelope].take();
        }
    }
    frame
}

fn read_event(event: Value) -> Result<UserEvent, VenueError> {
    let Some(name) = event.get("e").and_then(Value::as_str) else {
        let excerpt = "an event without a name".to_owned();
        return Err(VenueError::Malformed { what: WHAT, excerpt });
    };
    Ok(match name {
        "executionReport" => UserEvent::Order(Box::new(typed::<SpotReport>(event)?.into())),
        "ORDER_TRADE_UPDATE" => UserEvent::Order(Box::new(typed::<UsdmReport>(event)?.into())),
        "ALGO_UPDATE" => {
            let AlgoReport { time, o } = typed(event)?;
            UserEvent::Algo { time, update: Box::new(o) }
        }
        "CONDITIONAL_ORDER_TRIGGER_REJECT" => {
            let TriggerReport { time, refused } = typed(event)?;
            UserEvent::TriggerRefused { time, refused }
        }
        "listStatus" => UserEvent::List(typed(event)?),
        "outboundAccountPosition" => UserEvent::Balances(typed(event)?),
        "balanceUpdate" => UserEvent::BalanceChange(typed(event)?),
        "ACCOUNT_UPDATE" => UserEvent::Account(typed::<AccountReport>(event)?.into()),
        "MARGIN_CALL" => UserEvent::MarginCall(typed(event)?),
        "ACCOUNT_CONFIG_UPDATE" => UserEvent::Config(typed(event)?),
        "listenKeyExpired" | "eventStreamTerminated" | "serverShutdown" => {
            UserEvent::Ended { event: name.to_owned() }
        }
        other => UserEvent::Unknown { event: other.chars().take(40).collect() },
    })
}

fn typed<T: DeserializeOwned>(value: Value) -> Result<T, VenueError> {
    serde_json::from_value(value).map_err(|error| VenueError::Malformed {
        what: WHAT,
        excerpt: excerpt(error.to_string().as_bytes()),
    })
}
