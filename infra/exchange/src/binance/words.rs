//! The venue's words. A word that this client doesn't know is kept, not refused: the rest of the
//! message may still tell of a fill.

use std::borrow::Cow;

use domain::order::{OrderState, Side};
use domain::venue_name::VenueName;
use serde::de::{Deserialize, Deserializer, Error};

macro_rules! words {
    ($($(#[$doc:meta])* $name:ident { $($variant:ident = $text:literal),* $(,)? })*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq)]
        #[expect(missing_docs, reason = "the venue's own words, described in its documentation")]
        pub enum $name {
            $($variant,)*
            Unknown(String),
        }

        impl $name {
            /// As the venue writes it.
            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$variant => $text,)*
                    Self::Unknown(word) => word,
                }
            }
        }

        impl From<&str> for $name {
            fn from(word: &str) -> Self {
                match word {
                    $($text => Self::$variant,)*
                    _ => Self::Unknown(word.chars().take(40).collect()),
                }
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                Cow::<'de, str>::deserialize(deserializer).map(|word| Self::from(word.as_ref()))
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.as_str())
            }
        }
    )*};
}

words! {
    /// Where an order stands.
    OrderStatus {
        New = "NEW",
        PendingNew = "PENDING_NEW",
        PartiallyFilled = "PARTIALLY_FILLED",
        Filled = "FILLED",
        Canceled = "CANCELED",
        PendingCancel = "PENDING_CANCEL",
        Rejected = "REJECTED",
        Expired = "EXPIRED",
        ExpiredInMatch = "EXPIRED_IN_MATCH",
        NewInsurance = "NEW_INSURANCE",
        NewAdl = "NEW_ADL",
    }
    /// Where a conditional order of the futures' algo service stands.
    AlgoStatus {
        New = "NEW",
        Triggering = "TRIGGERING",
        Triggered = "TRIGGERED",
        Finished = "FINISHED",
        Canceled = "CANCELED",
        Rejected = "REJECTED",
        Expired = "EXPIRED",
    }
    /// What happened to an order.
    Execution {
        New = "NEW",
        Trade = "TRADE",
        Canceled = "CANCELED",
        Rejected = "REJECTED",
        Expired = "EXPIRED",
        Replaced = "REPLACED",
        Amendment = "AMENDMENT",
        TradePrevention = "TRADE_PREVENTION",
        Calculated = "CALCULATED",
    }
    /// The kinds of orders of both markets.
    OrderType {
        Market = "MARKET",
        Limit = "LIMIT",
        LimitMaker = "LIMIT_MAKER",
        StopLoss = "STOP_LOSS",
        StopLossLimit = "STOP_LOSS_LIMIT",
        TakeProfit = "TAKE_PROFIT",
        TakeProfitLimit = "TAKE_PROFIT_LIMIT",
        Stop = "STOP",
        StopMarket = "STOP_MARKET",
        TakeProfitMarket = "TAKE_PROFIT_MARKET",
        TrailingStopMarket = "TRAILING_STOP_MARKET",
        Liquidation = "LIQUIDATION",
    }
    /// How long an order works.
    TimeInForce {
        Gtc = "GTC",
        Ioc = "IOC",
        Fok = "FOK",
        Gtx = "GTX",
        Gtd = "GTD",
        GteGtc = "GTE_GTC",
    }
    /// Which of a futures position's sides.
    PositionSide { Both = "BOTH", Long = "LONG", Short = "SHORT" }
    /// Which price triggers a conditional order.
    WorkingType { MarkPrice = "MARK_PRICE", ContractPrice = "CONTRACT_PRICE" }
    /// How a futures position's margin is kept.
    MarginType { Crossed = "CROSSED", Isolated = "ISOLATED" }
    /// How the orders of a list hang together.
    Contingency { Oco = "OCO", Oto = "OTO" }
    /// What happened to an order list.
    ListEvent {
        Response = "RESPONSE",
        ExecStarted = "EXEC_STARTED",
        Updated = "UPDATED",
        AllDone = "ALL_DONE",
    }
    /// Where an order list stands.
    ListStatus { Executing = "EXECUTING", AllDone = "ALL_DONE", Reject = "REJECT" }
}

impl OrderStatus {
    /// The domain's word. What this client doesn't know, and orders that the insurance fund or
    /// auto-deleveraging took over, are unknown until the venue's trades prove more.
    pub const fn state(&self) -> OrderState {
        match self {
            Self::New | Self::PendingNew => OrderState::Accepted,
            Self::PartiallyFilled => OrderState::PartiallyFilled,
            Self::Filled => OrderState::Filled,
            Self::Canceled => OrderState::Cancelled,
            Self::PendingCancel => OrderState::CancelRequested,
            Self::Rejected => OrderState::Rejected,
            Self::Expired | Self::ExpiredInMatch => OrderState::Expired,
            Self::NewInsurance | Self::NewAdl | Self::Unknown(_) => OrderState::Unknown,
        }
    }
}

/// The venue's word for a side.
pub(crate) const fn side_word(side: Side) -> &'static str {
    match side {
        Side::Buy => "BUY",
        Side::Sell => "SELL",
    }
}

/// Reads a side; there is no third one.
pub(crate) fn side<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Side, D::Error> {
    maybe_side(deserializer)?.ok_or_else(|| D::Error::custom("an empty side"))
}

/// Reads a side that may be missing.
pub(crate) fn maybe_side<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Side>, D::Error> {
    match Option::<Cow<'de, str>>::deserialize(deserializer)?.as_deref() {
        Some("BUY") => Ok(Some(Side::Buy)),
        Some("SELL") => Ok(Some(Side::Sell)),
        None | Some("") => Ok(None),
        Some(other) => {
            let word: String = other.chars().take(40).collect();
            Err(D::Error::custom(format!("'{word}' as a side")))
        }
    }
}

/// Who sent an order, by its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// This system, by this decision.
    Ours(VenueName),
    /// The venue, to liquidate the position.
    Liquidation,
    /// The venue, to deleverage the position against somebody else's liquidation.
    AutoDeleverage,
    /// The venue, because the contract ends.
    Settlement,
    /// A person or another program.
    Foreign,
}

impl Origin {
    /// Who sent the order of this name.
    pub fn of(client_order_id: &str) -> Self {
        if let Ok(id) = client_order_id.parse() {
            return Self::Ours(id);
        }
        // The longer names first.
        for (beginning, origin) in [
            ("adl_autoclose", Self::AutoDeleverage),
            ("settlement_autoclose", Self::Settlement),
            ("delivery_autoclose", Self::Settlement),
            ("autoclose", Self::Liquidation),
        ] {
            if client_order_id.starts_with(beginning) {
                return origin;
            }
        }
        Self::Foreign
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_words_are_kept_and_prove_nothing() {
        let status = OrderStatus::from("HALF_BAKED");
        assert_eq!((status.as_str(), status.state()), ("HALF_BAKED", OrderState::Unknown));
        assert_eq!(OrderStatus::from("NEW_ADL").state(), OrderState::Unknown);
        let read: Result<OrderType, _> = serde_json::from_str("\"TRAILING_STOP_MARKET\"");
        assert_eq!(read.unwrap(), OrderType::TrailingStopMarket);
    }

    #[test]
    fn names_tell_who_sent_an_order() {
        let ours = "sx000102030405060708090a0be";
        assert_eq!(Origin::of(ours), Origin::Ours(ours.parse().unwrap()));
        assert_eq!(Origin::of("autoclose-1596107620040000020"), Origin::Liquidation);
        assert_eq!(Origin::of("adl_autoclose"), Origin::AutoDeleverage);
        assert_eq!(Origin::of("settlement_autoclose-1"), Origin::Settlement);
        assert_eq!((Origin::of(""), Origin::of("web_abc")), (Origin::Foreign, Origin::Foreign));
    }
}
