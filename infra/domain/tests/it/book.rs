//! The book against a model that knows nothing of positions: balances of assets, kept as residues.

use std::collections::BTreeMap;

use domain::canonical;
use domain::fill::Fill;
use domain::instrument::{Asset, InstrumentId};
use domain::money::{Money, Price};
use domain::order::Side;
use domain::portfolio::{BookError, Portfolio};
use domain::signal::Direction;
use proptest::prelude::*;
use rust_decimal::Decimal;

use crate::any::{self, asset, decimal, fill, pair, quantity};
use crate::residue::Residue;

/// What is owned, by what moved: a spot fill moves two assets and its fee a third one perhaps, a
/// perpetual's contracts are an asset of their own.
struct Model {
    balances: BTreeMap<String, Residue>,
    fees_quote: Residue,
}

impl Model {
    fn new(cash: Decimal) -> Self {
        let balances = BTreeMap::from([("USDT".to_owned(), cash.into())]);
        Self { balances, fees_quote: Residue::ZERO }
    }

    fn move_by(&mut self, name: &str, amount: Residue) {
        let balance = self.balances.entry(name.to_owned()).or_insert(Residue::ZERO);
        *balance = *balance + amount;
    }

    fn balance(&self, name: &str) -> Residue {
        self.balances.get(name).copied().unwrap_or(Residue::ZERO)
    }

    fn book(&mut self, fill: &Fill) {
        let units = Residue::from(fill.quantity.to_decimal());
        let units = if fill.side == Side::Buy { units } else { -units };
        let price = Residue::from(fill.price.to_decimal());
        let fee = Residue::from(fill.fee.to_decimal());
        self.move_by(units_of(fill.instrument), units);
        self.move_by("USDT", -(units * price));
        self.move_by(fill.fee_asset.as_str(), -fee);
        if fill.fee_asset.as_str() == "USDT" {
            self.fees_quote = self.fees_quote + fee;
        } else if fill.fee_asset.as_str() == fill.instrument.base() {
            self.fees_quote = self.fees_quote + fee * price;
        }
    }
}

fn units_of(instrument: InstrumentId) -> &'static str {
    match (instrument.is_perpetual(), instrument.base()) {
        (true, _) => "BTC contract",
        (false, "BTC") => "BTC",
        (false, _) => "BNB",
    }
}

fn net(book: &Portfolio, name: &str) -> Residue {
    book.positions().get(&pair(name)).map_or(Residue::ZERO, |position| {
        position.net_base().expect("a sum that was booked").into()
    })
}

fn other(book: &Portfolio, name: &str) -> Residue {
    book.others().get(&asset(name)).map_or(Residue::ZERO, |amount| amount.to_decimal().into())
}

fn money(amount: Money) -> Residue {
    amount.to_decimal().into()
}

/// Every asset of the book is where the model has it.
fn agree(book: &Portfolio, model: &Model) -> Result<(), TestCaseError> {
    prop_assert_eq!(money(book.cash()), model.balance("USDT"), "cash");
    prop_assert_eq!(money(book.fees_quote()), model.fees_quote, "fees");
    for (balance, held) in [
        ("BTC", net(book, "BTC/USDT") + other(book, "BTC")),
        ("BNB", net(book, "BNB/USDT") + other(book, "BNB")),
        ("XYZ", other(book, "XYZ")),
        ("BTC contract", net(book, "BTC/USDT:USDT")),
    ] {
        prop_assert_eq!(held, model.balance(balance), "{}", balance);
    }
    Ok(())
}

/// Nothing in the book is half a thing.
fn whole(book: &Portfolio) -> Result<(), TestCaseError> {
    for position in book.positions().values() {
        let net = position.net_base().expect("a sum that was booked");
        prop_assert!(!net.is_zero(), "a flat position is closed");
        let long = position.direction == Direction::Long;
        prop_assert_eq!(long, net > Decimal::ZERO, "its direction is its sign");
    }
    prop_assert!(book.others().values().all(|amount| *amount != Money::ZERO));
    Ok(())
}

/// Cash is what it was at first, and what positions brought and took since.
fn cash_flows(book: &Portfolio, first: Money, closed: Residue) -> Result<(), TestCaseError> {
    let mut flows = money(first) + money(book.realised_quote());
    prop_assert_eq!(money(book.realised_quote()), closed, "realised is what closed positions made");
    for position in book.positions().values() {
        flows = flows + money(position.cash_flow().expect("a sum that was booked"));
    }
    prop_assert_eq!(money(book.cash()), flows);
    Ok(())
}

/// Books `fills` in the book and in the model, and compares them after each.
fn follow(cash: Decimal, fills: &[Fill], must_fit: bool) -> Result<(), TestCaseError> {
    let first = Money::new(cash);
    let mut book = Portfolio::new(asset("USDT"), first);
    let mut model = Model::new(cash);
    let mut closed = Residue::ZERO;
    for fill in fills {
        let before = book.clone();
        match book.book(fill) {
            Ok(position) => {
                model.book(fill);
                if let Some(position) = position {
                    prop_assert_eq!(position.net_base(), Ok(Decimal::ZERO));
                    let made = position.cash_flow().expect("a sum that was booked");
                    prop_assert_eq!(position.pnl_at(fill.price), Ok(made), "nothing left to mark");
                    closed = closed + money(made);
                }
                prop_assert_eq!(book.mark(fill.instrument), Some(fill.price));
            }
            Err(error) => {
                prop_assert!(!must_fit || error != BookError::Overflow(domain::money::Overflow));
                prop_assert_eq!(&book, &before, "an error changed the book");
            }
        }
        agree(&book, &model)?;
        whole(&book)?;
        cash_flows(&book, first, closed)?;
    }
    Ok(())
}

proptest! {
    #[test]
    fn every_asset_is_where_the_fills_moved_it(
        cash in any::venue_decimal(),
        fills in prop::collection::vec(any::venue_fill(), 1..24),
    ) {
        follow(cash, &fills, true)?;
    }

    #[test]
    fn no_magnitude_panics_or_loses_a_digit(
        cash in any::any_decimal(),
        fills in prop::collection::vec(
            prop_oneof![1 => any::venue_fill(), 2 => any::wild_fill()], 1..24),
    ) {
        follow(cash, &fills, false)?;
    }

    #[test]
    fn cash_and_positions_at_mark_are_equity(
        cash in any::venue_decimal(),
        fills in prop::collection::vec(any::venue_fill(), 1..16),
        marks in prop::array::uniform4(1i64..10_000_000_000_000),
    ) {
        let mut book = Portfolio::new(asset("USDT"), Money::new(cash));
        let mut model = Model::new(cash);
        for fill in &fills {
            book.book(fill).expect("a fill such as venues send");
            model.book(fill);
        }
        let names = ["BTC/USDT", "BNB/USDT", "XYZ/USDT", "BTC/USDT:USDT"];
        let mut equity = model.balance("USDT");
        for ((name, mark), units) in
            names.into_iter().zip(marks).zip(["BTC", "BNB", "XYZ", "BTC contract"])
        {
            let mark = Price::from_raw(mark);
            book.set_mark(pair(name), mark);
            equity = equity + model.balance(units) * Residue::from(mark.to_decimal());
        }
        prop_assert_eq!(money(book.equity().expect("fits")), equity);
    }

    #[test]
    fn a_book_survives_storage(
        fills in prop::collection::vec(any::venue_fill(), 0..12),
    ) {
        let mut book = Portfolio::new(asset("USDT"), Money::ZERO);
        for fill in &fills {
            book.book(fill).expect("a fill such as venues send");
        }
        let text = canonical::encode(&book).expect("a record");
        let back: Portfolio = canonical::decode(&text).expect("what was written");
        prop_assert_eq!(&back, &book);
        prop_assert_eq!(canonical::encode(&back).expect("a record"), text);
    }
}

fn buy(name: &str, units: (i64, u32), fee: (i64, u32), fee_asset: &str) -> Fill {
    trade(Side::Buy, name, units, fee, fee_asset)
}

fn sell(name: &str, units: (i64, u32), fee: (i64, u32), fee_asset: &str) -> Fill {
    trade(Side::Sell, name, units, fee, fee_asset)
}

fn trade(side: Side, name: &str, units: (i64, u32), fee: (i64, u32), fee_asset: &str) -> Fill {
    let fee = (decimal(fee.0, fee.1), asset(fee_asset));
    let price = Price::from_raw(100 * Price::SCALE);
    fill(pair(name), side, price, quantity(decimal(units.0, units.1)), fee)
}

fn empty() -> Portfolio {
    Portfolio::new(asset("USDT"), Money::new(decimal(1000, 0)))
}

fn held(book: &Portfolio, name: &str) -> Option<String> {
    let position = book.positions().get(&pair(name))?;
    Some(position.net_base().expect("fits").to_string())
}

fn owned(book: &Portfolio, name: Asset) -> String {
    book.others().get(&name).copied().unwrap_or_default().to_string()
}

#[test]
fn a_spot_buy_pays_its_base_fee_from_what_it_bought() {
    let mut book = empty();
    book.book(&buy("BNB/USDT", (2, 0), (2, 3), "BNB")).unwrap();
    assert_eq!(held(&book, "BNB/USDT").unwrap(), "1.998");
    let closed = book.book(&sell("BNB/USDT", (1998, 3), (0, 0), "USDT")).unwrap().unwrap();
    assert_eq!(closed.cash_flow().unwrap().to_string(), "-0.2");
    assert_eq!(book.fees_quote().to_string(), "0.2");
}

#[test]
fn an_exit_with_a_base_fee_leaves_no_dust() {
    let mut book = empty();
    book.book(&buy("BNB/USDT", (2, 0), (0, 0), "USDT")).unwrap();
    let closed = book.book(&sell("BNB/USDT", (2, 0), (2, 3), "BNB")).unwrap();
    assert!(closed.is_some() && book.positions().is_empty());
    assert_eq!(owned(&book, asset("BNB")), "-0.002");
    assert_eq!(book.equity().unwrap().to_string(), "999.8");
}

#[test]
fn closing_a_short_with_a_base_fee_leaves_no_dust() {
    let mut book = empty();
    book.book(&sell("BNB/USDT", (2, 0), (2, 3), "BNB")).unwrap();
    assert_eq!(held(&book, "BNB/USDT").unwrap(), "-2");
    assert!(book.book(&buy("BNB/USDT", (2, 0), (2, 3), "BNB")).unwrap().is_some());
    assert_eq!(owned(&book, asset("BNB")), "-0.004");
}

#[test]
fn a_base_fee_never_takes_more_than_is_held() {
    let mut book = empty();
    book.book(&buy("BNB/USDT", (1, 0), (3, 0), "BNB")).unwrap();
    assert_eq!(held(&book, "BNB/USDT").unwrap(), "1");
    assert_eq!(owned(&book, asset("BNB")), "-3");
    assert_eq!(book.equity().unwrap().to_string(), "700");
}

#[test]
fn a_flip_shares_its_fee_by_quantity() {
    let mut book = empty();
    book.book(&buy("BTC/USDT", (1, 0), (0, 0), "USDT")).unwrap();
    let closed = book.book(&sell("BTC/USDT", (3, 0), (1, 1), "USDT")).unwrap().unwrap();
    assert_eq!(closed.fees_quote.to_string(), "0.033333333333");
    let open = &book.positions()[&pair("BTC/USDT")];
    assert_eq!(open.fees_quote.to_string(), "0.066666666667");
    assert_eq!((open.direction, open.net_base().unwrap()), (Direction::Short, decimal(-2, 0)));
    assert_eq!(book.cash().to_string(), "1199.9");
    assert_eq!(book.fees_quote().to_string(), "0.1");
}

#[test]
fn what_cannot_be_booked_is_refused() {
    let mut book = empty();
    let other = book.book(&buy("BTC/EUR", (1, 0), (0, 0), "EUR"));
    assert!(matches!(other, Err(BookError::OtherQuote { .. })));
    let nothing = book.book(&buy("BTC/USDT", (0, 0), (1, 0), "USDT"));
    assert!(matches!(nothing, Err(BookError::EmptyFill { .. })));
    // One more unit in the last place than a decimal holds: refused, not rounded away.
    let mut rich = Portfolio::new(asset("USDT"), Money::new(Decimal::MAX));
    let before = rich.clone();
    let tiny = fill(
        pair("BTC/USDT"),
        Side::Buy,
        Price::from_raw(1),
        quantity(decimal(1, 8)),
        (Decimal::ZERO, asset("USDT")),
    );
    assert!(matches!(rich.book(&tiny), Err(BookError::Overflow(_))));
    assert_eq!(rich, before);
}

#[test]
fn a_rebate_is_income() {
    for name in ["BTC/USDT", "BTC/USDT:USDT"] {
        let mut book = empty();
        // A maker of 2 at 100 is paid 0.02 each way.
        book.book(&buy(name, (2, 0), (-2, 2), "USDT")).unwrap();
        assert_eq!(book.fees_quote(), Money::new(decimal(-2, 2)));
        assert_eq!(book.equity().unwrap(), Money::new(decimal(100_002, 2)), "{name}");
        let closed = book.book(&sell(name, (2, 0), (-2, 2), "USDT")).unwrap().unwrap();
        assert_eq!(closed.cash_flow().unwrap(), Money::new(decimal(4, 2)), "{name}");
        assert_eq!(book.cash(), Money::new(decimal(100_004, 2)), "{name}");
    }
    // Paid in what was bought, it is more of that.
    let mut book = empty();
    book.book(&buy("BTC/USDT", (2, 0), (-2, 3), "BTC")).unwrap();
    assert_eq!(held(&book, "BTC/USDT").as_deref(), Some("2.002"));
}
