//! An order at the venue, under one name.

use domain::money::{Price, Quantity};
use domain::order::{OrderState, Role, Side};
use domain::time::UtcMs;
use domain::venue_name::VenueName;

use crate::answer::OrderSeen;
use crate::ask::RequestId;
use crate::question::Question;
use crate::story::End;
use crate::terms::Terms;

/// Where it stands, as far as is proven.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Phase {
    /// Not sent.
    Due,
    /// Under way.
    Sent(RequestId),
    /// Sent, and nobody knows whether it arrived.
    Unknown,
    /// The venue has it.
    Working,
    /// Nothing more will be executed.
    Ended(End),
}

/// Looks for an order that the venue does not find.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Looks {
    /// The first complete look that did not find it.
    first: Option<UtcMs>,
    /// The look under way.
    now: Option<Look>,
}

/// Not found by name; then neither among the open orders nor the fills.
#[derive(Debug, Clone, Copy)]
struct Look {
    began: UtcMs,
    not_open: bool,
    no_fill: bool,
}

/// A part of a look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sought {
    OpenOrders,
    Fills,
}

/// An order at the venue.
#[derive(Debug, Clone)]
pub(crate) struct Leg {
    pub(crate) name: VenueName,
    pub(crate) side: Side,
    pub(crate) quantity: Quantity,
    /// Trigger or limit; nought for a market order.
    pub(crate) price: Price,
    /// Whether it lives at the algo service until it triggers.
    pub(crate) conditional: bool,
    /// The other leg of its pair.
    pub(crate) partner: Option<VenueName>,
    pub(crate) phase: Phase,
    /// The venue's number of the plain order that it is, or became.
    pub(crate) order_id: Option<u64>,
    /// The plain order that it became.
    pub(crate) triggered: Option<u64>,
    /// What the venue has executed, as far as it said.
    pub(crate) executed: Quantity,
    /// What of it is booked.
    pub(crate) booked: Quantity,
    /// Since when its outcome is unknown.
    pub(crate) unknown_since: Option<UtcMs>,
    pub(crate) told_unknown: bool,
    pub(crate) looks: Looks,
    /// When it may go out (again).
    pub(crate) send: Question,
    /// What became of it.
    pub(crate) query: Question,
    /// Its cancelling.
    pub(crate) cancel: Question,
    pub(crate) cancelling: bool,
    /// It was asked for after its cancel had come to nothing, and works.
    pub(crate) uncancelled: bool,
    /// When the venue last changed it.
    pub(crate) time_exchange: UtcMs,
}

impl Leg {
    pub(crate) fn new(name: VenueName, side: Side, quantity: Quantity, phase: Phase) -> Self {
        Self {
            name,
            side,
            quantity,
            price: Price::ZERO,
            conditional: false,
            partner: None,
            phase,
            order_id: None,
            triggered: None,
            executed: Quantity::ZERO,
            booked: Quantity::ZERO,
            unknown_since: None,
            told_unknown: false,
            looks: Looks::default(),
            send: Question::default(),
            query: Question::default(),
            cancel: Question::default(),
            cancelling: false,
            uncancelled: false,
            time_exchange: UtcMs::default(),
        }
    }

    pub(crate) const fn role(&self) -> Role {
        self.name.id.role()
    }

    /// Whether it rests at the venue to protect a position.
    pub(crate) const fn protects(&self) -> bool {
        matches!(self.role(), Role::Stop | Role::Target)
    }

    pub(crate) const fn has_ended(&self) -> bool {
        matches!(self.phase, Phase::Ended(_))
    }

    /// Whether fills of it are known of that are not booked.
    pub(crate) fn misses_fills(&self) -> bool {
        self.booked < self.executed
    }

    /// Whether nothing more can come of it.
    pub(crate) fn is_settled(&self) -> bool {
        self.has_ended() && !self.misses_fills()
    }

    /// Whether it is at the venue, waiting for its price, as far as is known.
    pub(crate) fn rests(&self) -> bool {
        self.phase == Phase::Working && !self.cancelling && self.triggered.is_none()
    }

    /// Whether the venue, asked for it by its name, has not found it and nothing was heard of it since.
    pub(crate) const fn is_missed(&self) -> bool {
        self.looks.now.is_some() || self.looks.first.is_some()
    }

    /// What it may still execute.
    pub(crate) fn open(&self) -> Quantity {
        self.quantity.minus_or_zero(self.executed)
    }

    /// Its outcome is not known: it will be asked for at once.
    pub(crate) fn doubt(&mut self, now: UtcMs) {
        if matches!(self.phase, Phase::Sent(_) | Phase::Due) {
            self.phase = Phase::Unknown;
            self.unknown_since = Some(now);
        }
        self.query.want(now);
    }

    /// It ended without ever having been at the venue.
    pub(crate) fn never_was(&mut self, end: End) {
        self.phase = Phase::Ended(end);
        self.query.rest();
        self.cancel.rest();
    }

    /// The venue tells of it. Gives back whether that says something new.
    pub(crate) fn hear(&mut self, seen: &OrderSeen, now: UtcMs, terms: &Terms) -> bool {
        let before = (self.phase.clone(), self.executed, self.triggered);
        self.looks = Looks::default();
        self.time_exchange = self.time_exchange.max(seen.time_exchange);
        if seen.conditional {
            self.triggered = self.triggered.or(seen.triggered_order_id);
            self.order_id = self.triggered;
        } else {
            self.order_id = Some(seen.order_id);
            self.executed = self.executed.max(seen.filled);
            if self.conditional {
                self.triggered = Some(seen.order_id);
            }
            if let Some(quantity) = seen.quantity.filter(|quantity| !quantity.is_zero()) {
                self.quantity = quantity;
            }
        }
        // Once triggered, the plain order has the last word.
        let speaks = !seen.conditional || self.triggered.is_none();
        let end = match seen.state {
            OrderState::Filled => Some(End::Filled),
            OrderState::Cancelled => Some(End::Cancelled),
            OrderState::Expired => Some(End::Expired),
            OrderState::Rejected => Some(End::Rejected(seen.reason.clone().unwrap_or_default())),
            _ => None,
        };
        match end {
            _ if self.has_ended() => {}
            Some(end) if speaks => {
                self.phase = Phase::Ended(end);
                self.query.rest();
                self.cancel.rest();
            }
            _ if seen.state == OrderState::Unknown && speaks && !seen.conditional => {
                self.query.want_again(now, terms, 0);
            }
            _ => {
                self.phase = Phase::Working;
                self.unknown_since = None;
                let settled = self.protects() && self.triggered.is_none() && !self.cancelling;
                if seen.state == OrderState::Unknown || !speaks {
                    self.query.want(now);
                } else if settled {
                    self.query.rest();
                } else {
                    // A market order ends by itself, what is cancelled too: if nothing is heard,
                    // it is asked for.
                    self.query.want_again(now, terms, 0);
                }
            }
        }
        before != (self.phase.clone(), self.executed, self.triggered)
    }

    /// The venue did not find it by its name, asked at `asked`. The same look goes on among the
    /// open orders and the fills.
    pub(crate) fn not_found(&mut self, asked: UtcMs) {
        let look = Look { began: asked, not_open: false, no_fill: false };
        self.looks.now.get_or_insert(look);
    }

    /// A list that was asked for at `asked` does not have it. Gives back whether its absence is
    /// proven by that: by two looks that are the settling time apart.
    pub(crate) fn not_among(&mut self, sought: Sought, asked: UtcMs, terms: &Terms) -> bool {
        let Some(look) = self.looks.now.as_mut().filter(|look| look.began <= asked) else {
            return false;
        };
        match sought {
            Sought::OpenOrders => look.not_open = true,
            Sought::Fills => look.no_fill = true,
        }
        if !(look.not_open && look.no_fill) {
            return false;
        }
        let began = look.began;
        self.looks.now = None;
        let first = *self.looks.first.get_or_insert(began);
        began.since(first) >= terms.settle_ms
    }
}
