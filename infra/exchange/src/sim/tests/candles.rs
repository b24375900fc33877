//! What becomes of orders on candles under the default terms.

use proptest::prelude::*;

use domain::candle::Candle;
use domain::event::Event;
use domain::fill::Liquidity;
use domain::gateway::{Command, Protection};
use domain::money::Price;
use domain::order::{OrderKind, Role, Side};
use domain::time::{HOUR_MS, UtcMs};
use domain::timeframe::Timeframe;

use super::{Pit, START, coin, fills, names, price, ticket};
use crate::sim::terms::Terms;
use crate::sim::venue::SimVenue;

#[test]
fn a_market_order_takes_the_next_open_and_slips_onto_the_tick() {
    let mut pit = Pit::open();
    assert_eq!(names(&pit.enter("1")), [(Role::Entry, "submitted"), (Role::Entry, "accepted")]);
    // A candle that opened before the order says nothing to it, nor does a coarser one.
    let before = Candle::new(Timeframe::H1, START, [price("50"); 4], 1.0).unwrap();
    assert_eq!(pit.event(Event::CandleClosed { instrument: coin().id, candle: before }), []);
    let coarse = UtcMs::new(START.ms() + 4 * HOUR_MS).floor(4 * HOUR_MS);
    let coarse = Candle::new(Timeframe::H4, coarse, [price("50"); 4], 1.0).unwrap();
    assert_eq!(pit.event(Event::CandleClosed { instrument: coin().id, candle: coarse }), []);

    let [bought] = &fills(&pit.candle(["100.01", "101", "99", "100"]))[..] else { panic!() };
    // 100.01 and 5 bps are 100.060005; the fee is one thousandth of 100.07.
    assert_eq!((bought.price, bought.fee), (price("100.07"), "0.10007".parse().unwrap()));
    assert_eq!((bought.liquidity, bought.venue_fill_id), (Liquidity::Taker, 1));
    assert_eq!(bought.time_exchange, START.plus_ms(HOUR_MS));
    pit.submit(Role::Exit, OrderKind::Market, "1");
    let [sold] = &fills(&pit.candle(["100.01", "101", "99", "100"]))[..] else { panic!() };
    // 99.959995, down to the tick.
    assert_eq!((sold.price, sold.venue_fill_id), (price("99.95"), 2));
}

#[test]
fn a_stop_takes_its_trigger_or_the_open_beyond_it() {
    for (candle, at) in [
        (["100", "100", "95", "96"], "94.95"),
        (["80", "99", "79", "98"], "79.96"),
        (["95", "95", "95", "95"], "94.95"),
    ] {
        let mut pit = Pit::entered();
        let reports = pit.candle(candle);
        assert_eq!(names(&reports), [(Role::Stop, "filled"), (Role::Target, "cancelled")]);
        let fill = &fills(&reports)[0];
        assert_eq!((fill.price, fill.liquidity), (price(at), Liquidity::Taker));
        assert_eq!(pit.venue.working_orders(), 0);
    }
}

#[test]
fn a_target_takes_its_price_or_better() {
    for (candle, at) in
        [(["100", "110", "99", "105"], "110"), (["120", "121", "119", "120"], "120")]
    {
        let mut pit = Pit::entered();
        let reports = pit.candle(candle);
        assert_eq!(names(&reports), [(Role::Target, "filled"), (Role::Stop, "cancelled")]);
        let fill = &fills(&reports)[0];
        assert_eq!((fill.price, fill.liquidity), (price(at), Liquidity::Maker));
        assert_eq!(
            fill.fee.to_decimal(),
            fill.price.to_decimal() * "0.0002".parse::<rust_decimal::Decimal>().unwrap()
        );
    }
    let mut pit = Pit::entered();
    assert_eq!(pit.candle(["100", "109.99", "95.01", "105"]), []);
}

#[test]
fn limits_fill_at_their_price_or_better_and_buy_stops_above() {
    let limit = |at| OrderKind::Limit { price: price(at) };
    for (kind, candle, at) in [
        (limit("98"), ["100", "101", "98", "99"], Some("98")),
        (limit("98"), ["97", "101", "96", "99"], Some("97")),
        (limit("98"), ["100", "101", "98.01", "99"], None),
        (OrderKind::Stop { trigger: price("103") }, ["100", "103", "99", "99"], Some("103.06")),
        (OrderKind::Stop { trigger: price("103") }, ["105", "106", "99", "99"], Some("105.06")),
        (OrderKind::Stop { trigger: price("103") }, ["100", "102", "99", "99"], None),
    ] {
        let mut pit = Pit::open();
        pit.submit(Role::Entry, kind, "1");
        let found = fills(&pit.candle(candle)).first().map(|fill| fill.price);
        assert_eq!(found, at.map(price), "{kind:?} {candle:?}");
    }
}

#[test]
fn both_in_one_candle_take_the_stop_even_in_the_entrys_own() {
    let wild = ["100", "120", "90", "110"];
    let mut pit = Pit::entered();
    assert_eq!(names(&pit.candle(wild)), [(Role::Stop, "filled"), (Role::Target, "cancelled")]);

    let mut pit = Pit::open();
    pit.enter("1");
    let reports = pit.candle(wild);
    let expected = [
        (Role::Entry, "filled"),
        (Role::Stop, "accepted"),
        (Role::Target, "accepted"),
        (Role::Stop, "filled"),
        (Role::Target, "cancelled"),
    ];
    assert_eq!(names(&reports), expected);
}

#[test]
fn stop_and_target_are_cancelled_together_and_the_exit_goes_first() {
    let mut pit = Pit::entered();
    let stop = ticket(1, Role::Stop, OrderKind::Market, "1").client_order_id;
    let reports = pit.execute(Command::Cancel { client_order_id: stop });
    assert_eq!(names(&reports), [(Role::Stop, "cancelled"), (Role::Target, "cancelled")]);
    pit.submit(Role::Exit, OrderKind::Market, "1");
    assert_eq!(names(&pit.candle(["50", "150", "40", "60"])), [(Role::Exit, "filled")]);
}

#[test]
fn a_moved_stop_works_from_the_next_candle_on() {
    let mut pit = Pit::entered();
    pit.candle(["100", "105", "99", "104"]);
    let client_order_id = ticket(1, Role::Stop, OrderKind::Market, "1").client_order_id;
    let reports = pit.execute(Command::Move { client_order_id, trigger: price("100") });
    assert_eq!(names(&reports), [(Role::Stop, "moved")]);
    let fill = &fills(&pit.candle(["104", "104", "100", "101"]))[0];
    assert_eq!(fill.price, price("99.95"));
}

#[test]
fn orders_that_break_a_filter_are_refused_but_exits_are_not() {
    for quantity in ["0.04", "0.0005", "1.0005", "101", "0"] {
        let mut pit = Pit::open();
        let reports = pit.enter(quantity);
        assert_eq!(names(&reports), [(Role::Entry, "submitted"), (Role::Entry, "rejected")]);
        assert_eq!(pit.venue.working_orders(), 0);
    }
    let mut pit = Pit::entered();
    pit.submit(Role::Exit, OrderKind::Market, "0.0005");
    assert_eq!(fills(&pit.candle(["100", "100", "100", "100"])).len(), 1);
}

#[test]
fn without_a_price_or_a_listing_nothing_is_opened() {
    let terms = Terms::new(0.into(), 0.into(), 0.into());
    let mut pit = Pit { venue: SimVenue::new(terms, Timeframe::H1), now: START };
    assert_eq!(names(&pit.enter("1"))[1], (Role::Entry, "rejected"));
    pit.event(Event::SessionStarted { instrument: coin() });
    assert_eq!(names(&pit.enter("1"))[1], (Role::Entry, "rejected"));
}

#[test]
fn a_session_that_ends_takes_its_orders_along_and_closes_at_its_last_price() {
    for begins_again in [false, true] {
        let mut pit = Pit::entered();
        pit.candle(["100", "103", "99", "102"]);
        let expired = [(Role::Stop, "expired"), (Role::Target, "expired")];
        assert_eq!(names(&pit.end()), expired);
        assert_eq!(names(&pit.enter("1"))[1], (Role::Entry, "rejected"));
        let mut pit = Pit::entered();
        pit.candle(["100", "103", "99", "102"]);
        pit.end();
        if begins_again {
            pit.event(Event::SessionStarted { instrument: coin() });
            assert_eq!(pit.candle(["9", "9", "9", "9"]), []);
        }
        let reports = pit.submit(Role::Exit, OrderKind::Market, "1");
        // 102, 5 bps and the tick off.
        assert_eq!(fills(&reports)[0].price, price("101.94"));
    }
}

#[test]
fn what_a_session_left_is_forgotten_with_the_next_ones_first_entry() {
    let mut pit = Pit::open();
    pit.end();
    pit.event(Event::SessionStarted { instrument: coin() });
    pit.candle(["10", "10", "10", "10"]);
    pit.enter("1");
    pit.candle(["10", "10", "10", "10"]);
    pit.submit(Role::Exit, OrderKind::Market, "1");
    let found = fills(&pit.candle(["10", "10", "10", "10"]));
    assert!(found.iter().all(|fill| fill.price < price("11")), "{found:?}");
}

#[test]
fn fees_have_eight_places() {
    let mut pit = Pit::open();
    pit.submit(Role::Entry, OrderKind::Limit { price: price("98.03") }, "0.123");
    let fill = &fills(&pit.candle(["100", "100", "98", "99"]))[0];
    // 0.0002 × 98.03 × 0.123 is 0.002411538.
    assert_eq!((fill.price, fill.fee), (price("98.03"), "0.00241154".parse().unwrap()));
}

proptest! {
    /// Whatever the candle: nothing fills below one tick or off the tick where it takes, a sale
    /// that takes never gets more than the market's best, and every list of orders ends.
    #[test]
    fn fills_stay_within_the_market(
        ohlc in proptest::array::uniform4(1i64..400), quantity in 1u32..100, bps in 0u32..30_000,
    ) {
        let cents = |n: i64| Price::from_raw(n * 1_000_000);
        let (low, high) = (ohlc.iter().min().unwrap(), ohlc.iter().max().unwrap());
        let prices = [ohlc[0], *high, *low, ohlc[3]].map(cents);
        let terms = Terms::new(0.into(), 0.into(), bps.into());
        let mut pit = Pit { venue: SimVenue::new(terms, Timeframe::H1), now: START };
        pit.event(Event::SessionStarted { instrument: coin() });
        pit.candle(["2", "2", "2", "2"]);
        let ticket = ticket(1, Role::Entry, OrderKind::Market, &quantity.to_string());
        let protection = Some(Protection { stop: price("1"), target: price("3") });
        pit.execute(Command::Submit { ticket, protection });
        for _ in 0..2 {
            let candle = Candle::new(Timeframe::H1, pit.now, prices, 1.0).unwrap();
            pit.now = candle.close_time();
            let reports = pit.event(Event::CandleClosed { instrument: coin().id, candle });
            for fill in fills(&reports) {
                prop_assert!(fill.price >= price("0.01"));
                prop_assert_eq!(fill.price.floor_to(price("0.01")), fill.price);
                match fill.side {
                    Side::Buy => prop_assert!(fill.price >= candle.open),
                    Side::Sell => prop_assert!(fill.price <= candle.high),
                }
            }
        }
        prop_assert!(pit.venue.working_orders() <= 2);
    }
}
