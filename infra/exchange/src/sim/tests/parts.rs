//! Orders that a candle's volume can't fill at once.

use domain::gateway::Command;
use domain::money::Quantity;
use domain::order::{OrderKind, OrderReport, Role};

use super::{Pit, fills, names, price, terms, ticket};
use crate::sim::terms::{Slippage, Terms};

fn quantity(text: &str) -> Quantity {
    text.parse().unwrap()
}

/// A quarter of a candle's volume at most; the price moves by a tenth of the share's square.
fn thin() -> Terms {
    let [limit_ratio, impact] = ["0.25", "0.1"].map(|text| text.parse().unwrap());
    Terms { slippage: Slippage::VolumeShare { limit_ratio, impact }, ..terms() }
}

const FLAT: [&str; 4] = ["100", "100", "100", "100"];

fn filled(reports: &[OrderReport]) -> Vec<(Role, Quantity, domain::money::Price)> {
    let parts = fills(reports);
    parts.iter().map(|f| (f.client_order_id.role(), f.quantity, f.price)).collect()
}

#[test]
fn the_price_moves_by_the_square_of_the_share() {
    let mut pit = Pit::under(thin());
    pit.enter("1");
    // One of ten: 0.1 × 0.1² is a thousandth.
    let reports = pit.traded(FLAT, 10.0);
    assert_eq!(filled(&reports), [(Role::Entry, quantity("1"), price("100.1"))]);
    pit.submit(Role::Exit, OrderKind::Market, "1");
    // One of five: four thousandths, on the other side.
    let reports = pit.traded(FLAT, 5.0);
    assert_eq!(filled(&reports), [(Role::Exit, quantity("1"), price("99.6"))]);
}

#[test]
fn an_entry_fills_over_several_candles_and_each_part_is_protected() {
    let mut pit = Pit::under(thin());
    pit.enter("1");
    let reports = pit.traded(FLAT, 2.0);
    // Half a unit, at a quarter's impact: 0.1 × 0.0625.
    assert_eq!(filled(&reports), [(Role::Entry, quantity("0.5"), price("100.63"))]);
    assert_eq!(pit.venue.working_orders(), 3);
    // Nothing was traded: nothing fills.
    assert_eq!(pit.traded(FLAT, 0.0), []);
    // What is below the step doesn't either.
    assert_eq!(pit.traded(FLAT, 0.003), []);
    let reports = pit.traded(FLAT, 4.0);
    // The rest, 0.125 of the volume: 0.1 × 0.015625.
    assert_eq!(filled(&reports), [(Role::Entry, quantity("0.5"), price("100.16"))]);
    assert_eq!(names(&reports), [(Role::Entry, "filled")]);
    // The stop sells all of it.
    let reports = pit.traded(["100", "100", "94", "95"], 100.0);
    assert_eq!(filled(&reports), [(Role::Stop, quantity("1"), price("94.99"))]);
    assert_eq!(names(&reports), [(Role::Stop, "filled"), (Role::Target, "cancelled")]);
}

#[test]
fn a_stop_that_is_hit_sells_what_was_bought_and_ends_the_entry() {
    let mut pit = Pit::under(thin());
    pit.enter("1");
    pit.traded(FLAT, 1.0);
    let reports = pit.traded(["94", "95", "90", "92"], 1.0);
    // The entry takes its part first, at the open. Nothing is left of the candle's share for the
    // stop, but it was hit: neither entry nor target goes on.
    let expected =
        [(Role::Entry, "filled"), (Role::Entry, "cancelled"), (Role::Target, "cancelled")];
    assert_eq!(names(&reports), expected);
    // It goes on at whatever price follows, here in two parts: 0.1 × 0.25² off, then 0.1 × 0.125².
    let reports = pit.traded(["97", "98", "96", "97"], 1.0);
    assert_eq!(filled(&reports), [(Role::Stop, quantity("0.25"), price("96.39"))]);
    let reports = pit.traded(["92", "93", "90", "91"], 2.0);
    assert_eq!(filled(&reports), [(Role::Stop, quantity("0.25"), price("91.85"))]);
    assert_eq!(pit.venue.working_orders(), 0);
}

#[test]
fn a_stop_takes_the_rest_of_its_entry_along() {
    let mut pit = Pit::under(thin());
    pit.enter("1");
    pit.traded(FLAT, 1.0);
    let reports = pit.execute(Command::Cancel {
        client_order_id: ticket(1, Role::Stop, OrderKind::Market, "1").client_order_id,
    });
    let expected =
        [(Role::Entry, "cancelled"), (Role::Stop, "cancelled"), (Role::Target, "cancelled")];
    assert_eq!(names(&reports), expected);
    // The exit is cut to what is held.
    pit.submit(Role::Exit, OrderKind::Market, "1");
    let reports = pit.traded(FLAT, 100.0);
    assert_eq!(filled(&reports), [(Role::Exit, quantity("0.25"), price("99.99"))]);
    assert_eq!(names(&reports), [(Role::Exit, "filled"), (Role::Exit, "expired")]);
}

#[test]
fn a_target_closes_in_parts_and_its_stop_guards_the_rest() {
    let mut pit = Pit::under(thin());
    pit.enter("1");
    pit.traded(FLAT, 4.0);
    let reports = pit.traded(["109", "110", "108", "109"], 1.6);
    // It rests: the price is its own.
    assert_eq!(filled(&reports), [(Role::Target, quantity("0.4"), price("110"))]);
    assert_eq!(names(&reports), [(Role::Target, "filled")]);
    let reports = pit.traded(["96", "97", "94", "95"], 100.0);
    assert_eq!(filled(&reports), [(Role::Stop, quantity("0.6"), price("94.99"))]);
    // The stop was of one unit: what is left of it ends as well.
    let expected = [(Role::Stop, "filled"), (Role::Stop, "expired"), (Role::Target, "cancelled")];
    assert_eq!(names(&reports), expected);
    assert_eq!(pit.venue.working_orders(), 0);
}

#[test]
fn an_exit_in_parts_goes_on_until_nothing_is_held() {
    let mut pit = Pit::under(thin());
    pit.enter("1");
    pit.traded(FLAT, 4.0);
    pit.execute(Command::Cancel {
        client_order_id: ticket(1, Role::Stop, OrderKind::Market, "1").client_order_id,
    });
    pit.submit(Role::Exit, OrderKind::Market, "1");
    let parts: Vec<_> =
        (0..4).flat_map(|_| filled(&pit.traded(FLAT, 1.6))).map(|(_, part, _)| part).collect();
    assert_eq!(parts, ["0.4", "0.4", "0.2"].map(quantity));
    assert_eq!(pit.venue.working_orders(), 0);
}
