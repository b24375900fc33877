//! What becomes of a stream's message.

use domain::time::UtcMs;
use serde_json::{Value, json};

use super::layer::Layer;
use super::mangle;
use super::names::{FaultName, Strikes};
use super::plan::{Fault, MarketName, Place};
use super::sockets::LineFacts;
use crate::queue::Queue;

/// The stream of an account's own events.
pub(crate) const USER: &str = "user";

/// A message as the faults see it.
#[derive(Debug, Clone)]
pub(crate) struct Message<'a> {
    pub(crate) market: MarketName,
    /// Its stream's name, or [`USER`].
    pub(crate) stream: &'a str,
    /// Whose it is; empty where it is everybody's.
    pub(crate) account: &'a str,
    pub(crate) event: &'a str,
    pub(crate) symbol: &'a str,
    /// The client's name of the order that it is about.
    pub(crate) order: &'a str,
    /// What tells it from others of its stream, whatever else happens at the venue.
    pub(crate) identity: String,
    pub(crate) at: UtcMs,
}

/// A text that is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Sent {
    pub(crate) text: String,
    /// After so much market time.
    pub(crate) delay_ms: i64,
    /// After the message that follows it.
    pub(crate) swaps: bool,
}

impl Sent {
    pub(crate) fn at_once(text: String) -> Self {
        Self { text, delay_ms: 0, swaps: false }
    }
}

const SECOND_MS: i64 = 1_000;

impl Message<'_> {
    fn is_at(&self, place: &Place) -> bool {
        let has = |wanted: &Option<String>, found: &str| {
            wanted.as_deref().is_none_or(|wanted| found.contains(wanted))
        };
        let is = |wanted: &Option<String>, found: &str| {
            wanted.as_deref().is_none_or(|wanted| wanted == found)
        };
        place.market.is_none_or(|market| market == self.market)
            && has(&place.stream, self.stream)
            && has(&place.order, self.order)
            && is(&place.event, self.event)
            && is(&place.account, self.account)
            && is(&place.symbol, self.symbol)
            && place.act.is_none()
            && place.endpoint.is_none()
    }

    fn key(&self) -> String {
        let Self { market, stream, account, event, identity, at, .. } = self;
        format!("{market:?}|{stream}|{account}|{event}|{identity}|{}", at.ms())
    }
}

impl FaultName {
    fn is_for_message(self, message: &Message<'_>) -> bool {
        match self {
            Self::DepthGap => message.event == "depthUpdate",
            Self::CandleLost | Self::CandleDuplicated | Self::CandleCorrected => {
                message.event == "kline"
            }
            _ => true,
        }
    }
}

impl Layer {
    /// The one way of a stream's message to a connection's queue.
    pub(crate) fn tell(
        &self,
        message: &Message<'_>,
        line: LineFacts,
        text: String,
        queue: &mut Queue,
    ) {
        let is_silent = |name| self.has_hold(name, line, message.at);
        if is_silent(FaultName::HalfOpen) || is_silent(FaultName::SilentStream) {
            return;
        }
        for sent in self.spoil(message, text) {
            queue.push(sent, message.at);
        }
    }

    /// What is sent for a message, in this order; nothing where it is lost.
    pub(crate) fn spoil(&self, message: &Message<'_>, text: String) -> Vec<Sent> {
        let key = message.key();
        let mut state = self.state();
        let mut struck = Vec::new();
        for (n, fault) in self.of(Strikes::Messages) {
            if message.is_at(&fault.place)
                && fault.name.is_for_message(message)
                && self.strikes_once(&mut state, (n, fault), &key, message.at)
            {
                struck.push(fault);
            }
        }
        drop(state);
        let mut sent = vec![Sent::at_once(text)];
        for fault in struck {
            sent = sent.into_iter().flat_map(|sent| spoilt(fault, message, sent)).collect();
        }
        sent
    }
}

fn spoilt(fault: &Fault, message: &Message<'_>, sent: Sent) -> Vec<Sent> {
    let delay_ms = fault.with.delay_ms;
    let texts = |text: String| vec![Sent { text, ..sent.clone() }];
    match fault.name {
        FaultName::EventLost | FaultName::DepthGap | FaultName::CandleLost => Vec::new(),
        FaultName::EventDelayed => {
            vec![Sent { delay_ms: sent.delay_ms + delay_ms.unwrap_or(SECOND_MS), ..sent }]
        }
        FaultName::EventDoubled | FaultName::CandleDuplicated => {
            let again =
                Sent { delay_ms: sent.delay_ms + delay_ms.unwrap_or_default(), ..sent.clone() };
            vec![sent, again]
        }
        FaultName::EventReordered => vec![Sent { swaps: true, ..sent }],
        FaultName::UnknownEvent => {
            let event = json!({ "e": "novelEvent", "E": message.at.ms(), "s": message.symbol });
            vec![Sent::at_once(mangle::in_envelope(&sent.text, event)), sent]
        }
        FaultName::CandleCorrected => {
            let wrong = mangle::shift_close(&sent.text, fault.with.shift_bps.unwrap_or(10));
            let late = Sent { delay_ms: delay_ms.unwrap_or(SECOND_MS), ..sent.clone() };
            vec![Sent { text: wrong, ..sent }, late]
        }
        _ => mangle::text(fault, &sent.text).map_or_else(|| vec![sent.clone()], texts),
    }
}

/// A message of an account's stream, taken apart; None for what is no event.
pub(crate) fn of_account<'a>(
    market: MarketName,
    account: &'a str,
    event: &'a Value,
) -> Option<Message<'a>> {
    let text = |value: &'a Value| value.as_str().unwrap_or_default();
    let kind = event["e"].as_str()?;
    let at = UtcMs::new(event["E"].as_i64().unwrap_or_default());
    // Futures put the order inside; the client's own name comes first where it is cancelled.
    let about = event.get("o").filter(|inside| inside.is_object()).unwrap_or(event);
    let name = [&about["C"], &about["caid"], &about["c"]].map(text);
    let order = name.into_iter().find(|name| !name.is_empty()).unwrap_or_default();
    let identity = match kind {
        "listStatus" => format!("{}|{}", text(&event["C"]), text(&event["l"])),
        // The venue's numbers depend on who came first; how much is filled does not.
        _ => format!("{order}|{}|{}|{}", text(&about["x"]), text(&about["X"]), text(&about["z"])),
    };
    let symbol = [&about["s"], &event["s"]].map(text);
    let symbol = symbol.into_iter().find(|symbol| !symbol.is_empty()).unwrap_or_default();
    Some(Message { market, stream: USER, account, event: kind, symbol, order, identity, at })
}
