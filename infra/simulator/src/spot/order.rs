//! An order of an account, and the venue's words for what it is.

use domain::order::Side;
use domain::time::UtcMs;
use rust_decimal::Decimal;

/// What starts it and at what price it fills.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Market,
    Limit,
    LimitMaker,
    StopLoss,
    StopLossLimit,
    TakeProfit,
    TakeProfitLimit,
}

impl Kind {
    pub(crate) const ALL: [Self; 7] = [
        Self::Market,
        Self::Limit,
        Self::LimitMaker,
        Self::StopLoss,
        Self::StopLossLimit,
        Self::TakeProfit,
        Self::TakeProfitLimit,
    ];

    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Market => "MARKET",
            Self::Limit => "LIMIT",
            Self::LimitMaker => "LIMIT_MAKER",
            Self::StopLoss => "STOP_LOSS",
            Self::StopLossLimit => "STOP_LOSS_LIMIT",
            Self::TakeProfit => "TAKE_PROFIT",
            Self::TakeProfitLimit => "TAKE_PROFIT_LIMIT",
        }
    }

    pub(crate) const fn has_limit(self) -> bool {
        matches!(self, Self::Limit | Self::LimitMaker | Self::StopLossLimit | Self::TakeProfitLimit)
    }

    /// Starts when the price goes against it.
    pub(crate) const fn is_stop(self) -> bool {
        matches!(self, Self::StopLoss | Self::StopLossLimit)
    }

    /// Starts when the price goes with it.
    pub(crate) const fn is_target(self) -> bool {
        matches!(self, Self::TakeProfit | Self::TakeProfitLimit)
    }

    pub(crate) const fn has_trigger(self) -> bool {
        self.is_stop() || self.is_target()
    }
}

/// How long it works.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TimeInForce {
    Gtc,
    Ioc,
    Fok,
}

impl TimeInForce {
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Gtc => "GTC",
            Self::Ioc => "IOC",
            Self::Fok => "FOK",
        }
    }
}

/// Where it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Status {
    /// It waits for its list's entry.
    PendingNew,
    New,
    PartiallyFilled,
    Filled,
    Canceled,
    Expired,
}

/// What becomes of an order at its time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Due {
    /// It comes to the market.
    Arrives,
    /// It takes more of what it has begun to take.
    Takes,
    /// The venue ends it.
    Dies,
}

/// In which parts it fills.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Parts {
    /// In base units.
    pub(crate) size: Decimal,
    /// How long after one the next may come.
    pub(crate) every_ms: i64,
}

impl Status {
    /// Whether it may fill.
    pub(crate) const fn is_working(self) -> bool {
        matches!(self, Self::New | Self::PartiallyFilled)
    }

    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::PendingNew => "PENDING_NEW",
            Self::New => "NEW",
            Self::PartiallyFilled => "PARTIALLY_FILLED",
            Self::Filled => "FILLED",
            Self::Canceled => "CANCELED",
            Self::Expired => "EXPIRED",
        }
    }
}

/// An order that was taken.
#[derive(Debug, Clone)]
pub(crate) struct Order {
    pub(crate) id: u64,
    pub(crate) symbol: String,
    /// The client's name of it.
    pub(crate) name: String,
    pub(crate) list: Option<u64>,
    pub(crate) ticket: Ticket,
    pub(crate) status: Status,
    /// In base units.
    pub(crate) filled: Decimal,
    /// In quote units.
    pub(crate) filled_quote: Decimal,
    pub(crate) created: UtcMs,
    pub(crate) updated: UtcMs,
    /// Since when prices count for it.
    pub(crate) since: UtcMs,
    /// Since when it is in the book; a trigger's wait is none.
    pub(crate) working_since: Option<UtcMs>,
    /// What it holds of the asset that it pays with; an order of a list holds nothing, its list
    /// does.
    pub(crate) locked: Decimal,
    /// What becomes of it next, and when.
    pub(crate) due: Option<(UtcMs, Due)>,
    pub(crate) parts: Option<Parts>,
}

impl Order {
    /// What is not filled yet, in base units.
    pub(crate) fn remaining(&self) -> Decimal {
        self.ticket.quantity - self.filled
    }
}

/// What was ordered.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ticket {
    pub(crate) side: Side,
    pub(crate) kind: Kind,
    pub(crate) time_in_force: TimeInForce,
    /// Nought where it has no limit.
    pub(crate) price: Decimal,
    /// Nought where it has no trigger.
    pub(crate) stop: Decimal,
    /// In base units.
    pub(crate) quantity: Decimal,
    /// What a market order was to spend or to bring; nought where its quantity was named.
    pub(crate) quote_quantity: Decimal,
}

impl Ticket {
    /// The asset's amount that it needs: base units for a sale, quote units for a purchase. Nothing
    /// where that can't be held, which the filters keep from happening.
    pub(crate) fn need(&self, last: Decimal) -> Option<Decimal> {
        match self.side {
            Side::Sell => Some(self.quantity),
            Side::Buy if self.kind.has_limit() => quote_of(self.price, self.quantity),
            Side::Buy if self.kind.has_trigger() => quote_of(self.stop, self.quantity),
            Side::Buy => quote_of(last, self.quantity),
        }
    }
}

/// What a quantity is worth, cut at the eight decimals in which balances are kept.
pub(crate) fn quote_of(price: Decimal, quantity: Decimal) -> Option<Decimal> {
    price.checked_mul(quantity).map(cut)
}

/// Cut at the eight decimals in which the venue keeps amounts.
pub(crate) fn cut(amount: Decimal) -> Decimal {
    amount.trunc_with_scale(8)
}

/// The venue's word for a side.
pub(crate) const fn side_word(side: Side) -> &'static str {
    match side {
        Side::Buy => "BUY",
        Side::Sell => "SELL",
    }
}

/// An execution.
#[derive(Debug, Clone)]
pub(crate) struct Trade {
    pub(crate) id: u64,
    pub(crate) order_id: u64,
    pub(crate) list: Option<u64>,
    pub(crate) symbol: String,
    pub(crate) side: Side,
    pub(crate) price: Decimal,
    /// In base units.
    pub(crate) quantity: Decimal,
    /// In quote units.
    pub(crate) quote: Decimal,
    pub(crate) fee: Decimal,
    pub(crate) fee_asset: String,
    pub(crate) is_maker: bool,
    pub(crate) time: UtcMs,
}

/// Orders of which one ends the other.
#[derive(Debug, Clone)]
pub(crate) struct OrderList {
    pub(crate) id: u64,
    pub(crate) name: String,
    pub(crate) symbol: String,
    /// The order that the pair waits for, or waited for.
    pub(crate) entry: Option<u64>,
    /// The entry, where there is one, and the pair.
    pub(crate) orders: Vec<u64>,
    pub(crate) is_done: bool,
    pub(crate) time: UtcMs,
    /// What the pair holds together.
    pub(crate) locked: Decimal,
}
