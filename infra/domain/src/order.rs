//! Orders and the complete machine of their states.

mod machine;

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::fill::Fill;
use crate::ids::{Id, ParseIdError};
use crate::instrument::InstrumentId;
use crate::money::{Overflow, Price, Quantity};
use crate::text::serde_as_text;
use crate::time::UtcMs;

/// Bought or sold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// Adds base units.
    Buy,
    /// Removes base units.
    Sell,
}

impl Side {
    /// The other one.
    pub const fn opposite(self) -> Self {
        match self {
            Self::Buy => Self::Sell,
            Self::Sell => Self::Buy,
        }
    }
}

impl fmt::Display for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Buy => "buy",
            Self::Sell => "sell",
        })
    }
}

/// What an order is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Opens a position.
    Entry,
    /// Gives it up at a loss, or keeps what it gained.
    Stop,
    /// Takes its profit.
    Target,
    /// Closes it by decision.
    Exit,
    /// The venue's own: closes it when its margin is used up.
    Liquidation,
}

impl Role {
    const fn letter(self) -> char {
        match self {
            Self::Entry => 'e',
            Self::Stop => 's',
            Self::Target => 't',
            Self::Exit => 'x',
            Self::Liquidation => 'l',
        }
    }
}

/// An order's name at the venue, derived from the decision that wanted it (`sx<id>e`), so that it
/// can be found again after a crash. 27 characters; the venue takes 36.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClientOrderId {
    decision_id: Id,
    role: Role,
}

impl ClientOrderId {
    /// The name of the order with `role` of a decision.
    #[inline]
    pub const fn new(decision_id: Id, role: Role) -> Self {
        Self { decision_id, role }
    }

    /// The decision that wanted it.
    #[inline]
    pub const fn decision_id(&self) -> Id {
        self.decision_id
    }

    /// What it is for.
    #[inline]
    pub const fn role(&self) -> Role {
        self.role
    }
}

impl fmt::Display for ClientOrderId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "sx{}{}", self.decision_id, self.role.letter())
    }
}

impl fmt::Debug for ClientOrderId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for ClientOrderId {
    type Err = ParseIdError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let middle = text.strip_prefix("sx").and_then(|rest| rest.split_at_checked(24));
        let roles = [Role::Entry, Role::Stop, Role::Target, Role::Exit, Role::Liquidation];
        let role =
            middle.and_then(|(_, end)| roles.into_iter().find(|r| end == r.letter().to_string()));
        match (middle, role) {
            (Some((id, _)), Some(role)) => Ok(Self::new(id.parse()?, role)),
            // Not one of ours: report the whole text as the id that it isn't.
            _ => Err(text.chars().take(40).collect::<String>().parse::<Id>().err().unwrap_or_else(
                || "an id without its role".parse::<Id>().expect_err("not hexadecimal"),
            )),
        }
    }
}

serde_as_text!(ClientOrderId);

/// How the venue should fill it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OrderKind {
    /// At once, at whatever price.
    Market,
    /// At `price` or better.
    Limit {
        /// The worst price.
        price: Price,
    },
    /// As a market order once the price has moved against the position to `trigger`.
    Stop {
        /// Where it starts.
        trigger: Price,
    },
    /// As a limit order at `price`, on the profitable side of the position.
    Target {
        /// The worst price.
        price: Price,
    },
}

/// What is asked of the venue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ticket {
    /// Its name.
    pub client_order_id: ClientOrderId,
    /// Of what.
    pub instrument: InstrumentId,
    /// Buy or sell.
    pub side: Side,
    /// How.
    pub kind: OrderKind,
    /// How much.
    pub quantity: Quantity,
}

/// Where an order stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OrderState {
    /// Written down, not yet sent.
    Intended,
    /// Sent; no answer yet.
    Submitted,
    /// The outcome is not known. Counts as exposure until the venue proves its state.
    Unknown,
    /// Working at the venue.
    Accepted,
    /// Working, a part is filled.
    PartiallyFilled,
    /// A cancel was sent; it may still fill.
    CancelRequested,
    /// All filled. Final.
    Filled,
    /// Cancelled, perhaps after a part was filled. Final.
    Cancelled,
    /// The venue refused it, or never got it. Final.
    Rejected,
    /// The venue ended it by its own rules. Final.
    Expired,
}

impl OrderState {
    /// Whether nothing can follow, except a fill that crossed a cancel or an expiry.
    pub const fn is_final(self) -> bool {
        matches!(self, Self::Filled | Self::Cancelled | Self::Rejected | Self::Expired)
    }

    /// Its name in tables and metrics.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Intended => "intended",
            Self::Submitted => "submitted",
            Self::Unknown => "unknown",
            Self::Accepted => "accepted",
            Self::PartiallyFilled => "partially_filled",
            Self::CancelRequested => "cancel_requested",
            Self::Filled => "filled",
            Self::Cancelled => "cancelled",
            Self::Rejected => "rejected",
            Self::Expired => "expired",
        }
    }
}

/// What happened to an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OrderEvent {
    /// It was sent.
    Submitted,
    /// The venue took it.
    Accepted,
    /// The venue executed (a part of) it.
    Filled(Fill),
    /// Its trigger was moved at the venue.
    Moved {
        /// The new trigger.
        trigger: Price,
    },
    /// A cancel was sent.
    CancelRequested,
    /// The venue cancelled it.
    Cancelled,
    /// The venue refused it.
    Rejected {
        /// In the venue's words.
        reason: String,
    },
    /// The venue ended it.
    Expired,
    /// An answer was lost: it may or may not exist.
    OutcomeUnknown,
    /// The venue proved that it never existed.
    ProvenAbsent,
}

/// What the venue, or the way to it, says of an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderReport {
    /// Of which order.
    pub client_order_id: ClientOrderId,
    /// The venue's time.
    pub time_exchange: UtcMs,
    /// What happened.
    pub event: OrderEvent,
}

/// A transition that the machine doesn't have.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OrderError {
    /// It can't happen in this state.
    #[error("order {client_order_id} is {state:?}: '{event}' can't follow", state = .from.name())]
    IllegalTransition {
        /// Which order.
        client_order_id: ClientOrderId,
        /// Where it stood.
        from: OrderState,
        /// What was said to have happened.
        event: &'static str,
    },
    /// More was filled than was ordered.
    #[error("order {client_order_id} of {ordered} would be filled to {filled}")]
    Overfilled {
        /// Which order.
        client_order_id: ClientOrderId,
        /// What was ordered.
        ordered: Quantity,
        /// What would be filled.
        filled: Quantity,
    },
    /// A fill that can't be this order's.
    #[error("order {client_order_id} can't have this fill: {why}")]
    UnfitFill {
        /// Which order.
        client_order_id: ClientOrderId,
        /// What doesn't fit.
        why: &'static str,
    },
    /// Numbers beyond the decimal's range.
    #[error(transparent)]
    Overflow(#[from] Overflow),
}

/// An order with its state; the machine's table stands in `order/machine.rs`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Order {
    /// What was asked.
    pub ticket: Ticket,
    /// Where it stands.
    pub state: OrderState,
    /// How much of it is filled.
    pub filled: Quantity,
}

impl Order {
    /// A new order, written down but not sent.
    pub const fn intended(ticket: Ticket) -> Self {
        Self { ticket, state: OrderState::Intended, filled: Quantity::ZERO }
    }

    /// What may still be filled, in any state that isn't final.
    pub fn open_quantity(&self) -> Quantity {
        if self.state.is_final() {
            Quantity::ZERO
        } else {
            self.ticket.quantity.minus_or_zero(self.filled)
        }
    }
}

impl OrderEvent {
    /// Its name in tables and messages.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Submitted => "submitted",
            Self::Accepted => "accepted",
            Self::Filled(_) => "filled",
            Self::Moved { .. } => "moved",
            Self::CancelRequested => "cancel_requested",
            Self::Cancelled => "cancelled",
            Self::Rejected { .. } => "rejected",
            Self::Expired => "expired",
            Self::OutcomeUnknown => "outcome_unknown",
            Self::ProvenAbsent => "proven_absent",
        }
    }
}
