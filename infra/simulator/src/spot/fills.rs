//! At what price an order of an account fills.
//!
//! The simulated venue of `exchange::sim` has rules of its own for this. They are not used here:
//! they know none of the venue's stop-limit orders, give a resting order a better price than its own
//! where a candle opens beyond it, and are what is to be tested against this server.

use domain::candle::Candle;
use domain::order::Side;
use domain::time::UtcMs;
use rust_decimal::Decimal;

use super::order::{Kind, Ticket};

/// What a candle does to an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reach {
    Nothing,
    /// The trigger was passed and the limit was not met: it rests from now on.
    Rests,
    Fills {
        price: Decimal,
        is_maker: bool,
    },
}

/// In which order a candle meets orders: what goes against an account comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Phase {
    Stop,
    Limit,
    Target,
}

impl Phase {
    pub(crate) const fn of(kind: Kind) -> Self {
        match kind {
            Kind::StopLoss | Kind::StopLossLimit => Self::Stop,
            Kind::Market | Kind::Limit | Kind::LimitMaker => Self::Limit,
            Kind::TakeProfit | Kind::TakeProfitLimit => Self::Target,
        }
    }
}

/// Whether an order with this limit takes at `last`.
pub(crate) fn crosses(side: Side, limit: Decimal, last: Decimal) -> bool {
    match side {
        Side::Buy => last <= limit,
        Side::Sell => last >= limit,
    }
}

/// Whether `price` has passed the trigger.
pub(crate) fn triggers(ticket: &Ticket, price: Decimal) -> bool {
    let rises = match ticket.side {
        Side::Buy => ticket.kind.is_stop(),
        Side::Sell => ticket.kind.is_target(),
    };
    if rises { price >= ticket.stop } else { price <= ticket.stop }
}

/// What `candle` does to an order for which prices count since `since` and which is in the book since
/// `working`.
///
/// A resting order fills at its own price. A trigger takes its own price, or the open where the price
/// jumped over it. Of a candle that had begun before the order came, its extremes may have been
/// before: a stop must count on them, a limit can't; the same holds for a limit that rests since a
/// trigger within the candle.
pub(crate) fn reach(
    ticket: &Ticket,
    since: UtcMs,
    working: Option<UtcMs>,
    candle: &Candle,
) -> Reach {
    let [open, high, low, close] =
        [candle.open, candle.high, candle.low, candle.close].map(|price| price.to_decimal());
    let is_whole = |since: UtcMs| since <= candle.open_time;
    if let Some(since) = working {
        let best = match (is_whole(since), ticket.side) {
            (false, _) => close,
            (true, Side::Buy) => low,
            (true, Side::Sell) => high,
        };
        return rests(ticket, crosses(ticket.side, ticket.price, best), Reach::Nothing);
    }
    let is_known = is_whole(since);
    let rises = triggers(ticket, Decimal::MAX);
    let extreme = if ticket.kind.is_target() && !is_known {
        close
    } else if rises {
        high
    } else {
        low
    };
    if !triggers(ticket, extreme) {
        return Reach::Nothing;
    }
    let at = if is_known && triggers(ticket, open) { open } else { ticket.stop };
    if !ticket.kind.has_limit() || crosses(ticket.side, ticket.price, at) {
        return Reach::Fills { price: at, is_maker: false };
    }
    rests(ticket, crosses(ticket.side, ticket.price, close), Reach::Rests)
}

fn rests(ticket: &Ticket, is_met: bool, otherwise: Reach) -> Reach {
    if is_met { Reach::Fills { price: ticket.price, is_maker: true } } else { otherwise }
}

#[cfg(test)]
mod tests {
    use domain::money::Price;
    use domain::timeframe::Timeframe;

    use super::*;
    use crate::spot::order::TimeInForce;

    fn candle(ohlc: [i64; 4]) -> Candle {
        let ohlc = ohlc.map(|price| Price::from_raw(price * Price::SCALE));
        Candle::new(Timeframe::M1, UtcMs::new(60_000), ohlc, 1.0).unwrap()
    }

    fn ticket(side: Side, kind: Kind, price: i64, stop: i64) -> Ticket {
        let [price, stop] = [price, stop].map(Decimal::from);
        let (quantity, quote_quantity) = (Decimal::ONE, Decimal::ZERO);
        Ticket {
            side,
            kind,
            time_in_force: TimeInForce::Gtc,
            price,
            stop,
            quantity,
            quote_quantity,
        }
    }

    fn met(ticket: &Ticket, ohlc: [i64; 4]) -> Reach {
        let early = UtcMs::new(60_000);
        let working = (!ticket.kind.has_trigger()).then_some(early);
        reach(ticket, early, working, &candle(ohlc))
    }

    fn fills(price: i64, is_maker: bool) -> Reach {
        Reach::Fills { price: price.into(), is_maker }
    }

    #[test]
    fn resting_orders_fill_at_their_own_price() {
        let buy = ticket(Side::Buy, Kind::Limit, 95, 0);
        assert_eq!(met(&buy, [100, 101, 96, 100]), Reach::Nothing);
        assert_eq!(met(&buy, [100, 101, 95, 100]), fills(95, true));
        assert_eq!(met(&buy, [90, 101, 90, 100]), fills(95, true));
        let sell = ticket(Side::Sell, Kind::LimitMaker, 105, 0);
        assert_eq!(met(&sell, [100, 105, 96, 100]), fills(105, true));
    }

    #[test]
    fn triggers_take_their_price_or_the_open_beyond_it() {
        let stop = ticket(Side::Sell, Kind::StopLoss, 0, 95);
        assert_eq!(met(&stop, [100, 101, 96, 100]), Reach::Nothing);
        assert_eq!(met(&stop, [100, 101, 94, 100]), fills(95, false));
        assert_eq!(met(&stop, [90, 101, 89, 100]), fills(90, false));
        let target = ticket(Side::Sell, Kind::TakeProfit, 0, 105);
        assert_eq!(met(&target, [100, 106, 99, 100]), fills(105, false));
        assert_eq!(met(&target, [107, 108, 99, 100]), fills(107, false));
        let stop = ticket(Side::Buy, Kind::StopLoss, 0, 105);
        assert_eq!(met(&stop, [100, 106, 99, 100]), fills(105, false));
        let target = ticket(Side::Buy, Kind::TakeProfit, 0, 95);
        assert_eq!(met(&target, [100, 106, 94, 100]), fills(95, false));
    }

    #[test]
    fn a_stop_limit_may_be_jumped_over_and_then_rests() {
        let stop = ticket(Side::Sell, Kind::StopLossLimit, 94, 95);
        assert_eq!(met(&stop, [100, 101, 95, 100]), fills(95, false));
        assert_eq!(met(&stop, [90, 93, 89, 90]), Reach::Rests);
        assert_eq!(met(&stop, [90, 101, 89, 95]), fills(94, true));
    }

    #[test]
    fn what_came_during_a_candle_counts_on_no_extreme_but_against_itself() {
        let late = UtcMs::new(90_000);
        let candle = candle([100, 110, 90, 100]);
        let limit = ticket(Side::Buy, Kind::Limit, 95, 0);
        assert_eq!(reach(&limit, late, Some(late), &candle), Reach::Nothing);
        let target = ticket(Side::Sell, Kind::TakeProfit, 0, 105);
        assert_eq!(reach(&target, late, None, &candle), Reach::Nothing);
        let stop = ticket(Side::Sell, Kind::StopLoss, 0, 95);
        assert_eq!(reach(&stop, late, None, &candle), fills(95, false));
    }
}
