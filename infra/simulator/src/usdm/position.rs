//! A position: how much, what it cost, and what changing it brings.

use domain::time::UtcMs;
use rust_decimal::Decimal;

use super::order::worth;

/// Long where its amount is above nought, short below. What it cost has the same sign.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Position {
    /// In base units.
    pub(crate) amount: Decimal,
    /// In quote units.
    pub(crate) cost: Decimal,
    /// The margin of its own, where it is isolated; in quote units.
    pub(crate) isolated: Decimal,
    /// What closing brought so far, in quote units.
    pub(crate) realised: Decimal,
    pub(crate) updated: UtcMs,
    /// Since when it is not flat.
    pub(crate) since: UtcMs,
}

/// What an execution did to a position.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Booked {
    /// What closing brought, in quote units.
    pub(crate) realised: Decimal,
    /// The worth of what was opened at its price, in quote units; never negative.
    pub(crate) opened: Decimal,
    /// Isolated margin that is free again, in quote units.
    pub(crate) released: Decimal,
}

impl Position {
    /// The mean price of its entries; nought where it is flat.
    pub(crate) fn entry(&self) -> Decimal {
        self.cost.checked_div(self.amount).unwrap_or_default().round_dp(8).normalize()
    }

    /// What it shows at `mark`, in quote units.
    pub(crate) fn unrealised(&self, mark: Decimal) -> Decimal {
        self.worth(mark) - self.cost
    }

    /// What it is worth at `mark`, negative for a short one.
    pub(crate) fn worth(&self, mark: Decimal) -> Decimal {
        worth(mark, self.amount)
    }

    /// Takes in `quantity` base units at `price`; a sale's are negative. What was closed carries its
    /// part of the cost away, so that nothing is lost by rounding: once flat, all that was realised
    /// is what sales brought less what purchases cost.
    pub(crate) fn book(&mut self, quantity: Decimal, price: Decimal, now: UtcMs) -> Booked {
        let mut booked = Booked::default();
        let mut rest = quantity;
        let is_closing =
            !self.amount.is_zero() && self.amount.is_sign_positive() != quantity.is_sign_positive();
        if is_closing {
            let closed = if quantity.abs() < self.amount.abs() { -quantity } else { self.amount };
            let (cost, released) = if closed == self.amount {
                (self.cost, self.isolated)
            } else {
                let share = |of: Decimal| {
                    let part = of.checked_mul(closed).and_then(|of| of.checked_div(self.amount));
                    part.unwrap_or_default().trunc_with_scale(8)
                };
                (share(self.cost), share(self.isolated))
            };
            booked.realised = worth(price, closed) - cost;
            booked.released = released;
            self.amount -= closed;
            self.cost -= cost;
            self.isolated -= released;
            rest += closed;
        }
        if !rest.is_zero() {
            if self.amount.is_zero() {
                self.since = now;
            }
            let cost = worth(price, rest);
            self.amount += rest;
            self.cost += cost;
            booked.opened = cost.abs();
        }
        self.realised += booked.realised;
        self.updated = now;
        booked
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn d(text: &str) -> Decimal {
        text.parse().unwrap()
    }

    #[test]
    fn closing_realises_and_crossing_nought_opens_anew() {
        let now = UtcMs::new(1);
        let mut position = Position::default();
        position.book(d("2"), d("100"), now);
        position.book(d("1"), d("130"), now);
        assert_eq!((position.entry(), position.amount), (d("110"), d("3")));
        assert_eq!(position.unrealised(d("120")), d("30"));
        assert_eq!(position.book(d("-1"), d("120"), now).realised, d("10"));
        let crossed = position.book(d("-5"), d("100"), UtcMs::new(2));
        assert_eq!((crossed.realised, crossed.opened), (d("-20"), d("300")));
        assert_eq!((position.amount, position.entry()), (d("-3"), d("100")));
        assert_eq!((position.unrealised(d("90")), position.since), (d("30"), UtcMs::new(2)));
        assert_eq!(position.book(d("3"), d("110"), now).realised, d("-30"));
        assert_eq!((position.amount, position.cost, position.realised), (d("0"), d("0"), d("-40")));
    }

    #[test]
    fn nothing_is_lost_by_rounding() {
        let (mut position, now) = (Position::default(), UtcMs::new(1));
        let mut paid = Decimal::ZERO;
        for (quantity, price) in
            [("0.7", "3.33333333"), ("-0.1", "4"), ("-0.3", "3.1"), ("0.11", "7"), ("-0.41", "3")]
        {
            position.book(d(quantity), d(price), now);
            paid += worth(d(price), d(quantity));
        }
        assert_eq!(position.amount, Decimal::ZERO);
        assert_eq!(position.realised, -paid);
    }
}
