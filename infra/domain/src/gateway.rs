//! What a venue is asked to do.

use serde::{Deserialize, Serialize};

use crate::money::Price;
use crate::order::{ClientOrderId, Ticket};

/// The stop and the target that go out with an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Protection {
    /// Trigger of the stop.
    pub stop: Price,
    /// Price of the target.
    pub target: Price,
}

/// An order to the venue. Written down before it is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Command {
    /// Send an order; an entry takes its stop and target along, named after the same decision.
    Submit {
        /// The order.
        ticket: Ticket,
        /// Its stop and target.
        protection: Option<Protection>,
    },
    /// Move a stop's trigger.
    Move {
        /// Which stop.
        client_order_id: ClientOrderId,
        /// Where to.
        trigger: Price,
    },
    /// Cancel an order; a stop takes its paired target along.
    Cancel {
        /// Which order.
        client_order_id: ClientOrderId,
    },
}
