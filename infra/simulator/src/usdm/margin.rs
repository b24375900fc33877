//! What positions and orders need of an account, and where it is used up.

use domain::order::Side;
use rust_decimal::{Decimal, RoundingStrategy};

use super::account::{Account, Venue};
use super::order::{PositionSide, Ticket, worth};
use super::position::Position;
use super::tiers::{maintenance, tier_of};

/// What a symbol needs, in quote units.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Need {
    /// Initial margin of its positions.
    pub(crate) positions: Decimal,
    /// What open orders need on top.
    pub(crate) orders: Decimal,
    pub(crate) maintenance: Decimal,
    /// What its positions show.
    pub(crate) unrealised: Decimal,
    /// What open purchases and sales are worth.
    pub(crate) bids: Decimal,
    pub(crate) asks: Decimal,
}

/// An account's sums in an asset.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Sums {
    pub(crate) wallet: Decimal,
    pub(crate) cross_wallet: Decimal,
    pub(crate) unrealised: Decimal,
    /// The part of it that crossed positions show.
    pub(crate) cross_unrealised: Decimal,
    pub(crate) positions: Decimal,
    pub(crate) orders: Decimal,
    pub(crate) maintenance: Decimal,
    /// The part of it that crossed positions need.
    pub(crate) cross_maintenance: Decimal,
    /// What new orders may use; negative where there is too little already.
    pub(crate) free: Decimal,
}

impl Sums {
    pub(crate) fn available(&self) -> Decimal {
        self.free.max(Decimal::ZERO)
    }
}

/// The price at which a margin is used up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Danger {
    pub(crate) price: Decimal,
    /// Whether it is met by falling prices.
    pub(crate) falls: bool,
}

impl Danger {
    /// Whether it is met at `price`.
    pub(crate) fn is_met(&self, price: Decimal) -> bool {
        if self.falls { price <= self.price } else { price >= self.price }
    }
}

/// The margin of a position of this worth, never less than what it is.
pub(crate) fn initial(worth: Decimal, leverage: u32) -> Decimal {
    let margin = worth.checked_div(leverage.into()).unwrap_or_default();
    margin.round_dp_with_strategy(8, RoundingStrategy::AwayFromZero)
}

impl Account {
    /// What a symbol needs at `mark`, with one more order that counts at this price.
    pub(crate) fn need(
        &self,
        symbol: &str,
        mark: Decimal,
        extra: Option<(&Ticket, Decimal)>,
    ) -> Need {
        let leverage = self.setting(symbol).leverage;
        let mut need = Need::default();
        for side in PositionSide::ALL {
            let position = self.position(symbol, side);
            let (bids, asks) = self.ordered(symbol, side, extra);
            if position.amount.is_zero() && bids.is_zero() && asks.is_zero() {
                continue;
            }
            let held = position.worth(mark);
            let most = match side {
                PositionSide::Both => (held + bids).abs().max((held - asks).abs()),
                PositionSide::Long => held + bids,
                PositionSide::Short => held.abs() + asks,
            };
            let own = initial(held.abs(), leverage);
            need.positions += own;
            need.orders += (initial(most, leverage) - own).max(Decimal::ZERO);
            need.maintenance += maintenance(held.abs());
            need.unrealised += position.unrealised(mark);
            need.bids += bids;
            need.asks += asks;
        }
        need
    }

    /// What open purchases and sales of a position's side are worth that could make it larger.
    fn ordered(
        &self,
        symbol: &str,
        of: PositionSide,
        extra: Option<(&Ticket, Decimal)>,
    ) -> (Decimal, Decimal) {
        let open = self.open_orders(symbol);
        let open = open.map(|order| (order.ticket, worth(order.ticket.price, order.left())));
        let extra = extra.map(|(ticket, price)| (*ticket, worth(price, ticket.quantity)));
        let (mut bids, mut asks) = (Decimal::ZERO, Decimal::ZERO);
        for (ticket, worth) in open.chain(extra) {
            if ticket.position_side == of && !ticket.reduces() {
                match ticket.side {
                    Side::Buy => bids += worth,
                    Side::Sell => asks += worth,
                }
            }
        }
        (bids, asks)
    }

    /// The account's sums in `asset`.
    pub(crate) fn sums(&self, asset: &str, venue: Venue<'_>) -> Sums {
        let cross_wallet = self.cross_wallet(asset, venue);
        let mut sums = Sums { wallet: self.wallet(asset), cross_wallet, ..Sums::default() };
        let mut used = Decimal::ZERO;
        for symbol in self.symbols().iter().filter(|symbol| venue.asset(symbol) == asset) {
            let need = self.need(symbol, venue.mark(symbol), None);
            sums.unrealised += need.unrealised;
            sums.positions += need.positions;
            sums.orders += need.orders;
            sums.maintenance += need.maintenance;
            used += need.orders;
            if !self.setting(symbol).isolated {
                sums.cross_unrealised += need.unrealised;
                sums.cross_maintenance += need.maintenance;
                used += need.positions;
            }
        }
        sums.free = sums.cross_wallet + sums.cross_unrealised - used;
        sums
    }

    /// Where the margin of a symbol's position is used up, if anywhere. Crossed positions stand and
    /// fall together; the other symbols' stand at their marks.
    pub(crate) fn danger(
        &self,
        symbol: &str,
        side: PositionSide,
        venue: Venue<'_>,
    ) -> Option<Danger> {
        let position = self.position(symbol, side);
        if position.amount.is_zero() {
            return None;
        }
        let mark = venue.mark(symbol);
        if self.setting(symbol).isolated {
            return danger(&[position], position.isolated, mark);
        }
        let positions: Vec<Position> = self.held(symbol).map(|(_, position)| position).collect();
        let sums = self.sums(venue.asset(symbol), venue);
        let own = self.need(symbol, mark, None);
        let others_show = sums.cross_unrealised - own.unrealised;
        let others_need = sums.cross_maintenance - own.maintenance;
        danger(&positions, sums.cross_wallet + others_show - others_need, mark)
    }
}

/// Where positions of one symbol that `backing` stands behind are worth no more than they must be
/// backed with: backing + Σ(amount × p − cost) = Σ(|amount| × p × ratio − deduction).
fn danger(positions: &[Position], backing: Decimal, mark: Decimal) -> Option<Danger> {
    let mut at = mark;
    let mut found = None;
    // The tiers are those of the price that is sought: it settles, as there are but a few.
    for _ in 0..4 {
        let (mut slope, mut fixed) = (Decimal::ZERO, backing);
        for position in positions {
            let tier = tier_of(position.worth(at).abs());
            slope += position.amount - position.amount.abs() * tier.ratio;
            fixed += tier.deduction - position.cost;
        }
        let price = (-fixed).checked_div(slope)?.round_dp(8).normalize();
        if price <= Decimal::ZERO {
            // Even prices near nought leave enough, or there is too little at any price.
            let lost = fixed <= Decimal::ZERO && slope.is_sign_negative();
            return lost.then_some(Danger { price: mark, falls: false });
        }
        found = Some(Danger { price, falls: slope.is_sign_positive() });
        if price == at {
            break;
        }
        at = price;
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn d(text: &str) -> Decimal {
        text.parse().unwrap()
    }

    fn position(amount: &str, entry: &str) -> Position {
        Position { amount: d(amount), cost: d(amount) * d(entry), ..Position::default() }
    }

    /// What is left above the maintenance margin at `price`.
    fn left(positions: &[Position], backing: Decimal, price: Decimal) -> Decimal {
        let each = positions
            .iter()
            .map(|position| position.unrealised(price) - maintenance(position.worth(price).abs()));
        backing + each.sum::<Decimal>()
    }

    #[test]
    fn a_margin_is_used_up_where_it_meets_the_maintenance() {
        for (positions, backing, falls) in [
            (vec![position("1", "100")], "10", true),
            (vec![position("-1", "100")], "10", false),
            (vec![position("20", "50000")], "60000", true),
            (vec![position("-200", "50000")], "900000", false),
            (vec![position("3", "100"), position("-1", "110")], "20", true),
            (vec![position("1", "100"), position("-3", "110")], "20", false),
        ] {
            let backing = d(backing);
            let found = danger(&positions, backing, positions[0].entry()).unwrap();
            assert_eq!(found.falls, falls);
            let rest = left(&positions, backing, found.price);
            assert!(rest.abs() < d("0.00001"), "{positions:?} {found:?} {rest}");
            let step = if falls { d("0.5") } else { d("-0.5") };
            assert!(left(&positions, backing, found.price + step) > Decimal::ZERO);
        }
        assert_eq!(danger(&[position("1", "100")], d("1000"), d("100")), None);
        let lost = danger(&[position("-1", "100")], d("-200"), d("100")).unwrap();
        assert!(lost.is_met(d("100")));
    }
}
