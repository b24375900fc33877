//! A plain order of an account, and the venue's words for what it is.

use domain::order::Side;
use domain::time::UtcMs;
use rust_decimal::Decimal;

/// How it fills.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Market,
    Limit,
}

impl Kind {
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Market => "MARKET",
            Self::Limit => "LIMIT",
        }
    }
}

/// How long it works.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TimeInForce {
    Gtc,
    Ioc,
    Fok,
    /// A maker's or nothing.
    Gtx,
    /// Until a moment; plain orders only.
    Gtd,
    /// Until it is cancelled or the position is gone; conditional orders only.
    GteGtc,
}

impl TimeInForce {
    /// Those of plain orders.
    pub(crate) const PLAIN: [Self; 5] = [Self::Gtc, Self::Ioc, Self::Fok, Self::Gtx, Self::Gtd];
    /// Those of conditional orders.
    pub(crate) const ALGO: [Self; 5] = [Self::Gtc, Self::Ioc, Self::Fok, Self::Gtx, Self::GteGtc];

    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Gtc => "GTC",
            Self::Ioc => "IOC",
            Self::Fok => "FOK",
            Self::Gtx => "GTX",
            Self::Gtd => "GTD",
            Self::GteGtc => "GTE_GTC",
        }
    }
}

/// Which of a symbol's positions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum PositionSide {
    /// The only one, in one-way mode.
    Both,
    Long,
    Short,
}

impl PositionSide {
    pub(crate) const ALL: [Self; 3] = [Self::Both, Self::Long, Self::Short];

    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Both => "BOTH",
            Self::Long => "LONG",
            Self::Short => "SHORT",
        }
    }

    /// Whether an order of this side can only reduce the position.
    pub(crate) const fn is_reduced_by(self, side: Side) -> bool {
        matches!((self, side), (Self::Long, Side::Sell) | (Self::Short, Side::Buy))
    }
}

/// Which price a conditional order watches. Both are the candles' here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum WorkingType {
    ContractPrice,
    MarkPrice,
}

impl WorkingType {
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::ContractPrice => "CONTRACT_PRICE",
            Self::MarkPrice => "MARK_PRICE",
        }
    }
}

/// Where it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Status {
    New,
    PartiallyFilled,
    Filled,
    Canceled,
    Expired,
}

impl Status {
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::New => "NEW",
            Self::PartiallyFilled => "PARTIALLY_FILLED",
            Self::Filled => "FILLED",
            Self::Canceled => "CANCELED",
            Self::Expired => "EXPIRED",
        }
    }
}

/// Who placed it, and so by what it is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Origin {
    Client,
    /// A conditional order that was triggered, by its number.
    Algo(u64),
    /// The venue, because the margin was used up.
    Liquidation,
    /// The venue, to end somebody else's position.
    Deleveraging,
}

impl Origin {
    /// Whether the venue placed it.
    pub(crate) const fn is_forced(self) -> bool {
        matches!(self, Self::Liquidation | Self::Deleveraging)
    }
}

/// What was ordered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Ticket {
    pub(crate) side: Side,
    pub(crate) position_side: PositionSide,
    pub(crate) kind: Kind,
    pub(crate) time_in_force: TimeInForce,
    /// When the venue cancels what is left of it, if its time is bounded.
    pub(crate) good_till: Option<UtcMs>,
    /// Nought for a market order.
    pub(crate) price: Decimal,
    /// In base units.
    pub(crate) quantity: Decimal,
    pub(crate) reduce_only: bool,
    /// Whether it ends the whole position.
    pub(crate) close_position: bool,
}

impl Ticket {
    /// Whether it can only make a position smaller.
    pub(crate) const fn reduces(&self) -> bool {
        self.reduce_only || self.close_position || self.position_side.is_reduced_by(self.side)
    }
}

/// A plain order that was taken.
#[derive(Debug, Clone)]
pub(crate) struct Order {
    pub(crate) id: u64,
    pub(crate) symbol: String,
    /// The client's name of it.
    pub(crate) name: String,
    pub(crate) ticket: Ticket,
    pub(crate) origin: Origin,
    /// The kind of the conditional order that it was, or its own.
    pub(crate) sent_kind: &'static str,
    /// The trigger of the conditional order that it was.
    pub(crate) stop: Decimal,
    pub(crate) working_type: WorkingType,
    pub(crate) status: Status,
    /// In base units.
    pub(crate) filled: Decimal,
    /// In quote units.
    pub(crate) filled_quote: Decimal,
    pub(crate) created: UtcMs,
    pub(crate) updated: UtcMs,
    /// Since when prices count for it.
    pub(crate) since: UtcMs,
}

impl Order {
    /// What is not filled, in base units.
    pub(crate) fn left(&self) -> Decimal {
        self.ticket.quantity - self.filled
    }

    /// The mean price of its executions; nought where there are none.
    pub(crate) fn mean_price(&self) -> Decimal {
        let mean = self.filled_quote.checked_div(self.filled).unwrap_or_default();
        mean.round_dp(8).normalize()
    }
}

/// An execution.
#[derive(Debug, Clone)]
pub(crate) struct Trade {
    pub(crate) id: u64,
    pub(crate) order_id: u64,
    pub(crate) symbol: String,
    pub(crate) side: Side,
    pub(crate) position_side: PositionSide,
    pub(crate) price: Decimal,
    /// In base units.
    pub(crate) quantity: Decimal,
    /// In quote units.
    pub(crate) quote: Decimal,
    /// What closing brought, in quote units.
    pub(crate) realised: Decimal,
    /// In quote units.
    pub(crate) fee: Decimal,
    pub(crate) fee_asset: String,
    pub(crate) is_maker: bool,
    pub(crate) time: UtcMs,
}

/// The venue's word for a side.
pub(crate) const fn side_word(side: Side) -> &'static str {
    match side {
        Side::Buy => "BUY",
        Side::Sell => "SELL",
    }
}

/// What a quantity is worth, at the eight decimals in which amounts are kept; nought beyond what a
/// decimal holds, which the filters keep from happening.
pub(crate) fn worth(price: Decimal, quantity: Decimal) -> Decimal {
    price.checked_mul(quantity).unwrap_or_default().trunc_with_scale(8)
}
