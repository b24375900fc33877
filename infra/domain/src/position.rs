//! A net position, long or short, kept as sums so that any split of a fill gives the same book.

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::exact;
use crate::money::{Money, Overflow, Price, Quantity};
use crate::order::Side;
use crate::signal::Direction;
use crate::text::normal_decimal;
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
    /// Base units that fees took out of what was bought.
    #[serde(with = "normal_decimal")]
    pub fee_base: Decimal,
    /// Fees in quote units.
    pub fees_quote: Money,
    /// Funding that was received, below nought where more was paid.
    #[serde(default, skip_serializing_if = "Money::is_zero")]
    pub funding_quote: Money,
}

/// The part of a fill that belongs to one position.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Part {
    pub(crate) side: Side,
    pub(crate) price: Price,
    pub(crate) quantity: Quantity,
    pub(crate) fee: Money,
    pub(crate) kind: FeeKind,
}

/// What a fee was paid in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FeeKind {
    Quote,
    /// The very units that a spot market trades.
    Units,
    /// The base asset of contracts.
    Base,
    Other,
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
            funding_quote: Money::ZERO,
        }
    }

    /// Books a part of a fill. Gives back what of its fee is owed beside the position.
    ///
    /// A base fee comes out of the units only where a spot market sold them to a long position and
    /// some remain; otherwise it is owed. So a fee never turns a position round, an exit of all
    /// that is held leaves it flat rather than short of the fee, and contracts stay whole.
    pub(crate) fn book(&mut self, part: Part) -> Result<Money, Overflow> {
        let notional = part.price.times_exactly(part.quantity)?;
        let (units, quote) = match part.side {
            Side::Buy => (&mut self.bought, &mut self.bought_quote),
            Side::Sell => (&mut self.sold, &mut self.sold_quote),
        };
        *units = units.plus_exactly(part.quantity)?;
        *quote = quote.plus_exactly(notional)?;
        if part.kind == FeeKind::Quote {
            self.fees_quote = self.fees_quote.plus_exactly(part.fee)?;
            return Ok(Money::ZERO);
        }
        let (fee, net) = (part.fee.to_decimal(), self.net_base()?);
        if part.kind == FeeKind::Units && part.side == Side::Buy && net > fee.max(Decimal::ZERO) {
            self.fee_base = exact::sum(self.fee_base, fee)?;
            return Ok(Money::ZERO);
        }
        Ok(part.fee)
    }

    /// Base units held: positive when long, negative when short.
    pub fn net_base(&self) -> Result<Decimal, Overflow> {
        // Most positions are bought at once and wait to be sold at once.
        if self.sold.is_zero() && self.fee_base.is_zero() {
            return Ok(self.bought.to_decimal());
        }
        let net = exact::difference(self.bought.to_decimal(), self.sold.to_decimal())?;
        exact::difference(net, self.fee_base).map(exact::normalized)
    }

    /// Base units that a fill on `side` closes; nought where it opens or adds.
    pub(crate) fn held_against(&self, side: Side) -> Result<Quantity, Overflow> {
        let net = self.net_base()?;
        let against = match side {
            Side::Buy => net < Decimal::ZERO,
            Side::Sell => net > Decimal::ZERO,
        };
        if against { self.quantity() } else { Ok(Quantity::ZERO) }
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
        Money::new(self.net_base()?).scaled_exactly(mark.to_decimal())
    }

    /// Cash that flowed in since it was opened, fees off and funding in: the profit once it is flat.
    pub fn cash_flow(&self) -> Result<Money, Overflow> {
        let traded = self.sold_quote.minus_exactly(self.bought_quote)?;
        traded.minus_exactly(self.fees_quote)?.plus_exactly(self.funding_quote)
    }

    /// Profit if it were closed at `mark` without further costs.
    pub fn pnl_at(&self, mark: Price) -> Result<Money, Overflow> {
        self.cash_flow()?.plus_exactly(self.value_at(mark)?)
    }
}
