//! The machine of an order's states, pair by pair, held against the table in its documentation.

use domain::fill::Fill;
use domain::money::{Price, Quantity};
use domain::order::{Order, OrderError, OrderEvent, OrderKind, OrderState, Side, Ticket};
use proptest::prelude::*;
use rust_decimal::Decimal;

use crate::any::{self, any_decimal, asset, decimal, order_id, pair, quantity};
use crate::residue::Residue;

pub(crate) const ORDERED: i64 = 10;

const STATES: [OrderState; 10] = [
    OrderState::Intended,
    OrderState::Submitted,
    OrderState::Unknown,
    OrderState::Accepted,
    OrderState::PartiallyFilled,
    OrderState::CancelRequested,
    OrderState::Filled,
    OrderState::Cancelled,
    OrderState::Rejected,
    OrderState::Expired,
];

/// The letter of a state in the table; a new state doesn't compile without one.
const fn letter(state: OrderState) -> &'static str {
    match state {
        OrderState::Intended => "I",
        OrderState::Submitted => "S",
        OrderState::Unknown => "U",
        OrderState::Accepted => "A",
        OrderState::PartiallyFilled => "P",
        OrderState::CancelRequested => "C",
        OrderState::Filled => "F",
        OrderState::Cancelled => "X",
        OrderState::Rejected => "R",
        OrderState::Expired => "E",
    }
}

/// The row of an event in the table; a new event doesn't compile without one.
const fn row(event: &OrderEvent, rest: bool) -> &'static str {
    match event {
        OrderEvent::Filled(_) if rest => "filled, the rest",
        OrderEvent::Filled(_) => "filled, a part",
        OrderEvent::Submitted
        | OrderEvent::Accepted
        | OrderEvent::Moved { .. }
        | OrderEvent::CancelRequested
        | OrderEvent::Cancelled
        | OrderEvent::Rejected { .. }
        | OrderEvent::Expired
        | OrderEvent::OutcomeUnknown
        | OrderEvent::ProvenAbsent => event.name(),
    }
}

pub(crate) fn stop() -> Ticket {
    Ticket {
        client_order_id: order_id(),
        instrument: pair("BTC/USDT"),
        side: Side::Sell,
        kind: OrderKind::Stop { trigger: Price::from_raw(100) },
        quantity: quantity(decimal(ORDERED, 0)),
    }
}

fn fill_of(value: Decimal) -> Fill {
    let fee = (Decimal::ZERO, asset("USDT"));
    any::fill(pair("BTC/USDT"), Side::Sell, Price::from_raw(100), quantity(value), fee)
}

pub(crate) fn filled(units: i64) -> OrderEvent {
    OrderEvent::Filled(fill_of(decimal(units, 0)))
}

pub(crate) fn others() -> [OrderEvent; 9] {
    [
        OrderEvent::Submitted,
        OrderEvent::Accepted,
        OrderEvent::Moved { trigger: Price::from_raw(200) },
        OrderEvent::CancelRequested,
        OrderEvent::Cancelled,
        OrderEvent::Rejected { reason: "no funds".to_owned() },
        OrderEvent::Expired,
        OrderEvent::OutcomeUnknown,
        OrderEvent::ProvenAbsent,
    ]
}

fn order(state: OrderState, units: i64) -> Order {
    Order { ticket: stop(), state, filled: quantity(decimal(units, 0)) }
}

/// The table in the machine's documentation: for each event, the states' letters and what follows.
fn table() -> Vec<(String, Vec<(String, String)>)> {
    let lines = include_str!("../../src/order/machine.rs").lines();
    let cells = |line: &str| -> Vec<String> {
        line.trim_matches('|').split('|').map(|cell| cell.trim().to_owned()).collect()
    };
    let mut rows = lines.filter_map(|line| line.strip_prefix("//! |")).map(cells);
    let header = rows.next().expect("a header");
    rows.filter(|row| !row[0].starts_with('-'))
        .map(|row| {
            let columns = header[1..].iter().cloned().zip(row[1..].iter().cloned()).collect();
            (row[0].clone(), columns)
        })
        .collect()
}

#[test]
fn every_pair_of_state_and_event_is_as_documented() {
    let table = table();
    let mut seen = 0;
    for state in STATES {
        for units in [0, 4, ORDERED] {
            let column = format!("{}{}", letter(state), if units == 0 { "" } else { "*" });
            let events = others().into_iter().map(|event| (event, false));
            let fills = [(filled(1), false), (filled(ORDERED - units), true)];
            for (event, rest) in events.chain(fills) {
                let cells = table.iter().find(|(name, _)| *name == row(&event, rest));
                let cells = &cells.unwrap_or_else(|| panic!("no row for {}", event.name())).1;
                // A state that can't be: accepted with a part filled, say.
                let Some((_, cell)) = cells.iter().find(|(name, _)| *name == column) else {
                    continue;
                };
                // Full is the column of the full state alone.
                if (units == ORDERED) != (state == OrderState::Filled) {
                    continue;
                }
                check(&order(state, units), &event, cell);
                seen += 1;
            }
        }
    }
    assert_eq!(seen, 14 * 11, "every cell of the table");
}

fn check(before: &Order, event: &OrderEvent, cell: &str) {
    let mut after = before.clone();
    let result = after.apply(event);
    let what = format!("{:?} with {} filled, {}", before.state, before.filled, event.name());
    match cell {
        "-" => {
            assert!(
                matches!(result, Err(OrderError::IllegalTransition { .. })),
                "{what}: {result:?}"
            );
            assert_eq!(after, *before, "{what}: an error changed the order");
        }
        "=" => {
            assert_eq!(result, Ok(()), "{what}");
            assert_eq!(after.state, before.state, "{what}");
        }
        next => {
            assert_eq!(result, Ok(()), "{what}");
            assert_eq!(letter(after.state), next, "{what}");
        }
    }
}

#[test]
fn only_a_stop_is_moved_and_only_to_where_it_was_said() {
    let mut moved = order(OrderState::CancelRequested, 4);
    moved.apply(&OrderEvent::Moved { trigger: Price::from_raw(200) }).unwrap();
    assert_eq!(moved.ticket.kind, OrderKind::Stop { trigger: Price::from_raw(200) });
    for kind in [OrderKind::Market, OrderKind::Limit { price: Price::from_raw(1) }] {
        let mut other = order(OrderState::Accepted, 0);
        other.ticket.kind = kind;
        assert!(other.apply(&OrderEvent::Moved { trigger: Price::from_raw(200) }).is_err());
        assert_eq!(other.ticket.kind, kind);
    }
}

#[test]
fn a_fill_that_is_not_its_own_is_refused() {
    let own = fill_of(Decimal::ONE);
    let alien = [
        Fill { quantity: Quantity::ZERO, ..own.clone() },
        Fill { side: Side::Buy, ..own.clone() },
        Fill { instrument: pair("ETH/USDT"), ..own.clone() },
        Fill { client_order_id: "sx000000000000000000000000x".parse().unwrap(), ..own },
    ];
    for fill in alien {
        let mut order = order(OrderState::Accepted, 0);
        let before = order.clone();
        assert!(matches!(
            order.apply(&OrderEvent::Filled(fill)),
            Err(OrderError::UnfitFill { .. })
        ));
        assert_eq!(order, before);
    }
}

fn any_event() -> impl Strategy<Value = OrderEvent> {
    prop_oneof![
        3 => prop::sample::select(others().to_vec()),
        1 => (1i64..6).prop_map(filled),
        1 => (1i64..3, 20u32..=28).prop_map(|(n, scale)| OrderEvent::Filled(fill_of(decimal(n, scale)))),
        1 => any_decimal().prop_map(|value| OrderEvent::Filled(fill_of(value.abs()))),
    ]
}

proptest! {
    #[test]
    fn no_sequence_of_events_breaks_an_order(events in prop::collection::vec(any_event(), 0..40)) {
        let mut order = Order::intended(stop());
        let ordered = order.ticket.quantity;
        let mut filled = Residue::ZERO;
        for event in &events {
            let before = order.clone();
            match (order.apply(event), event) {
                (Err(_), _) => prop_assert_eq!(&order, &before, "an error changed the order"),
                (Ok(()), OrderEvent::Filled(fill)) => {
                    filled = filled + Residue::from(fill.quantity.to_decimal());
                }
                (Ok(()), _) => {}
            }
            prop_assert_eq!(Residue::from(order.filled.to_decimal()), filled, "to the last digit");
            prop_assert!(order.filled <= ordered && order.filled >= before.filled);
            prop_assert_eq!(order.state == OrderState::Filled, order.filled == ordered);
            if before.state.is_final() && order.state != before.state {
                let late = matches!(before.state, OrderState::Cancelled | OrderState::Expired);
                prop_assert!(late && order.state == OrderState::Filled, "a final state changed");
            }
            let open = if order.state.is_final() { Quantity::ZERO } else { ordered.minus_or_zero(order.filled) };
            prop_assert_eq!(order.open_quantity(), open);
            if order.state == OrderState::Rejected {
                prop_assert!(order.filled.is_zero(), "rejected after a part was filled");
            }
        }
    }
}
