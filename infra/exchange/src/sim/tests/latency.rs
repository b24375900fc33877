//! Nothing fills on a price from before it arrived.

use domain::gateway::Command;
use domain::order::{ClientOrderId, OrderKind, Role};
use domain::time::{HOUR_MS, MINUTE_MS};

use super::{Pit, fills, names, price, terms, ticket};
use crate::sim::terms::{Slippage, Terms};

const QUARTER: u32 = 15 * 60 * 1000;

fn slow(latency_ms: u32) -> Pit {
    Pit::under(Terms { latency_ms, slippage: Slippage::Bps(0.into()), ..terms() })
}

/// Entered at 100 with stop 95 and target 110; arrivals take a quarter of a candle.
fn entered() -> Pit {
    let mut pit = slow(QUARTER);
    pit.enter("1");
    let reports = pit.candle(["100", "100", "100", "100"]);
    let expected = [
        (Role::Entry, "accepted"),
        (Role::Entry, "filled"),
        (Role::Stop, "accepted"),
        (Role::Target, "accepted"),
    ];
    assert_eq!(names(&reports), expected);
    pit
}

fn stop() -> ClientOrderId {
    ticket(1, Role::Stop, OrderKind::Market, "1").client_order_id
}

#[test]
fn a_market_order_takes_the_price_on_the_line_where_it_arrives() {
    let mut pit = slow(QUARTER);
    let decided = pit.now;
    assert_eq!(names(&pit.enter("1")), [(Role::Entry, "submitted")]);
    let bought = &fills(&pit.candle(["100", "120", "96", "108"]))[0];
    // A quarter of the way from 100 to 108.
    assert_eq!(bought.price, price("102"));
    assert_eq!(bought.time_exchange, decided.plus_ms(i64::from(QUARTER)));
}

#[test]
fn an_order_longer_under_way_than_a_candle_waits_for_its_own() {
    let mut pit = slow(QUARTER * 6);
    let decided = pit.now;
    pit.enter("1");
    assert_eq!(pit.candle(["50", "50", "50", "50"]), []);
    let bought = &fills(&pit.candle(["100", "109", "99", "104"]))[0];
    assert_eq!(bought.price, price("102"));
    assert_eq!(bought.time_exchange.since(decided), HOUR_MS + 30 * MINUTE_MS);
}

#[test]
fn a_limit_can_not_count_on_an_extreme_that_may_have_been_before() {
    let limit = OrderKind::Limit { price: price("97") };
    let mut pit = slow(QUARTER);
    pit.submit(Role::Entry, limit, "1");
    // The low may have been in the first quarter.
    assert_eq!(fills(&pit.candle(["100", "101", "96", "100"])), []);
    assert_eq!(fills(&pit.candle(["100", "101", "96", "100"]))[0].price, price("97"));
    let mut pit = slow(QUARTER);
    pit.submit(Role::Entry, limit, "1");
    // It closed beyond: the price came to it after its arrival.
    assert_eq!(fills(&pit.candle(["100", "101", "96", "96"]))[0].price, price("97"));
}

#[test]
fn a_stop_works_until_its_cancel_arrives() {
    // A straight fall: the stop at 95 is passed in the first quarter, before cancel and exit.
    let mut pit = entered();
    assert_eq!(pit.execute(Command::Cancel { client_order_id: stop() }), []);
    assert_eq!(names(&pit.submit(Role::Exit, OrderKind::Market, "1")), [(Role::Exit, "submitted")]);
    let reports = pit.candle(["96", "96", "80", "80"]);
    let expected = [(Role::Stop, "filled"), (Role::Target, "cancelled"), (Role::Exit, "rejected")];
    assert_eq!(names(&reports), expected);
    assert_eq!(fills(&reports)[0].price, price("95"));
    assert_eq!(pit.venue.held_base(super::coin().id), 0.into());

    // Here the low lies after both have arrived: the exit sells at their price.
    let mut pit = entered();
    pit.execute(Command::Cancel { client_order_id: stop() });
    pit.submit(Role::Exit, OrderKind::Market, "1");
    let reports = pit.candle(["104", "104", "90", "100"]);
    let expected = [
        (Role::Stop, "cancelled"),
        (Role::Target, "cancelled"),
        (Role::Exit, "accepted"),
        (Role::Exit, "filled"),
    ];
    assert_eq!(names(&reports), expected);
    assert_eq!(fills(&reports)[0].price, price("103"));
}

#[test]
fn a_moved_stop_stays_where_it_was_until_the_move_arrives() {
    let mut pit = entered();
    pit.candle(["100", "109", "99", "108"]);
    pit.execute(Command::Move { client_order_id: stop(), trigger: price("107") });
    // 106 is below the new trigger, yet the move is not there before the price is at 107.5.
    let reports = pit.candle(["106", "112", "106", "112"]);
    assert_eq!(names(&reports)[0], (Role::Stop, "moved"));
    // The extreme counts against the moved stop, which may have met it.
    assert_eq!(fills(&reports)[0].price, price("107"));
    assert_eq!(pit.venue.working_orders(), 0);
}

#[test]
fn what_is_under_way_when_a_session_ends_expires_with_it() {
    let mut pit = slow(QUARTER);
    pit.enter("1");
    assert_eq!(names(&pit.end()), [(Role::Entry, "expired")]);
    // What is left open is closed by the book at the last price.
    let mut pit = entered();
    pit.end();
    let reports = pit.submit(Role::Exit, OrderKind::Market, "1");
    assert_eq!(fills(&reports)[0].price, price("100"));
}
