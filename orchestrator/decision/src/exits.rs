//! How a position is left: stop, target, and the stop that follows the price.

use domain::candle::Candle;
use domain::gateway::Protection;
use domain::ids::Id;
use domain::money::{Money, Overflow, Price, Quantity};
use domain::order::Side;
use domain::signal::Direction;
use domain::trade::ExitReason;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::profile::Trailing;

/// Where a position is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// The entry is under way.
    Entering,
    /// It is open, stop and target rest at the venue.
    Open,
    /// An order to close it is under way.
    Closing(ExitReason),
}

/// The plan of a position.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// The decision that opened it; its orders are named after it.
    pub decision_id: Id,
    /// Where it is in its life.
    pub stage: Stage,
    /// Long or short.
    pub direction: Direction,
    /// Base units that were approved.
    pub quantity: Quantity,
    /// Cash, or margin, that its entry may take, costs included.
    pub cost_quote: Money,
    /// The price that it is measured from: the reference until it fills, then the average entry.
    pub entry: Price,
    /// Stop and target as they stand now.
    pub protection: Protection,
    /// Whether the stop has been moved.
    pub trailed: bool,
    /// Whether it is closed because its session has ended: no later price is its worth.
    pub session_over: bool,
    /// Distance from entry to the first stop: one R.
    risk: Price,
    /// Best price since the entry.
    best: Price,
}

impl Plan {
    /// A plan for an entry that is about to be sent.
    pub fn entering(
        decision_id: Id,
        direction: Direction,
        (quantity, cost_quote): (Quantity, Money),
        reference: Price,
        protection: Protection,
    ) -> Result<Self, Overflow> {
        Ok(Self {
            decision_id,
            stage: Stage::Entering,
            direction,
            quantity,
            cost_quote,
            entry: reference,
            protection,
            trailed: false,
            session_over: false,
            risk: ahead(direction, reference, protection.stop)?,
            best: reference,
        })
    }

    /// The entry filled at `price` on average.
    pub fn open_at(&mut self, price: Decimal) {
        self.stage = Stage::Open;
        self.entry = Price::try_from(price.round_dp(8)).unwrap_or(self.entry);
        self.best = self.better(self.entry);
    }

    /// The side of the orders that close it.
    pub fn closing_side(&self) -> Side {
        closing_side(self.direction)
    }

    /// Distance from entry to the first stop: one R.
    pub const fn risk(&self) -> Price {
        self.risk
    }

    /// The better one of a price and the best so far.
    fn better(&self, price: Price) -> Price {
        match self.direction {
            Direction::Short => self.best.min(price),
            Direction::Long | Direction::Flat => self.best.max(price),
        }
    }

    /// What is lost of the entry price if the stop is hit, for `quantity` units; nought once the
    /// stop has passed the entry.
    pub fn heat(&self, quantity: Quantity) -> Result<Money, Overflow> {
        let loss = ahead(self.direction, self.entry, self.protection.stop)?.max(Price::ZERO);
        loss.times(quantity)
    }

    /// Hears a closed candle and says where the stop should be moved, if it should: one trailing
    /// distance behind the best price, never back.
    pub fn trail(&mut self, candle: &Candle, trailing: &Trailing, tick: Price) -> Option<Price> {
        if self.stage != Stage::Open {
            return None;
        }
        let is_short = self.direction == Direction::Short;
        self.best = self.better(if is_short { candle.low } else { candle.high });
        let risk = self.risk.to_f64();
        let gained = self.best.to_f64() - self.entry.to_f64();
        let gained = if is_short { -gained } else { gained };
        if gained < trailing.activation_r_multiple * risk {
            return None;
        }
        let behind = Price::nearest(trailing.distance_r_multiple * risk)?;
        let Protection { stop: last, target } = self.protection;
        // A stop at or beyond the market would fill at once, and one beyond the target never.
        if is_short {
            let stop = self.best.plus(behind).ok()?.ceil_to(tick);
            return (stop > candle.close && stop > target && stop < last).then_some(stop);
        }
        let stop = self.best.minus(behind).ok()?.floor_to(tick);
        (stop < candle.close && stop < target && stop > last).then_some(stop)
    }
}

/// The side of the orders that close a position.
pub const fn closing_side(direction: Direction) -> Side {
    match direction {
        Direction::Short => Side::Buy,
        Direction::Long | Direction::Flat => Side::Sell,
    }
}

/// How much better `price` is than `than` for a position: below nought where it is worse.
pub(crate) fn ahead(direction: Direction, price: Price, than: Price) -> Result<Price, Overflow> {
    match direction {
        Direction::Short => than.minus(price),
        Direction::Long | Direction::Flat => price.minus(than),
    }
}
