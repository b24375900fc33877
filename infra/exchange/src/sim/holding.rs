//! What is held of an instrument, the margin behind it, and when that is used up.

use domain::fill::Fill;
use domain::ids::Id;
use domain::money::{Overflow, Quantity};
use domain::order::Side;
use domain::time::UtcMs;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::sim::terms::Margin;

/// A net position as the venue sees it. Numbers in quote units are rounded to 28 digits: they say
/// when a position ends, not what is booked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) struct Holding {
    /// Base units: positive when long, negative when short.
    base: Decimal,
    /// What they cost, with the sign of `base`.
    cost_quote: Decimal,
    /// Isolated margin: what was set aside, funding included.
    margin_quote: Decimal,
    opened: Option<(Id, UtcMs)>,
}

/// The prices at which a position ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Ends {
    /// Mark price at which no more than the maintenance margin is left.
    pub(crate) liquidation: Decimal,
    /// Price at which nothing is left.
    pub(crate) bankruptcy: Decimal,
}

fn product(a: Decimal, b: Decimal) -> Result<Decimal, Overflow> {
    a.checked_mul(b).ok_or(Overflow)
}

fn sum(a: Decimal, b: Decimal) -> Result<Decimal, Overflow> {
    a.checked_add(b).ok_or(Overflow)
}

fn quotient(a: Decimal, b: Decimal) -> Result<Decimal, Overflow> {
    a.checked_div(b).ok_or(Overflow)
}

impl Holding {
    /// Whether nothing is held.
    pub(crate) const fn is_flat(&self) -> bool {
        self.base.is_zero()
    }

    /// Base units, negative when short.
    pub(crate) const fn base(&self) -> Decimal {
        self.base
    }

    /// The side that opened it.
    pub(crate) const fn side(&self) -> Side {
        if self.base.is_sign_negative() { Side::Sell } else { Side::Buy }
    }

    /// The decision that opened it, and when.
    pub(crate) const fn opened(&self) -> Option<(Id, UtcMs)> {
        self.opened
    }

    /// Base units that an order on `side` can close.
    pub(crate) fn against(&self, side: Side) -> Result<Quantity, Overflow> {
        if self.is_flat() || side == self.side() {
            return Ok(Quantity::ZERO);
        }
        Quantity::try_from(self.base.abs()).map_err(|_| Overflow)
    }

    /// Books a fill: what it closes frees its part of the margin, what it opens takes some.
    pub(crate) fn book(&mut self, fill: &Fill, leverage: u32) -> Result<(), Overflow> {
        let (price, mut open) = (fill.price.to_decimal(), fill.quantity.to_decimal());
        let held = self.against(fill.side)?.to_decimal();
        if !held.is_zero() {
            let closed = open.min(held);
            let kept = quotient(held.saturating_sub(closed), held)?;
            self.cost_quote = product(self.cost_quote, kept)?;
            self.margin_quote = product(self.margin_quote, kept)?;
            if closed == held {
                *self = Self::default();
            } else {
                // The product of a quotient is off by a last digit.
                let left = held.saturating_sub(closed);
                let sign =
                    if fill.side == Side::Sell { Decimal::ONE } else { Decimal::NEGATIVE_ONE };
                self.base = product(left, sign)?;
            }
            open = open.saturating_sub(closed);
        }
        if open.is_zero() {
            return Ok(());
        }
        let decision_id = fill.client_order_id.decision_id();
        self.opened.get_or_insert((decision_id, fill.time_exchange));
        let notional = product(open, price)?;
        let sign = if fill.side == Side::Buy { Decimal::ONE } else { Decimal::NEGATIVE_ONE };
        self.base = sum(self.base, product(open, sign)?)?;
        self.cost_quote = sum(self.cost_quote, product(notional, sign)?)?;
        let margin = quotient(notional, Decimal::from(leverage.max(1)))?;
        self.margin_quote = sum(self.margin_quote, margin)?;
        Ok(())
    }

    /// Pays or gets funding out of, or into, the margin.
    pub(crate) fn fund(&mut self, amount_quote: Decimal) -> Result<(), Overflow> {
        self.margin_quote = sum(self.margin_quote, amount_quote)?;
        Ok(())
    }

    /// What is left of the margin when the position is closed at `price`.
    pub(crate) fn left_at(&self, price: Decimal) -> Result<Decimal, Overflow> {
        let value = product(self.base, price)?;
        sum(self.margin_quote, value.saturating_sub(self.cost_quote))
    }

    /// Where it ends; none where no price takes its margin.
    ///
    /// The mark price p at which `margin + base × p − cost = |base| × p × ratio − off` holds in the
    /// tier that |base| × p lies in: Binance's rule for isolated margin.
    pub(crate) fn ends(&self, margin: &Margin) -> Result<Option<Ends>, Overflow> {
        if self.is_flat() {
            return Ok(None);
        }
        let owed = self.cost_quote.saturating_sub(self.margin_quote);
        let bankruptcy = quotient(owed, self.base)?;
        let mut found = None;
        for bracket in margin.brackets() {
            let (up_to, ratio, off) = bracket?;
            let slope = self.base.saturating_sub(product(self.base.abs(), ratio)?);
            let liquidation = quotient(owed.saturating_sub(off), slope)?;
            found = Some(liquidation);
            if product(self.base.abs(), liquidation)? <= up_to {
                break;
            }
        }
        let ends = found.map(|liquidation| Ends { liquidation, bankruptcy });
        Ok(ends.filter(|ends| ends.liquidation > Decimal::ZERO))
    }
}
