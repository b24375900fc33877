//! What the venue says: in answers, and on its own account stream.

use domain::fill::Liquidity;
use domain::funding::FundingSource;
use domain::instrument::Asset;
use domain::money::{Money, Price, Quantity};
use domain::order::{OrderState, Side};
use domain::time::UtcMs;
use rust_decimal::Decimal;

/// An order as the venue tells of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderSeen {
    /// The name it was sent with, whoever sent it.
    pub name: String,
    /// The venue's spelling of the instrument.
    pub symbol: String,
    /// Whether it is told of by the algo service: a conditional order, numbered apart from plain
    /// ones. What it became once triggered is told of as a plain order.
    pub conditional: bool,
    /// The venue's number, of plain orders or of conditional ones.
    pub order_id: u64,
    /// The plain order that a conditional one became.
    pub triggered_order_id: Option<u64>,
    /// Where it stands. `Unknown` where the venue's word isn't known or proves nothing.
    pub state: OrderState,
    /// How much of it is filled; of a conditional order nought: its plain order tells.
    pub filled: Quantity,
    /// Buy or sell, where told.
    pub side: Option<Side>,
    /// How much was ordered, where told.
    pub quantity: Option<Quantity>,
    /// Its limit, where it has one.
    pub price: Option<Price>,
    /// Where it starts, where it waits for a price.
    pub trigger: Option<Price>,
    /// Why it failed, in the venue's words.
    pub reason: Option<String>,
    /// The venue's time of its last change.
    pub time_exchange: UtcMs,
}

/// A fill as the venue tells of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FillSeen {
    /// The venue's spelling of the instrument.
    pub symbol: String,
    /// The venue's own number, unique within the instrument.
    pub venue_fill_id: u64,
    /// Of which (plain) order.
    pub order_id: u64,
    /// That order's name, where it is told: the account's list of trades does not.
    pub name: Option<String>,
    /// Bought or sold.
    pub side: Side,
    /// At what price.
    pub price: Price,
    /// How much.
    pub quantity: Quantity,
    /// The venue's fee; negative for a rebate.
    pub fee: Money,
    /// What the fee was paid in; none where there is no fee.
    pub fee_asset: Option<Asset>,
    /// Maker or taker.
    pub liquidity: Liquidity,
    /// The venue's time.
    pub time_exchange: UtcMs,
}

/// What the account has of an asset, locked or not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Balance {
    /// Of what.
    pub asset: Asset,
    /// How much.
    pub total: Decimal,
}

/// What a futures account paid or got for funding, or when it was liquidated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IncomeSeen {
    /// The venue's spelling of the instrument.
    pub symbol: String,
    /// In the instrument's quote asset; negative where it was paid.
    pub amount_quote: Money,
    /// What for, with the venue's number.
    pub source: FundingSource,
    /// The venue's time.
    pub time_exchange: UtcMs,
}

/// The answer to a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// An order: placed, cancelled or found. What the venue says of its fills in the same answer is
    /// given as [`AccountEvent::Fill`].
    Order(OrderSeen),
    /// Several: both legs of a pair, or all that are open.
    Orders(Vec<OrderSeen>),
    /// It was done, and the venue says no more.
    Done,
    /// The venue finds no such order. For a while after sending this proves nothing.
    NotFound,
    /// A page of fills, ascending.
    Fills {
        /// The fills.
        fills: Vec<FillSeen>,
        /// Whether there are no more than these by now.
        complete: bool,
    },
    /// What is held, long less short.
    Position {
        /// In base units.
        net_base: Decimal,
    },
    /// All balances that are not nought.
    Balances(Vec<Balance>),
    /// All that was paid or got since the moment that was asked for.
    Incomes(Vec<IncomeSeen>),
    /// It came to nothing, or nobody knows.
    Failed(Failure),
}

/// Why a request has no answer. Every word is about one question: was it done?
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Failure {
    /// The venue understood and refused: nothing was done. Also what never goes out: the kill
    /// switch's refusal has code 0.
    Refused {
        /// The venue's code.
        code: i64,
        /// In its words.
        reason: String,
    },
    /// The venue knows no such order, or none any more.
    NoSuchOrder,
    /// An open order has this name already: an earlier request reached the venue.
    Duplicate,
    /// Nobody knows whether it was done; a question that went unanswered too.
    Ambiguous {
        /// What happened.
        why: String,
    },
    /// Certainly nothing was done, and the same may succeed later: not sent, too many requests,
    /// banned, busy, the clock.
    NothingDone {
        /// What happened.
        why: String,
        /// How long the venue wants to be left alone.
        retry_after_ms: Option<u64>,
    },
}

/// What the account's own stream says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AccountEvent {
    /// The stream works (again): what happened before may have been missed.
    Connected,
    /// The stream broke off, or is silent for too long.
    Disconnected,
    /// Something happened to an order.
    Order(OrderSeen),
    /// Something was executed.
    Fill(FillSeen),
    /// Something was paid or got beside fills.
    Funded,
    /// A message that made no sense, or one of an execution whose numbers are missing: whatever it
    /// said must be asked for.
    Lost,
}
