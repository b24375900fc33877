//! What a candle does to an order: the rules of `spot::fills`, for the orders of futures.

use domain::candle::Candle;
use domain::order::Side;
use domain::time::UtcMs;
use rust_decimal::Decimal;

use super::algo::{AlgoTicket, Trail};
use super::order::Ticket;
use crate::spot::fills::crosses;

/// The prices of a candle.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Prices {
    pub(crate) open: Decimal,
    pub(crate) high: Decimal,
    pub(crate) low: Decimal,
    pub(crate) close: Decimal,
    pub(crate) open_time: UtcMs,
}

impl Prices {
    pub(crate) fn of(candle: &Candle) -> Self {
        let [open, high, low, close] =
            [candle.open, candle.high, candle.low, candle.close].map(|price| price.to_decimal());
        Self { open, high, low, close, open_time: candle.open_time }
    }

    /// Whether all of it came after `since`. Of what began before, the extremes may have been before
    /// too: what goes against an account counts on them, what it gains by does not.
    pub(crate) fn is_whole(&self, since: UtcMs) -> bool {
        since <= self.open_time
    }
}

/// Whether a resting order that is in the book since `since` is met; it fills at its own price.
pub(crate) fn is_met(ticket: &Ticket, since: UtcMs, prices: &Prices) -> bool {
    let best = match (prices.is_whole(since), ticket.side) {
        (false, _) => prices.close,
        (true, Side::Buy) => prices.low,
        (true, Side::Sell) => prices.high,
    };
    crosses(ticket.side, ticket.price, best)
}

/// The price at which a conditional order that waits since `since` starts, if it does: its trigger,
/// or the open where the price jumped over it.
pub(crate) fn trigger(ticket: &AlgoTicket, since: UtcMs, prices: &Prices) -> Option<Decimal> {
    let is_known = prices.is_whole(since);
    let extreme = match (ticket.kind.is_target() && !is_known, ticket.rises()) {
        (true, _) => prices.close,
        (false, true) => prices.high,
        (false, false) => prices.low,
    };
    if !ticket.is_passed(ticket.trigger, extreme) {
        return None;
    }
    let jumped = is_known && ticket.is_passed(ticket.trigger, prices.open);
    Some(if jumped { prices.open } else { ticket.trigger })
}

/// The same of a trailing one, which follows the price: against it first, from the best price before
/// the candle; then with it, and back to where the candle closed.
pub(crate) fn follow(
    ticket: &AlgoTicket,
    mut trail: Trail,
    since: UtcMs,
    prices: &Prices,
) -> (Trail, Option<Decimal>) {
    let side = ticket.order.side;
    let is_known = prices.is_whole(since);
    let (best, worst) = match side {
        Side::Sell => (prices.high, prices.low),
        Side::Buy => (prices.low, prices.high),
    };
    if let Some(at) = trail.trigger(side)
        && ticket.is_passed(at, worst)
    {
        let jumped = is_known && ticket.is_passed(at, prices.open);
        return (trail, Some(if jumped { prices.open } else { at }));
    }
    let best = if is_known { best } else { prices.close };
    let is_active = trail.best.is_some()
        || match side {
            Side::Sell => best >= trail.activation,
            Side::Buy => best <= trail.activation,
        };
    if !is_active {
        return (trail, None);
    }
    trail.best = Some(match (trail.best, side) {
        (None, _) => best,
        (Some(before), Side::Sell) => before.max(best),
        (Some(before), Side::Buy) => before.min(best),
    });
    let at = trail.trigger(side).filter(|at| ticket.is_passed(*at, prices.close));
    (trail, at)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::usdm::algo::AlgoKind;
    use crate::usdm::order::{Kind, PositionSide, TimeInForce, WorkingType};

    fn prices([open, high, low, close]: [i64; 4]) -> Prices {
        let [open, high, low, close] = [open, high, low, close].map(Decimal::from);
        Prices { open, high, low, close, open_time: UtcMs::new(60_000) }
    }

    fn order(side: Side, price: i64) -> Ticket {
        Ticket {
            side,
            position_side: PositionSide::Both,
            kind: Kind::Limit,
            time_in_force: TimeInForce::Gtc,
            good_till: None,
            price: price.into(),
            quantity: Decimal::ONE,
            reduce_only: false,
            close_position: false,
        }
    }

    fn waits(side: Side, kind: AlgoKind, trigger: i64, trail: Option<Trail>) -> AlgoTicket {
        let (order, working_type) = (order(side, 0), WorkingType::ContractPrice);
        AlgoTicket { kind, order, trigger: trigger.into(), trail, working_type }
    }

    #[test]
    fn candles_meet_orders_as_on_spot() {
        let (early, late) = (UtcMs::new(60_000), UtcMs::new(90_000));
        let met =
            |side, price, since| is_met(&order(side, price), since, &prices([100, 110, 90, 100]));
        assert!(met(Side::Buy, 90, early) && met(Side::Sell, 110, early));
        assert!(!met(Side::Buy, 95, late) && met(Side::Buy, 100, late));
        let at = |side, kind, trigger_price: i64, since, ohlc| {
            trigger(&waits(side, kind, trigger_price, None), since, &prices(ohlc))
        };
        let candle = [100, 110, 90, 100];
        for (side, kind, price, since, expected) in [
            (Side::Sell, AlgoKind::StopMarket, 95, early, Some(95)),
            (Side::Sell, AlgoKind::StopMarket, 89, early, None),
            (Side::Sell, AlgoKind::StopMarket, 101, early, Some(100)),
            (Side::Sell, AlgoKind::StopMarket, 95, late, Some(95)),
            (Side::Buy, AlgoKind::Stop, 105, early, Some(105)),
            (Side::Sell, AlgoKind::TakeProfitMarket, 105, early, Some(105)),
            (Side::Sell, AlgoKind::TakeProfitMarket, 105, late, None),
            (Side::Buy, AlgoKind::TakeProfit, 95, early, Some(95)),
        ] {
            assert_eq!(at(side, kind, price, since, candle), expected.map(Decimal::from));
        }
    }

    #[test]
    fn a_trail_follows_its_best_price_and_starts_on_the_way_back() {
        let trail = Trail { callback_percent: Decimal::ONE, activation: 120.into(), best: None };
        let ticket = waits(Side::Sell, AlgoKind::TrailingStopMarket, 0, Some(trail));
        let early = UtcMs::new(0);
        let (trail, at) = follow(&ticket, trail, early, &prices([100, 110, 90, 110]));
        assert_eq!((trail.best, at), (None, None));
        let (trail, at) = follow(&ticket, trail, early, &prices([110, 200, 110, 199]));
        assert_eq!((trail.best, at), (Some(200.into()), None));
        let (_, at) = follow(&ticket, trail, early, &prices([199, 230, 197, 230]));
        assert_eq!(at, Some(198.into()));
        let (_, at) = follow(&ticket, trail, early, &prices([190, 230, 180, 230]));
        assert_eq!(at, Some(190.into()));
        let (trail, at) = follow(&ticket, trail, early, &prices([199, 300, 199, 290]));
        assert_eq!((trail.best, at), (Some(300.into()), Some(297.into())));
    }
}
