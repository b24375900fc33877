//! A net position, long or short, kept as sums so that any split of a fill gives the same book.

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::money::{Money, Overflow, Price, Quantity};
use crate::order::Side;
use crate::signal::Direction;
use crate::time::UtcMs;

/// What was bought and sold of one instrument since it was last flat. Sums are stored, averages
/// and profits derived: sums don't depend on how a fill was split.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Position {
    /// First fill.
    pub opened_at: UtcMs,
    /// Side of the first fill.
    pub direction: Direction,
    /// Base units bought.
    pub bought: Quantity,
    /// Quote units paid for them.
    pub bought_quote: Money,
    /// Base units sold.
    pub sold: Quantity,
    /// Quote units got for them.
    pub sold_quote: Money,
    /// Base units that fees took.
    pub fee_base: Decimal,
    /// Fees in quote units.
    pub fees_quote: Money,
}

impl Position {
    /// Nothing yet, about to be opened by a fill on `side`.
    pub const fn opening(opened_at: UtcMs, side: Side) -> Self {
        let direction = match side {
            Side::Buy => Direction::Long,
            Side::Sell => Direction::Short,
        };
        Self {
            opened_at,
            direction,
            bought: Quantity::ZERO,
            bought_quote: Money::ZERO,
            sold: Quantity::ZERO,
            sold_quote: Money::ZERO,
            fee_base: Decimal::ZERO,
            fees_quote: Money::ZERO,
        }
    }

    /// Books base units that changed hands.
    pub(crate) fn add(
        &mut self,
        side: Side,
        quantity: Quantity,
        notional: Money,
    ) -> Result<(), Overflow> {
        let (units, quote) = match side {
            Side::Buy => (&mut self.bought, &mut self.bought_quote),
            Side::Sell => (&mut self.sold, &mut self.sold_quote),
        };
        let sums = (units.plus(quantity)?, quote.plus(notional)?);
        (*units, *quote) = sums;
        Ok(())
    }

    /// Base units held: positive when long, negative when short.
    pub fn net_base(&self) -> Result<Decimal, Overflow> {
        let net = self.bought.to_decimal().checked_sub(self.sold.to_decimal());
        net.and_then(|net| net.checked_sub(self.fee_base))
            .map(|net| net.normalize())
            .ok_or(Overflow)
    }

    /// Base units held, without sign.
    pub fn quantity(&self) -> Result<Quantity, Overflow> {
        Quantity::try_from(self.net_base()?.abs()).map_err(|_| Overflow)
    }

    /// Average price of opening.
    pub fn entry_price(&self) -> Option<Decimal> {
        match self.direction {
            Direction::Short => self.sold_quote.per(self.sold),
            Direction::Long | Direction::Flat => self.bought_quote.per(self.bought),
        }
    }

    /// Average price of closing, as far as it is closed.
    pub fn exit_price(&self) -> Option<Decimal> {
        match self.direction {
            Direction::Short => self.bought_quote.per(self.bought),
            Direction::Long | Direction::Flat => self.sold_quote.per(self.sold),
        }
    }

    /// Worth of the held units at `mark`; negative when short.
    pub fn value_at(&self, mark: Price) -> Result<Money, Overflow> {
        self.net_base()?.checked_mul(mark.to_decimal()).map(Money::new).ok_or(Overflow)
    }

    /// Cash that flowed in since it was opened, fees off: the profit once it is flat.
    pub fn cash_flow(&self) -> Result<Money, Overflow> {
        self.sold_quote.minus(self.bought_quote)?.minus(self.fees_quote)
    }

    /// Profit if it were closed at `mark` without further costs.
    pub fn pnl_at(&self, mark: Price) -> Result<Money, Overflow> {
        self.cash_flow()?.plus(self.value_at(mark)?)
    }
}
