//! Orders on best bid and ask.

use domain::fill::{Fill, Liquidity};
use domain::gateway::{Command, Protection};
use domain::order::{OrderKind, OrderReport, Role};
use domain::quote::Quote;

use super::{Pit, coin, fills, names, price, terms, ticket};
use crate::sim::terms::{FillModel, Terms};

fn ticking(latency_ms: u32) -> Pit {
    let terms = Terms { fill: FillModel::BookTicks, latency_ms, ..terms() };
    let mut pit = Pit::under(terms);
    pit.quote(0, ("99.9", "2"), ("100", "3"));
    pit
}

impl Pit {
    /// A quote `ms` after the last candle.
    fn quote(&mut self, ms: i64, bid: (&str, &str), ask: (&str, &str)) -> Vec<OrderReport> {
        let side = |(at, quantity): (&str, &str)| (price(at), quantity.parse().unwrap());
        let time = self.now.plus_ms(ms);
        let quote = Quote::new(coin().id, time, side(bid), side(ask)).unwrap();
        self.venue.on_quote(&quote).unwrap()
    }
}

fn parts(reports: &[OrderReport]) -> Vec<(String, String)> {
    let part = |fill: &Fill| (fill.price.to_string(), fill.quantity.to_string());
    fills(reports).iter().map(part).collect()
}

fn part(price: &str, quantity: &str) -> (String, String) {
    (price.to_owned(), quantity.to_owned())
}

#[test]
fn a_buy_takes_the_ask_and_a_sale_the_bid_without_slippage() {
    let mut pit = ticking(0);
    assert_eq!(parts(&pit.enter("1")), [part("100", "1")]);
    pit.quote(5, ("100.4", "2"), ("100.5", "3"));
    let reports = pit.submit(Role::Exit, OrderKind::Market, "1");
    assert_eq!(parts(&reports), [part("100.4", "1")]);
    assert_eq!(fills(&reports)[0].liquidity, Liquidity::Taker);
}

#[test]
fn an_order_meets_the_quote_that_stands_when_it_arrives() {
    let mut pit = ticking(20);
    assert_eq!(names(&pit.enter("1")), [(Role::Entry, "submitted")]);
    assert_eq!(pit.quote(10, ("100.1", "2"), ("100.2", "3")), []);
    let reports = pit.quote(30, ("107", "2"), ("108", "3"));
    // It arrived at 20 ms, when 100.2 was asked.
    assert_eq!(parts(&reports), [part("100.2", "1")]);
    assert_eq!(fills(&reports)[0].time_exchange, pit.now.plus_ms(20));
}

#[test]
fn what_is_not_quoted_waits_and_is_not_taken_twice() {
    let mut pit = ticking(0);
    assert_eq!(parts(&pit.enter("5")), [part("100", "3")]);
    // The same offer is shown again: it is the one that was taken.
    assert_eq!(parts(&pit.quote(1, ("99.8", "2"), ("100", "3"))), []);
    assert_eq!(parts(&pit.quote(2, ("99.8", "2"), ("100.1", "1.5"))), [part("100.1", "1.5")]);
    assert_eq!(parts(&pit.quote(3, ("99.8", "2"), ("100.1", "4"))), [part("100.1", "0.5")]);
    // All five are protected.
    let reports = pit.quote(4, ("95", "9"), ("95.1", "9"));
    assert_eq!(parts(&reports), [part("95", "5")]);
}

#[test]
fn a_stop_goes_off_at_the_touch_and_sells_into_what_follows() {
    let mut pit = ticking(0);
    pit.enter("3");
    assert_eq!(pit.quote(1, ("95.1", "2"), ("95.2", "3")), []);
    let reports = pit.quote(2, ("94.5", "2"), ("95.2", "3"));
    assert_eq!(names(&reports), [(Role::Stop, "filled"), (Role::Target, "cancelled")]);
    assert_eq!(parts(&reports), [part("94.5", "2")]);
    // Above the trigger again: it goes on all the same.
    assert_eq!(parts(&pit.quote(3, ("96", "2"), ("96.1", "3"))), [part("96", "1")]);
}

#[test]
fn a_limit_that_rested_fills_at_its_own_price_when_it_is_crossed() {
    let limit = |at| OrderKind::Limit { price: price(at) };
    let mut pit = ticking(0);
    assert_eq!(fills(&pit.submit(Role::Entry, limit("99.95"), "1")), []);
    assert_eq!(fills(&pit.quote(1, ("99.95", "2"), ("99.96", "3"))), []);
    let reports = pit.quote(2, ("99.8", "2"), ("99.9", "3"));
    assert_eq!(parts(&reports), [part("99.95", "1")]);
    assert_eq!(fills(&reports)[0].liquidity, Liquidity::Maker);
    // One that crosses when it comes takes what is asked.
    let mut pit = ticking(0);
    let reports = pit.submit(Role::Entry, limit("100.5"), "1");
    assert_eq!(parts(&reports), [part("100", "1")]);
    assert_eq!(fills(&reports)[0].liquidity, Liquidity::Taker);
}

#[test]
fn candles_fill_nothing_where_quotes_do() {
    let mut pit = ticking(0);
    let limit = OrderKind::Limit { price: price("90") };
    let protection = Some(Protection { stop: price("80"), target: price("110") });
    let ticket = ticket(1, Role::Entry, limit, "1");
    pit.execute(Command::Submit { ticket, protection });
    assert_eq!(pit.candle(["100", "120", "70", "100"]), []);
}
