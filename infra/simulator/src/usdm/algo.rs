//! A conditional order: what waits for a price and then becomes a plain order.

use domain::order::Side;
use domain::time::UtcMs;
use rust_decimal::Decimal;

use super::order::{Kind, Ticket, TimeInForce, WorkingType};

/// What it waits for, and what it becomes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AlgoKind {
    StopMarket,
    Stop,
    TakeProfitMarket,
    TakeProfit,
    TrailingStopMarket,
}

impl AlgoKind {
    pub(crate) const ALL: [Self; 5] = [
        Self::StopMarket,
        Self::Stop,
        Self::TakeProfitMarket,
        Self::TakeProfit,
        Self::TrailingStopMarket,
    ];

    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::StopMarket => "STOP_MARKET",
            Self::Stop => "STOP",
            Self::TakeProfitMarket => "TAKE_PROFIT_MARKET",
            Self::TakeProfit => "TAKE_PROFIT",
            Self::TrailingStopMarket => "TRAILING_STOP_MARKET",
        }
    }

    /// Starts when the price goes with it.
    pub(crate) const fn is_target(self) -> bool {
        matches!(self, Self::TakeProfitMarket | Self::TakeProfit)
    }

    /// What it becomes.
    pub(crate) const fn becomes(self) -> Kind {
        match self {
            Self::Stop | Self::TakeProfit => Kind::Limit,
            _ => Kind::Market,
        }
    }
}

/// Where it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AlgoStatus {
    New,
    Triggering,
    Triggered,
    Finished,
    Canceled,
    Expired,
    Rejected,
}

impl AlgoStatus {
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::New => "NEW",
            Self::Triggering => "TRIGGERING",
            Self::Triggered => "TRIGGERED",
            Self::Finished => "FINISHED",
            Self::Canceled => "CANCELED",
            Self::Expired => "EXPIRED",
            Self::Rejected => "REJECTED",
        }
    }
}

/// How far a trailing one has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Trail {
    /// How far the price comes back, in percent.
    pub(crate) callback_percent: Decimal,
    /// Where the following starts; nought: at once.
    pub(crate) activation: Decimal,
    /// The best price since it started.
    pub(crate) best: Option<Decimal>,
}

impl Trail {
    /// The price at which it starts as things stand.
    pub(crate) fn trigger(&self, side: Side) -> Option<Decimal> {
        let share = self.callback_percent / Decimal::ONE_HUNDRED;
        let factor = match side {
            Side::Sell => Decimal::ONE - share,
            Side::Buy => Decimal::ONE + share,
        };
        self.best.and_then(|best| best.checked_mul(factor)).map(|trigger| trigger.round_dp(8))
    }
}

/// What was ordered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct AlgoTicket {
    pub(crate) kind: AlgoKind,
    /// What it becomes; its quantity is nought where it ends a whole position.
    pub(crate) order: Ticket,
    /// Nought for a trailing one.
    pub(crate) trigger: Decimal,
    pub(crate) trail: Option<Trail>,
    pub(crate) working_type: WorkingType,
}

impl AlgoTicket {
    /// Whether it starts when the price rises.
    pub(crate) const fn rises(&self) -> bool {
        match self.order.side {
            Side::Buy => !self.kind.is_target(),
            Side::Sell => self.kind.is_target(),
        }
    }

    /// Whether `price` has passed `trigger`.
    pub(crate) fn is_passed(&self, trigger: Decimal, price: Decimal) -> bool {
        if self.rises() { price >= trigger } else { price <= trigger }
    }

    /// Whether the venue ends it with the position.
    pub(crate) fn ends_with_position(&self) -> bool {
        self.order.close_position || self.order.time_in_force == TimeInForce::GteGtc
    }
}

/// A conditional order that was taken.
#[derive(Debug, Clone)]
pub(crate) struct Algo {
    pub(crate) id: u64,
    pub(crate) symbol: String,
    /// The client's name of it.
    pub(crate) name: String,
    pub(crate) ticket: AlgoTicket,
    pub(crate) status: AlgoStatus,
    /// The plain order that it became.
    pub(crate) order_id: Option<u64>,
    /// Why it failed.
    pub(crate) reason: Option<String>,
    pub(crate) created: UtcMs,
    pub(crate) updated: UtcMs,
    pub(crate) triggered: Option<UtcMs>,
}
