//! Whatever order reports arrive in, an order ends where it stands at the venue.

use domain::money::Quantity;
use domain::order::{Order, OrderEvent, OrderState};
use proptest::prelude::*;

use crate::any::{decimal, quantity};
use crate::order::{ORDERED, filled, stop};

/// What became of an order at the venue.
#[derive(Debug, Clone)]
enum Fate {
    /// It works, these parts are filled.
    Working(Vec<i64>),
    /// It was cancelled after these parts.
    Cancelled(Vec<i64>),
    /// It expired after these parts.
    Expired(Vec<i64>),
    /// It was refused.
    Rejected,
    /// It never arrived.
    Absent,
}

impl Fate {
    fn parts(&self) -> &[i64] {
        match self {
            Self::Working(parts) | Self::Cancelled(parts) | Self::Expired(parts) => parts,
            Self::Rejected | Self::Absent => &[],
        }
    }

    fn is_full(&self) -> bool {
        self.parts().iter().sum::<i64>() == ORDERED
    }

    /// Where it stands, and how the venue puts it to whoever asks.
    fn truth(&self) -> (OrderState, OrderEvent) {
        match self {
            _ if self.is_full() => (OrderState::Filled, OrderEvent::Accepted),
            Self::Working(parts) if parts.is_empty() => {
                (OrderState::Accepted, OrderEvent::Accepted)
            }
            Self::Working(_) => (OrderState::PartiallyFilled, OrderEvent::Accepted),
            Self::Cancelled(_) => (OrderState::Cancelled, OrderEvent::Cancelled),
            Self::Expired(_) => (OrderState::Expired, OrderEvent::Expired),
            Self::Rejected => (OrderState::Rejected, OrderEvent::Rejected { reason: "no".into() }),
            Self::Absent => (OrderState::Rejected, OrderEvent::ProvenAbsent),
        }
    }

    /// All that the venue says of it by itself, acknowledgements and endings perhaps twice.
    fn reports(&self, twice: bool) -> Vec<OrderEvent> {
        let mut reports: Vec<_> = self.parts().iter().map(|units| filled(*units)).collect();
        let times = if twice { 2 } else { 1 };
        for _ in 0..times {
            match self {
                Self::Rejected => reports.push(self.truth().1),
                Self::Absent => {}
                Self::Working(_) | Self::Cancelled(_) | Self::Expired(_) => {
                    reports.push(OrderEvent::Accepted);
                    if !self.is_full() {
                        reports.push(self.truth().1);
                    }
                }
            }
        }
        reports
    }
}

fn fate() -> impl Strategy<Value = Fate> {
    // Parts of at most what was ordered: all of it in some, nothing in others.
    let parts = || {
        prop::collection::vec(1i64..5, 0..6).prop_map(|parts| {
            let mut left = ORDERED;
            parts
                .into_iter()
                .map(|part| {
                    let part = part.min(left);
                    left -= part;
                    part
                })
                .filter(|part| *part > 0)
                .collect::<Vec<_>>()
        })
    };
    prop_oneof![
        parts().prop_map(Fate::Working),
        parts().prop_map(Fate::Cancelled),
        parts().prop_map(Fate::Expired),
        Just(Fate::Rejected),
        Just(Fate::Absent),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1024))]
    #[test]
    fn any_order_of_delivery_ends_in_the_same_state(
        (fate, shuffled) in (fate(), any::<bool>()).prop_flat_map(|(fate, twice)| {
            let reports = Just(fate.reports(twice)).prop_shuffle();
            (Just(fate), reports)
        }),
        (cancel, lost) in (any::<bool>(), any::<bool>()),
        (cancel_at, lost_at) in (any::<prop::sample::Index>(), any::<prop::sample::Index>()),
    ) {
        let mut events = shuffled;
        // A cancel of ours and a lost answer may cross with any of it.
        if cancel && !matches!(fate, Fate::Working(_)) {
            events.insert(cancel_at.index(events.len() + 1), OrderEvent::CancelRequested);
        }
        if lost || matches!(fate, Fate::Absent) {
            events.insert(lost_at.index(events.len() + 1), OrderEvent::OutcomeUnknown);
        }

        let mut order = Order::intended(stop());
        order.apply(&OrderEvent::Submitted).unwrap();
        for event in &events {
            let ended = order.state.is_final();
            let result = order.apply(event);
            let late_cancel = ended && *event == OrderEvent::CancelRequested;
            prop_assert_eq!(result.is_err(), late_cancel, "{:?} {:?}", event, result);
        }
        // Where an answer was lost, the venue is asked.
        let (state, proof) = fate.truth();
        if !order.state.is_final() && order.state != state {
            prop_assert!(lost || matches!(fate, Fate::Absent), "{:?}", order.state);
            order.apply(&proof).unwrap();
        }
        prop_assert_eq!(order.state, state);
        let units = quantity(decimal(fate.parts().iter().sum(), 0));
        prop_assert_eq!(order.filled, units);
        prop_assert_eq!(order.open_quantity().is_zero(), state.is_final());
    }
}

#[test]
fn an_order_found_unsent_after_a_crash_is_unknown_until_proven_absent() {
    let mut order = Order::intended(stop());
    order.apply(&OrderEvent::OutcomeUnknown).unwrap();
    assert_eq!(order.state, OrderState::Unknown);
    assert_eq!(order.open_quantity(), order.ticket.quantity, "it counts as exposure");
    order.apply(&OrderEvent::ProvenAbsent).unwrap();
    assert_eq!((order.state, order.open_quantity()), (OrderState::Rejected, Quantity::ZERO));
}
