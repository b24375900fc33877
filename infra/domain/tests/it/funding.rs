//! Funding moves cash and is part of a position's profit.

use domain::fill::Fill;
use domain::funding::{FundingPayment, FundingSource};
use domain::money::Money;
use domain::order::Side;
use domain::portfolio::{BookError, Portfolio};
use proptest::prelude::*;
use rust_decimal::Decimal;

use crate::any::{asset, fill, pair, quantity};

fn money(text: &str) -> Money {
    text.parse().unwrap()
}

/// A fill of the perpetual.
fn traded(side: Side, price: &str, size: i64, fee: &str) -> Fill {
    let fee = (fee.parse().unwrap(), asset("USDT"));
    fill(pair("BTC/USDT:USDT"), side, price.parse().unwrap(), quantity(size.into()), fee)
}

fn payment(instrument: &str, amount: &str) -> FundingPayment {
    FundingPayment {
        instrument: pair(instrument),
        time_exchange: domain::time::UtcMs::new(0),
        amount_quote: money(amount),
        source: FundingSource::Told { income_id: 7 },
    }
}

#[test]
fn what_is_paid_counts_until_and_after_the_close() {
    let mut book = Portfolio::new(asset("USDT"), money("1000"));
    let bare = serde_json::to_string(&book).unwrap();
    assert!(!bare.contains("funding"), "a book without funding keeps its bytes: {bare}");
    book.book(&traded(Side::Buy, "100", 2, "0.2")).unwrap();
    book.book_funding(&payment("BTC/USDT:USDT", "-0.05")).unwrap();
    book.book_funding(&payment("BTC/USDT:USDT", "0.02")).unwrap();
    assert_eq!(book.realised_quote(), Money::ZERO);
    assert_eq!(book.equity().unwrap(), money("999.77"));
    let closed = book.book(&traded(Side::Sell, "100", 2, "0.2")).unwrap().unwrap();
    assert_eq!(closed.cash_flow().unwrap(), money("-0.43"));
    assert_eq!(closed.fees_quote, money("0.4"));
    // Told late, it is realised at once.
    book.book_funding(&payment("BTC/USDT:USDT", "-1")).unwrap();
    assert_eq!(book.realised_quote(), money("-1.43"));
    assert_eq!((book.cash(), book.funding_quote()), (money("998.57"), money("-1.03")));
}

#[test]
fn what_cannot_be_booked_changes_nothing() {
    let mut book = Portfolio::new(asset("USDT"), money("1000"));
    let before = book.clone();
    let other = book.book_funding(&payment("BTC/EUR", "1"));
    assert!(matches!(other, Err(BookError::OtherQuote { .. })));
    let vast = book.book_funding(&payment("BTC/USDT:USDT", "79228162514264337593543950335"));
    assert_eq!(vast, Err(BookError::Overflow(domain::money::Overflow)));
    assert_eq!(book, before);
}

proptest! {
    /// In whatever order payments come, before or after the close: the same cash and profit.
    #[test]
    fn payments_add_up(amounts in proptest::collection::vec(-10_000i64..10_000, 0..9), close_at in 0usize..9) {
        let mut book = Portfolio::new(asset("USDT"), Money::ZERO);
        let trade = |side| traded(side, "50", 3, "0");
        book.book(&trade(Side::Sell)).unwrap();
        for (index, amount) in amounts.iter().enumerate() {
            if index == close_at {
                book.book(&trade(Side::Buy)).unwrap();
            }
            let amount = Decimal::new(*amount, 4).to_string();
            book.book_funding(&payment("BTC/USDT:USDT", &amount)).unwrap();
        }
        if amounts.len() <= close_at {
            book.book(&trade(Side::Buy)).unwrap();
        }
        let total = Money::new(Decimal::new(amounts.iter().sum(), 4));
        prop_assert_eq!(book.cash(), total);
        prop_assert_eq!(book.realised_quote(), total);
        prop_assert_eq!(book.funding_quote(), total);
    }
}
