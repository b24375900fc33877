//! What the venue is asked, in numbered requests.

use domain::instrument::InstrumentId;
use domain::money::{Price, Quantity};
use domain::order::Side;
use domain::signal::Direction;
use domain::time::UtcMs;
use domain::venue_name::VenueName;

/// The number of a request; its answer bears it. They ascend while the executor lives, and begin
/// anew with it: answers to requests of an earlier one must not reach a later one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct RequestId(pub u64);

/// One request. Each is answered exactly once, by [`Answer`](crate::answer::Answer); what came to
/// nothing is answered by a failure. Requests may be performed side by side: what must not overtake
/// another is asked only after the other's answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// Its number.
    pub id: RequestId,
    /// What is asked.
    pub ask: Ask,
    /// Whether it may open or enlarge a position: what a kill switch stops.
    pub opens: bool,
}

/// From where fills are asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cursor {
    /// Those with larger numbers.
    After(u64),
    /// Those at or after a moment.
    Since(UtcMs),
}

/// How an order is filled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sizing {
    /// Of what.
    pub instrument: InstrumentId,
    /// Buy or sell.
    pub side: Side,
    /// How much, a multiple of the venue's step.
    pub quantity: Quantity,
    /// Which position it belongs to, where the account keeps long and short apart; none elsewhere.
    pub position_side: Option<Direction>,
}

/// What is asked of the venue. Names are those of orders of this system.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ask {
    /// A market order.
    PlaceMarket {
        /// Its name.
        name: VenueName,
        /// Of what, and how much.
        sizing: Sizing,
        /// Whether it must not open anything (futures in one-way mode).
        reduce_only: bool,
    },
    /// Spot: a stop (at any price, once triggered) and a target (a maker's limit), of which one ends
    /// the other.
    PlaceOco {
        /// The stop's name.
        stop: VenueName,
        /// The target's name.
        target: VenueName,
        /// Of what, and how much each.
        sizing: Sizing,
        /// Where the stop starts.
        trigger: Price,
        /// The target's limit.
        price: Price,
    },
    /// Futures: a conditional market order against the position, at the algo service. It may only
    /// reduce, by the flag in one-way mode, by the position's side in hedge mode.
    PlaceStop {
        /// Its name.
        name: VenueName,
        /// Of what, and how much.
        sizing: Sizing,
        /// Where it starts.
        trigger: Price,
    },
    /// Futures: a conditional market order that takes the profit, at the algo service. It may only
    /// reduce.
    PlaceTarget {
        /// Its name.
        name: VenueName,
        /// Of what, and how much.
        sizing: Sizing,
        /// Where it starts.
        trigger: Price,
    },
    /// Cancels an order; on spot a pair by either leg. Answered by the order (or both legs) as
    /// cancelled, with what was filled of it.
    Cancel {
        /// Which.
        name: VenueName,
        /// Of what.
        instrument: InstrumentId,
    },
    /// Cancels a conditional order at the algo service. Answered by that order where the venue
    /// describes it, else by [`Answer::Done`](crate::answer::Answer::Done).
    CancelConditional {
        /// Which.
        name: VenueName,
        /// Of what.
        instrument: InstrumentId,
    },
    /// An order by its name.
    Order {
        /// Which.
        name: VenueName,
        /// Of what.
        instrument: InstrumentId,
    },
    /// An order by the venue's number: to learn its name, or what became of a triggered one.
    OrderById {
        /// The venue's number.
        order_id: u64,
        /// Of what.
        instrument: InstrumentId,
    },
    /// Orders with this number or a larger one, ascending, whatever became of them, as many as one
    /// page has: to learn the names of many at once.
    OrdersFrom {
        /// The venue's number.
        order_id: u64,
        /// Of what.
        instrument: InstrumentId,
    },
    /// A conditional order by its name, at the algo service.
    Conditional {
        /// Which.
        name: VenueName,
        /// Of what.
        instrument: InstrumentId,
    },
    /// The open orders of an instrument; on futures the plain and the conditional ones together (a
    /// failure of either fails the request).
    OpenOrders {
        /// Of what.
        instrument: InstrumentId,
    },
    /// Futures: the last conditional orders of an instrument, whatever became of them, as far back
    /// as one page goes: which plain orders they became.
    Conditionals {
        /// Of what.
        instrument: InstrumentId,
    },
    /// The account's fills, ascending, as many as one page has. [`Cursor::Since`] may reach back
    /// further than the venue answers at once: an empty span is then not the end.
    Fills {
        /// Of what.
        instrument: InstrumentId,
        /// From where.
        from: Cursor,
    },
    /// Futures: what is held, long less short.
    Position {
        /// Of what.
        instrument: InstrumentId,
    },
    /// The whole account's balances; on futures the wallets, without what positions show.
    Balances,
    /// Futures: what the account paid and got beside its fills, from a moment on.
    Incomes {
        /// The moment.
        since: UtcMs,
    },
}

impl Ask {
    /// Whether it changes something at the venue.
    pub const fn acts(&self) -> bool {
        matches!(
            self,
            Self::PlaceMarket { .. }
                | Self::PlaceOco { .. }
                | Self::PlaceStop { .. }
                | Self::PlaceTarget { .. }
                | Self::Cancel { .. }
                | Self::CancelConditional { .. }
        )
    }
}
