//! What the core is told of an order: always the same story for the same bookings of the venue,
//! whatever came first, twice or not at all.

use domain::fill::Fill;
use domain::money::{Price, Quantity};
use domain::order::{ClientOrderId, Order, OrderEvent, OrderKind, OrderReport, OrderState};
use domain::time::UtcMs;

use crate::fact::Out;

/// How an order ended at the venue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum End {
    Filled,
    Cancelled,
    Expired,
    Rejected(String),
    /// The venue has proven that it never existed.
    Absent,
}

/// An order as the core knows it.
#[derive(Debug, Clone)]
pub(crate) struct Story {
    pub(crate) id: ClientOrderId,
    /// As the core has it.
    pub(crate) quantity: Quantity,
    pub(crate) filled: Quantity,
    /// The trigger that the core knows a stop by.
    pub(crate) trigger: Option<Price>,
    pub(crate) decided_at: UtcMs,
    pub(crate) accepted: bool,
    pub(crate) unknown: bool,
    pub(crate) ended: bool,
}

impl Story {
    /// Of an order that the core has just written down (or that its book made beside an entry).
    pub(crate) const fn new(id: ClientOrderId, quantity: Quantity) -> Self {
        Self {
            id,
            quantity,
            filled: Quantity::ZERO,
            trigger: None,
            decided_at: UtcMs::new(i64::MIN),
            accepted: false,
            unknown: false,
            ended: false,
        }
    }

    /// Of an order that the core remembers.
    pub(crate) fn recalled(order: &Order) -> Self {
        let ticket = &order.ticket;
        let waits = matches!(
            order.state,
            OrderState::Intended | OrderState::Submitted | OrderState::Unknown
        );
        Self {
            filled: order.filled,
            trigger: match ticket.kind {
                OrderKind::Stop { trigger } => Some(trigger),
                _ => None,
            },
            accepted: !waits,
            unknown: order.state == OrderState::Unknown,
            ..Self::new(ticket.client_order_id, ticket.quantity)
        }
    }

    fn say(&self, event: OrderEvent, at: UtcMs, out: &mut Out) {
        let client_order_id = self.id;
        out.reports.push(OrderReport { client_order_id, time_exchange: at, event });
    }

    pub(crate) fn submitted(&self, at: UtcMs, out: &mut Out) {
        self.say(OrderEvent::Submitted, at, out);
    }

    /// An answer was lost. Nothing new where the venue has shown that it has the order.
    pub(crate) fn in_doubt(&mut self, at: UtcMs, out: &mut Out) {
        if !self.accepted && !self.unknown && !self.ended {
            self.unknown = true;
            self.say(OrderEvent::OutcomeUnknown, at, out);
        }
    }

    /// The venue has it.
    pub(crate) fn accepted(&mut self, at: UtcMs, out: &mut Out) {
        if !self.accepted && !self.ended {
            (self.accepted, self.unknown) = (true, false);
            self.say(OrderEvent::Accepted, at, out);
        }
    }

    /// A stop works at `trigger`.
    pub(crate) fn works_at(&mut self, trigger: Price, at: UtcMs, out: &mut Out) {
        self.accepted(at, out);
        if self.trigger.is_some_and(|known| known != trigger) && !self.ended {
            self.trigger = Some(trigger);
            self.say(OrderEvent::Moved { trigger }, at, out);
        }
    }

    /// The venue executed some of it.
    pub(crate) fn filled(&mut self, fill: Fill, out: &mut Out) {
        let at = fill.time_exchange;
        self.accepted(at, out);
        self.filled = self.filled.plus(fill.quantity).unwrap_or(self.filled);
        // The core's order ends with the fill of its last unit.
        self.ended = self.filled >= self.quantity;
        self.say(OrderEvent::Filled(fill), at, out);
    }

    /// Nothing more will be executed, and all that was is told.
    pub(crate) fn end(&mut self, end: &End, at: UtcMs, out: &mut Out) {
        if std::mem::replace(&mut self.ended, true) {
            return;
        }
        let event = match end {
            End::Rejected(reason) if !self.accepted => {
                OrderEvent::Rejected { reason: reason.clone() }
            }
            End::Absent if !self.accepted => {
                if !self.unknown {
                    self.say(OrderEvent::OutcomeUnknown, at, out);
                }
                OrderEvent::ProvenAbsent
            }
            // It was asked for less than the core wrote down, since less was left.
            End::Filled | End::Cancelled | End::Absent => OrderEvent::Cancelled,
            End::Expired | End::Rejected(_) => OrderEvent::Expired,
        };
        if matches!(end, End::Filled | End::Cancelled | End::Expired) && self.told_by_venue() {
            self.say(OrderEvent::Accepted, at, out);
        }
        self.say(event, at, out);
    }

    /// Whether the end proves that the venue had it, which was not told yet.
    const fn told_by_venue(&self) -> bool {
        !self.accepted
    }

    /// A stop or a target ends with its position: whatever the venue called it.
    pub(crate) fn close(&mut self, at: UtcMs, out: &mut Out) {
        if !std::mem::replace(&mut self.ended, true) {
            self.say(OrderEvent::Cancelled, at, out);
        }
    }
}
