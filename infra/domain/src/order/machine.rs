//! How an order moves from state to state.
//!
//! States: I intended, S submitted, U unknown, A accepted, P partially filled, C cancel requested,
//! F filled, X cancelled, R rejected, E expired; `*` where a part is filled. `=` stays, `-` is
//! refused and changes nothing.
//!
//! | event            | I | S | U | U* | A | P* | C | C* | F* | X | X* | R | E | E* |
//! |------------------|---|---|---|----|---|----|---|----|----|---|----|---|---|----|
//! | submitted        | S | - | - | -  | - | -  | - | -  | -  | - | -  | - | - | -  |
//! | accepted         | - | A | A | P  | = | =  | = | =  | =  | = | =  | - | = | =  |
//! | filled, a part   | - | P | P | P  | P | =  | = | =  | -  | = | =  | - | = | =  |
//! | filled, the rest | - | F | F | F  | F | F  | F | F  | -  | F | F  | - | F | F  |
//! | moved            | - | A | A | P  | = | =  | = | =  | -  | - | -  | - | - | -  |
//! | cancel_requested | - | C | C | C  | C | C  | = | =  | -  | - | -  | - | - | -  |
//! | cancelled        | - | X | X | X  | X | X  | X | X  | -  | = | =  | - | - | -  |
//! | rejected         | - | R | R | -  | - | -  | R | -  | -  | - | -  | = | - | -  |
//! | expired          | - | E | E | E  | E | E  | E | E  | -  | - | -  | - | = | =  |
//! | outcome_unknown  | U | U | = | =  | U | U  | U | U  | =  | = | =  | = | = | =  |
//! | proven_absent    | - | - | R | -  | - | -  | R | -  | -  | - | -  | = | - | -  |
//!
//! Reports overtake each other and come twice. So a fill or a move may come before the
//! acknowledgement, fills may still come after the cancel that they crossed (the one change that a
//! final state knows), and what says nothing new changes nothing. An order that a crash left
//! `Intended` may have been sent: it is `Unknown` until the venue proves its state, and only that
//! proof makes it `Rejected`. Twice `submitted` would be an order sent twice: refused.

use super::{Order, OrderError, OrderEvent, OrderKind, OrderState};
use crate::fill::Fill;
use crate::money::Price;

impl Order {
    /// Moves on by what happened. On an error nothing has changed.
    pub fn apply(&mut self, event: &OrderEvent) -> Result<(), OrderError> {
        use OrderState as S;
        let from = self.state;
        // Sent, and not known to have ended.
        let live = from != S::Intended && !from.is_final();
        let unfilled = self.filled.is_zero();
        self.state = match event {
            OrderEvent::Submitted if from == S::Intended => S::Submitted,
            OrderEvent::Accepted => match from {
                S::Intended | S::Rejected => return Err(self.illegal(event)),
                _ => self.seen(),
            },
            OrderEvent::Filled(_) if matches!(from, S::Intended | S::Rejected | S::Filled) => {
                return Err(self.illegal(event));
            }
            OrderEvent::Filled(fill) => return self.fill(fill),
            OrderEvent::Moved { trigger } if live => return self.shift(*trigger, event),
            OrderEvent::CancelRequested if live => S::CancelRequested,
            OrderEvent::Cancelled if live || from == S::Cancelled => S::Cancelled,
            OrderEvent::Expired if live || from == S::Expired => S::Expired,
            OrderEvent::Rejected { .. } | OrderEvent::ProvenAbsent if from == S::Rejected => from,
            // What the venue acknowledged it can neither refuse nor miss; a cancel of ours may
            // have overtaken the refusal.
            OrderEvent::Rejected { .. }
                if unfilled && matches!(from, S::Submitted | S::Unknown | S::CancelRequested) =>
            {
                S::Rejected
            }
            OrderEvent::ProvenAbsent
                if unfilled && matches!(from, S::Unknown | S::CancelRequested) =>
            {
                S::Rejected
            }
            OrderEvent::OutcomeUnknown if from.is_final() => from,
            OrderEvent::OutcomeUnknown => S::Unknown,
            _ => return Err(self.illegal(event)),
        };
        Ok(())
    }

    /// The state once the venue has shown that it knows the order.
    fn seen(&self) -> OrderState {
        match self.state {
            OrderState::Submitted | OrderState::Unknown if self.filled.is_zero() => {
                OrderState::Accepted
            }
            OrderState::Submitted | OrderState::Unknown => OrderState::PartiallyFilled,
            known => known,
        }
    }

    fn shift(&mut self, to: Price, event: &OrderEvent) -> Result<(), OrderError> {
        let OrderKind::Stop { trigger } = &mut self.ticket.kind else {
            return Err(self.illegal(event));
        };
        *trigger = to;
        self.state = self.seen();
        Ok(())
    }

    fn fill(&mut self, fill: &Fill) -> Result<(), OrderError> {
        let (client_order_id, ordered) = (self.ticket.client_order_id, self.ticket.quantity);
        let unfit = |why| Err(OrderError::UnfitFill { client_order_id, why });
        if fill.client_order_id != client_order_id {
            return unfit("it is another order's");
        }
        if (fill.instrument, fill.side) != (self.ticket.instrument, self.ticket.side) {
            return unfit("it is of another instrument or side");
        }
        if fill.quantity.is_zero() {
            return unfit("it has no quantity");
        }
        let filled = self.filled.plus_exactly(fill.quantity)?;
        if filled > ordered {
            return Err(OrderError::Overfilled { client_order_id, ordered, filled });
        }
        self.filled = filled;
        self.state = match self.state {
            _ if filled == ordered => OrderState::Filled,
            from @ (OrderState::Cancelled | OrderState::Expired | OrderState::CancelRequested) => {
                from
            }
            _ => OrderState::PartiallyFilled,
        };
        Ok(())
    }

    fn illegal(&self, event: &OrderEvent) -> OrderError {
        OrderError::IllegalTransition {
            client_order_id: self.ticket.client_order_id,
            from: self.state,
            event: event.name(),
        }
    }
}
