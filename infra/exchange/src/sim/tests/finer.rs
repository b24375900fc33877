//! Finer candles decide what a coarse one leaves open.

use domain::candle::Candle;
use domain::event::Event;
use domain::order::{OrderReport, Role};
use domain::timeframe::Timeframe;

use super::{Pit, START, coin, names, price, terms};
use crate::sim::venue::SimVenue;

/// What becomes of an entry at 100 in an hour that is heard as `candles` of `base`.
fn hour(base: Timeframe, candles: &[[&str; 4]]) -> Vec<OrderReport> {
    let mut pit = Pit { venue: SimVenue::new(terms(), base), now: START };
    pit.event(Event::SessionStarted { instrument: coin() });
    let hear = |pit: &mut Pit, ohlc: [&str; 4]| {
        let candle = Candle::new(base, pit.now, ohlc.map(price), 1.0).unwrap();
        pit.now = candle.close_time();
        pit.event(Event::CandleClosed { instrument: coin().id, candle })
    };
    pit.now = START.plus_ms(-base.span_ms());
    hear(&mut pit, ["100"; 4]);
    pit.enter("1");
    candles.iter().flat_map(|ohlc| hear(&mut pit, *ohlc)).collect()
}

/// Defect 11 of the reference systems: both barriers inside one candle resolved in the optimist's
/// favour. One candle can't tell which came first, so it is the stop; its quarters can.
#[test]
fn quarters_show_which_barrier_came_first() {
    let rises_first = [
        ["100", "104", "99", "104"],
        ["104", "111", "104", "106"],
        ["106", "106", "94", "95"],
        ["95", "97", "95", "96"],
    ];
    let falls_first = [
        ["100", "101", "96", "97"],
        ["97", "97", "94", "95"],
        ["95", "111", "95", "110"],
        ["110", "110", "105", "106"],
    ];
    let end = |reports: &[OrderReport]| {
        let left = |(role, name): &(Role, &str)| *role != Role::Entry && *name == "filled";
        names(reports).into_iter().find(left).map(|(role, _)| role)
    };
    assert_eq!(end(&hour(Timeframe::M15, &rises_first)), Some(Role::Target));
    assert_eq!(end(&hour(Timeframe::M15, &falls_first)), Some(Role::Stop));
    for hours in [["100", "111", "94", "96"], ["100", "111", "94", "106"]] {
        assert_eq!(end(&hour(Timeframe::H1, &[hours])), Some(Role::Stop));
    }
}
