//! A great deal of history.

use execution::ask::{Ask, Cursor};
use execution::fact::Out;

use crate::history::{FILLS, go_through};

/// Nobody's fills of nobody's orders: each is looked at, none is kept.
#[test]
fn ten_thousand_orders_and_a_hundred_thousand_fills_are_gone_through_in_bounds() {
    let (mut executor, now, asked) = go_through();
    assert!(asked < 300, "{asked} requests");
    // The next look begins where the last one ended.
    let mut out = Out::default();
    executor.on_tick(now.plus_ms(120_000), &mut out);
    let from = out.requests.iter().find_map(|request| match request.ask {
        Ask::Fills { from, .. } => Some(from),
        _ => None,
    });
    assert_eq!(from, Some(Cursor::After(FILLS)));
    // Strangers are told of, but not ten thousand times.
    assert!(out.facts.is_empty());
}
